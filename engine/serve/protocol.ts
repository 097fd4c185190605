// The Open Inference Protocol (KServe v2), JSON form: between its tensors and the wire tensors that hosts take.
// https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md. No HTTP here.
import { isUtf8 } from 'node:buffer';
import { type DType, dtypes, sizeOf } from '../onnx/index.ts';
import {
  Fault,
  type Manifest,
  type RouteAnswer,
  type RouteInput,
  type TensorSpec,
  type WireTensor,
} from '../schema/index.ts';

/** Datatype names of the protocol by element type of ONNX. */
export const datatypes = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Record<DType, string>;

type V2Request = RouteInput<'v2.infer'>['body'];
type V2Response = RouteAnswer<'v2.infer'>;
type V2Tensor = V2Request['inputs'][number] & {
  /** The bytes of its elements, in place of `data`. */
  raw?: Uint8Array;
};

/** Elements of all inputs of one request together. */
const mostElements = 64 * 1024 * 1024;

/** The answer to `GET /v2/models/{name}`. */
export function v2Metadata(name: string, version: number, manifest: Manifest) {
  const shapes = (specs: TensorSpec[]) =>
    specs.map((spec) => ({ name: spec.name, datatype: datatypeOf(spec), shape: spec.shape }));
  return {
    name,
    versions: [String(version)],
    platform: 'onnxruntime_onnx',
    inputs: shapes(manifest.inputs),
    outputs: shapes(manifest.outputs),
  };
}

/**
 * Checks a request against the model's inputs and turns it into wire tensors, in the model's order. Data may be flat or
 * nested like the shape. Fault `bad_input` naming the tensor and the remedy; nothing is allocated before the sizes agree.
 */
export function inferFromV2(
  request: { inputs: V2Tensor[]; outputs?: V2Request['outputs'] },
  manifest: Pick<Manifest, 'inputs' | 'outputs'>,
): { tensors: WireTensor[]; outputs?: string[] } {
  const given = new Map<string, V2Tensor>();
  let elements = 0;
  for (const input of request.inputs) {
    if (given.has(input.name)) throw refuse(input.name, 'was sent twice; send it once');
    given.set(input.name, input);
    elements += sizeOf(input.shape);
    if (!(elements <= mostElements)) {
      throw new Fault(
        'payload_too_large',
        `input "${input.name}" claims shape [${input.shape.join(',')}]: a request may hold ${mostElements} elements; send smaller batches`,
      );
    }
  }
  const known = manifest.inputs.map((spec) => spec.name);
  for (const name of given.keys()) {
    if (!known.includes(name)) throw refuse(name, `is not an input of this model; its inputs are ${list(known)}`);
  }
  const tensors = manifest.inputs.map((spec) => {
    const input = given.get(spec.name);
    if (!input) throw refuse(spec.name, `is missing; this model takes ${list(known)}`);
    return wireTensor(input, spec);
  });
  checkBatch(tensors, manifest.inputs);
  return request.outputs && request.outputs.length > 0
    ? { tensors, outputs: wantedOutputs(request.outputs, manifest.outputs) }
    : { tensors };
}

/** Host tensors as the protocol's answer; data is flat. A number that JSON lacks (NaN, infinity) becomes null. */
export function inferToV2(model: { name: string; version: number }, tensors: WireTensor[], id?: string): V2Response {
  return {
    model_name: model.name,
    model_version: String(model.version),
    ...(id === undefined ? {} : { id }),
    outputs: tensors.map((wire) => ({
      name: wire.name,
      datatype: datatypes[wire.dtype as DType],
      shape: wire.dims,
      data: valuesOf(wire),
    })),
  };
}

function wireTensor(input: V2Tensor, spec: TensorSpec): WireTensor {
  const datatype = datatypeOf(spec);
  if (input.datatype !== datatype) throw refuse(input.name, `must be ${datatype}, not ${input.datatype}`);
  const wanted = spec.shape.map((dim) => (dim < 0 ? '?' : dim)).join(',');
  const fits =
    input.shape.length === spec.shape.length && spec.shape.every((dim, i) => dim < 0 || dim === input.shape[i]);
  if (!fits) throw refuse(input.name, `must have shape [${wanted}], not [${input.shape.join(',')}]`);
  const size = sizeOf(input.shape);
  if (input.raw) {
    return {
      name: spec.name,
      dtype: spec.dtype,
      dims: input.shape,
      data: rawData(spec.dtype as DType, input.raw, size, input),
    };
  }
  const values = flatten(input);
  if (values.length !== size) {
    throw refuse(
      input.name,
      `of shape [${input.shape.join(',')}] needs ${size} elements of data, but has ${values.length}`,
    );
  }
  const dtype = spec.dtype as DType;
  return { name: spec.name, dtype, dims: input.shape, data: dataOf(dtype, values, input) };
}

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

function valuesOf(wire: WireTensor): unknown[] {
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

function wantedOutputs(wanted: { name: string }[], specs: TensorSpec[]): string[] {
  const names = specs.map((spec) => spec.name);
  for (const { name } of wanted) {
    if (!names.includes(name)) {
      throw new Fault('bad_input', `output "${name}" is not an output of this model; its outputs are ${list(names)}`);
    }
  }
  return wanted.map(({ name }) => name);
}

function checkBatch(tensors: WireTensor[], specs: TensorSpec[]): void {
  if (!specs.every((spec) => spec.shape[0] === -1)) return;
  const other = tensors.find((wire) => wire.dims[0] !== tensors[0]?.dims[0]);
  if (other) {
    throw refuse(
      other.name,
      `has a batch of ${other.dims[0]}, but "${tensors[0]?.name}" one of ${tensors[0]?.dims[0]}; they must agree`,
    );
  }
}

function datatypeOf(spec: TensorSpec): string {
  const name: string | undefined = datatypes[spec.dtype as DType];
  if (name === undefined) throw new Fault('internal', `tensor "${spec.name}" has unknown element type ${spec.dtype}`);
  return name;
}

const refuse = (name: string, what: string): Fault => new Fault('bad_input', `input "${name}" ${what}`);
const list = (names: string[]): string => names.map((name) => `"${name}"`).join(', ');
const show = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);
