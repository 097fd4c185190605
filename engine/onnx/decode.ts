// ONNX bytes to model objects. Foreign files come through here: whatever is not as the specification says is `corrupt`
// or `bad_graph`, with the name of the thing.
import { fromUtf8 } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { attributeKinds } from './encode.ts';
import type { Attribute, Dim, Model, ModelGraph, Node, ValueInfo } from './ir.ts';
import { modelMessage } from './messages.ts';
import { type DType, dtypes, type NumericArray, sizeOf, type Tensor, tensor, tensorFromBytes } from './tensor.ts';
import { decode, type Message } from './wire.ts';

/** Gives the bytes of an external data file of the model (`location`, byte range). */
export type ExternalData = (location: string, offset: number, length: number | undefined) => Uint8Array;

const dtypeByCode = new Map<number, DType>(Object.entries(dtypes).map(([name, type]) => [type.code, name as DType]));

function dtypeOf(code: unknown, what: string): DType {
  const dtype = dtypeByCode.get(code as number);
  if (!dtype) throw new Fault('bad_graph', `${what} has element type ${String(code)}, which is not supported`);
  return dtype;
}

/** The field of TensorProto that holds values of a type when `raw_data` is absent. */
const typedField: Record<DType, string> = {
  float32: 'floatData',
  float64: 'doubleData',
  int64: 'int64Data',
  uint64: 'uint64Data',
  uint32: 'uint64Data',
  int32: 'int32Data',
  int16: 'int32Data',
  uint16: 'int32Data',
  int8: 'int32Data',
  uint8: 'int32Data',
  bool: 'int32Data',
  float16: 'int32Data',
  string: 'stringData',
};

function tensorIn(message: Message, external?: ExternalData): Tensor {
  const name = (message['name'] as string | undefined) ?? '';
  const dtype = dtypeOf(message['dataType'], `tensor "${name}"`);
  const dims = (message['dims'] as (number | bigint)[]).map(Number);
  if (message['dataLocation'] === 1) {
    const place = Object.fromEntries(
      (message['externalData'] as Message[]).map((e) => [e['key'], e['value']]),
    ) as Record<string, string>;
    if (!external)
      throw new Fault(
        'bad_graph',
        `tensor "${name}" lies in the file ${place['location']}: import the folder that holds both`,
      );
    const length = place['length'] === undefined ? undefined : Number(place['length']);
    return tensorFromBytes(dtype, dims, external(place['location'] ?? '', Number(place['offset'] ?? 0), length));
  }
  const raw = message['rawData'] as Uint8Array | undefined;
  if (raw) return tensorFromBytes(dtype, dims, raw);
  const values = message[typedField[dtype]] as unknown[];
  if (values.length !== sizeOf(dims))
    throw new Fault('corrupt', `tensor "${name}" holds ${values.length} of ${sizeOf(dims)} values`);
  if (dtype === 'string') return tensor('string', dims, (values as Uint8Array[]).map(fromUtf8));
  return tensor(dtype, dims, values as number[]);
}

const kindByCode = new Map(
  Object.entries(attributeKinds).map(([type, kind]) => [
    kind.code as number,
    { type: type as Attribute['type'], field: kind.field },
  ]),
);

function attributeIn(message: Message, external?: ExternalData): Attribute {
  const kind = kindByCode.get(message['type'] as number);
  if (!kind) throw new Fault('bad_graph', `attribute "${String(message['name'])}" has a kind that is not supported`);
  const value = message[kind.field];
  switch (kind.type) {
    case 'string':
      return { type: 'string', value: fromUtf8((value as Uint8Array | undefined) ?? new Uint8Array()) };
    case 'strings':
      return { type: 'strings', value: (value as Uint8Array[]).map(fromUtf8) };
    case 'tensor':
      return { type: 'tensor', value: tensorIn(value as Message, external) };
    case 'graph':
      return { type: 'graph', value: graphIn(value as Message, external) };
    case 'ints':
      return { type: 'ints', value: (value as (number | bigint)[]).map(Number) };
    case 'floats':
      return { type: 'floats', value: value as number[] };
    default:
      return { type: kind.type, value: Number(value ?? 0) };
  }
}

const dimIn = (message: Message): Dim => {
  if (message['value'] !== undefined) return Number(message['value']);
  return (message['param'] as string | undefined) || '?';
};

function valueIn(message: Message): ValueInfo {
  const name = (message['name'] as string | undefined) ?? '';
  const type = (message['type'] as Message | undefined)?.['tensor'] as Message | undefined;
  if (!type) throw new Fault('bad_graph', `value "${name}" is not a tensor`);
  const shape = type['shape'] as Message | undefined;
  return {
    name,
    dtype: dtypeOf(type['elemType'], `value "${name}"`),
    shape: ((shape?.['dim'] ?? []) as Message[]).map(dimIn),
  };
}

const text = (value: unknown): string => (value as string | undefined) ?? '';

function nodeIn(message: Message, external?: ExternalData): Node {
  return {
    op: text(message['opType']),
    domain: text(message['domain']) === 'ai.onnx' ? '' : text(message['domain']),
    name: text(message['name']),
    inputs: message['input'] as string[],
    outputs: message['output'] as string[],
    attributes: Object.fromEntries(
      (message['attribute'] as Message[]).map((a) => [text(a['name']), attributeIn(a, external)]),
    ),
  };
}

function graphIn(message: Message, external?: ExternalData): ModelGraph {
  const initializers = new Map(
    (message['initializer'] as Message[]).map((t) => [text(t['name']), tensorIn(t, external)]),
  );
  return {
    name: text(message['name']),
    // Before IR 4 initializers stood among the inputs as well.
    inputs: (message['input'] as Message[]).filter((v) => !initializers.has(text(v['name']))).map(valueIn),
    outputs: (message['output'] as Message[]).map(valueIn),
    initializers,
    nodes: (message['node'] as Message[]).map((n) => nodeIn(n, external)),
  };
}

/** Reads ModelProto bytes; `external` supplies tensors kept in other files. Throws `corrupt` when they are not ONNX. */
export function decodeModel(bytes: Uint8Array, external?: ExternalData): Model {
  const message = (() => {
    try {
      return decode(modelMessage, bytes);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault('corrupt', 'this is not an ONNX file', undefined, error);
    }
  })();
  if (!message['graph']) throw new Fault('corrupt', 'this is not an ONNX file: it holds no graph');
  return {
    irVersion: Number(message['irVersion'] ?? 0),
    opsets: Object.fromEntries(
      (message['opsetImport'] as Message[]).map((o) => [
        text(o['domain']) === 'ai.onnx' ? '' : text(o['domain']),
        Number(o['version']),
      ]),
    ),
    producer: text(message['producerName']),
    metadata: Object.fromEntries(
      (message['metadataProps'] as Message[]).map((e) => [text(e['key']), text(e['value'])]),
    ),
    graph: graphIn(message['graph'] as Message, external),
  };
}

/** True when two tensors have the same type, shape and bits. */
export function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
  if (Array.isArray(a.data) || Array.isArray(b.data)) return String(a.data) === String(b.data);
  const bytes = (array: NumericArray) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return bytes(a.data).equals(bytes(b.data));
}
