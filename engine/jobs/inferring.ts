// The Open Inference Protocol's endpoints: tensors to a deployment, admitted, checked, sent and watched as rows are
// (predicting.ts), and what its clients ask beside: metadata, readiness, statistics, the model repository.
import { type Call, faultBody, type Handlers } from '../schema/index.ts';
import {
  type AskOptions,
  type BinaryRequest,
  binaryOutputs,
  inferFromV2,
  inferToV2,
  readBinary,
  type ReplicaSet,
  v2Metadata,
  v2Statistics,
  writeBinary,
} from '../serve/index.ts';
import { askedBy, shadowed } from './asking.ts';
import type { JobContext } from './context.ts';
import type { Deployments } from './deployments.ts';
import type { Live } from './lives.ts';
import { type Named, versionsOf } from './named.ts';
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
type V2Call = { params: { name: string; version?: string }; body: BinaryRequest | undefined };

/** Answers for all deployments. */
export function createInferring(
  context: JobContext,
  parts: { deployments: Deployments; named: Named; watching: Watching },
): Pick<Handlers, `v2.${V2}`> {
  const { config, store } = context;
  const { deployments, named, watching } = parts;

  const metadata = (name: string, version?: string) => {
    const deployment = store.deployments.find(name);
    const live = deployments.all().find(({ id }) => id === deployment.id);
    const found = v2Metadata(name, deployment.model.version, named.manifest(name, version));
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
    const guard = live?.guard;
    const rows = request.inputs[0]?.shape[0] ?? 1;
    guard?.admit(call.caller.key, rows);
    const asked = askedBy(call, config, request.parameters);
    let warnings: string[] = [];
    const send = (set: ReplicaSet, options: AskOptions) => {
      const { tensors, outputs } = inferFromV2(request, set.manifest ?? named.manifest(name));
      warnings = guard?.checkTensors(tensors) ?? [];
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
    const { tensors: all, model } = live ? await run(live) : await send((await named.saved(name)).set, asked.options);
    const tensors = guard?.roundTensors(all) ?? all;
    const of = { name, version: model.version };
    const binary = binaryOutputs(
      request,
      tensors.map((tensor) => tensor.name),
    );
    const parameters = warnings.length > 0 ? { parameters: { warnings: warnings.join('\n') } } : {};
    if (binary.size === 0) {
      const answer = { ...inferToV2(of, tensors, request.id), ...parameters };
      guard?.weigh(() => Buffer.byteLength(JSON.stringify(answer)));
      return answer;
    }
    const { head, length, tails } = writeBinary(of, tensors, binary, { id: request.id, ...parameters });
    guard?.weigh(() => tails.reduce((sum, tail) => sum + tail.byteLength, length));
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

  return {
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
  };
}
