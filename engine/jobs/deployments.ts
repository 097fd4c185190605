// Deployments: a name behind which models are served, and every change of them. Nothing fails a request: another model, a
// canary, a promotion take over while what was there before finishes. What is wanted is stored, and an appliance that starts
// serves it again. What serves now is lives.ts; who answers one request is predicting.ts.
import { availableParallelism } from 'node:os';
import {
  type Deployment,
  type DeploymentState,
  Fault,
  faultBody,
  faultFrom,
  type Handlers,
  type Model,
  type ModelRef,
  type ServingOptions,
  servingOptions,
  type VariantSpec,
} from '../schema/index.ts';
import type { ReplicaSet } from '../serve/index.ts';
import { needServed } from './bases.ts';
import { type JobContext, pageOf } from './context.ts';
import { createLives, hostSettings, type Live, refOf } from './lives.ts';
import type { Replicas } from './serving.ts';

type Names = 'list' | 'create' | 'show' | 'set' | 'promote' | 'rollback' | 'stop' | 'status';

export interface Deployments {
  handlers: Pick<Handlers, `deployments.${Names}`>;
  /** The set that serves this model now. */
  serving(modelId: string): ReplicaSet | undefined;
  /** What serves a deployment now; undefined for one that is saved. Faults: `not_found`, `unavailable` with the reason. */
  live(name: string): Live | undefined;
  /** Everything that serves now, by the deployment's name. */
  all(): Live[];
  /** Serves a deployment that was stopped, or stops one. */
  restart(name: string): Promise<Deployment>;
  stop(name: string): Promise<Deployment>;
  /** Starts again what was wanted; resolves when all of it serves or has failed. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** Versions that rollback can go back through. */
const mostPrevious = 10;
/** One host, and as many more as load asks for: each computes on one core. */
const defaultReplicas: Replicas = { min: 1, max: Math.min(8, Math.max(1, availableParallelism())) };

/** The deployments of an appliance. */
export function createDeployments(
  context: JobContext,
  onRan: (deployment: string, rows: number) => void = () => undefined,
): Deployments {
  const { store, events, log, lasting, closing } = context;
  const { deployments, models } = store;
  const lives = createLives(context, {
    onRan,
    onVerdict: (id, model, verdict) => void settle(id, model, verdict),
    onState(id, { state, error }) {
      if (closing.aborted) return;
      const now = deployments.look(id)?.state;
      if (now === 'ready' && state === 'failed')
        move(id, 'failed', error ?? new Fault('unavailable', 'Its hosts keep ending.'));
      if (now === 'failed' && state === 'ready') {
        move(id, 'starting');
        move(id, 'ready');
      }
    },
  });
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

  /** A canary was judged. */
  async function settle(
    id: string,
    model: ModelRef,
    verdict: { is: 'promote' } | { is: 'rollback'; why: string },
  ): Promise<void> {
    log.warn({ deployment: id, model: model.id, verdict: verdict.is }, 'canary judged');
    await inTurn(id, async () => {
      if (!deployments.get(id).variants.some((variant) => variant.model.id === model.id)) return;
      if (verdict.is === 'promote') await promote(id, model.id);
      else await dropVariants(id, [model.id], { model, at: context.now(), why: verdict.why });
    }).catch((error: unknown) => log.warn({ deployment: id, err: error }, 'verdict not carried out'));
  }

  async function addVariant(id: string, model: Model, spec: VariantSpec): Promise<Deployment> {
    const before = deployments.get(id);
    if (before.model.id === model.id) {
      throw new Fault('conflict', `${model.name}@${model.version} is the stable model of ${before.name} already.`);
    }
    const others = before.variants.filter((variant) => variant.model.id !== model.id);
    const taken = others.reduce((sum, { role, weight }) => sum + (role === 'shadow' ? 0 : weight), 0);
    if (spec.role !== 'shadow' && taken + spec.weight > 100) {
      throw new Fault(
        'bad_request',
        `The other models of ${before.name} have ${taken} % already; ${spec.weight} % more is too much.`,
      );
    }
    const entry = lives.get(id);
    if (entry) {
      const set = await lives.load(id, model, entry);
      await entry.traffic.remove(model.id);
      entry.traffic.add(spec, set);
    } else if (lasting) {
      throw new Fault('unavailable', `Deployment ${before.name} is ${before.state}. Serve its stable model first.`);
    }
    return announce(deployments.update(id, { variants: [...others, spec], rolledBack: undefined }));
  }

  async function dropVariants(id: string, gone: string[], rolledBack?: Deployment['rolledBack']): Promise<Deployment> {
    const variants = deployments.get(id).variants.filter(({ model }) => !gone.includes(model.id));
    const changed = announce(deployments.update(id, { variants, ...(rolledBack ? { rolledBack } : {}) }));
    const entry = lives.get(id);
    for (const one of gone) void entry?.traffic.remove(one);
    return changed;
  }

  async function promote(id: string, modelId: string | undefined): Promise<Deployment> {
    const before = deployments.get(id);
    const [first] = before.variants;
    const variant = modelId === undefined ? first : before.variants.find(({ model }) => model.id === modelId);
    if (!variant)
      throw new Fault(
        'conflict',
        `Deployment ${before.name} has no other model to promote. Add one: neutrino deploy MODEL --name ${before.name} --canary 10`,
      );
    if (modelId === undefined && before.variants.length > 1) {
      const names = before.variants.map(({ model }) => `${model.name}@${model.version}`);
      throw new Fault(
        'bad_request',
        `Deployment ${before.name} has several other models (${names.join(', ')}); say which.`,
      );
    }
    const changed = announce(
      deployments.update(id, {
        model: variant.model,
        previous: [before.model, ...before.previous].slice(0, mostPrevious),
        variants: before.variants.filter((one) => one !== variant),
      }),
    );
    void lives.get(id)?.traffic.promote(variant.model.id);
    return changed;
  }

  /** Serves what a deployment's record wants. */
  async function start(id: string): Promise<Deployment> {
    const { model, replicas, options, variants } = deployments.get(id);
    try {
      await lives.serve(id, models.get(model.id), { replicas, options });
    } catch (error) {
      log.warn({ deployment: id, err: error }, 'deployment failed');
      if (!closing.aborted) move(id, 'failed', error);
      throw error;
    }
    const ready = move(id, 'ready');
    for (const spec of variants) {
      try {
        lives.get(id)?.traffic.add(spec, await lives.load(id, models.get(spec.model.id), { replicas, options }));
      } catch (error) {
        const why = `it could not be served: ${faultBody(error).message}`;
        await dropVariants(id, [spec.model.id], { model: spec.model, at: context.now(), why });
      }
    }
    return ready;
  }

  async function create(
    name: string,
    model: Model,
    { replicas, options }: { replicas?: Replicas | undefined; options?: ServingOptions | undefined },
  ): Promise<Deployment> {
    const known = deployments.look(name);
    if (known) return inTurn(known.id, () => exchange(known.id, model, { replicas, options }));
    const made = deployments.insert({
      state: lasting ? 'starting' : 'saved',
      name,
      model: refOf(model),
      previous: [],
      // Several texts are written side by side in one host of such a model, which holds gigabytes.
      replicas: replicas ?? (model.base?.gguf ? { min: 1, max: 1 } : defaultReplicas),
      variants: [],
      options: options ?? servingOptions.parse({}),
    });
    announce(made);
    return lasting ? inTurn(made.id, () => start(made.id)) : made;
  }

  /** Puts another model, or other settings, behind a name; what served before goes on serving until the new one is ready. */
  async function exchange(
    id: string,
    model: Model,
    given: {
      replicas?: Replicas | undefined;
      options?: ServingOptions | undefined;
      previous?: Deployment['previous'];
    } = {},
  ): Promise<Deployment> {
    const before = deployments.get(id);
    const same = before.model.id === model.id;
    const patch = {
      model: refOf(model),
      previous: given.previous ?? (same ? before.previous : [before.model, ...before.previous].slice(0, mostPrevious)),
      variants: before.variants.filter((variant) => variant.model.id !== model.id),
      replicas: given.replicas ?? before.replicas,
      options: given.options ?? before.options,
      error: undefined,
    };
    if (!lasting)
      return announce(deployments.update(id, { ...patch, ...(before.state === 'saved' ? {} : { state: 'saved' }) }));
    const entry = lives.get(id);
    if (before.state === 'ready' && entry) {
      await lives.serve(id, model, patch);
      void entry.traffic.remove(model.id);
      if (given.options) lives.regard(entry, given.options);
      return announce(deployments.update(id, patch));
    }
    announce(deployments.update(id, { ...patch, ...(before.state === 'starting' ? {} : { state: 'starting' }) }));
    return start(id);
  }

  async function stop(id: string): Promise<Deployment> {
    const { state } = deployments.get(id);
    if (state === 'stopped') return deployments.get(id);
    if (state !== 'stopping') move(id, 'stopping');
    await lives.drop(id);
    return move(id, 'stopped');
  }

  const stopNamed = (name: string) => {
    const { id } = deployments.find(name);
    return inTurn(id, () => stop(id));
  };

  return {
    serving(modelId) {
      for (const { id, traffic } of lives.all()) {
        const { stable } = traffic;
        if (stable?.model.id === modelId && deployments.get(id).state === 'ready') return stable.set;
      }
      return undefined;
    },
    live(name) {
      const deployment = deployments.find(name);
      const entry = lives.get(deployment.id);
      if (entry && deployment.state !== 'stopping') return entry;
      if (deployment.state === 'saved') return undefined;
      if (deployment.error) throw faultFrom(deployment.error as Parameters<typeof faultFrom>[0]);
      const remedy =
        deployment.state === 'stopped'
          ? `Deploy it again: neutrino deploy ${deployment.model.name}`
          : 'Try again in a moment.';
      throw new Fault('unavailable', `Deployment ${name} is ${deployment.state}. ${remedy}`);
    },
    all: () => lives.all(),
    restart(name) {
      const { id, state, model } = deployments.find(name);
      if (state === 'ready') return Promise.resolve(deployments.get(id));
      return inTurn(id, () => exchange(id, models.get(model.id)));
    },
    stop: stopNamed,
    handlers: {
      'deployments.list': ({ query }) => pageOf<'deployment'>(deployments, query),
      'deployments.show': ({ params }) => deployments.find(params.name),
      async 'deployments.create'({ body }) {
        const model = models.find(body.model);
        needServed(model, 'deploy');
        const { replicas, options, canary, shadow, weight } = body;
        if (replicas && replicas.max < replicas.min) {
          throw new Fault('bad_request', `replicas.max (${replicas.max}) is less than replicas.min (${replicas.min}).`);
        }
        const name = body.name ?? slug(model.name);
        const beside = besideOf(refOf(model), { canary, shadow, weight });
        if (!beside) return create(name, model, { replicas, options });
        const { id } = deployments.find(name);
        return inTurn(id, () => addVariant(id, model, beside));
      },
      async 'deployments.set'({ params, body }) {
        const { id, model } = deployments.find(params.name);
        return inTurn(id, async () => {
          const entry = lives.get(id);
          // Guards and watching change in place; hosts are exchanged only where their own settings did.
          if (!entry || hostSettings(entry.options) === hostSettings(body)) {
            if (entry) lives.regard(entry, body);
            return announce(deployments.update(id, { options: body }));
          }
          return exchange(id, models.get(model.id), { options: body });
        });
      },
      async 'deployments.promote'({ params, body }) {
        const { id } = deployments.find(params.name);
        const wanted = body.model === undefined ? undefined : models.find(body.model).id;
        return inTurn(id, () => promote(id, wanted));
      },
      async 'deployments.rollback'({ params }) {
        const { id } = deployments.find(params.name);
        return inTurn(id, async () => {
          const { variants, previous } = deployments.get(id);
          if (variants.length > 0)
            return dropVariants(
              id,
              variants.map(({ model }) => model.id),
            );
          const [last, ...rest] = previous;
          if (!last) throw new Fault('conflict', `Deployment ${params.name} has served no other model before.`);
          return exchange(id, models.get(last.id), { previous: rest });
        });
      },
      'deployments.stop': ({ params }) => stopNamed(params.name),
      'deployments.status': ({ params }) => {
        const { id, name, state } = deployments.find(params.name);
        return { name, state, variants: lives.get(id)?.traffic.status() ?? [] };
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
    close: () => lives.close(),
  };
}

/** The place beside the stable model that a request asks for, if it asks for one. */
function besideOf(
  model: ModelRef,
  {
    canary,
    shadow,
    weight,
  }: {
    canary?: (VariantSpec['rules'] & { weight: number }) | undefined;
    shadow?: boolean | undefined;
    weight?: number | undefined;
  },
): VariantSpec | undefined {
  if ([canary !== undefined, shadow === true, weight !== undefined].filter(Boolean).length > 1) {
    throw new Fault(
      'bad_request',
      'A model is a canary, a shadow or a share of the traffic: give one of canary, shadow, weight.',
    );
  }
  if (canary) {
    const { weight: share, ...rules } = canary;
    return { model, role: 'canary', weight: share, rules };
  }
  if (shadow) return { model, role: 'shadow', weight: 0 };
  return weight === undefined ? undefined : { model, role: 'split', weight };
}

/** A deployment's name from a model's: lower-case letters, digits and hyphens. */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
  return plain || 'model';
}
