// Bytes of a WebAssembly module of one function (WebAssembly Core Specification 2.0, section 5, with fixed-width SIMD and
// 64-bit memories). Only what fused.ts needs: no parsing, no validation beyond the engine's own.

/** Instructions as they are encoded. */
export type Code = readonly number[];

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

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

/** Alignment 2⁴, no offset. */
const aligned: Code = [4, 0];

/** Value types as WebAssembly numbers them. */
export const type = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b } as const;

/** Addresses of a memory: 32 bits up to 4 GiB, 64 bits above. */
export const addresses = {
  i32: { type: type.i32, limits: 0x00, constant: 0x41, add: [0x6a], lessThan: [0x49] },
  i64: { type: type.i64, limits: 0x04, constant: 0x42, add: [0x7c], lessThan: [0x54] },
} as const;

export type Addresses = (typeof addresses)[keyof typeof addresses];

/** Instructions by their names in the specification. */
export const wasm = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  f32: (value: number): Code => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  /** Repeats the body until it leaves 0. */
  loop: (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b],
  load: [...simd(0x00), ...aligned],
  store: [...simd(0x0b), ...aligned],
  splat: simd(0x13),
  lt: simd(0x43),
  gt: simd(0x44),
  and: simd(0x4e),
  andNot: simd(0x4f),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
} as const;

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const name = (text: string): Code => {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
};

interface Function {
  params: readonly number[];
  /** Types of the locals after the parameters. */
  locals: readonly number[];
  body: Code;
}

/** What every module begins with: `\0asm`, version 1. */
const magic: Code = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module that imports the memory `m.m` and exports one function `run`. */
export function moduleOf({ limits }: Addresses, { params, locals, body }: Function): Uint8Array<ArrayBuffer> {
  const code = [...vector(locals.map((local) => [1, local])), ...body, 0x0b];
  return new Uint8Array([
    ...magic,
    ...section(1, vector([[0x60, ...vector(params.map((param) => [param])), 0]])),
    ...section(2, vector([[...name('m'), ...name('m'), 0x02, limits, 0]])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...name('run'), 0, 0]])),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}
