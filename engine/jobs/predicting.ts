// One request of rows or texts to a deployment, in whichever protocol it comes: admitted, checked, sent to the model whose turn it
// is, watched, answered. Tensors are inferring.ts; changes of deployments are deployments.ts.
import {
  type Call,
  Fault,
  faultBody,
  type Handlers,
  type PredictInput,
  type PredictOutput,
  type PredictRequest,
  type PredictResponse,
  servingOptions,
} from '../schema/index.ts';
import {
  composeFiles,
  deploymentDocument,
  describeModel,
  inputsOfInvocation,
  kubernetesFiles,
  predictionOf,
} from '../serve/index.ts';
import { type Asked, askedBy, shadowed, type Writing } from './asking.ts';
import { needServed } from './bases.ts';
import type { JobContext } from './context.ts';
import { type Deployments, slug } from './deployments.ts';
import { checkBatch } from './models.ts';
import type { Named } from './named.ts';
import type { Watching } from './watching.ts';

type Names =
  | 'models.ship'
  | `deployments.${'predict' | 'schema' | 'openapi' | 'invocations'}`
  | `mlflow.${'ping' | 'version' | 'invocations'}`;

export interface Predicting {
  handlers: Pick<Handlers, Names>;
  /** Rows of a file: quotas count them, rates and sizes of requests do not, and others go first. */
  rows(name: string, inputs: PredictInput[], key: string, signal: AbortSignal): Promise<PredictOutput[]>;
  /** What a model that writes gives for texts: their other halves as they are written, or their vectors. */
  write(name: string, inputs: PredictInput[], how: Writing, call: Call): Promise<PredictOutput[]>;
}

/** Answers for all deployments. */
export function createPredicting(
  context: JobContext,
  parts: { deployments: Deployments; named: Named; watching: Watching; version: string },
): Predicting {
  const { config, store } = context;
  const { deployments, named, watching } = parts;
  const prefix = `prd_${Date.now().toString(36)}`;
  let next = 0;

  async function outputsOf(
    name: string,
    inputs: PredictInput[],
    asked: Asked,
    how: Writing = {},
  ): Promise<{ outputs: PredictOutput[]; model: { name: string; version: number }; warnings: string[]; id: string }> {
    const live = deployments.live(name);
    const options = { ...asked.options, ...how };
    if (!live) {
      const { set } = await named.saved(name);
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
      const spent = { version: model.version, ms: performance.now() - began };
      // Histories are told apart from training rows by nothing but time.
      const [first] = answer.outputs;
      if (first && 'forecast' in first) watching.ran(live, spent, answer);
      else
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
      askedBy(call, config),
      body.generate ? { generate: body.generate } : {},
    );
    const answer: PredictResponse = {
      outputs,
      model: model.name,
      version: model.version,
      ...(id === '' ? {} : { id }),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
    live?.guard.weigh(() => Buffer.byteLength(JSON.stringify(answer)));
    return answer;
  }

  async function invoke(name: string, body: Parameters<typeof inputsOfInvocation>[0], call: Call) {
    const inputs = inputsOfInvocation(body, named.manifest(name));
    checkBatch(inputs, config.limits.batch);
    deployments.live(name)?.guard.admit(call.caller.key, inputs.length);
    const { outputs } = await outputsOf(name, inputs, askedBy(call, config));
    const answer = { predictions: outputs.map(predictionOf) };
    deployments.live(name)?.guard.weigh(() => Buffer.byteLength(JSON.stringify(answer)));
    return answer;
  }

  return {
    async write(name, inputs, how, call) {
      checkBatch(inputs, config.limits.batch);
      deployments.live(name)?.guard.admit(call.caller.key, inputs.length);
      return (await outputsOf(name, inputs, askedBy(call, config), how)).outputs;
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
      'deployments.schema': ({ params }) => describeModel(named.manifest(params.name)),
      'deployments.openapi': ({ params }) =>
        deploymentDocument(params.name, named.manifest(params.name), parts.version),
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
    },
  };
}

const sameSaid = (one: PredictOutput[], other: PredictOutput[]): boolean =>
  one.every((output, i) => {
    const twin = other[i];
    if (!twin) return false;
    if ('value' in output && 'value' in twin)
      return Math.abs(output.value - twin.value) <= 1e-3 * Math.max(1, Math.abs(output.value));
    return String(predictionOf(output)) === String(predictionOf(twin));
  });
