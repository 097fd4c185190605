// How much memory a graph's values take while it runs, told from shapes before it runs: what is made, what is freed after
// its last reader. An estimate: the runtime may work in place, and rounds what it asks of the system.
import { type Dim, type Graph, namesRead, type Node, type ValueType } from '../graph/index.ts';
import { dtypes } from '../onnx/index.ts';

/** Numbers for symbolic dimensions by name; others are `otherwise`. */
export interface Sizes {
  named: Readonly<Record<string, number>>;
  otherwise: number;
}

/** The value of a symbolic dimension: names, products, sums and quotients in parentheses, as graph/dims.ts writes them. */
export function sizeOfDim(dim: Dim, { named, otherwise }: Sizes): number {
  if (typeof dim === 'number') return dim;
  const tokens = dim.match(/\d+(?:\.\d+)?|[A-Za-z_][\w.]*|[()*+/-]/g) ?? [];
  let at = 0;
  const atom = (): number => {
    const token = tokens[at++];
    if (token === '(') {
      const value = sum();
      at++;
      return value;
    }
    if (token === '-') return -atom();
    if (token === undefined) return otherwise;
    return /^\d/.test(token) ? Number(token) : (named[token] ?? otherwise);
  };
  const product = (): number => {
    let value = atom();
    while (tokens[at] === '*' || tokens[at] === '/') value = tokens[at++] === '*' ? value * atom() : value / atom();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-')
      value = tokens[at++] === '+' ? value + product() : value - product();
    return value;
  };
  // What is written otherwise (ranges, slices) is as large as one name.
  if (/[:?]|range/.test(dim)) return otherwise;
  const value = sum();
  return Number.isFinite(value) ? Math.max(0, value) : otherwise;
}

/** Bytes of a value. */
export function bytesOf({ dtype, shape }: ValueType, sizes: Sizes): number {
  return shape.reduce<number>((total, dim) => total * sizeOfDim(dim, sizes), dtypes[dtype].bytes);
}

/** Operators whose output is the memory of their first input. */
const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity']);

/** Whether a node gives its input's memory another shape only. */
export const isView = ({ op, domain }: Node): boolean => domain === '' && views.has(op);

/**
 * Most bytes that values made by nodes take at once, nodes run in their order; inputs, constants and outputs are not counted,
 * for they lie elsewhere.
 */
export function peakBytes(graph: Graph, sizes: Sizes): number {
  /** The value whose memory a value is. */
  const owner = new Map<string, string>();
  const own = (name: string): string => owner.get(name) ?? name;
  const last = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    if (isView(node)) owner.set(node.outputs[0], own(node.inputs[0]));
    for (const name of namesRead(node)) last.set(own(name), i);
  });
  const outputs = new Set(graph.outputs.map(({ name }) => own(name)));
  const given = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const freed = new Map<number, string[]>();
  for (const [name, i] of last) freed.set(i, [...(freed.get(i) ?? []), name]);
  const held = new Map<string, number>();
  let now = 0;
  let most = 0;
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      const type = graph.types.get(name);
      if (name === '' || !type || own(name) !== name || outputs.has(name) || given.has(name)) continue;
      const bytes = bytesOf(type, sizes);
      held.set(name, bytes);
      now += bytes;
    }
    most = Math.max(most, now);
    const gone = [...(freed.get(i) ?? []), ...node.outputs.filter((name) => !last.has(name))];
    for (const name of gone) {
      now -= held.get(name) ?? 0;
      held.delete(name);
    }
  });
  return most;
}
