// A graph whose every value has a type: what the rest of the engine passes around.
import type { Model, ModelGraph, Node, Tensor } from '../onnx/index.ts';
import { wrapGraph } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { inferContext, nameNode, type ValueType } from './rule.ts';
import { ruleOf } from './table.ts';

export interface Graph extends ModelGraph {
  /** Names of the initializers that training changes, in the order of the optimiser's flat buffers. */
  parameters: string[];
  /** Type of every value: inputs, initializers and node outputs. */
  types: Map<string, ValueType>;
}

/** Integer constants up to this size have their elements tracked through shape arithmetic. */
const knownLimit = 64;

/** Type of an initializer; small integer ones are known by content. */
export function tensorType(value: Tensor): ValueType {
  const type: ValueType = { dtype: value.dtype, shape: [...value.dims] };
  const integer = value.dtype === 'int64' || value.dtype === 'int32';
  if (!integer || value.dims.length > 1 || value.data.length > knownLimit) return type;
  return { ...type, known: Array.from(value.data as Iterable<number | bigint>, Number) };
}

/** Every name that a node reads, those that a subgraph takes from outside included. */
export function namesRead(node: Node): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.type !== 'graph') continue;
    const { inputs, initializers, nodes, outputs } = attribute.value;
    const own = new Set([...inputs.map((i) => i.name), ...initializers.keys(), ...nodes.flatMap((n) => n.outputs)]);
    names.push(...[...nodes.flatMap(namesRead), ...outputs.map((o) => o.name)].filter((name) => !own.has(name)));
  }
  return names;
}

/** Types of a node's outputs from those of its inputs; throws `bad_graph` or `unsupported_operator` naming the node. */
export function inferNode(
  node: Node,
  types: ReadonlyMap<string, ValueType>,
  constant: (name: string) => Tensor | undefined,
): ValueType[] {
  const rule = ruleOf(node);
  const fail = (message: string): never => {
    throw new Fault('bad_graph', `${nameNode(node)}: ${message}`);
  };
  const [least, most] = rule.inputs;
  const [fewest, mostOut] = rule.outputs ?? [1, 1];
  if (node.inputs.length < least || node.inputs.length > most)
    fail(`${node.inputs.length} inputs, needs ${least} to ${most}`);
  if (node.outputs.length < fewest || node.outputs.length > mostOut)
    fail(`${node.outputs.length} outputs, needs ${fewest} to ${mostOut}`);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    const kind = rule.attributes?.[name];
    if (!kind) fail(`has no attribute ${name}`);
    if (kind !== attribute.type) fail(`attribute ${name} must be ${kind}, got ${attribute.type}`);
  }
  const inputs = node.inputs.map((name) =>
    name === '' ? undefined : (types.get(name) ?? fail(`input "${name}" does not exist`)),
  );
  const outputs = rule.infer(inferContext(node, inputs, constant));
  return outputs.slice(0, node.outputs.length);
}

/** Types of every value of a graph, checked node by node. */
export function inferTypes(graph: ModelGraph & { parameters?: readonly string[] }): Map<string, ValueType> {
  const types = new Map<string, ValueType>();
  const trainable = new Set(graph.parameters);
  for (const { name, dtype, shape } of graph.inputs) types.set(name, { dtype, shape });
  for (const [name, value] of graph.initializers) types.set(name, tensorType(value));
  const constant = (name: string) => (trainable.has(name) ? undefined : graph.initializers.get(name));
  for (const node of graph.nodes) {
    const outputs = inferNode(node, types, constant);
    node.outputs.forEach((name, i) => {
      if (name !== '') types.set(name, outputs[i]);
    });
  }
  return types;
}

/** The model to write or run. */
export function modelOf(graph: ModelGraph, metadata: Record<string, string> = {}): Model {
  const { name, inputs, outputs, initializers, nodes } = graph;
  return wrapGraph({ name, inputs, outputs, initializers, nodes }, metadata);
}
