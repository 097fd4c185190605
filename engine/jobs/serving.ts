// Replica sets as jobs use them: spawned through the one way, leased first, and kept warm for a while for models that are
// asked without being deployed.
import { join } from 'node:path';
import { spawnChild } from '../children/index.ts';
import type { Manifest, Model, ServingOptions } from '../schema/index.ts';
import { createReplicaSet, type ReplicaSet, type ReplicaSetStatus, type ServedBundle } from '../serve/index.ts';
import { readManifest } from '../bundle/index.ts';
import type { JobContext } from './context.ts';

/** How long a model that is not deployed stays loaded after its last prediction, ms. */
const warmMs = 60_000;
/** Models kept warm at once; the one used longest ago makes room. */
const mostWarm = 4;

/** What load may not take of the machine's free memory by starting hosts, bytes. */
const sparedMemory = 512 * 1024 ** 2;

export interface Replicas {
  min: number;
  max: number;
}

/** What a set is given beside its replicas. */
export interface SetSettings {
  options?: ServingOptions;
  onChange?: (status: ReplicaSetStatus) => void;
  onRan?: (run: { rows: number; asks: number; computeMs: number }) => void;
}

/** A replica set whose hosts are this appliance's children. `holder` is the record that they work for. */
export function openReplicaSet(
  context: JobContext,
  holder: string,
  { min, max }: Replicas,
  { options, onChange, onRan }: SetSettings = {},
): ReplicaSet {
  const { config, leases, log } = context;
  const memory = options?.memory ?? config.limits.hostMemory;
  const idleMs = options?.idleSeconds === undefined ? undefined : options.idleSeconds * 1000;
  return createReplicaSet({
    min,
    max,
    deadlineMs: config.limits.predictSeconds * 1000,
    log,
    lease: () => leases.grant({ kind: 'host', holder, device: 'cpu', memory }),
    release: (lease) => leases.release(lease.id),
    hasMemory: (bytes) => process.availableMemory() > bytes + sparedMemory,
    spawn: (lease) =>
      spawnChild('host', { log, memory: lease.memory, data: true, cache: join(config.dataDir, 'cache') }),
    ...(options?.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
    ...(options?.batch === undefined ? {} : { batch: options.batch }),
    ...(options?.queue === undefined ? {} : { queue: options.queue }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(onChange ? { onChange } : {}),
    ...(onRan ? { onRan } : {}),
  });
}

/** What a replica set needs of a model. */
export function servedBundle(
  { store }: JobContext,
  model: Pick<Model, 'id' | 'name' | 'version' | 'object'>,
): ServedBundle {
  const { id, name, version, object } = model;
  return { model: { id, name, version }, bundle: store.objects.grant(object) };
}

/** The manifest in a model's pack: our own, encrypted and verified, so that it may be read here. */
export function manifestOf({ store }: JobContext, model: Pick<Model, 'object'>): Manifest {
  const pack = store.objects.open(model.object);
  try {
    return readManifest(pack);
  } finally {
    pack.close();
  }
}

export interface WarmModels {
  /** A set that serves this model, loaded now when it is not. */
  get(model: Model): Promise<ReplicaSet>;
  /** Lets a model go, as before its deletion. */
  drop(modelId: string): Promise<void>;
  close(): Promise<void>;
}

interface Warm {
  set: ReplicaSet;
  ready: Promise<unknown>;
  timer: NodeJS.Timeout;
}

/** Hosts for one-off predictions. */
export function createWarmModels(context: JobContext): WarmModels {
  const warm = new Map<string, Warm>();
  const drop = async (id: string) => {
    const entry = warm.get(id);
    if (!entry) return;
    warm.delete(id);
    clearTimeout(entry.timer);
    await entry.set.stop();
  };
  const open = (model: Model): Warm => {
    const set = openReplicaSet(context, model.id, { min: 1, max: 1 });
    const ready = set.serve(servedBundle(context, model)).catch(async (error: unknown) => {
      await drop(model.id);
      throw error;
    });
    return { set, ready, timer: setTimeout(() => void drop(model.id), warmMs).unref() };
  };
  return {
    async get(model) {
      const entry = warm.get(model.id) ?? open(model);
      // Put back at the end, so that the map's order is the order of use.
      warm.delete(model.id);
      warm.set(model.id, entry);
      entry.timer.refresh();
      for (const id of warm.keys()) {
        if (warm.size <= mostWarm) break;
        void drop(id);
      }
      await entry.ready;
      entry.timer.refresh();
      return entry.set;
    },
    drop,
    async close() {
      await Promise.all([...warm.keys()].map(drop));
    },
  };
}
