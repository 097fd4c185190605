// A foreign model as one of our graphs: opset differences levelled, constants made initializers, every value typed.
import type { Dim, Model, Node, Tensor, ValueInfo } from '../onnx/index.ts';
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { type Graph, inferNode, tensorType } from './graph.ts';
import { level, type LevelContext, readableOpsets } from './opsets.ts';
import type { ValueType } from './rule.ts';

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
  if (opset < readableOpsets.least || opset > readableOpsets.most) {
    throw new Fault(
      'bad_graph',
      `the model uses opset ${opset}; export it with opset ${readableOpsets.least} to ${readableOpsets.most}, best 17`,
    );
  }
  const initializers = new Map(model.graph.initializers);
  const missing = parameters.find((name) => !initializers.has(name) && !isConstant(model, name));
  if (missing !== undefined) throw new Fault('bad_graph', `the model has no initializer "${missing}"`);
  const inputs = model.graph.inputs.map(named);
  const trainable = new Set(parameters);
  const types = new Map<string, ValueType>();
  const place = (name: string, value: Tensor) => {
    initializers.set(name, value);
    // What training changes must not be folded into shapes.
    types.set(name, trainable.has(name) ? { dtype: value.dtype, shape: [...value.dims] } : tensorType(value));
  };
  for (const { name, dtype, shape } of inputs) types.set(name, { dtype, shape });
  for (const [name, value] of model.graph.initializers) place(name, value);
  const constant = (name: string) => (trainable.has(name) ? undefined : initializers.get(name));
  let added = 0;
  const context: LevelContext = {
    opset,
    type: (name) => types.get(name),
    constant,
    add(value) {
      while (types.has(`opset17/${added}`)) added++;
      place(`opset17/${added}`, value);
      return `opset17/${added}`;
    },
  };
  const nodes: Node[] = [];
  for (const node of model.graph.nodes) {
    const value = node.op === 'Constant' && node.domain === '' ? constantOf(node) : undefined;
    if (value) {
      place(node.outputs[0], value);
      continue;
    }
    for (const leveled of level(node, context)) {
      inferNode(leveled, types, constant).forEach((type, i) => {
        if (leveled.outputs[i] !== '') types.set(leveled.outputs[i], type);
      });
      nodes.push(leveled);
    }
  }
  const outputs = model.graph.outputs.map(({ name }) => {
    const type = types.get(name);
    if (!type) throw new Fault('bad_graph', `output "${name}" is made by no node`);
    return { name, dtype: type.dtype, shape: type.shape };
  });
  return { name: model.graph.name, inputs, outputs, initializers, nodes, parameters: [...parameters], types };
}

const isConstant = (model: Model, name: string): boolean =>
  model.graph.nodes.some((node) => node.op === 'Constant' && node.outputs[0] === name);
