// Model objects to ONNX bytes.
import { utf8 } from '../base/index.ts';
import type { Attribute, Dim, Model, ModelGraph, Node, ValueInfo } from './ir.ts';
import { modelMessage } from './messages.ts';
import { dtypes, type Tensor, tensorBytes } from './tensor.ts';
import { encode, type Message } from './wire.ts';

/** AttributeProto.AttributeType and the field that holds the value. */
export const attributeKinds = {
  float: { code: 1, field: 'f' },
  int: { code: 2, field: 'i' },
  string: { code: 3, field: 's' },
  tensor: { code: 4, field: 't' },
  graph: { code: 5, field: 'g' },
  floats: { code: 6, field: 'floats' },
  ints: { code: 7, field: 'ints' },
  strings: { code: 8, field: 'strings' },
} as const satisfies Record<Attribute['type'], { code: number; field: string }>;

function tensorOut(name: string, value: Tensor): Message {
  const base = { name, dims: value.dims, dataType: dtypes[value.dtype].code };
  if (Array.isArray(value.data)) return { ...base, stringData: value.data.map(utf8) };
  return { ...base, rawData: tensorBytes(value) };
}

function attributeOut(name: string, attribute: Attribute): Message {
  const { code, field } = attributeKinds[attribute.type];
  const value = (() => {
    switch (attribute.type) {
      case 'string':
        return utf8(attribute.value);
      case 'strings':
        return attribute.value.map(utf8);
      case 'tensor':
        return tensorOut('', attribute.value);
      case 'graph':
        return graphOut(attribute.value);
      default:
        return attribute.value;
    }
  })();
  return { name, type: code, [field]: value };
}

const dimOut = (dim: Dim): Message => {
  if (typeof dim === 'number') return { value: dim };
  return dim === '?' ? {} : { param: dim };
};

const valueOut = (info: ValueInfo): Message => ({
  name: info.name,
  type: { tensor: { elemType: dtypes[info.dtype].code, shape: { dim: info.shape.map(dimOut) } } },
});

const nodeOut = (node: Node): Message => ({
  input: node.inputs,
  output: node.outputs,
  name: node.name,
  opType: node.op,
  domain: node.domain,
  attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeOut(name, attribute)),
});

function graphOut(graph: ModelGraph): Message {
  return {
    name: graph.name,
    node: graph.nodes.map(nodeOut),
    initializer: [...graph.initializers].map(([name, value]) => tensorOut(name, value)),
    input: graph.inputs.map(valueOut),
    output: graph.outputs.map(valueOut),
  };
}

/** ModelProto bytes, with all tensors inside (protobuf's limit: below 2 GiB). */
export function encodeModel(model: Model): Uint8Array {
  return encode(modelMessage, {
    irVersion: model.irVersion,
    producerName: model.producer,
    graph: graphOut(model.graph),
    opsetImport: Object.entries(model.opsets).map(([domain, version]) => ({ domain, version })),
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
  });
}
