// Rewrites of a graph that leave every bit of its outputs as it is: copies, dead nodes, values computed twice and
// transpositions that undo each other go. Nothing here may change a rounding, so that `predict` equals `evaluate`.
import type { Attribute, Node, Tensor } from '../onnx/index.ts';
import { type Graph, namesRead } from './graph.ts';

/** Operators whose two runs on the same inputs differ. */
const random = new Set([
  'RandomNormal',
  'RandomUniform',
  'RandomNormalLike',
  'RandomUniformLike',
  'Multinomial',
  'Dropout',
]);

const hasBody = (node: Node): boolean => Object.values(node.attributes).some(({ type }) => type === 'graph');

const readByBodies = (graph: Graph): Set<string> =>
  new Set(graph.nodes.filter(hasBody).flatMap((node) => namesRead(node).filter((name) => !node.inputs.includes(name))));

/** What stands for a value: names that need no computing of their own lead to the one that is kept. */
type Stand = Map<string, string>;

const standing = (stand: Stand, name: string): string => stand.get(name) ?? name;

const renamed = (node: Node, stand: Stand): Node =>
  node.inputs.some((name) => stand.has(name))
    ? { ...node, inputs: node.inputs.map((name) => standing(stand, name)) }
    : node;

const tensorKey = ({ dtype, dims, data }: Tensor): string =>
  `${dtype}[${dims.join()}]${Array.from(data as Iterable<unknown>, (v) => (Object.is(v, -0) ? '-0' : String(v))).join()}`;

function attributeKey(name: string, { type, value }: Attribute): string {
  const text = type === 'tensor' ? tensorKey(value) : JSON.stringify(value);
  return `${name}:${type}=${text}`;
}

/** The same key, the same outputs. */
function keyOf(node: Node): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => attributeKey(name, value));
  return [node.domain, node.op, node.outputs.length, node.inputs.join('\u0001'), ...attributes.toSorted()].join(
    '\u0002',
  );
}

const permOf = (node: Node | undefined): number[] | undefined =>
  node?.op === 'Transpose' && node.domain === '' ? (node.attributes['perm']?.value as number[] | undefined) : undefined;

/** The value that a node merely copies. */
function copied(node: Node, makers: ReadonlyMap<string, Node>, graph: Graph): string | undefined {
  const [from] = node.inputs;
  const [output] = node.outputs;
  if (node.domain !== '') return undefined;
  if (node.op === 'Identity') return from;
  const perm = permOf(node);
  if (perm?.every((axis, i) => axis === i)) return from;
  const before = permOf(makers.get(from));
  if (perm && before && perm.every((axis, i) => before[axis] === i)) return makers.get(from)?.inputs[0];
  const [type, sourceType] = [graph.types.get(output), graph.types.get(from)];
  const sameType =
    type && sourceType && type.dtype === sourceType.dtype && type.shape.length === sourceType.shape.length;
  const sameSizes = sameType && type.shape.every((dim, i) => dim === sourceType.shape[i]);
  if (node.op === 'Cast') return type?.dtype === sourceType?.dtype ? from : undefined;
  return ['Reshape', 'Expand', 'Squeeze', 'Unsqueeze', 'Flatten'].includes(node.op) && sameSizes ? from : undefined;
}

/** Two transpositions in a row, and two reshapes in a row, are one. */
function shortened(node: Node, makers: ReadonlyMap<string, Node>, constants: ReadonlyMap<string, Tensor>): Node {
  const before = makers.get(node.inputs[0]);
  const [perm, first] = [permOf(node), permOf(before)];
  if (before && perm && first) {
    const both = perm.map((axis) => first[axis]);
    return {
      ...node,
      inputs: [before.inputs[0]],
      attributes: { ...node.attributes, perm: { type: 'ints', value: both } },
    };
  }
  const keepsSizes = (): boolean => {
    const sizes = constants.get(node.inputs[1]);
    return !sizes || Array.from(sizes.data as Iterable<unknown>, Number).includes(0);
  };
  if (node.op === 'Reshape' && before?.op === 'Reshape' && !keepsSizes())
    return { ...node, inputs: [before.inputs[0], node.inputs[1]] };
  return node;
}

/** Equal small constants that are not trained become one. */
function shareConstants(graph: Graph, stand: Stand): void {
  const parameters = new Set(graph.parameters);
  const found = new Map<string, string>();
  for (const [name, value] of graph.initializers) {
    if (parameters.has(name) || value.data.length > 64) continue;
    const key = tensorKey(value);
    const other = found.get(key);
    if (other === undefined) found.set(key, name);
    else stand.set(name, other);
  }
}

/** Nodes that no output needs go, and initializers that no node reads. */
function withoutDead(graph: Graph, nodes: readonly Node[]): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const kept = nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of namesRead(node)) needed.add(name);
      return true;
    })
    .toReversed();
  const parameters = new Set(graph.parameters);
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name) || parameters.has(name)));
  const made = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...initializers.keys(),
    ...kept.flatMap((n) => n.outputs),
  ]);
  const types = new Map([...graph.types].filter(([name]) => made.has(name)));
  return { ...graph, nodes: kept, initializers, types };
}

/** A graph with the same inputs and outputs, bit for bit, and fewer nodes. */
export function optimise(graph: Graph): Graph {
  const stand: Stand = new Map();
  const fixed = new Set([...graph.outputs.map(({ name }) => name), ...readByBodies(graph)]);
  shareConstants(graph, stand);
  for (const name of fixed) stand.delete(name);
  const makers = new Map<string, Node>();
  const known = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const node = shortened(renamed(original, stand), makers, graph.initializers);
    const free = !node.outputs.some((name) => fixed.has(name));
    const source = free ? copied(node, makers, graph) : undefined;
    if (source !== undefined) {
      stand.set(node.outputs[0], source);
      continue;
    }
    const key = hasBody(node) || random.has(node.op) ? undefined : keyOf(node);
    const twin = key === undefined ? undefined : known.get(key);
    if (twin && free) {
      node.outputs.forEach((name, i) => {
        if (name !== '' && twin.outputs[i] !== '') stand.set(name, twin.outputs[i]);
      });
      if (node.outputs.every((name, i) => name === '' || twin.outputs[i] !== '')) continue;
    }
    if (key !== undefined && !twin) known.set(key, node);
    for (const name of node.outputs) makers.set(name, node);
    nodes.push(node);
  }
  return withoutDead(graph, copiesOnly(graph, nodes));
}

/** An output that is a copy of a value which nothing else needs under its own name is made under the output's name. */
function copiesOnly(graph: Graph, nodes: readonly Node[]): Node[] {
  const fixed = new Set([...graph.inputs.map(({ name }) => name), ...graph.outputs.map(({ name }) => name)]);
  const bodies = readByBodies(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const takes = new Map<string, string>();
  const copies = new Set<Node>();
  for (const node of nodes) {
    const [from] = node.inputs;
    const movable = made.has(from) && !fixed.has(from) && !bodies.has(from) && !takes.has(from);
    if (node.op !== 'Identity' || node.domain !== '' || !outputs.has(node.outputs[0]) || !movable) continue;
    takes.set(from, node.outputs[0]);
    copies.add(node);
  }
  return nodes
    .filter((node) => !copies.has(node))
    .map((node) => ({
      ...renamed(node, takes),
      outputs: node.outputs.map((name) => takes.get(name) ?? name),
    }));
}
