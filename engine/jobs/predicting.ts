// One request to a deployment, in whichever protocol it comes: admitted, checked, sent to the model whose turn it is, watched,
// answered. Changes of deployments are deployments.ts.
import {
  type Call,
  Fault,
  faultBody,
  type Handlers,
  type Manifest,
  type PredictInput,
  type PredictOutput,
  type PredictRequest,
  type PredictResponse,
  servingOptions,
} from '../schema/index.ts';
import {
  type AskOptions,
  type BinaryRequest,
  binaryOutputs,
  composeFiles,
  deploymentDocument,
  describeModel,
  inferFromV2,
  inferToV2,
  inputsOfInvocation,
  kubernetesFiles,
  predictionOf,
  priorities,
  type Priority,
  readBinary,
  type ReplicaSet,
  type Traffic,
  v2Metadata,
  v2Statistics,
  writeBinary,
} from '../serve/index.ts';
import type { JobContext } from './context.ts';
import { needServed } from './bases.ts';
import { type Deployments, type Live, slug } from './deployments.ts';
import { checkBatch } from './models.ts';
import { manifestOf, type WarmModels } from './serving.ts';
import type { Watching } from './watching.ts';

type V2 =
  | 'model'
  | 'modelReady'
  | 'infer'
  | 'versionModel'
  | 'versionReady'
  | 'versionInfer'
  | 'allStats'
  | 'stats'
  | 'versionStats'
  | 'index'
  | 'load'
  | 'unload';
type Names =
  | 'models.ship'
  | `deployments.${'predict' | 'schema' | 'openapi' | 'invocations'}`
  | `mlflow.${'ping' | 'version' | 'invocations'}`
  | `v2.${V2}`;

export interface Predicting {
  handlers: Pick<Handlers, Names>;
  /** Rows of a file: quotas count them, rates and sizes of requests do not, and others go first. */
  rows(name: string, inputs: PredictInput[], key: string, signal: AbortSignal): Promise<PredictOutput[]>;
  /** What a model that writes gives for texts: their other halves as they are written, or their vectors. */
  write(name: string, inputs: string[], how: Writing, call: Call): Promise<PredictOutput[]>;
}

/** What a model that writes is told, and who hears it write. */
type How = Pick<NonNullable<Parameters<ReplicaSet['predict']>[1]>, 'generate' | 'embed' | 'onPiece'>;

/** How a model that writes is asked. */
export interface Writing extends Pick<AskOptions, 'onPiece'> {
  generate?: PredictRequest['generate'];
  embed?: boolean;
}

interface Asked {
  /** Header, path, or the key's own limits. */
  version?: string | undefined;
  key: string;
  options: AskOptions & Writing;
}

type V2Call = { params: { name: string; version?: string }; body: BinaryRequest | undefined };

/** Answers for all deployments. */
export function createPredicting(
  context: JobContext,
  parts: { deployments: Deployments; warm: WarmModels; watching: Watching; version: string },
): Predicting {
  const { config, store } = context;
  const { deployments, warm, watching } = parts;
  const prefix = `prd_${Date.now().toString(36)}`;
  let next = 0;

  /** A deployment that is saved has no hosts: its model is loaded for the moment. */
  async function saved(name: string): Promise<{ set: ReplicaSet; model: { name: string; version: number } }> {
    const { model } = store.deployments.find(name);
    return { set: await warm.get(store.models.get(model.id)), model };
  }

  async function outputsOf(
    name: string,
    inputs: PredictInput[],
    asked: Asked,
    how: How = {},
  ): Promise<{ outputs: PredictOutput[]; model: { name: string; version: number }; warnings: string[]; id: string }> {
    const live = deployments.live(name);
    const options = { ...asked.options, ...how };
    if (!live) {
      const { set } = await saved(name);
      const { outputs, model } = await set.predict(inputs, options);
      return { outputs, model, warnings: [], id: '' };
    }
    const began = performance.now();
    try {
      const warnings = live.guard.check(inputs);
      const answer = await live.traffic.ask({
        version: asked.version,
        rows: inputs.length,
        send: ({ set }, shadow) => set.predict(inputs, shadow ? shadowed(options) : options),
        same: (one, other) => sameSaid(one.outputs, other.outputs),
      });
      const { model } = answer;
      const id = `${prefix}${(next++).toString(36)}`;
      watching.answered(
        live,
        {
          id,
          model: model.name,
          version: model.version,
          inputs,
          outputs: answer.outputs,
          ms: performance.now() - began,
        },
        answer,
      );
      return { outputs: live.guard.round(answer.outputs), model, warnings, id };
    } catch (error) {
      watching.failed(live, faultBody(error).code, performance.now() - began);
      throw error;
    }
  }

  async function predict(name: string, body: PredictRequest, call: Call): Promise<PredictResponse> {
    checkBatch(body.inputs, config.limits.batch);
    const live = deployments.live(name);
    live?.guard.admit(call.caller.key, body.inputs.length);
    const { outputs, model, warnings, id } = await outputsOf(
      name,
      body.inputs,
      askedBy(call),
      body.generate ? { generate: body.generate } : {},
    );
    const answer: PredictResponse = {
      outputs,
      model: model.name,
      version: model.version,
      ...(id === '' ? {} : { id }),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
    const most = live?.options.protection.maxAnswer;
    if (most !== undefined) {
      const bytes = Buffer.byteLength(JSON.stringify(answer));
      if (bytes > most)
        throw new Fault(
          'payload_too_large',
          `the answer would have ${bytes} bytes; this deployment gives ${most}; ask for fewer rows at once`,
        );
    }
    return answer;
  }

  function manifest(name: string, version?: string): Manifest {
    const deployment = store.deployments.find(name);
    const live = deployments.all().find(({ id }) => id === deployment.id);
    const held = live?.traffic
      .list()
      .find(({ model, role }) => (version === undefined ? role === 'stable' : String(model.version) === version));
    if (held?.set.manifest) return held.set.manifest;
    if (version !== undefined && version !== String(deployment.model.version)) {
      throw new Fault(
        'not_found',
        `version ${version} of ${name} is not served; ${versionsOf(live?.traffic, deployment.model.version).join(', ')} are`,
      );
    }
    return manifestOf(context, store.models.get(deployment.model.id));
  }

  const metadata = (name: string, version?: string) => {
    const deployment = store.deployments.find(name);
    const live = deployments.all().find(({ id }) => id === deployment.id);
    const found = v2Metadata(name, deployment.model.version, manifest(name, version));
    return { ...found, versions: versionsOf(live?.traffic, deployment.model.version) };
  };

  function isReady(name: string, version?: string): boolean {
    const { state, id } = store.deployments.find(name);
    if (version === undefined) return state === 'ready';
    const live = deployments.all().find((one) => one.id === id);
    return (
      live?.traffic
        .list()
        .some(({ model, set }) => String(model.version) === version && set.status().state === 'ready') ?? false
    );
  }

  async function infer({ params, body }: V2Call, call: Call) {
    const { name } = params;
    const request = body ?? readBinary(call.bytes ?? new Uint8Array(0), call.header('inference-header-content-length'));
    const live = deployments.live(name);
    const rows = request.inputs[0]?.shape[0] ?? 1;
    live?.guard.admit(call.caller.key, rows);
    const asked = askedBy(call, request.parameters);
    const send = (set: ReplicaSet, options: AskOptions) => {
      const { tensors, outputs } = inferFromV2(request, set.manifest ?? manifest(name));
      return set.infer({ tensors, ...(outputs ? { outputs } : {}) }, options);
    };
    const began = performance.now();
    const run = async (of: Live) => {
      try {
        const answer = await of.traffic.ask({
          version: params.version ?? asked.version,
          rows,
          send: ({ set }, shadow) => send(set, shadow ? shadowed(asked.options) : asked.options),
        });
        watching.ran(of, { version: answer.model.version, ms: performance.now() - began }, answer);
        return answer;
      } catch (error) {
        watching.failed(of, faultBody(error).code, performance.now() - began);
        throw error;
      }
    };
    const { tensors, model } = live ? await run(live) : await send((await saved(name)).set, asked.options);
    const of = { name, version: model.version };
    const binary = binaryOutputs(
      request,
      tensors.map((tensor) => tensor.name),
    );
    if (binary.size === 0) return inferToV2(of, tensors, request.id);
    const { head, length, tails } = writeBinary(of, tensors, binary, request.id);
    call.reply({ 'content-type': 'application/octet-stream', 'inference-header-content-length': String(length) }, [
      head,
      ...tails,
    ]);
    return { model_name: name, outputs: [] };
  }

  const statistics = (live: Live | undefined, version?: string) =>
    (live?.traffic.list() ?? [])
      .filter(({ model }) => version === undefined || String(model.version) === version)
      .map(({ model, meter }) => v2Statistics(live?.name ?? '', model.version, meter));

  async function invoke(name: string, body: Parameters<typeof inputsOfInvocation>[0], call: Call) {
    const inputs = inputsOfInvocation(body, manifest(name));
    checkBatch(inputs, config.limits.batch);
    deployments.live(name)?.guard.admit(call.caller.key, inputs.length);
    const { outputs } = await outputsOf(name, inputs, askedBy(call));
    return { predictions: outputs.map(predictionOf) };
  }

  return {
    async write(name, inputs, how, call) {
      checkBatch(inputs, config.limits.batch);
      deployments.live(name)?.guard.admit(call.caller.key, inputs.length);
      return (await outputsOf(name, inputs, askedBy(call), how)).outputs;
    },
    async rows(name, inputs, key, signal) {
      deployments.live(name)?.guard.spend(key, inputs.length);
      return (await outputsOf(name, inputs, { key, options: { signal, priority: 'low' } })).outputs;
    },
    handlers: {
      'models.ship'({ params, query }) {
        const model = store.models.find(params.id);
        needServed(model, 'export');
        const name = query.name ?? slug(model.name);
        const file = `${slug(model.name)}-${model.version}.neutrino`;
        const ship = query.target === 'kubernetes' ? kubernetesFiles : composeFiles;
        const files = ship({
          name,
          model: `${model.name}@${model.version}`,
          file,
          replicas: { min: query.min, max: Math.max(query.min, query.max) },
          options: store.deployments.look(name)?.options ?? servingOptions.parse({}),
          version: parts.version,
          image: query.image ?? `neutrino-${name}:${model.version}`,
        });
        return { files, model: file };
      },
      'deployments.predict': ({ params, body }, call) => predict(params.name, body, call),
      'deployments.schema': ({ params }) => describeModel(manifest(params.name)),
      'deployments.openapi': ({ params }) => deploymentDocument(params.name, manifest(params.name), parts.version),
      'deployments.invocations': ({ params, body }, call) => invoke(params.name, body, call),
      'mlflow.ping': () => ({}),
      'mlflow.version': () => ({ version: parts.version }),
      'mlflow.invocations'({ query, body }, call) {
        const names = call.caller.deployments ?? deployments.all().map(({ name }) => name);
        const name = query.deployment ?? (names.length === 1 ? names[0] : undefined);
        if (name === undefined) {
          throw new Fault(
            'bad_request',
            names.length === 0
              ? 'nothing is served; deploy a model first'
              : `say which: /invocations?deployment=NAME with one of ${names.join(', ')}`,
          );
        }
        return invoke(name, body, call);
      },
      'v2.model': ({ params }) => metadata(params.name),
      'v2.versionModel': ({ params }) => metadata(params.name, params.version),
      'v2.modelReady': ({ params }) => ({ name: params.name, ready: isReady(params.name) }),
      'v2.versionReady': ({ params }) => ({ name: params.name, ready: isReady(params.name, params.version) }),
      'v2.infer': (input, call) => infer(input, call),
      'v2.versionInfer': (input, call) => infer(input, call),
      'v2.allStats': () => ({ model_stats: deployments.all().flatMap((live) => statistics(live)) }),
      'v2.stats': ({ params }) => ({ model_stats: statistics(deployments.live(params.name)) }),
      'v2.versionStats': ({ params }) => ({ model_stats: statistics(deployments.live(params.name), params.version) }),
      'v2.index': ({ body }) =>
        store.deployments
          .list({ limit: 1000 })
          .items.map(({ name, model, state, error }) => ({
            name,
            version: String(model.version),
            state:
              state === 'ready'
                ? 'READY'
                : state === 'starting'
                  ? 'LOADING'
                  : state === 'stopping'
                    ? 'UNLOADING'
                    : 'UNAVAILABLE',
            reason: error?.message ?? '',
          }))
          .filter(({ state }) => body.ready !== true || state === 'READY'),
      async 'v2.load'({ params }) {
        await deployments.restart(params.name);
        return {};
      },
      async 'v2.unload'({ params }) {
        await deployments.stop(params.name);
        return {};
      },
    },
  };

  /** What headers and parameters say about how a request is asked. */
  function askedBy({ caller, header, signal }: Call, parameters: Record<string, unknown> = {}): Asked {
    const options: AskOptions = { signal };
    const deadline =
      header('x-deadline-ms') ??
      (typeof parameters['timeout'] === 'number' ? String(parameters['timeout'] / 1000) : undefined);
    if (deadline !== undefined) {
      const ms = Number(deadline);
      if (!(ms > 0)) throw new Fault('bad_request', `X-Deadline-Ms is ${deadline}; it must be milliseconds above 0`);
      options.deadlineMs = Math.min(ms, config.limits.predictSeconds * 1000);
    }
    const priority = header('x-priority');
    if (priority !== undefined) {
      const known = priorities.find((one) => one === priority.toLowerCase());
      if (!known) throw new Fault('bad_request', `X-Priority is ${priority}; it must be ${priorities.join(', ')}`);
      options.priority = known;
    } else {
      const own = priorityOf(parameters['priority']);
      if (own) options.priority = own;
    }
    return { version: header('x-model-version'), key: caller.key, options };
  }
}

/** Triton's numbers: 1 is the highest; 0 says nothing. */
function priorityOf(value: unknown): Priority | undefined {
  if (typeof value !== 'number' || value === 0) return undefined;
  return value === 1 ? 'high' : value === 2 ? 'normal' : 'low';
}

/** A shadow is nobody's answer: it goes last and outlives the client. */
const shadowed = ({ signal: _signal, onPiece: _onPiece, ...rest }: AskOptions & Writing): AskOptions & Writing => ({
  ...rest,
  priority: 'low',
});

const sameSaid = (one: PredictOutput[], other: PredictOutput[]): boolean =>
  one.every((output, i) => {
    const twin = other[i];
    if (!twin) return false;
    if ('value' in output && 'value' in twin)
      return Math.abs(output.value - twin.value) <= 1e-3 * Math.max(1, Math.abs(output.value));
    return String(predictionOf(output)) === String(predictionOf(twin));
  });

const versionsOf = (traffic: Traffic | undefined, stable: number): string[] =>
  traffic && traffic.list().length > 0 ? traffic.list().map(({ model }) => String(model.version)) : [String(stable)];
