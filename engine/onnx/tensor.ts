// Tensors in host memory and the one table of element types. No arithmetic: that is the runtime's work.
import { bytesOf } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

/** Arrays that hold numbers; float16 travels as its 16 bits in a Uint16Array, bool as 0 or 1 in a Uint8Array. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

interface ElementType {
  /** TensorProto.DataType of the ONNX specification. */
  code: number;
  /** Bytes an element; 0 where elements have no fixed size. */
  bytes: number;
}

interface ArrayType extends ElementType {
  make: (length: number) => NumericArray;
  view: (buffer: ArrayBuffer, offset: number, length: number) => NumericArray;
}

const numeric = (
  code: number,
  array: {
    new (length: number): NumericArray;
    new (buffer: ArrayBuffer, offset: number, length: number): NumericArray;
    BYTES_PER_ELEMENT: number;
  },
): ArrayType => ({
  code,
  bytes: array.BYTES_PER_ELEMENT,
  make: (length) => new array(length),
  view: (buffer, offset, length) => new array(buffer, offset, length),
});

/** Every element type that a tensor may have here. */
export const dtypes = {
  float32: numeric(1, Float32Array),
  uint8: numeric(2, Uint8Array),
  int8: numeric(3, Int8Array),
  uint16: numeric(4, Uint16Array),
  int16: numeric(5, Int16Array),
  int32: numeric(6, Int32Array),
  int64: numeric(7, BigInt64Array),
  string: { code: 8, bytes: 0 },
  bool: numeric(9, Uint8Array),
  float16: numeric(10, Uint16Array),
  float64: numeric(11, Float64Array),
  uint32: numeric(12, Uint32Array),
  uint64: numeric(13, BigUint64Array),
} as const satisfies Record<string, ElementType>;

export type DType = keyof typeof dtypes;

/** Row-major data of the given dims; `dims: []` is a scalar with one element. */
export interface Tensor {
  dtype: DType;
  dims: number[];
  data: NumericArray | string[];
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

/** A tensor over the given data (not copied), or over zeros; throws `bad_graph` when lengths disagree. */
export function tensor(
  dtype: DType,
  dims: readonly number[],
  data?: NumericArray | readonly (number | bigint | string | boolean)[],
): Tensor {
  const size = sizeOf(dims);
  if (data !== undefined && data.length !== size) {
    throw new Fault(
      'bad_graph',
      `a ${dtype} tensor of shape [${dims.join(',')}] needs ${size} elements, got ${data.length}`,
    );
  }
  if (dtype === 'string')
    return { dtype, dims: [...dims], data: data ? Array.from(data as string[], String) : Array<string>(size).fill('') };
  const array = dtypes[dtype].make(size);
  if (data === undefined) return { dtype, dims: [...dims], data: array };
  if (ArrayBuffer.isView(data)) {
    if (data.constructor !== array.constructor) {
      throw new Fault(
        'bad_graph',
        `a ${dtype} tensor needs ${array.constructor.name} data, got ${data.constructor.name}`,
      );
    }
    return { dtype, dims: [...dims], data: data };
  }
  const values = data as readonly (number | bigint | boolean)[];
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    for (let i = 0; i < size; i++) array[i] = BigInt(values[i]);
  } else {
    for (let i = 0; i < size; i++) array[i] = Number(values[i]);
  }
  return { dtype, dims: [...dims], data: array };
}

/** The same data as little-endian bytes, without a copy; not for strings. */
export function tensorBytes(value: Tensor): Uint8Array {
  if (Array.isArray(value.data)) throw new Fault('internal', 'string tensors have no raw bytes');
  return bytesOf(value.data);
}

/** A tensor from little-endian bytes, copied so that it is aligned and owns its memory. */
export function tensorFromBytes(dtype: DType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const type = dtypes[dtype];
  const size = sizeOf(dims);
  if (!('view' in type) || bytes.length !== size * type.bytes) {
    throw new Fault(
      'corrupt',
      `a ${dtype} tensor of shape [${dims.join(',')}] needs ${size * type.bytes} bytes, got ${bytes.length}`,
    );
  }
  const own = new ArrayBuffer(bytes.length);
  new Uint8Array(own).set(bytes);
  return { dtype, dims: [...dims], data: type.view(own, 0, size) };
}

/** Elements as plain numbers (int64 and bool included); throws for strings. */
export function numbersOf(value: Tensor): number[] {
  if (Array.isArray(value.data)) throw new Fault('internal', 'a string tensor has no numbers');
  return Array.from(value.data as ArrayLike<number | bigint>, Number);
}
