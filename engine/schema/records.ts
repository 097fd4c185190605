// The records of the metadata database. `id, kind, state, createdAt, updatedAt, parentId, seq` are stored in clear and
// bound to the encrypted rest; everything else, names included, is ciphertext on disk.
import { z } from 'zod';
import { peerAddress, permissions } from './cluster.ts';
import { datasetShape, importOptions, task } from './columns.ts';
import { tensorSpec } from './bundle.ts';
import { modelKind, runPlan, trainRequest } from './plan.ts';
import { alertFiring, alertRequest } from './monitoring.ts';
import { datasetVersion, recipeStep } from './recipe.ts';
import { progress, report } from './report.ts';
import { modelRef, scoringCounts, servingOptions, variant } from './serving.ts';
import { roomJob } from './room.ts';
import { searchSummary } from './search.ts';
import { seriesFacts } from './series.ts';
import { isRunOver, type Kind, statesOf } from './states.ts';

const clear = <K extends Kind>(kind: K) => ({
  id: z.string(),
  kind: z.literal(kind),
  state: z.enum(statesOf(kind)),
  /** Milliseconds since 1970, UTC. */
  createdAt: z.number().int(),
  updatedAt: z.number().int(),
  /** The record this one belongs to: a run's experiment, a model's run, a key's principal. */
  parentId: z.string().optional(),
  /** Grows with every write to the store; orders records and events. */
  seq: z.number().int(),
});

export const fault = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const dataset = z.object({
  ...clear('dataset'),
  name: z.string(),
  /** File name the user gave, without its directory. */
  source: z.string(),
  options: importOptions,
  shape: datasetShape.optional(),
  /** Object pack with the rows. */
  object: z.string().optional(),
  /** Bytes of the source, and of the pack on disk. */
  bytes: z.object({ source: z.number(), stored: z.number() }).optional(),
  /** SHA-256 over the columns' content, hex; independent of encryption. */
  sha256: z.string().optional(),
  /** It never leaves this machine: no peer is given it. */
  stays: z.boolean().optional(),
  /** Other machines' federated runs may train on it, here. */
  federates: z.boolean().optional(),
  /** Which version `object`, `shape` and `sha256` are of; 1 when left out. */
  version: z.number().int().optional(),
  /** Every content it has had and still has; only the imported one when left out. */
  versions: z.array(datasetVersion).optional(),
  /** Version that the recipe begins from; 1 when left out. */
  base: z.number().int().optional(),
  /** The recipe as it stands, steps that no version holds yet included. */
  recipe: z.array(recipeStep).optional(),
  error: fault.optional(),
});
export type Dataset = z.infer<typeof dataset>;

/** Labels that a person set at once: rows of one column, numbered as in the version named. */
export const label = z.object({
  ...clear('label'),
  column: z.string(),
  version: z.number().int(),
  values: z.array(z.object({ row: z.number().int(), from: z.string().nullable(), to: z.string().nullable() })),
  by: z.string(),
});
export type Label = z.infer<typeof label>;

export const experiment = z.object({ ...clear('experiment'), name: z.string() });
export type Experiment = z.infer<typeof experiment>;

export const run = z.object({
  ...clear('run'),
  name: z.string(),
  request: trainRequest,
  dataset: z.object({ id: z.string(), name: z.string(), sha256: z.string(), version: z.number().int().optional() }),
  test: z
    .object({ id: z.string(), name: z.string(), sha256: z.string(), version: z.number().int().optional() })
    .optional(),
  plan: runPlan.optional(),
  progress: progress.optional(),
  /** Last value of each metric. */
  metrics: z.record(z.string(), z.number()).default({}),
  report: report.optional(),
  /** Trials and what came of them, for runs that search. */
  search: searchSummary.optional(),
  /** Who took part, where several machines trained it. */
  room: roomJob.optional(),
  /** The pretrained model that it begins from. */
  base: z.object({ id: z.string(), name: z.string(), version: z.number().int() }).optional(),
  model: z.object({ id: z.string(), name: z.string(), version: z.number().int() }).optional(),
  /** Object pack of the newest checkpoint. */
  checkpoint: z
    .object({
      object: z.string(),
      step: z.number().int(),
      at: z.number(),
      /** Wall-clock of training until then, ms. */
      spentMs: z.number().default(0),
    })
    .optional(),
  error: fault.optional(),
  startedAt: z.number().optional(),
  /** Of the time since then, when it was over or queued again, ms. */
  pausedMs: z.number().optional(),
  endedAt: z.number().optional(),
});
export type Run = z.infer<typeof run>;

/** Milliseconds that a run has been at work, up to `now` while it is; undefined before it begins. */
export function workedMs(run: Run, now: number): number | undefined {
  if (run.startedAt === undefined) return undefined;
  const until = isRunOver(run.state) ? (run.endedAt ?? run.updatedAt) : run.state === 'queued' ? run.updatedAt : now;
  return Math.max(0, until - run.startedAt - (run.pausedMs ?? 0));
}

/** A pretrained model that was imported. */
export const pretrainedInfo = z.object({
  /** `bert`, `distilbert`, `roberta`, `gpt2`, `vit`, `onnx` for a file, or `gguf` and the file's own word. */
  architecture: z.string(),
  /** `table` are the numbers of a row; `tensors` is served as it is and trains nothing. */
  takes: z.enum(['text', 'image', 'table', 'tensors']),
  /** Numbers that training may change. */
  parameters: z.number().int(),
  /** Most tokens of a text. */
  maxLength: z.number().int().optional(),
  /** Tensors of the folder that are not used, such as a head of another task; at most 20. */
  unused: z.array(z.string()),
  /** Of an ONNX file: the value that a head reads, and what it takes and gives when it is served as it is. */
  output: z.string().optional(),
  inputs: z.array(tensorSpec).optional(),
  outputs: z.array(tensorSpec).optional(),
  /** It writes texts as it is: a language model that can be deployed without training. */
  writes: z.literal(true).optional(),
  /** It is a GGUF file, which llama.cpp serves and nothing trains; whether it says how a conversation is written. */
  gguf: z.object({ chats: z.boolean() }).optional(),
});
export type PretrainedInfo = z.infer<typeof pretrainedInfo>;

export const model = z.object({
  ...clear('model'),
  name: z.string(),
  version: z.number().int(),
  task,
  family: modelKind,
  target: z.string(),
  classes: z.array(z.string()),
  metrics: z.record(z.string(), z.number()),
  /** Dataset that it was trained on; '' for a pretrained model from elsewhere. */
  dataset: z.string(),
  /** Object pack with the bundle, or with the files of a base. */
  object: z.string(),
  bytes: z.number().int(),
  sha256: z.string(),
  /** Set for a pretrained model: runs begin from it; task, target and classes mean nothing then, but for one that writes. */
  base: pretrainedInfo.optional(),
  /** For forecasting: what rows are sent for one. */
  series: seriesFacts.optional(),
});
export type Model = z.infer<typeof model>;

export const deployment = z.object({
  ...clear('deployment'),
  name: z.string(),
  /** Model served, and those served before it, newest first. */
  model: z.object({ id: z.string(), name: z.string(), version: z.number().int() }),
  previous: z.array(z.object({ id: z.string(), name: z.string(), version: z.number().int() })).default([]),
  replicas: z.object({ min: z.number().int().min(0), max: z.number().int().min(1) }),
  /** Other models beside it. */
  variants: z.array(variant).default([]),
  options: servingOptions.prefault({}),
  /** Why the last canary went back by itself. */
  rolledBack: z.object({ model: modelRef, at: z.number(), why: z.string() }).optional(),
  error: fault.optional(),
});
export type Deployment = z.infer<typeof deployment>;

/** A file of rows that a deployment predicts. */
export const scoring = z.object({
  ...clear('scoring'),
  /** Name of the file. */
  name: z.string(),
  deployment: z.string(),
  /** Key that asked for it: nobody else but an admin may read it. */
  key: z.string(),
  done: scoringCounts,
  /** Object packs with the file and with its predictions. */
  input: z.string().optional(),
  output: z.string().optional(),
  error: fault.optional(),
});
export type Scoring = z.infer<typeof scoring>;

/** A rule that watches a deployment; its id is its record's. */
export const alert = z.object({
  ...clear('alert'),
  ...alertRequest.shape,
  /** Nothing is said until then. */
  silentUntil: z.number().optional(),
  /** Newest first, 50 at most. */
  fired: z.array(alertFiring).default([]),
});
export type Alert = z.infer<typeof alert>;

export const roles = ['admin', 'trainer', 'deployer', 'predictor'] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

/** A named person or service that holds keys, so that the audit can name them. */
export const principal = z.object({ ...clear('principal'), name: z.string(), is: z.enum(['person', 'service']) });
export type Principal = z.infer<typeof principal>;

/** An API key; the secret itself is shown once and never stored. */
export const apiKey = z.object({
  ...clear('key'),
  name: z.string(),
  role,
  /** Names of deployments that a predictor may call; all when left out. */
  deployments: z.array(z.string()).optional(),
  /** SHA-256 of the secret, hex. */
  hash: z.string(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
});
export type ApiKey = z.infer<typeof apiKey>;

/** What a key's owner may see of it. */
export const apiKeyView = apiKey.omit({ hash: true });
export type ApiKeyView = z.infer<typeof apiKeyView>;

/** A machine of the room that is, or was, trusted; its id is its certificate's SHA-256. */
export const peer = z.object({
  ...clear('peer'),
  name: z.string(),
  /** Where it was reached last, newest first. */
  addresses: z.array(peerAddress).max(32),
  permissions,
  pairedAt: z.number(),
});
export type Peer = z.infer<typeof peer>;

/** One link of the audit chain. */
export const auditEntry = z.object({
  seq: z.number().int(),
  at: z.number(),
  /** Principal and key that acted; `system` for the appliance itself. */
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  outcome: z.enum(['ok', 'refused', 'failed']),
  details: z.record(z.string(), z.unknown()).optional(),
  /** SHA-256 over this entry and the hash before it, hex. */
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export interface RecordOf {
  dataset: Dataset;
  experiment: Experiment;
  label: Label;
  run: Run;
  model: Model;
  deployment: Deployment;
  scoring: Scoring;
  alert: Alert;
  principal: Principal;
  key: ApiKey;
  peer: Peer;
}

/** The schema of each kind of record. */
export const recordSchema = {
  dataset,
  experiment,
  label,
  run,
  model,
  deployment,
  scoring,
  alert,
  principal,
  key: apiKey,
  peer,
} as const satisfies Record<Kind, z.ZodType>;
