// Runs graphs on TensorFlow.js, node by node: for GPUs of machines that have @tensorflow/tfjs-node-gpu (an optional peer
// dependency). Everything of a run is freed at its end.
import { decodeModel, type ModelGraph, type Node, sizeOf, type Tensor, tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import type { CompileOptions, Device, Program, Source } from './program.ts';
import { type Held, type Library, type Op, type OpContext, tfjsOps } from './tfjsOps.ts';
import { tfjsWindows } from './tfjsWindows.ts';

/** Named so that the type checker does not look for a package that is optional. */
const gpuPackage: string = '@tensorflow/tfjs-node-gpu';

/** Devices of TensorFlow.js, and what to do where one is missing. */
const libraries: Readonly<
  Record<string, { name: string; backend: string; load: () => Promise<Library>; remedy: string }>
> = {
  tfjs: {
    name: 'NVIDIA GPU by TensorFlow.js',
    backend: 'tensorflow',
    load: async () => (await import(gpuPackage)) as Library,
    remedy: 'install @tensorflow/tfjs-node-gpu and CUDA 11, or use --device webgpu or cpu',
  },
  'tfjs-cpu': {
    name: "TensorFlow.js's own processor kernels, for tests",
    backend: 'cpu',
    load: async () => {
      const library = await import('@tensorflow/tfjs-core');
      await import('@tensorflow/tfjs-backend-cpu');
      return library;
    },
    remedy: 'install @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu, or use --device cpu',
  },
};

export const isTfjs = (device: string): boolean => Object.hasOwn(libraries, device);

async function libraryOf(device: string): Promise<Library> {
  const { load, backend, remedy } = libraries[device];
  try {
    const tf = await load();
    // It advises another package in a banner on stdout, where commands print JSON.
    tf.enableProdMode();
    if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
    return tf;
  } catch (error) {
    const first = (error instanceof Error ? error.message : String(error)).split('\n')[0].slice(0, 200);
    throw new Fault('no_device', `device ${device} cannot be used here: ${remedy} (${first})`, undefined, error);
  }
}

const ops: Readonly<Record<string, Op>> = { ...tfjsOps, ...tfjsWindows };

/** Whether a kernel is written for an operator of the standard domain. */
export const hasTfjsKernel = (op: string): boolean => op === 'Scan' || Object.hasOwn(ops, op);

const named = (node: Node): string => `${node.op} "${node.name || node.outputs[0]}"`;

/** Throws `unsupported_operator` naming the first node that no kernel is written for. */
function checkNodes(graph: ModelGraph, device: string): void {
  for (const node of graph.nodes) {
    const body = node.attributes['body'];
    if (node.op === 'Scan' && body?.type === 'graph') checkNodes(body.value, device);
    else if (node.domain !== '' || !Object.hasOwn(ops, node.op)) {
      throw new Fault(
        'unsupported_operator',
        `device ${device} has no kernel for ${named(node)}: use --device webgpu or cpu`,
      );
    }
  }
}

function hold(tf: Library, { dtype, dims, data }: Tensor): Held {
  const shape = [...dims];
  if (dtype === 'float32') return { dtype, t: tf.tensor(data as Float32Array, shape, 'float32') };
  if (dtype === 'bool') return { dtype, t: tf.tensor(data as Uint8Array, shape, 'bool') };
  if (dtype === 'int32') return { dtype, t: tf.tensor(data as Int32Array, shape, 'int32') };
  if (dtype !== 'int64')
    throw new Fault('unsupported_operator', `TensorFlow.js has no ${dtype}: use --device webgpu or cpu`);
  const within = (value: bigint) => Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Number(value)));
  return { dtype, t: tf.tensor(Int32Array.from(data as BigInt64Array, within), shape, 'int32') };
}

function read({ dtype, t }: Held): Tensor {
  const data = t.dataSync();
  if (dtype === 'int64')
    return { dtype, dims: [...t.shape], data: BigInt64Array.from(data as Int32Array, (value) => BigInt(value)) };
  // The library may give its own memory, or that of a feed.
  return { dtype, dims: [...t.shape], data: dtype === 'bool' ? Uint8Array.from(data) : data.slice() };
}

type Values = Map<string, Held>;

function contextOf(tf: Library, node: Node, values: Values): OpContext {
  const fail = (message: string): never => {
    throw new Fault('unsupported_operator', `${named(node)} on TensorFlow.js: ${message} is not supported`);
  };
  const attribute = (name: string) => node.attributes[name]?.value;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
  const x = (i: number): Held => inputs[i] ?? fail(`a missing input ${i}`);
  return {
    tf,
    node,
    inputs,
    x,
    fail,
    int: (name, otherwise) => (attribute(name) as number | undefined) ?? otherwise,
    float: (name, otherwise) => (attribute(name) as number | undefined) ?? otherwise,
    text: (name, otherwise) => (attribute(name) as string | undefined) ?? otherwise,
    ints: (name) => attribute(name) as number[] | undefined,
    host: (i) => Array.from(x(i).t.dataSync()),
  };
}

/** A loop over the leading axis of the last inputs; the first ones are states. */
function scan(c: OpContext, around: Values): Held[] {
  const body = c.node.attributes['body'];
  if (body?.type !== 'graph') return c.fail('a missing body');
  const graph = body.value;
  const count = c.int('num_scan_inputs', 0);
  const first = c.inputs.length - count;
  let states = c.inputs.slice(0, first) as Held[];
  const turned = (given: readonly number[] | undefined, i: number) => given?.[i] === 1;
  const slices = (c.inputs.slice(first) as Held[]).map(({ dtype, t }, i) => {
    const parts = c.tf.unstack(t);
    return { dtype, parts: turned(c.ints('scan_input_directions'), i) ? parts.toReversed() : parts };
  });
  const collected: Held[][] = graph.outputs.slice(first).map(() => []);
  for (let time = 0; time < slices[0].parts.length; time++) {
    const values = new Map(around);
    for (const [name, value] of graph.initializers) values.set(name, hold(c.tf, value));
    [...states, ...slices.map(({ dtype, parts }) => ({ dtype, t: parts[time] }))].forEach((held, i) => {
      values.set(graph.inputs[i].name, held);
    });
    evaluate(c.tf, graph, values);
    const outputs = graph.outputs.map(({ name }) => values.get(name) as Held);
    states = outputs.slice(0, first);
    outputs.slice(first).forEach((held, i) => collected[i].push(held));
  }
  const stacked = collected.map((held, i): Held => {
    const parts = held.map(({ t }) => t);
    const ordered = turned(c.ints('scan_output_directions'), i) ? parts.toReversed() : parts;
    return { dtype: held[0].dtype, t: c.tf.stack(ordered) };
  });
  return [...states, ...stacked];
}

function evaluate(tf: Library, graph: ModelGraph, values: Values): void {
  for (const node of graph.nodes) {
    const c = contextOf(tf, node, values);
    const made = node.op === 'Scan' ? scan(c, values) : ops[node.op](c);
    node.outputs.forEach((name, i) => {
      if (name === '') return;
      values.set(name, made[i] ?? c.fail(`output ${i}`));
    });
  }
}

/** Compiles for TensorFlow.js; throws `no_device` with what to install, `unsupported_operator` naming a node. */
export async function compileTfjs(source: Source, options: CompileOptions): Promise<Program> {
  const device = options.device ?? 'tfjs';
  const model = source instanceof Uint8Array ? decodeModel(source) : source;
  const graph = 'graph' in model ? model.graph : model;
  const tf = await libraryOf(device);
  checkNodes(graph, device);
  const names = graph.outputs.map(({ name }) => name);

  const run = (feeds: Record<string, Tensor>, wanted: readonly string[]): Record<string, Tensor> => {
    const out: Record<string, Tensor> = {};
    tf.engine().startScope();
    try {
      const values: Values = new Map();
      for (const [name, value] of graph.initializers) values.set(name, hold(tf, value));
      for (const { name } of graph.inputs) {
        const feed = feeds[name];
        if (!feed) throw new Fault('internal', `input "${name}" is missing`);
        values.set(name, hold(tf, feed));
      }
      evaluate(tf, graph, values);
      for (const name of wanted) out[name] = read(values.get(name) as Held);
    } finally {
      tf.engine().endScope();
    }
    return out;
  };
  const write = (results: Record<string, Tensor>, into: Record<string, Tensor>): void => {
    for (const [name, target] of Object.entries(into)) {
      if (sizeOf(target.dims) !== sizeOf(results[name].dims))
        throw new Fault('internal', `output "${name}" has shape [${results[name].dims.join(',')}]`);
      (target.data as Float32Array).set(results[name].data as Float32Array);
    }
  };
  return {
    inputs: graph.inputs.map(({ name }) => ({ name })),
    outputs: names.map((name) => ({ name })),
    run(feeds, fetches) {
      if (fetches === undefined || Array.isArray(fetches))
        return Promise.resolve(run(feeds, (fetches as string[] | undefined) ?? names));
      const into = fetches as Record<string, Tensor>;
      write(run(feeds, Object.keys(into)), into);
      return Promise.resolve(into);
    },
    bind: (fixed, into) => (more) => {
      write(run({ ...fixed, ...more }, Object.keys(into)), into);
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  };
}

/** The device that users may choose, tried out here; the processor's kernels are for tests only and not listed. */
export async function tfjsDevice(): Promise<Device> {
  const id = 'tfjs';
  const { name, remedy } = libraries[id];
  const probe: ModelGraph = {
    name: 'probe',
    inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
    initializers: new Map(),
    nodes: [{ op: 'Neg', domain: '', name: 'probe', inputs: ['x'], outputs: ['y'], attributes: {} }],
  };
  try {
    const program = await compileTfjs(probe, { device: id });
    await program.run({ x: tensor('float32', [1]) });
    return { id, name, available: true };
  } catch {
    return { id, name, available: false, why: remedy };
  }
}
