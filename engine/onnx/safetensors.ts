// The safetensors format (https://huggingface.co/docs/safetensors): u64 header length, JSON header, raw little-endian data.
import { concat, fromUtf8, utf8 } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { type DType, dtypes, sizeOf, type Tensor, tensor, tensorBytes, tensorFromBytes } from './tensor.ts';

const names: Partial<Record<DType, string>> = {
  float32: 'F32',
  float64: 'F64',
  float16: 'F16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};
const byName = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));
const headerLimit = 100 * 1024 * 1024;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(shape: number[], bytes: Uint8Array): Tensor {
  const half = tensorFromBytes('uint16', shape, bytes).data as Uint16Array;
  const wide = new Uint32Array(half.length);
  for (let i = 0; i < half.length; i++) wide[i] = half[i] << 16;
  return tensor('float32', shape, new Float32Array(wide.buffer));
}

function readHeader(bytes: Uint8Array): { entries: [string, Entry][]; body: Uint8Array } {
  if (bytes.length < 8) throw new Fault('corrupt', 'this is not a safetensors file: it is shorter than its header');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > headerLimit || 8 + length > bytes.length)
    throw new Fault('corrupt', 'this is not a safetensors file: its header length is wrong');
  try {
    const header = JSON.parse(fromUtf8(bytes.subarray(8, 8 + length))) as Record<string, Entry>;
    return {
      entries: Object.entries(header).filter(([name]) => name !== '__metadata__'),
      body: bytes.subarray(8 + length),
    };
  } catch (error) {
    throw new Fault('corrupt', 'this is not a safetensors file: its header is not JSON', undefined, error);
  }
}

/** All tensors by name; BF16 comes as float32. Throws `corrupt` naming the tensor. */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const { entries, body } = readHeader(bytes);
  return new Map(
    entries.map(([name, entry]) => {
      const [start, end] = entry.data_offsets;
      const data = body.subarray(start, end);
      if (end > body.length || data.length !== end - start)
        throw new Fault('corrupt', `tensor "${name}" lies outside the file`);
      if (entry.dtype === 'BF16') return [name, fromBfloat16(entry.shape, data)];
      const dtype = byName.get(entry.dtype);
      if (!dtype) throw new Fault('corrupt', `tensor "${name}" has type ${entry.dtype}, which is not supported`);
      if (data.length !== sizeOf(entry.shape) * dtypes[dtype].bytes)
        throw new Fault('corrupt', `tensor "${name}" has the wrong length`);
      return [name, tensorFromBytes(dtype, entry.shape, data)];
    }),
  );
}

/** Bytes of a safetensors file holding the tensors in the map's order; not for strings. */
export function writeSafetensors(tensors: ReadonlyMap<string, Tensor>, metadata?: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, value] of tensors) {
    const dtype = names[value.dtype];
    if (!dtype) throw new Fault('internal', `safetensors cannot hold ${value.dtype} (${name})`);
    const bytes = tensorBytes(value);
    header[name] = { dtype, shape: value.dims, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = JSON.stringify(header);
  const head = utf8(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(head.length), true);
  return concat([length, head, ...parts]);
}
