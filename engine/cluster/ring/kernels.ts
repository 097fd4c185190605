// Passes over a piece's numbers in WebAssembly SIMD: sums, halves, bytes with one scale a block. The same loops in JavaScript took
// eight to twenty times as long, more than encryption. Knows nothing of rings; pieces beyond a memory's room go through it in parts.
import { wasm, wasmAddresses, type WasmCode, wasmModule, wasmType } from '../../base/index.ts';

/** Numbers that go through at once: a usual chunk, whole blocks. */
const room = 32_768;
/** One scale for this many numbers of an int8 piece. */
export const scaleBlock = 1024;
/** The greatest finite half; what is beyond is cut to it, and the rest kept as error. */
const halfMost = 65_504;

/** Where the three vectors lie: this side's numbers, another's or an error, and what travels. */
const place = { own: 0, other: room * 4, packed: room * 8 } as const;
const memory = new WebAssembly.Memory({ initial: (room * 12) / 65_536, maximum: (room * 12) / 65_536 });
const own = new Float32Array(memory.buffer, place.own, room);
const other = new Float32Array(memory.buffer, place.other, room);
const packed = new Uint8Array(memory.buffer, place.packed, room * 4);

const code = (...parts: WasmCode[]): WasmCode => parts.flat();
const bits = (value: number): WasmCode => [...wasm.i32(value), ...wasm.splatI32];
const exponent = bits(0x7f80_0000);
/** Ones in the lanes that are infinite or not a number. */
const notFinite = (x: WasmCode): WasmCode => [...x, ...exponent, ...wasm.and, ...exponent, ...wasm.equalI32];

interface Kind {
  /** Begins where its second parameter says; at the first number when left out. */
  isPart?: boolean;
  /** Types of further parameters, and of registers. */
  params?: readonly number[];
  registers?: readonly number[];
  result?: number;
}
/** A loop over four numbers at a time, up to as many bytes as the first parameter says; then `last`. */
function pass(
  { isPart = false, params = [], registers = [], result }: Kind,
  body: (at: WasmCode, register: (index: number) => number) => WasmCode,
  last: WasmCode = [],
) {
  const { type, constant, add, lessThan } = wasmAddresses.i32;
  const given = [type, ...(isPart ? [type] : []), ...params];
  const at = given.length;
  const step = [...wasm.get(at), constant, 16, ...add, ...wasm.set(at)];
  const more = [...wasm.get(at), ...wasm.get(0), ...lessThan];
  const loop = wasm.loop([...body(wasm.get(at), (index) => at + 1 + index), ...step, ...more]);
  return {
    params: given,
    ...(result === undefined ? {} : { result }),
    locals: [type, ...registers],
    body: [...(isPart ? [...wasm.get(1), ...wasm.set(at)] : []), ...loop, ...last],
  };
}

const { v128, f32, i32 } = wasmType;
/** Locals of the passes without further parameters: a register for a value, one for what has been seen. */
const [value, seen] = [2, 3];
const sign = bits(0x8000_0000 | 0);
const magnitude = bits(0x7fff_ffff);
/** 0.5 as bits: added to a small number as a float, the sum's lowest bits are those of its half. */
const smallHalf = 126 << 23;
/** Of a float's exponent less a half's, and almost half a unit of the half's last place. */
const rebias = ((15 - 127) << 23) + 0xfff;

/** The bits of halves, in 32-bit lanes, of the floats in `x` (Giesen 2016, "Float->half conversions": to nearest, ties to even). */
const halvesOf = (x: WasmCode, size: WasmCode): WasmCode => [
  // Small ones, by an addition that rounds where a half's last place is.
  ...code(size, wasm.f32(0.5), wasm.splat, wasm.add, bits(smallHalf), wasm.subI32),
  // Others, by bits: half a last place less one is added, and one more where the last place is odd.
  ...code(size, wasm.i32(13), wasm.shiftRight, bits(1), wasm.and, size, wasm.addI32),
  ...code(bits(rebias), wasm.addI32, wasm.i32(13), wasm.shiftRight),
  ...code(bits(113 << 23), size, wasm.greaterI32, wasm.select),
  ...code(x, sign, wasm.and, wasm.i32(16), wasm.shiftRight, wasm.or),
];
/** The floats of halves' bits in 32-bit lanes; infinite or not a number stays so. */
const floatsOf = (h: WasmCode): WasmCode => [
  ...code(h, bits(0x7fff), wasm.and, wasm.i32(13), wasm.shiftLeft),
  ...code(wasm.f32(2 ** 112), wasm.splat, wasm.mul),
  ...code(h, bits(0x8000), wasm.and, wasm.i32(16), wasm.shiftLeft, wasm.or),
  ...code(h, bits(0x7c00), wasm.and, bits(0x7c00), wasm.equalI32, exponent, wasm.and, wasm.or),
];

const quarter = (at: WasmCode, by: number): WasmCode => [...at, ...wasm.i32(by), ...wasm.shiftRightI32];
const lanesGreatest = (x: WasmCode): WasmCode => [
  ...code(x, wasm.lane(0), x, wasm.lane(1), wasm.maxF32),
  ...code(x, wasm.lane(2), x, wasm.lane(3), wasm.maxF32, wasm.maxF32),
];

const functions = {
  /** own += other; 1 where a sum is not finite. */
  add: pass(
    { registers: [v128, v128], result: i32 },
    (at) => [
      ...code(at, wasm.loadAt(place.own), at, wasm.loadAt(place.other), wasm.add, wasm.set(value)),
      ...code(at, wasm.get(value), wasm.storeAt(place.own)),
      ...code(notFinite(wasm.get(value)), wasm.get(seen), wasm.or, wasm.set(seen)),
    ],
    [...wasm.get(seen), ...wasm.anyTrue],
  ),
  /** 1 where one of `own` is not finite. */
  check: pass(
    { registers: [v128, v128], result: i32 },
    (at) => [
      ...code(at, wasm.loadAt(place.own), wasm.set(value)),
      ...code(notFinite(wasm.get(value)), wasm.get(seen), wasm.or, wasm.set(seen)),
    ],
    [...wasm.get(seen), ...wasm.anyTrue],
  ),
  /** Writes halves of `own`, which keeps what that lost. */
  halve: pass({ registers: [v128, v128, v128] }, (at, register) => {
    const [x, size, half] = [register(0), register(1), register(2)];
    const most = [...wasm.f32(halfMost), ...wasm.splat];
    return [
      ...code(at, wasm.loadAt(place.own), wasm.set(x)),
      ...code(wasm.get(x), magnitude, wasm.and, most, wasm.min, wasm.set(size)),
      ...code(halvesOf(wasm.get(x), wasm.get(size)), wasm.set(half)),
      ...code(at, wasm.get(x), floatsOf(wasm.get(half)), wasm.sub, wasm.storeAt(place.own)),
      ...code(quarter(at, 1), wasm.get(half), wasm.get(half), wasm.narrowU32, wasm.storeHalfAt(place.packed)),
    ];
  }),
  /** Reads halves into `own`. */
  unhalve: pass({ registers: [v128] }, (at, register) => [
    ...code(quarter(at, 1), wasm.loadHalfAt(place.packed), wasm.widenU16, wasm.set(register(0))),
    ...code(at, floatsOf(wasm.get(register(0))), wasm.storeAt(place.own)),
  ]),
  /** Greatest magnitude of a part of `own`. */
  greatest: pass(
    { isPart: true, registers: [v128], result: f32 },
    (at, register) => [
      ...code(at, wasm.loadAt(place.own), wasm.abs, wasm.get(register(0)), wasm.max, wasm.set(register(0))),
    ],
    lanesGreatest(wasm.get(3)),
  ),
  /** Writes bytes of a part of `own` times `inverse`, to the nearest; `own` keeps what that lost where a byte is worth `scale`. */
  quantize: pass({ isPart: true, params: [f32, f32], registers: [v128, v128] }, (at, register) => {
    const [inverse, scale, x, level] = [2, 3, register(0), register(1)];
    return [
      ...code(at, wasm.loadAt(place.own), wasm.set(x)),
      ...code(wasm.get(x), wasm.get(inverse), wasm.splat, wasm.mul, wasm.nearest, wasm.toI32),
      ...wasm.set(level),
      ...code(at, wasm.get(x), wasm.get(level), wasm.toF32, wasm.get(scale), wasm.splat, wasm.mul),
      ...code(wasm.sub, wasm.storeAt(place.own)),
      ...code(quarter(at, 2), wasm.get(level), wasm.get(level), wasm.narrowI32),
      ...code(wasm.get(level), wasm.get(level), wasm.narrowI32, wasm.narrowI16),
      ...wasm.storeQuarterAt(place.packed),
    ];
  }),
  /** Reads bytes into a part of `own`, times `scale`. */
  scaled: pass({ isPart: true, params: [f32] }, (at) => [
    ...code(at, quarter(at, 2), wasm.loadQuarterAt(place.packed), wasm.widenI8, wasm.widenI16, wasm.toF32),
    ...code(wasm.get(2), wasm.splat, wasm.mul, wasm.storeAt(place.own)),
  ]),
};

const module = new WebAssembly.Module(wasmModule(wasmAddresses.i32, functions));
const run = new WebAssembly.Instance(module, { m: { m: memory } }).exports as Record<
  keyof typeof functions,
  (...values: number[]) => number
>;

/** Puts numbers where a pass finds them; 0 up to a whole register. */
function put(into: Float32Array, numbers: Float32Array): number {
  into.set(numbers);
  const whole = (numbers.length + 3) & ~3;
  if (whole > numbers.length) into.fill(0, numbers.length, whole);
  return whole * 4;
}
/** Numbers in parts that there is room for. */
function* parts(length: number): Generator<[from: number, to: number]> {
  for (let from = 0; from < length; from += room) yield [from, Math.min(length, from + room)];
}
/** What is written lies here until the next writing: memory that is new for every piece kept the garbage collector at work. */
let paper = new Uint8Array(0);
function paperOf(bytes: number): Uint8Array<ArrayBuffer> {
  if (paper.byteLength < bytes) paper = new Uint8Array(bytes);
  return paper.subarray(0, bytes);
}
const taken = (into: Float32Array, from: number, to: number) => into.set(own.subarray(0, to - from), from);

/** Whether every number is finite. */
export function allFinite(values: Float32Array): boolean {
  for (const [from, to] of parts(values.length)) if (run.check(put(own, values.subarray(from, to)))) return false;
  return true;
}

/** Adds `came` to `values`, which is as long; whether every sum is finite. */
export function addTo(values: Float32Array, came: Float32Array): boolean {
  let isFinite = true;
  for (const [from, to] of parts(values.length)) {
    put(other, came.subarray(from, to));
    isFinite = !run.add(put(own, values.subarray(from, to))) && isFinite;
    taken(values, from, to);
  }
  return isFinite;
}

/** Halves of `values` plus `error`, to the nearest; `error` keeps what that lost. Good until the next writing. */
export function halve(values: Float32Array, error?: Float32Array): Uint8Array {
  const payload = paperOf(values.length * 2);
  for (const [from, to] of parts(values.length)) {
    run.halve(begun(values, error, from, to));
    payload.set(packed.subarray(0, (to - from) * 2), from * 2);
    if (error) taken(error, from, to);
  }
  return payload;
}
/** The sum that is to be written, in `own`. */
function begun(values: Float32Array, error: Float32Array | undefined, from: number, to: number): number {
  const bytes = put(own, values.subarray(from, to));
  if (error) {
    put(other, error.subarray(from, to));
    run.add(bytes);
  }
  return bytes;
}

/** The numbers of as many halves as `out` is long. */
export function unhalve(payload: Uint8Array, out: Float32Array): void {
  for (const [from, to] of parts(out.length)) {
    packed.set(payload.subarray(from * 2, to * 2));
    run.unhalve((to - from) * 4);
    taken(out, from, to);
  }
}

const blocksOf = (count: number): number => Math.ceil(count / scaleBlock);

/**
 * `values` plus `error` as bytes: first the scale of each block, then a byte a number, to the nearest; `error` keeps what that
 * lost. Good until the next writing.
 */
export function quantize(values: Float32Array, error?: Float32Array): Uint8Array {
  const blocks = blocksOf(values.length);
  const payload = paperOf(blocks * 4 + values.length);
  const scales = new Float32Array(payload.buffer, 0, blocks);
  for (const [from, to] of parts(values.length)) {
    const bytes = begun(values, error, from, to);
    for (let at = 0; at < bytes; at += scaleBlock * 4) {
      const end = Math.min(bytes, at + scaleBlock * 4);
      // As it travels, so that both sides multiply by the same number.
      const scale = Math.fround(run.greatest(end, at) / 127);
      scales[from / scaleBlock + at / (scaleBlock * 4)] = scale;
      run.quantize(end, at, scale > 0 ? 1 / scale : 0, scale);
    }
    payload.set(packed.subarray(0, to - from), scales.byteLength + from);
    if (error) taken(error, from, to);
  }
  return payload;
}

/** The numbers of as many bytes, with their scales before them, as `out` is long. */
export function unquantize(payload: Uint8Array, out: Float32Array): void {
  const scales = new Float32Array(payload.slice(0, blocksOf(out.length) * 4).buffer);
  const levels = payload.subarray(scales.byteLength);
  for (const [from, to] of parts(out.length)) {
    packed.set(levels.subarray(from, to));
    for (let begin = from; begin < to; begin += scaleBlock) {
      const end = Math.min(to, begin + scaleBlock);
      run.scaled((end - from) * 4, (begin - from) * 4, scales[begin / scaleBlock]);
    }
    taken(out, from, to);
  }
}
