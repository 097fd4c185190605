// What serves now: for each deployment its sets of hosts, the traffic between them, and its guard. It knows the records only
// by id and changes none; what is wanted, and every change of it, is deployments.ts.
import type { Model, ModelRef, ServingOptions } from '../schema/index.ts';
import {
  createGuard,
  createTraffic,
  type Guard,
  type ReplicaSet,
  type ReplicaSetStatus,
  type Spent,
  type Traffic,
  type TrafficOptions,
} from '../serve/index.ts';
import type { JobContext } from './context.ts';
import { openReplicaSet, type Replicas, servedBundle } from './serving.ts';

/** A deployment while it serves. */
export interface Live {
  readonly id: string;
  readonly name: string;
  traffic: Traffic;
  guard: Guard;
  replicas: Replicas;
  options: ServingOptions;
}

/** How hosts are run. */
interface Hosting {
  replicas: Replicas;
  options: ServingOptions;
}

export interface Lives {
  get(id: string): Live | undefined;
  all(): Live[];
  /** Serves a stable model: in the set that runs, or in a new one where its settings changed; waits until it answers. */
  serve(id: string, model: Model, hosting: Hosting): Promise<void>;
  /** A set that answers, for another model beside the stable one. */
  load(id: string, model: Model, hosting: Hosting): Promise<ReplicaSet>;
  /** Guards and watches by these options from now on. */
  regard(live: Live, options: ServingOptions): void;
  drop(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface LivesOptions {
  /** A batch of so many rows ran. */
  onRan: (deployment: string, rows: number) => void;
  onVerdict: (id: string, ...verdict: Parameters<TrafficOptions['onVerdict']>) => void;
  /** Hosts of the stable model came, went or got ready. */
  onState: (id: string, status: ReplicaSetStatus) => void;
}

/** How often what keys have spent is stored, ms. */
const spentEveryMs = 10_000;

/** Nothing serves yet. */
export function createLives(context: JobContext, { onRan, onVerdict, onState }: LivesOptions): Lives {
  const { store } = context;
  /** By deployment id. */
  const lives = new Map<string, Live>();

  const spentName = (id: string) => `spent_${id}`;
  const keepSpent = () => {
    for (const { id, guard } of lives.values()) {
      const spent = guard.changed();
      if (spent) store.settings.set(spentName(id), spent);
    }
  };
  const keeping = setInterval(keepSpent, spentEveryMs).unref();

  function guardOf(id: string, options: ServingOptions, traffic: Traffic): Guard {
    const spent = store.settings.get(spentName(id)) as Record<string, Spent> | undefined;
    return createGuard(options.protection, () => traffic.stable?.set.manifest, spent);
  }

  async function load(id: string, model: Model, { replicas, options }: Hosting): Promise<ReplicaSet> {
    const set: ReplicaSet = openReplicaSet(context, id, replicas, {
      options,
      onRan({ rows, computeMs }) {
        const live = lives.get(id);
        live?.traffic.ran(set, rows, computeMs);
        if (live) onRan(live.name, rows);
      },
      onChange(status) {
        if (lives.get(id)?.traffic.stable?.set === set) onState(id, status);
      },
    });
    try {
      await set.serve(servedBundle(context, model));
      return set;
    } catch (error) {
      await set.stop(0);
      throw error;
    }
  }

  return {
    get: (id) => lives.get(id),
    all: () => [...lives.values()],
    load,
    async serve(id, model, { replicas, options }) {
      const before = lives.get(id);
      const stable = before?.traffic.stable;
      const same =
        before !== undefined &&
        before.replicas.min === replicas.min &&
        before.replicas.max === replicas.max &&
        hostSettings(before.options) === hostSettings(options);
      if (same && stable) {
        await stable.set.serve(servedBundle(context, model));
        before.traffic.rename(refOf(model));
        return;
      }
      const set = await load(id, model, { replicas, options });
      if (before) {
        before.replicas = replicas;
        before.options = options;
        // Whoever is on the way to the one before is answered by it.
        void before.traffic.setStable(refOf(model), set);
        return;
      }
      const traffic = createTraffic({ onVerdict: (of, verdict) => onVerdict(id, of, verdict) });
      void traffic.setStable(refOf(model), set);
      const { name } = store.deployments.get(id);
      lives.set(id, { id, name, traffic, guard: guardOf(id, options, traffic), replicas, options });
    },
    regard(live, options) {
      keepSpent();
      live.options = options;
      live.guard = guardOf(live.id, options, live.traffic);
    },
    async drop(id) {
      const live = lives.get(id);
      keepSpent();
      lives.delete(id);
      await live?.traffic.close();
    },
    async close() {
      clearInterval(keeping);
      keepSpent();
      const all = [...lives.values()];
      lives.clear();
      await Promise.all(all.map(({ traffic }) => traffic.close(2000)));
    },
  };
}

/** What of the options a host is started with; the rest changes while it runs. */
export const hostSettings = ({ latencyMs, batch, queue, memory, idleSeconds }: ServingOptions): string =>
  JSON.stringify([latencyMs, batch, queue, memory, idleSeconds]);

/** What names a model. */
export const refOf = ({ id, name, version }: ModelRef): ModelRef => ({ id, name, version });
