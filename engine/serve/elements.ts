// The elements of one tensor of the Open Inference Protocol: from JSON or bytes to those of a wire tensor, and back to JSON.
// Every element is looked at once, here; names and shapes are protocol.ts.
import { isUtf8 } from 'node:buffer';
import { type DType, dtypes } from '../onnx/index.ts';
import { Fault, type RouteInput, type WireTensor } from '../schema/index.ts';

/** An input as the protocol has it. */
export type V2Tensor = RouteInput<'v2.infer'>['body']['inputs'][number] & {
  /** The bytes of its elements, in place of `data`. */
  raw?: Uint8Array;
};

/** The `size` elements that an input must have, from whichever form it has. Fault `bad_input` naming the element that is wrong. */
export function elementsOf(dtype: DType, size: number, input: V2Tensor): Uint8Array | string[] {
  if (input.raw) return rawData(dtype, input.raw, size, input);
  const values = flatten(input);
  if (values.length !== size) {
    throw refuse(
      input.name,
      `of shape [${input.shape.join(',')}] needs ${size} elements of data, but has ${values.length}`,
    );
  }
  return dataOf(dtype, values, input);
}

/** Refuses NaN and infinities among bytes (JSON has none): what a model was not trained on would be answered as if it was. */
export function checkFinite(input: V2Tensor, { dtype, data }: WireTensor): void {
  const bad = Array.isArray(data) ? -1 : notFinite(dtype, data);
  if (bad < 0) return;
  throw refuse(
    input.name,
    `element ${bad} must be a number, not NaN or infinite; where a value is missing, send rows to the deployment's predict and leave it out`,
  );
}

/** Place of the first element with all bits of its exponent set; −1 where there is none. The bytes may begin anywhere. */
function notFinite(dtype: string, bytes: Uint8Array): number {
  const float = floats[dtype];
  if (!float) return -1;
  const { width, top, next } = float;
  for (let at = width - 1; at < bytes.length; at += width) {
    if ((bytes[at] & top) === top && (bytes[at - 1] & next) === next) return (at + 1) / width - 1;
  }
  return -1;
}

/** Bits of the exponent in the last two bytes of an element, little-endian. */
const floats: Record<string, { width: number; top: number; next: number }> = {
  float16: { width: 2, top: 0x7c, next: 0 },
  float32: { width: 4, top: 0x7f, next: 0x80 },
  float64: { width: 8, top: 0x7f, next: 0xf0 },
};

/** Nested data must nest exactly like the shape, so that a transposed matrix is not taken for the right one. */
function flatten(input: V2Tensor): unknown[] {
  if (!input.data.some(Array.isArray)) return input.data;
  const flat: unknown[] = [];
  const walk = (part: unknown, depth: number) => {
    if (depth === input.shape.length) {
      if (Array.isArray(part)) throw refuse(input.name, `nests deeper than its ${input.shape.length} dimensions`);
      flat.push(part);
      return;
    }
    if (!Array.isArray(part) || part.length !== input.shape[depth]) {
      throw refuse(
        input.name,
        `has nested data that does not match shape [${input.shape.join(',')}] at dimension ${depth}`,
      );
    }
    for (const item of part) walk(item, depth + 1);
  };
  walk(input.data, 0);
  return flat;
}

/** Elements as they came: little-endian, strings each behind the length of its bytes. */
function rawData(dtype: DType, raw: Uint8Array, size: number, input: V2Tensor): Uint8Array | string[] {
  const shape = `[${input.shape.join(',')}]`;
  if (dtype === 'string') return rawStrings(raw, size, input);
  const width = dtype === 'float16' ? 2 : dtypes[dtype].bytes;
  if (raw.byteLength !== size * width) {
    throw refuse(input.name, `of shape ${shape} needs ${size * width} bytes of binary data, but has ${raw.byteLength}`);
  }
  if (dtype === 'bool' && raw.some((value) => value > 1))
    throw refuse(input.name, 'holds a byte that is no BOOL; use 0 or 1');
  return raw;
}

function rawStrings(raw: Uint8Array, size: number, input: V2Tensor): string[] {
  const view = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < view.length) {
    const end = at + 4 <= view.length ? at + 4 + view.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > view.length || texts.length === size) {
      throw refuse(
        input.name,
        `of shape [${input.shape.join(',')}] needs ${size} strings, each behind its length in 4 bytes; its binary data holds something else`,
      );
    }
    const bytes = view.subarray(at + 4, end);
    if (!isUtf8(bytes)) throw refuse(input.name, `element ${texts.length} is not UTF-8 text`);
    texts.push(bytes.toString('utf8'));
    at = end;
  }
  if (texts.length !== size) {
    throw refuse(
      input.name,
      `of shape [${input.shape.join(',')}] needs ${size} strings, but its binary data has ${texts.length}`,
    );
  }
  return texts;
}

function dataOf(dtype: DType, values: unknown[], input: V2Tensor): Uint8Array | string[] {
  if (dtype === 'string') {
    const bad = values.findIndex((value) => typeof value !== 'string');
    if (bad >= 0) throw refuse(input.name, `element ${bad} must be a string (BYTES), not ${show(values[bad])}`);
    return values as string[];
  }
  const read = readers[dtype];
  const array = arrayOf(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = read(values[i]);
    if (value === undefined) {
      throw refuse(input.name, `element ${i} must be ${ranges[dtype]} (${input.datatype}), not ${show(values[i])}`);
    }
    array[i] = value;
  }
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

type Numeric = Exclude<DType, 'string'>;
type Reader = (value: unknown) => number | bigint | undefined;

const integer =
  (low: number, high: number): Reader =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high ? value : undefined;
/** Integers beyond ±2^53 lose digits as JSON numbers, so they are taken as decimal strings only. */
const long =
  (low: bigint, high: bigint): Reader =>
  (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) && value >= low ? BigInt(value) : undefined;
    if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined;
    const exact = BigInt(value);
    return exact >= low && exact <= high ? exact : undefined;
  };
const float =
  (most: number): Reader =>
  (value) =>
    typeof value === 'number' && Math.abs(value) <= most ? value : undefined;

const readers: Record<Numeric, Reader> = {
  bool: (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined),
  uint8: integer(0, 255),
  uint16: integer(0, 65_535),
  uint32: integer(0, 4_294_967_295),
  uint64: long(0n, 2n ** 64n - 1n),
  int8: integer(-128, 127),
  int16: integer(-32_768, 32_767),
  int32: integer(-2_147_483_648, 2_147_483_647),
  int64: long(-(2n ** 63n), 2n ** 63n - 1n),
  float16: float(65_504),
  float32: float(3.4028234663852886e38),
  float64: float(Number.MAX_VALUE),
};

const ranges: Record<Numeric, string> = {
  bool: 'true or false',
  uint8: 'an integer from 0 to 255',
  uint16: 'an integer from 0 to 65535',
  uint32: 'an integer from 0 to 4294967295',
  uint64: 'an integer from 0 to 2^64 − 1 (as a string above 2^53)',
  int8: 'an integer from −128 to 127',
  int16: 'an integer from −32768 to 32767',
  int32: 'an integer of 32 bits',
  int64: 'an integer of 64 bits (as a string beyond ±2^53)',
  float16: 'a number within ±65504',
  float32: 'a number within ±3.4e38',
  float64: 'a number',
};

/** As dtypes[…].make, but with float16 as numbers instead of bits. */
function arrayOf(dtype: Numeric, length: number): { [i: number]: number | bigint } & ArrayBufferView {
  return dtype === 'float16' ? new Float16Array(length) : dtypes[dtype].make(length);
}

/** Elements as JSON has them. A number that JSON lacks (NaN, infinity) becomes null. */
export function valuesOf(wire: WireTensor): unknown[] {
  if (Array.isArray(wire.data)) return wire.data;
  const dtype = wire.dtype as Numeric;
  const own = new Uint8Array(wire.data).buffer;
  if (dtype === 'float16') return Array.from(new Float16Array(own));
  const type = dtypes[dtype];
  const array = type.view(own, 0, own.byteLength / type.bytes);
  if (dtype === 'bool') return Array.from(array as Uint8Array, (value) => value !== 0);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) return Array.from(array, exactNumber);
  return Array.from(array);
}

/** All 64 bits as a JSON number: beyond 2^53 only its text is exact (JSON.rawJSON, which TypeScript 7 does not know). */
function exactNumber(value: bigint): unknown {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : (JSON as unknown as RawJson).rawJSON(value.toString());
}

interface RawJson {
  rawJSON(text: string): unknown;
}

/** What is wrong with an input, by its name. */
export const refuse = (name: string, what: string): Fault => new Fault('bad_input', `input "${name}" ${what}`);
const show = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);
