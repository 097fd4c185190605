// Deployments: a name behind which a model is served. Another model takes its place without a failed request; what is wanted
// is stored, and an appliance that starts serves it again.
import {
  type Deployment,
  type DeploymentState,
  Fault,
  faultBody,
  faultFrom,
  type Handlers,
  type Manifest,
  type Model,
} from '../schema/index.ts';
import { describeModel, inferFromV2, inferToV2, type ReplicaSet, v2Metadata } from '../serve/index.ts';
import { needServed } from './bases.ts';
import { type JobContext, pageOf } from './context.ts';
import { answerOf, checkBatch } from './models.ts';
import { manifestOf, openReplicaSet, type Replicas, servedBundle, type WarmModels } from './serving.ts';

type Names = 'list' | 'create' | 'show' | 'predict' | 'schema' | 'rollback' | 'stop';

export interface Deployments {
  handlers: Pick<Handlers, `deployments.${Names}` | 'v2.model' | 'v2.modelReady' | 'v2.infer'>;
  /** The set that serves this model now. */
  serving(modelId: string): ReplicaSet | undefined;
  /** Starts again what was wanted; resolves when all of it serves or has failed. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

interface Live {
  set: ReplicaSet;
  replicas: Replicas;
}

/** Versions that rollback can go back through. */
const mostPrevious = 10;
const defaultReplicas: Replicas = { min: 1, max: 1 };

/** The deployments of an appliance. */
export function createDeployments(context: JobContext, warm: WarmModels): Deployments {
  const { config, store, events, log, lasting, closing } = context;
  const { deployments, models } = store;
  /** By deployment id. */
  const live = new Map<string, Live>();
  /** One change of a deployment at a time. */
  const changes = new Map<string, Promise<unknown>>();

  const announce = (deployment: Deployment) => {
    events.emit('deployment.changed', deployment.id, deployment);
    return deployment;
  };
  const move = (id: string, state: DeploymentState, error?: unknown): Deployment =>
    announce(deployments.update(id, { state, error: error === undefined ? undefined : faultBody(error) }));

  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const done = (changes.get(id) ?? Promise.resolve()).then(work);
    const settled = done.catch(() => undefined);
    changes.set(id, settled);
    void settled.then(() => changes.get(id) === settled && changes.delete(id));
    return done;
  }

  function open(id: string, replicas: Replicas): Live {
    const entry: Live = {
      replicas,
      set: openReplicaSet(context, id, replicas, ({ state, error }) => {
        if (live.get(id) !== entry || closing.aborted) return;
        const now = deployments.look(id)?.state;
        if (now === 'ready' && state === 'failed')
          move(id, 'failed', error ?? new Fault('unavailable', 'Its hosts keep ending.'));
        if (now === 'failed' && state === 'ready') {
          move(id, 'starting');
          move(id, 'ready');
        }
      }),
    };
    return entry;
  }

  /** Starts a deployment's first set, or a new one when its replicas changed, and waits until it serves. */
  async function serve(id: string, model: Model, replicas: Replicas): Promise<void> {
    const before = live.get(id);
    if (before && before.replicas.min === replicas.min && before.replicas.max === replicas.max) {
      await before.set.serve(servedBundle(context, model));
      return;
    }
    const next = open(id, replicas);
    try {
      await next.set.serve(servedBundle(context, model));
    } catch (error) {
      await next.set.stop(0);
      throw error;
    }
    live.set(id, next);
    await before?.set.stop();
  }

  /** Serves what a deployment's record wants. */
  async function start(id: string): Promise<Deployment> {
    const { model, replicas } = deployments.get(id);
    try {
      await serve(id, models.get(model.id), replicas);
      return move(id, 'ready');
    } catch (error) {
      log.warn({ deployment: id, err: error }, 'deployment failed');
      if (!closing.aborted) move(id, 'failed', error);
      throw error;
    }
  }

  async function create(name: string, model: Model, replicas: Replicas | undefined): Promise<Deployment> {
    const wanted = { id: model.id, name: model.name, version: model.version };
    const known = deployments.look(name);
    if (!known) {
      const made = deployments.insert({
        state: lasting ? 'starting' : 'saved',
        name,
        model: wanted,
        previous: [],
        replicas: replicas ?? defaultReplicas,
      });
      announce(made);
      return lasting ? inTurn(made.id, () => start(made.id)) : made;
    }
    return inTurn(known.id, () => exchange(known.id, model, replicas));
  }

  /** Puts another model, or other replicas, behind a name; what served before goes on serving until the new one is ready. */
  async function exchange(
    id: string,
    model: Model,
    replicas?: Replicas,
    previous?: Deployment['previous'],
  ): Promise<Deployment> {
    const before = deployments.get(id);
    const wanted = { id: model.id, name: model.name, version: model.version };
    const same = before.model.id === model.id;
    const patch = {
      model: wanted,
      previous: previous ?? (same ? before.previous : [before.model, ...before.previous].slice(0, mostPrevious)),
      replicas: replicas ?? before.replicas,
      error: undefined,
    };
    if (!lasting)
      return announce(deployments.update(id, { ...patch, ...(before.state === 'saved' ? {} : { state: 'saved' }) }));
    if (before.state === 'ready' && live.has(id)) {
      await serve(id, model, patch.replicas);
      return announce(deployments.update(id, patch));
    }
    announce(deployments.update(id, { ...patch, ...(before.state === 'starting' ? {} : { state: 'starting' }) }));
    return start(id);
  }

  async function stop(id: string): Promise<Deployment> {
    const { state } = deployments.get(id);
    if (state === 'stopped') return deployments.get(id);
    if (state !== 'stopping') move(id, 'stopping');
    const entry = live.get(id);
    live.delete(id);
    await entry?.set.stop();
    return move(id, 'stopped');
  }

  /** What answers for a deployment; one that is saved is loaded for the moment. */
  async function setOf(name: string): Promise<ReplicaSet> {
    const deployment = deployments.find(name);
    const entry = live.get(deployment.id);
    if (entry && deployment.state !== 'stopping') return entry.set;
    if (deployment.state === 'saved') return warm.get(models.get(deployment.model.id));
    if (deployment.error) throw faultFrom(deployment.error as Parameters<typeof faultFrom>[0]);
    const remedy =
      deployment.state === 'stopped'
        ? `Deploy it again: neutrino deploy ${deployment.model.name}`
        : 'Try again in a moment.';
    throw new Fault('unavailable', `Deployment ${name} is ${deployment.state}. ${remedy}`);
  }

  function manifest(name: string): Manifest {
    const deployment = deployments.find(name);
    return live.get(deployment.id)?.set.manifest ?? manifestOf(context, models.get(deployment.model.id));
  }

  return {
    serving(modelId) {
      for (const [id, { set }] of live) {
        if (set.status().model?.id === modelId && deployments.get(id).state === 'ready') return set;
      }
      return undefined;
    },
    handlers: {
      'deployments.list': ({ query }) => pageOf<'deployment'>(deployments, query),
      'deployments.show': ({ params }) => deployments.find(params.name),
      async 'deployments.create'({ body }) {
        const model = models.find(body.model);
        needServed(model, 'deploy');
        const { replicas } = body;
        if (replicas && replicas.max < replicas.min) {
          throw new Fault('bad_request', `replicas.max (${replicas.max}) is less than replicas.min (${replicas.min}).`);
        }
        return create(body.name ?? slug(model.name), model, replicas);
      },
      async 'deployments.predict'({ params, body }, { signal }) {
        checkBatch(body.inputs, config.limits.batch);
        return answerOf(await setOf(params.name), body.inputs, signal);
      },
      'deployments.schema': ({ params }) => describeModel(manifest(params.name)),
      async 'deployments.rollback'({ params }) {
        const { id } = deployments.find(params.name);
        return inTurn(id, async () => {
          const [last, ...rest] = deployments.get(id).previous;
          if (!last) throw new Fault('conflict', `Deployment ${params.name} has served no other model before.`);
          return exchange(id, models.get(last.id), undefined, rest);
        });
      },
      async 'deployments.stop'({ params }) {
        const { id } = deployments.find(params.name);
        return inTurn(id, () => stop(id));
      },
      'v2.model': ({ params }) => {
        const deployment = deployments.find(params.name);
        return v2Metadata(deployment.name, deployment.model.version, manifest(params.name));
      },
      'v2.modelReady': ({ params }) => ({ name: params.name, ready: deployments.find(params.name).state === 'ready' }),
      async 'v2.infer'({ params, body }, { signal }) {
        const set = await setOf(params.name);
        const spec = set.manifest ?? manifest(params.name);
        const { tensors, outputs } = inferFromV2(body, spec);
        const answer = await set.infer({ tensors, ...(outputs ? { outputs } : {}) }, { signal });
        return inferToV2({ name: params.name, version: answer.model.version }, answer.tensors, body.id);
      },
    },
    async recover() {
      for (const { id, state } of deployments.list().items) {
        if (state === 'stopping') move(id, 'stopped');
        else if (state === 'stopped') continue;
        else if (!lasting) {
          if (state !== 'saved') move(id, 'saved');
        } else if (state !== 'starting') move(id, 'starting');
      }
      const wanted = lasting ? deployments.list({ state: 'starting' }).items : [];
      await Promise.all(wanted.map(({ id }) => inTurn(id, () => start(id)).catch(() => undefined)));
    },
    async close() {
      const sets = [...live.values()];
      live.clear();
      await Promise.all(sets.map(({ set }) => set.stop(2000)));
    },
  };
}

/** A deployment's name from a model's: lower-case letters, digits and hyphens. */
function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
  return plain || 'model';
}
