// Compiles an element-wise graph over equally long float32 vectors into one pass of WebAssembly SIMD over memory. A graph
// runtime makes a pass over memory for every operator; here all operators of one element run in registers. Arithmetic is
// IEEE single precision in the graph's own order, so the results are the runtime's, bit for bit.
import { wasm, wasmAddresses, type WasmCode, wasmModule, wasmType } from '../base/index.ts';
import type { ModelGraph, Node } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';

/** Elements in a vector register. */
const lanes = 4;

/** Smallest normal float32: what is nearer to 0 is stored as 0, as the graph runtime does (`set_denormal_as_zero`). */
const smallest = 2 ** -126;

/** WasmCode of an operator whose operands come from code. */
const operators: Readonly<Record<string, (...operands: WasmCode[]) => WasmCode>> = {
  Add: (a, b) => [...a, ...b, ...wasm.add],
  Sub: (a, b) => [...a, ...b, ...wasm.sub],
  Mul: (a, b) => [...a, ...b, ...wasm.mul],
  Div: (a, b) => [...a, ...b, ...wasm.div],
  Sqrt: (a) => [...a, ...wasm.sqrt],
  Neg: (a) => [...a, ...wasm.neg],
  Abs: (a) => [...a, ...wasm.abs],
  // 1 where a > 0, less 1 where a < 0: comparisons give masks that keep or clear the bits of 1.
  Sign: (a) => {
    const where = (comparison: WasmCode): WasmCode => [...a, ...splat(0), ...comparison, ...splat(1), ...wasm.and];
    return [...where(wasm.gt), ...where(wasm.lt), ...wasm.sub];
  },
};

const splat = (value: number): WasmCode => [...wasm.f32(value), ...wasm.splat];

/** Zeroed float32 vectors in one memory that a fused pass reads and writes. */
export interface Vectors {
  readonly memory: WebAssembly.Memory;
  readonly data: Readonly<Record<string, Float32Array>>;
}

const pageSize = 65536;
/** Pages that 32 bits address; V8 takes four times as many with 64 bits. */
const narrow = 65536;

/** Vectors begin on a cache line. */
const alignment = 16;

/** Allocates vectors of the given lengths; throws `out_of_memory` where there is no room. */
export function fusedVectors(lengths: Readonly<Record<string, number>>): Vectors {
  let elements = 0;
  const places = Object.entries(lengths).map(([name, length]) => {
    const begin = elements;
    elements += Math.ceil(length / alignment) * alignment;
    return { name, length, begin };
  });
  const pages = Math.max(1, Math.ceil((elements * 4) / pageSize));
  const size =
    pages <= narrow
      ? { initial: pages, maximum: pages }
      : { address: 'i64', initial: BigInt(pages), maximum: BigInt(pages) };
  try {
    const memory = new WebAssembly.Memory(size as WebAssembly.MemoryDescriptor);
    const data = places.map(
      ({ name, length, begin }) => [name, new Float32Array(memory.buffer, begin * 4, length)] as const,
    );
    return { memory, data: Object.fromEntries(data) };
  } catch (error) {
    const millions = (elements / 1e6).toFixed(0);
    const remedy = 'choose a smaller model, or freeze weights';
    throw new Fault(
      'out_of_memory',
      `no room for ${millions} million numbers of weights, gradients and moments: ${remedy}`,
      undefined,
      error,
    );
  }
}

/** One pass over the vectors with scalars by input name. */
export type FusedPass = (scalars: Readonly<Record<string, number>>) => void;

/**
 * Fuses a graph whose inputs are scalars (shape []) and vectors, its outputs vectors, for the first `length` elements (a
 * multiple of four): input `x` and output `next.x` lie in vector `x`. Throws `unsupported_operator` naming what cannot be
 * fused.
 */
export function fuse(graph: ModelGraph, vectors: Vectors, length: number): FusedPass {
  const isScalar = ({ shape }: { shape?: readonly unknown[] }) => shape?.length === 0;
  const scalars = graph.inputs.filter(isScalar).map(({ name }) => name);
  const read = graph.inputs.filter((input) => !isScalar(input)).map(({ name }) => name);
  const wide = vectors.memory.buffer.byteLength > narrow * pageSize;
  const address = wide ? wasmAddresses.i64 : wasmAddresses.i32;

  // Parameters: bytes of a vector, where each vector begins, the scalars. Locals: the offset, then a register a value.
  const params = [address.type, ...read.map(() => address.type), ...scalars.map(() => wasmType.f32)];
  const offset = params.length;
  const registers = new Map<string, number>();
  const register = (name: string): number => {
    const own = registers.get(name) ?? offset + 1 + registers.size;
    registers.set(name, own);
    return own;
  };
  const value = (name: string): WasmCode => {
    const own = registers.get(name);
    if (own === undefined) throw new Fault('bad_graph', `nothing makes "${name}" in graph ${graph.name}`);
    return wasm.get(own);
  };
  const computed = (node: Node): WasmCode => {
    const code = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
    if (!code) throw new Fault('unsupported_operator', `operator ${node.op} cannot be fused into one pass`);
    return [...code(...node.inputs.map(value)), ...wasm.set(register(node.outputs[0]))];
  };
  const place = (name: string): WasmCode => [...wasm.get(offset), ...wasm.get(1 + read.indexOf(name)), ...address.add];
  // What is not a number is not below anything and stays.
  const normal = (v: WasmCode): WasmCode => [...v, ...v, ...wasm.abs, ...splat(smallest), ...wasm.lt, ...wasm.andNot];

  const spread = scalars.flatMap((name, i) => [
    ...wasm.get(1 + read.length + i),
    ...wasm.splat,
    ...wasm.set(register(name)),
  ]);
  const constants = [...graph.initializers].flatMap(([name, { data }]) => [
    ...splat(Number(data[0])),
    ...wasm.set(register(name)),
  ]);
  const loaded = read.flatMap((name) => [...place(name), ...wasm.load, ...wasm.set(register(name))]);
  const nodes = graph.nodes.flatMap(computed);
  const stored = graph.outputs.flatMap(({ name }) => [
    ...place(name.replace(/^next\./, '')),
    ...normal(value(name)),
    ...wasm.store,
  ]);
  const next = [...wasm.get(offset), address.constant, lanes * 4, ...address.add, ...wasm.set(offset)];
  const more = [...wasm.get(offset), ...wasm.get(0), ...address.lessThan];
  const locals = [address.type, ...Array.from(registers, () => wasmType.v128)];
  const body = [...spread, ...constants, ...wasm.loop([...loaded, ...nodes, ...stored, ...next, ...more])];
  const bytes = wasmModule(address, { run: { params, locals, body } });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: vectors.memory } });
  const run = exports['run'] as (...values: (number | bigint)[]) => void;
  const integer = (n: number): number | bigint => (wide ? BigInt(n) : n);
  const begins = read.map((name) => integer(vectors.data[name].byteOffset));
  return (given) => {
    if (length > 0) run(integer(length * 4), ...begins, ...scalars.map((name) => given[name]));
  };
}
