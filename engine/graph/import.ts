// A foreign model as one of our graphs: opset differences levelled, constants made initializers, every value typed.
import type { Dim, Model, Node, Tensor, ValueInfo } from '../onnx/index.ts';
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { type Graph, inferTypes } from './graph.ts';
import { opTable } from './table.ts';

/** Opsets whose operators mean what the table says, after `level` below. */
const readable = { least: 13, most: 21 };

/** The value of a Constant node, in any of its attribute forms. */
function constantOf(node: Node): Tensor | undefined {
  const [attribute] = Object.values(node.attributes);
  switch (attribute?.type) {
    case 'tensor':
      return attribute.value;
    case 'float':
      return tensor('float32', [], [attribute.value]);
    case 'int':
      return tensor('int64', [], [attribute.value]);
    case 'floats':
      return tensor('float32', [attribute.value.length], attribute.value);
    case 'ints':
      return tensor('int64', [attribute.value.length], attribute.value);
    default:
      return undefined;
  }
}

/** Axes of a Reduce* are an attribute up to opset 17 and an input later: ours are the attribute's form. */
function level(node: Node, constants: ReadonlyMap<string, Tensor>): Node {
  const rule = opTable[node.op];
  const second = node.inputs[1];
  if (!rule?.attributes || !('axes' in rule.attributes) || second === undefined || !node.op.startsWith('Reduce'))
    return node;
  const axes = constants.get(second);
  if (!axes) throw new Fault('bad_graph', `${node.op} "${node.name}": axes must be constant`);
  const { noop_with_empty_axes: _, ...rest } = node.attributes;
  return {
    ...node,
    inputs: node.inputs.slice(0, 1),
    attributes: { ...rest, axes: { type: 'ints', value: Array.from(axes.data as BigInt64Array, Number) } },
  };
}

/** Dimensions nobody named get a name of their own, so that they stay apart in shape rules. */
function named(info: ValueInfo): ValueInfo {
  return { ...info, shape: info.shape.map((dim: Dim, i) => (dim === '?' ? `${info.name}_${i}` : dim)) };
}

/**
 * Reads a model as a graph with the given trainable initializers (none when absent). Throws `bad_graph` or
 * `unsupported_operator` naming the node.
 */
export function graphOf(model: Model, parameters: readonly string[] = []): Graph {
  const opset = model.opsets[''] ?? 0;
  if (opset < readable.least || opset > readable.most) {
    throw new Fault(
      'bad_graph',
      `the model uses opset ${opset}; export it with opset ${readable.least} to ${readable.most}, best 17`,
    );
  }
  const initializers = new Map(model.graph.initializers);
  const nodes: Node[] = [];
  for (const node of model.graph.nodes) {
    const value = node.op === 'Constant' && node.domain === '' ? constantOf(node) : undefined;
    if (value) initializers.set(node.outputs[0], value);
    else nodes.push(level(node, initializers));
  }
  const missing = parameters.find((name) => !initializers.has(name));
  if (missing !== undefined) throw new Fault('bad_graph', `the model has no initializer "${missing}"`);
  const graph = {
    name: model.graph.name,
    inputs: model.graph.inputs.map(named),
    initializers,
    nodes,
    parameters: [...parameters],
  };
  const types = inferTypes({ ...graph, outputs: [] });
  const outputs = model.graph.outputs.map(({ name }) => {
    const type = types.get(name);
    if (!type) throw new Fault('bad_graph', `output "${name}" is made by no node`);
    return { name, dtype: type.dtype, shape: type.shape };
  });
  return { ...graph, outputs, types };
}
