// What the appliance and its forked children say to each other. Keys travel here and live in the child's memory only.
// Tensors and results stay structured-clone values (typed arrays), never JSON text.
import type { Duplex, Writable } from 'node:stream';
import type { DatasetShape, ImportOptions } from './columns.ts';
import type { FaultBody } from './errors.ts';
import type { CredentialKind } from './importRoutes.ts';
import type { Manifest } from './bundle.ts';
import type { Hyper, ModelKind, RunPlan, TrainRequest } from './plan.ts';
import type { SearchSummary } from './search.ts';
import type { MetricPoint, Progress, Report } from './report.ts';
import type { PretrainedInfo } from './records.ts';
import type { RefineResult, RefineWork } from './refine.ts';
import type { Generation, PeerAddress } from './cluster.ts';
import type { RoomFigures, RoomWires } from './room.ts';
import type { Device, GenerateOptions, PredictResponse } from './routes.ts';

/** `trial` fits models for a search that a trainer leads; `probe` looks at the machine's devices and leaves: a driver that crashes takes it along, not the appliance. */
export const childKinds = ['importer', 'trainer', 'trial', 'host', 'probe'] as const;
export type ChildKind = (typeof childKinds)[number];

/** A pack that a child may read or write: its file, its object id and its data key (32 bytes). */
export interface PackGrant {
  id: string;
  path: string;
  key: Uint8Array;
}

/** What a child may use of the machine. */
export interface DeviceLease {
  id: string;
  device: string;
  threads: number;
  /** Resident memory at which the child is ended, bytes. */
  memory: number;
}

/** A dataset as a trainer needs it. */
export interface DatasetGrant {
  id: string;
  name: string;
  sha256: string;
  /** Which content of the dataset it is. */
  version?: number;
  shape: DatasetShape;
  pack: PackGrant;
}

/** How an importer may speak to a host that the owner allowed. */
export interface RemoteKey {
  kind: CredentialKind;
  /** `https://host:port` of an object store or a name node. */
  endpoint: string;
  user?: string | undefined;
  secret?: string | undefined;
  region?: string | undefined;
}

/**
 * Where an importer reads from: a file or folder it opens itself, bytes that arrive on its standard input, a spooled upload (its
 * chunks' sealed sizes), or an address elsewhere.
 */
export type ImportSource =
  | { kind: 'path'; path: string }
  | { kind: 'stream'; name: string; bytes?: number }
  | { kind: 'spool'; name: string; path: string; key: Uint8Array; chunks: number[]; bytes: number }
  | { kind: 'remote'; url: string; query?: string | undefined; credential: RemoteKey };

export type ToImporter =
  /** There is nothing to import yet, but soon: loads what that takes. */
  | { type: 'prepare' }
  | {
      type: 'import';
      source: ImportSource;
      options: ImportOptions;
      pack: PackGrant;
      lease: DeviceLease;
      /** Key of hashes and stand-ins, where the options mask. */
      secret?: Uint8Array;
    }
  /** Profiles, masks or reshapes a dataset that is there already. */
  | { type: 'refine'; work: RefineWork; lease: DeviceLease }
  /** Reads a pretrained model's folder or an ONNX file and stores it as a base. */
  | { type: 'adopt'; path: string; output?: string; asIs: boolean; pack: PackGrant; lease: DeviceLease }
  | { type: 'cancel' };

export type FromImporter =
  /** Every second of an import: its event loop turns. */
  | { type: 'alive' }
  | { type: 'progress'; progress: Progress }
  | {
      type: 'imported';
      shape: DatasetShape;
      sha256: string;
      options: ImportOptions;
      bytes: { source: number; stored: number };
    }
  | { type: 'refined'; result: RefineResult }
  | { type: 'adopted'; info: PretrainedInfo; bytes: number; sha256: string }
  | { type: 'failed'; fault: FaultBody };

/** What a trainer of a run over several machines needs of its appliance to meet the others. */
export interface RoomOrder {
  host: string;
  /** First and last port to listen at; 0 for any free one. */
  ports: [number, number];
  wires: RoomWires;
}

export type ToTrainer =
  | {
      type: 'train';
      runId: string;
      /** Name and version under which the model will be published. */
      publish: { name: string; version: number };
      request: TrainRequest;
      dataset: DatasetGrant;
      test?: DatasetGrant;
      /** The pretrained model to begin from. */
      base?: PackGrant;
      lease: DeviceLease;
      checkpointSeconds: number;
      /** Newest checkpoint, when the run goes on from one. */
      resume?: PackGrant;
      /** The finished search that this one begins from: its trials, and what its model was made of. */
      prior?: { trials: PackGrant; members: { id: number; weight: number }[] };
      /** Where the finished bundle goes. */
      bundle: PackGrant;
      /** Wall-clock already spent before a resume, ms. */
      spentMs: number;
      /** Leads other machines through the run. */
      room?: RoomOrder;
    }
  /** Trains along in another machine's run, and keeps nothing. */
  | {
      type: 'join';
      request: TrainRequest;
      dataset: DatasetGrant;
      test?: DatasetGrant;
      base?: PackGrant;
      lease: DeviceLease;
      room: RoomOrder;
    }
  /** The others of the run; with a generation, the ring begins, without one it goes on and takes this trainer in. */
  | { type: 'room'; roster: [string, PeerAddress][]; founding?: Generation }
  | { type: 'roster'; roster: [string, PeerAddress][] }
  /** A pack for the next checkpoint; the trainer asks with `wantCheckpoint`. */
  | { type: 'checkpointPack'; pack: PackGrant }
  | { type: 'stop' };

/** A configuration of a search to fit. */
export interface TrialOrder {
  id: number;
  family: Exclude<ModelKind, 'ensemble'>;
  hyper: Hyper;
  seed: number;
  /** Share of a fold's training rows that are fitted on; all when left out. */
  share?: number;
}

export type ToTrial =
  /** The rows of the search; `ready` says that they are in memory. */
  | { type: 'open'; request: TrainRequest; dataset: DatasetGrant; test?: DatasetGrant; lease: DeviceLease }
  /** With so many ms over, what is fitted by then counts. */
  | { type: 'fold'; job: number; trial: TrialOrder; fold: number; ms?: number }
  /** Fits on all rows, no longer than so many ms. */
  | { type: 'whole'; job: number; trial: TrialOrder; rounds: number; ms?: number };

export type FromTrial =
  | { type: 'ready' }
  | {
      type: 'fold';
      job: number;
      logits: Float32Array;
      fitMs: number;
      predictMs: number;
      size: number;
      bestRound: number;
    }
  /** An ONNX file. */
  | { type: 'whole'; job: number; model: Uint8Array }
  | { type: 'refused'; job: number; fault: FaultBody }
  | { type: 'failed'; fault: FaultBody };

export type FromTrainer =
  /** This trainer's id in the room's job, and where the others reach it; `room` is to follow. */
  | { type: 'roomOpen'; id: string; port: number }
  | { type: 'roomFigures'; figures: RoomFigures }
  | { type: 'search'; search: SearchSummary }
  | { type: 'plan'; plan: RunPlan }
  | { type: 'progress'; progress: Progress }
  | { type: 'metrics'; points: MetricPoint[] }
  | { type: 'wantCheckpoint' }
  | { type: 'checkpoint'; object: string; step: number; bytes: number; sha256: string; spentMs: number }
  | {
      type: 'finished';
      report: Report;
      manifest: Manifest;
      bundle: { bytes: number; sha256: string };
      /** The user asked it to stop: the report is of the best state until then. */
      stopped: boolean;
    }
  | { type: 'failed'; fault: FaultBody };

/** One prediction's input: a row as an object, or a text. */
export type PredictInput = string | Record<string, unknown>;
export type PredictOutput = PredictResponse['outputs'][number];

export type ToHost =
  /** With `data`, batches come as frames on the data socket (serve/wire.ts). */
  | { type: 'load'; bundle: PackGrant; lease: DeviceLease; data?: boolean }
  /** With `stream`, a model that writes tells the text of its only input piece by piece. */
  | {
      type: 'predict';
      id: number;
      inputs: PredictInput[];
      generate?: GenerateOptions;
      stream?: boolean;
      embed?: boolean;
    }
  /** Nobody waits for the answer any more. */
  | { type: 'forget'; id: number }
  | { type: 'infer'; id: number; tensors: WireTensor[]; outputs?: string[] }
  /** Checks a foreign .neutrino file and stores it in the pack; a host that imports serves nothing. */
  | {
      type: 'import';
      source: Extract<ImportSource, { kind: 'path' | 'stream' }>;
      bundle: PackGrant;
      lease: DeviceLease;
      trusted: string[];
    }
  | { type: 'ping'; id: number };

/** Who signed an imported bundle; `trusted` when its node id is among those the appliance trusts. */
export interface BundleSigner {
  nodeId: string;
  trusted: boolean;
}

/** A tensor between appliance and host; `data` is little-endian in row-major order, or strings. */
export interface WireTensor {
  name: string;
  dtype: string;
  dims: number[];
  data: Uint8Array | string[];
}

export type FromHost =
  | { type: 'ready'; manifest: Manifest; rss: number; loadMs: number }
  | { type: 'piece'; id: number; text: string }
  | { type: 'predicted'; id: number; outputs: PredictOutput[]; computeMs: number }
  | { type: 'inferred'; id: number; tensors: WireTensor[]; computeMs: number }
  | { type: 'refused'; id: number; fault: FaultBody }
  | { type: 'imported'; manifest: Manifest; bundle: { bytes: number; sha256: string }; signer: BundleSigner | null }
  | { type: 'pong'; id: number; rss: number }
  | { type: 'failed'; fault: FaultBody };

export type ToProbe = { type: 'devices' };
export type FromProbe = { type: 'devices'; devices: Device[] } | { type: 'failed'; fault: FaultBody };

export interface ToChild {
  importer: ToImporter;
  trainer: ToTrainer;
  trial: ToTrial;
  host: ToHost;
  probe: ToProbe;
}
export interface FromChild {
  importer: FromImporter;
  trainer: FromTrainer;
  trial: FromTrial;
  host: FromHost;
  probe: FromProbe;
}

/** How a child ended. `why` is set when the appliance ended it: over its memory limit, out of time, or by `kill`. */
export interface ChildExit {
  code: number | null;
  signal: string | null;
  why?: 'memory' | 'timeout' | 'killed';
  /** The part of the program that it could not load. */
  missing?: string;
}

/** The appliance's end of a forked child: what `spawnChild` gives, and all that its users need. */
export interface ChildPort<K extends ChildKind> {
  readonly pid: number | undefined;
  /** Where bytes go to a child that reads a stream; null when it was spawned without. */
  readonly stdin: Writable | null;
  /** A socket for bulk bytes, both ways; null when it was spawned without. `onExit` comes after its last byte. */
  readonly data: Duplex | null;
  /** Sends in order; false, and nothing sent, once the child is gone. Never throws. */
  send(message: ToChild[K]): boolean;
  /** At most one listener; messages that came before it are kept for it. */
  onMessage(listener: (message: FromChild[K]) => void): void;
  /** Called once, at once when the child is already gone, and after its last message. */
  onExit(listener: (exit: ChildExit) => void): void;
  /** SIGKILL: clean at any moment for these children. */
  kill(): void;
}
