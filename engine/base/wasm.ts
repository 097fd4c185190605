// Bytes of small WebAssembly modules (WebAssembly Core Specification 2.0, section 5, with fixed-width SIMD and 64-bit memories).
// Only what passes over vectors need: no parsing, no validation beyond the engine's own.

/** Instructions as they are encoded. */
export type WasmCode = readonly number[];

/** LEB128 of an unsigned integer. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** LEB128 of an integer of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const isLast = rest >> 7 === (low & 0x40 ? -1 : 0);
    bytes.push(isLast ? low : low + 128);
    if (isLast) return bytes;
  }
}

const simd = (opcode: number): WasmCode => [0xfd, ...unsigned(opcode)];

/** Alignment 2⁴, no offset. */
const aligned: WasmCode = [4, 0];

/** Value types as WebAssembly numbers them. */
export const wasmType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b } as const;

/** Addresses of a memory: 32 bits up to 4 GiB, 64 bits above. */
export const wasmAddresses = {
  i32: { type: wasmType.i32, limits: 0x00, constant: 0x41, add: [0x6a], lessThan: [0x49] },
  i64: { type: wasmType.i64, limits: 0x04, constant: 0x42, add: [0x7c], lessThan: [0x54] },
} as const;

export type WasmAddresses = (typeof wasmAddresses)[keyof typeof wasmAddresses];

/** Instructions by their names in the specification; operands come before them. */
export const wasm = {
  get: (local: number): WasmCode => [0x20, ...unsigned(local)],
  set: (local: number): WasmCode => [0x21, ...unsigned(local)],
  i32: (value: number): WasmCode => [0x41, ...signed(value)],
  f32: (value: number): WasmCode => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  /** Repeats the body until it leaves 0. */
  loop: (body: WasmCode): WasmCode => [0x03, 0x40, ...body, 0x0d, 0, 0x0b],
  load: [...simd(0x00), ...aligned],
  store: [...simd(0x0b), ...aligned],
  /** At so many bytes beyond the address; of a half, the lower lanes, the others 0. */
  loadAt: (offset: number): WasmCode => [...simd(0x00), 4, ...unsigned(offset)],
  loadHalfAt: (offset: number): WasmCode => [...simd(0x5d), 3, ...unsigned(offset)],
  loadQuarterAt: (offset: number): WasmCode => [...simd(0x5c), 2, ...unsigned(offset)],
  storeAt: (offset: number): WasmCode => [...simd(0x0b), 4, ...unsigned(offset)],
  /** Only the lower lanes. */
  storeHalfAt: (offset: number): WasmCode => [...simd(0x5b), 3, ...unsigned(offset), 0],
  storeQuarterAt: (offset: number): WasmCode => [...simd(0x5a), 2, ...unsigned(offset), 0],
  shiftRightI32: [0x76],
  maxF32: [0x97],
  splatI32: simd(0x11),
  splat: simd(0x13),
  lane: (index: number): WasmCode => [...simd(0x1f), index],
  equalI32: simd(0x37),
  greaterI32: simd(0x3b),
  lt: simd(0x43),
  gt: simd(0x44),
  and: simd(0x4e),
  andNot: simd(0x4f),
  or: simd(0x50),
  /** The first operand where the third has ones, the second elsewhere. */
  select: simd(0x52),
  anyTrue: simd(0x53),
  narrowI16: simd(0x65),
  nearest: simd(0x6a),
  narrowI32: simd(0x85),
  narrowU32: simd(0x86),
  widenI8: simd(0x87),
  widenI16: simd(0xa7),
  widenU16: simd(0xa9),
  shiftLeft: simd(0xab),
  shiftRight: simd(0xad),
  addI32: simd(0xae),
  subI32: simd(0xb1),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  toI32: simd(0xf8),
  toF32: simd(0xfa),
} as const;

const section = (id: number, content: WasmCode): WasmCode => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly WasmCode[]): WasmCode => [...unsigned(items.length), ...items.flat()];
const name = (text: string): WasmCode => {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
};

interface WasmFunction {
  params: readonly number[];
  /** Type of what it returns, if it returns something. */
  result?: number;
  /** Types of the locals after the parameters. */
  locals: readonly number[];
  body: WasmCode;
}

/** What every module begins with: `\0asm`, version 1. */
const magic: WasmCode = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module that imports the memory `m.m` and exports functions by their names. */
export function wasmModule(
  { limits }: WasmAddresses,
  functions: Readonly<Record<string, WasmFunction>>,
): Uint8Array<ArrayBuffer> {
  const all = Object.values(functions);
  const types = all.map(
    ({ params, result }): WasmCode => [
      0x60,
      ...vector(params.map((param) => [param])),
      ...vector(result === undefined ? [] : [[result]]),
    ],
  );
  const bodies = all.map(({ locals, body }) => {
    const code = [...vector(locals.map((local) => [1, local])), ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return new Uint8Array([
    ...magic,
    ...section(1, vector(types)),
    ...section(2, vector([[...name('m'), ...name('m'), 0x02, limits, 0]])),
    ...section(3, vector(all.map((_, index) => unsigned(index)))),
    ...section(7, vector(Object.keys(functions).map((own, index) => [...name(own), 0, ...unsigned(index)]))),
    ...section(10, vector(bodies)),
  ]);
}
