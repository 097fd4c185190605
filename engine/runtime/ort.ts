// Runs graphs on onnxruntime-node. Its `run` blocks the calling thread, so whoever serves others runs it in a child process.
import { env, InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node';
import { decodeModel, type DType, encodeModel, type Tensor, wrapGraph } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import type { CompileOptions, Device, Port, Program, Source } from './program.ts';
import { leavesLast } from './leaves.ts';
import { isStop, stopFetch, withStop } from './uncopied.ts';
import { fillChannels } from './webgpu.ts';

// From 1.29 on, onnxruntime's POSIX builds keep a device id and what they ran below the home directory and send it to their
// makers, unless this stands in the environment before the first session.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
// What fails is thrown and told by us; the library's own lines on stderr would repeat it.
env.logLevel = 'fatal';

/** Devices that onnxruntime may drive, and what to do where one is missing. */
const providers: Readonly<Record<string, { name: string; remedy: string }>> = {
  cpu: { name: 'CPU', remedy: 'this package is incomplete: run npm ci again' },
  webgpu: {
    name: 'GPU by WebGPU (Vulkan, Metal or Direct3D 12)',
    remedy: 'install the GPU driver with Vulkan, or use --device cpu',
  },
  cuda: {
    name: 'NVIDIA GPU by CUDA',
    remedy: 'install the CUDA libraries of onnxruntime-node, or use --device webgpu or cpu',
  },
  dml: { name: 'GPU by DirectML', remedy: 'DirectML needs Windows: use --device webgpu or cpu' },
  coreml: { name: 'Apple GPU and Neural Engine by Core ML', remedy: 'Core ML needs macOS: use --device webgpu or cpu' },
};

export const ortIds: readonly string[] = Object.keys(providers);

/**
 * Rewrites that fold weights when they are constants (as in serving) and cannot when they are inputs (as in training).
 * Without them both compute the same bits.
 */
const inexactRewrites = [
  'ConvMulFusion',
  'ConvAddFusion',
  'ConvBNFusion',
  'MatMulBNFusion',
  'MatMulScaleFusion',
  'MatMulAddFusion',
  'MatmulTransposeFusion',
  'AttentionFusion',
  'EmbedLayerNormFusion',
  'LayerNormFusion',
  'SkipLayerNormFusion',
  'GeluFusionL1',
  'GeluFusionL2',
  'FastGeluFusion',
  'BiasGeluFusion',
  'GemmSumFusion',
  'NchwcTransformer',
];

export const toOrt = ({ dtype, data, dims }: Tensor): OrtTensor =>
  new OrtTensor(dtype as 'float32', data as Float32Array, dims);

export const fromOrt = (value: OrtTensor): Tensor => ({
  dtype: value.type as DType,
  dims: value.dims as number[],
  data: value.data,
});

const toOrtAll = (tensors: Record<string, Tensor>): Record<string, OrtTensor> => {
  const out: Record<string, OrtTensor> = {};
  for (const name in tensors) out[name] = toOrt(tensors[name]);
  return out;
};

/** Failures of the runtime in our words. */
export function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  if (/bad_alloc|failed to allocate|out of memory/i.test(message)) {
    return new Fault(
      'out_of_memory',
      'not enough memory for this batch: use a smaller batch size or a smaller model',
      undefined,
      error,
    );
  }
  if (/requires f16/.test(message))
    return new Fault('no_device', 'this GPU computes no half precision: leave out --precision fp16', undefined, error);
  return new Fault('internal', `onnxruntime: ${message}`, undefined, error);
}

function bytesOf(source: Source, device: string): Uint8Array {
  if (source instanceof Uint8Array && device !== 'webgpu') return source;
  const model = source instanceof Uint8Array ? decodeModel(source) : 'graph' in source ? source : wrapGraph(source);
  const graph = leavesLast(device === 'webgpu' ? fillChannels(model.graph) : model.graph);
  return encodeModel({ ...model, graph });
}

/** Compiles on onnxruntime for a device of `ortIds`; throws `no_device` naming what to do when it is missing. */
export async function compileOrt(source: Source, options: CompileOptions = {}): Promise<Program> {
  const training = options.training === true && (options.device ?? 'cpu') === 'cpu';
  return programOf(await openSession(source, options), training);
}

/** A session; `locations` says by output what does not come back to the processor (`gpu-buffer`). */
export async function openSession(
  source: Source,
  options: CompileOptions,
  locations?: Record<string, 'cpu' | 'gpu-buffer'>,
): Promise<InferenceSession> {
  const device = options.device ?? 'cpu';
  const provider = providers[device];
  const training = options.training === true && device === 'cpu';
  const { optimise = 'exact' } = options;
  const plain = bytesOf(source, device);
  const bytes = training ? withStop(plain) : plain;
  const open = (executionProvider: string) =>
    InferenceSession.create(bytes, {
      executionProviders: [executionProvider],
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // A plan of memory lays out all that was needed a second time, beside what was taken before there was a plan: 650 MiB
      // without and 890 with it for a step of bert-mini, in the same time.
      enableMemPattern: !training,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      ...(locations ? { preferredOutputLocation: locations } : {}),
      ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
      extra: {
        session: {
          ...(optimise === 'exact' ? { disable_prepacking: '1' } : {}),
          set_denormal_as_zero: '1',
        },
        ...(optimise === 'all' ? {} : { optimization: { disable_specified_optimizers: inexactRewrites.join(';') } }),
      },
    } as InferenceSession.SessionOptions);
  return open(device).catch((error: unknown) => {
    if (device === 'cpu') throw faultOf(error);
    const first = (error instanceof Error ? error.message : String(error)).split('\n')[0].slice(0, 200);
    throw new Fault(
      'no_device',
      `device ${device} cannot be used here: ${provider.remedy} (${first})`,
      undefined,
      error,
    );
  });
}

function programOf(session: InferenceSession, training: boolean): Program {
  const ports = (names: readonly string[]): Port[] => names.map((name) => ({ name }));
  return {
    inputs: ports(session.inputNames),
    outputs: ports(session.outputNames),
    async run(feeds, fetches) {
      const given = toOrtAll(feeds);
      try {
        if (fetches === undefined) return readAll(await session.run(given));
        if (Array.isArray(fetches)) return readAll(await session.run(given, fetches as string[]));
        const into = fetches as Record<string, Tensor>;
        await session.run(given, toOrtAll(into));
        return into;
      } catch (error) {
        throw faultOf(error);
      }
    },
    bind(feeds, fetches) {
      const fixed = toOrtAll(feeds);
      const into = { ...(training ? stopFetch : {}), ...toOrtAll(fetches) };
      return async (more, others = {}) => {
        try {
          await session.run({ ...fixed, ...toOrtAll(more) }, { ...into, ...toOrtAll(others) });
        } catch (error) {
          if (!training || !isStop(error)) throw faultOf(error);
        }
      };
    },
    dispose: () => session.release(),
  };
}

function readAll(results: InferenceSession.OnnxValueMapType): Record<string, Tensor> {
  const out: Record<string, Tensor> = {};
  for (const name in results) out[name] = fromOrt(results[name]);
  return out;
}

/** A model of one Identity, to find out whether a device works. */
const probe = wrapGraph({
  name: 'probe',
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
  initializers: new Map(),
  nodes: [{ op: 'Identity', domain: '', name: 'probe', inputs: ['x'], outputs: ['y'], attributes: {} }],
});

/** Every device by name, tried out here: a device is available when a graph ran on it. */
export async function ortDevices(): Promise<Device[]> {
  const bundled = new Set(
    listSupportedBackends()
      .filter((backend) => backend.bundled)
      .map((backend) => backend.name),
  );
  const devices: Device[] = [];
  for (const [id, { name, remedy }] of Object.entries(providers)) {
    if (!bundled.has(id)) {
      devices.push({ id, name, available: false, why: remedy });
      continue;
    }
    try {
      const program = await compileOrt(probe, { device: id });
      await program.run({ x: { dtype: 'float32', dims: [1], data: new Float32Array(1) } });
      await program.dispose();
      devices.push({ id, name, available: true });
    } catch {
      devices.push({ id, name, available: false, why: remedy });
    }
  }
  return devices;
}
