// The work of a model host: a bundle becomes a compiled model, inputs become predictions. Runs only in a child process,
// because a run holds its thread; the runtime and the encoders are loaded here on demand, so that the appliance never does.
import type { Bundle } from '../bundle/index.ts';
import type { Program } from '../runtime/index.ts';
import { type DType, sizeOf, type Tensor, tensorFromBytes, tensorBytes } from '../onnx/index.ts';
import {
  type DeviceLease,
  Fault,
  type GenerateOptions,
  type Manifest,
  type PredictInput,
  type PredictOutput,
  type WireTensor,
} from '../schema/index.ts';
import { describeModel } from './describe.ts';
import { readingOf } from './outputs.ts';
import { openWriterHost } from './writerHost.ts';

/** How a model that writes texts is asked; others do without. */
export interface Writing {
  generate?: GenerateOptions;
  /** Vectors of the texts are wanted instead of what follows them. */
  embed?: boolean;
  /** Hears what is written, where one text is. */
  piece?: (text: string) => void;
  /** True once nobody waits any more. */
  cancelled?: () => boolean;
}

export interface ModelHost {
  readonly manifest: Manifest;
  /** One output an input, in order. Fault `bad_input` naming the input and the column. */
  predict(inputs: PredictInput[], writing?: Writing): Promise<PredictOutput[]>;
  /** Runs the graph on its own tensors; all its outputs unless some are named. */
  infer(tensors: WireTensor[], outputs?: string[]): Promise<WireTensor[]>;
  dispose(): Promise<void>;
}

/** Rows of one run; greater requests are cut, so that what a run takes does not grow with them. */
const rowsPerRun = 1024;

/** Compiles the model within the lease and runs it once, so that the first request is as quick as the others. */
export async function openModelHost(
  bundle: Bundle,
  lease: Pick<DeviceLease, 'device' | 'threads'>,
): Promise<ModelHost> {
  const { manifest, preprocess } = bundle;
  const { generation } = preprocess;
  if (generation) return openWriterHost({ manifest, model: bundle.model, generation }, lease);
  const [{ compile }, { encodeInputs, encodeRequest }] = await Promise.all([
    import('../runtime/index.ts'),
    import('../data/index.ts'),
  ]);
  const device = lease.device === 'auto' ? 'cpu' : lease.device;
  const program = await compile(bundle.model, { device, threads: lease.threads, optimise: 'packed' });
  if (preprocess.series) {
    const { openSeriesHost } = await import('./seriesHost.ts');
    return openSeriesHost(bundle, program);
  }
  const reading = readingOf(manifest);
  const wanted = reading.outputs;
  const missing = wanted.find((name) => !program.outputs.some((port) => port.name === name));
  if (missing) throw new Fault('bad_graph', `the model of ${manifest.name} has no output "${missing}"; train it again`);
  const given = program.inputs.map((port) => port.name);

  const hasFiles = preprocess.pictures !== undefined || preprocess.sounds !== undefined;
  const host: ModelHost = {
    manifest,
    async predict(inputs) {
      const encoded = hasFiles ? await encodeRequest(preprocess, inputs) : encodeInputs(preprocess, inputs);
      const outputs: PredictOutput[] = [];
      for (let from = 0; from < inputs.length; from += rowsPerRun) {
        const to = Math.min(inputs.length, from + rowsPerRun);
        const feeds = Object.fromEntries(given.map((name) => [name, rowsOf(encoded[name], from, to)]));
        const results = await program.run(feeds, wanted);
        for (let at = from; at < to; at++) outputs.push(reading.read(manifest, results, at - from, at));
      }
      return outputs;
    },
    infer: (tensors, outputs) => inferWith(program, manifest, tensors, outputs),
    dispose: () => program.dispose(),
  };
  await host.predict(describeModel(manifest).example.inputs);
  return host;
}

/** Runs a graph on its own tensors; all its outputs unless some are named. Fault `bad_input` for what it cannot compute. */
export async function inferWith(
  program: Program,
  manifest: Manifest,
  tensors: readonly WireTensor[],
  outputs?: readonly string[],
): Promise<WireTensor[]> {
  const feeds = Object.fromEntries(tensors.map((wire) => [wire.name, tensorOf(wire)]));
  const results = await program.run(feeds, outputs ?? manifest.outputs.map((spec) => spec.name)).catch((error) => {
    throw notComputable(error);
  });
  return Object.entries(results).map(([name, value]) => wireOf(name, value));
}

/** Rows `from` to `to` of a tensor whose first dimension is the batch; a view. */
function rowsOf(value: Tensor, from: number, to: number): Tensor {
  const [rows, ...rest] = value.dims;
  if (from === 0 && to === rows) return value;
  const width = sizeOf(rest);
  const { data } = value;
  const part = Array.isArray(data) ? data.slice(from * width, to * width) : data.subarray(from * width, to * width);
  return { dtype: value.dtype, dims: [to - from, ...rest], data: part };
}

/** What reached the runtime had the right types and ranks, so that what it refuses is in the values: an id out of range, lengths that differ. */
function notComputable(error: unknown): unknown {
  if (!(error instanceof Fault) || error.code !== 'internal') return error;
  return new Fault('bad_input', `the model cannot compute these tensors: ${error.message}`, undefined, error);
}

function tensorOf(wire: WireTensor): Tensor {
  const dtype = wire.dtype as DType;
  if (!Array.isArray(wire.data)) return tensorFromBytes(dtype, wire.dims, wire.data);
  if (wire.data.length !== sizeOf(wire.dims)) {
    throw new Fault(
      'bad_input',
      `input "${wire.name}" needs ${sizeOf(wire.dims)} strings, but has ${wire.data.length}`,
    );
  }
  return { dtype, dims: wire.dims, data: wire.data };
}

function wireOf(name: string, value: Tensor): WireTensor {
  const data = Array.isArray(value.data) ? value.data : tensorBytes(value);
  return { name, dtype: value.dtype, dims: [...value.dims], data };
}
