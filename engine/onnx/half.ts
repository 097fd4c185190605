// Models and tensors of float16 as float32, for everything here that computes: same values, twice the size.
import type { Attribute, Model, ModelGraph, Node, ValueInfo } from './ir.ts';
import { dtypes, type Tensor, tensor } from './tensor.ts';

/** float16 (IEEE 754 binary16) as float32, exactly. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

const wide = (value: Tensor): Tensor =>
  value.dtype === 'float16' ? tensor('float32', value.dims, fromHalf(value.data as Uint16Array)) : value;

const wideInfo = (info: ValueInfo): ValueInfo => (info.dtype === 'float16' ? { ...info, dtype: 'float32' } : info);

function wideAttribute(node: Node, name: string, attribute: Attribute): Attribute {
  if (attribute.type === 'tensor') return { type: 'tensor', value: wide(attribute.value) };
  if (attribute.type === 'graph') return { type: 'graph', value: wideGraph(attribute.value) };
  const isType = (node.op === 'Cast' && name === 'to') || name === 'dtype';
  return isType && attribute.type === 'int' && attribute.value === dtypes.float16.code
    ? { type: 'int', value: dtypes.float32.code }
    : attribute;
}

function wideGraph(graph: ModelGraph): ModelGraph {
  return {
    ...graph,
    inputs: graph.inputs.map(wideInfo),
    outputs: graph.outputs.map(wideInfo),
    initializers: new Map([...graph.initializers].map(([name, value]) => [name, wide(value)])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([name, attribute]) => [name, wideAttribute(node, name, attribute)]),
      ),
    })),
  };
}

/** The same model with float32 wherever it has float16: inputs and outputs, weights, constants and casts. */
export const inFloat32 = (model: Model): Model => ({ ...model, graph: wideGraph(model.graph) });
