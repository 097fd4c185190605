// Reverse-mode differentiation of a graph (Griewank & Walther, Evaluating Derivatives, ch. 3). Bookkeeping only: what
// an operator's gradient is stands in the table of rules.
import { type GraphBuilder, nameNode, type Node, sameShape, type Value } from '../graph/index.ts';
import { Fault } from '../schema/index.ts';
import type { GradContext } from './rule.ts';
import { expandLike, sumTo } from './shapes.ts';
import { gradientTable } from './table.ts';

const floats = new Set(['float32', 'float64', 'float16']);

/** Values that depend on `wanted` through floats: only these carry gradients. */
function activeValues(nodes: readonly Node[], g: GraphBuilder, wanted: readonly string[]): Set<string> {
  const active = new Set(wanted);
  for (const node of nodes) {
    if (!node.inputs.some((name) => active.has(name))) continue;
    for (const name of node.outputs) if (name !== '' && floats.has(g.value(name).dtype)) active.add(name);
  }
  return active;
}

function contextOf(g: GraphBuilder, node: Node, dys: (Value | null)[]): GradContext {
  const inputs = node.inputs.map((name) => (name === '' ? null : g.value(name)));
  const fail = (message: string): never => {
    throw new Fault('unsupported_operator', `${nameNode(node)} cannot be trained through: ${message}`);
  };
  const attribute = (name: string) => node.attributes[name]?.value;
  return {
    g,
    node,
    inputs,
    x: (i) => inputs[i] ?? fail(`input ${i} is missing`),
    y: (i) => g.value(g.outputOf(node.outputs[0], i)),
    dy: dys.find((dy) => dy !== null) as Value,
    dys,
    int: (name, otherwise) => (attribute(name) as number | undefined) ?? otherwise,
    float: (name, otherwise) => (attribute(name) as number | undefined) ?? otherwise,
    ints: (name) => attribute(name) as number[] | undefined,
    text: (name, otherwise) => (attribute(name) as string | undefined) ?? otherwise,
    fail,
  };
}

/**
 * Appends to `g`, which holds `nodes`, the gradients of a scalar function of their values. `seeds` holds the gradient
 * of that function by each value it starts from; the result has one gradient for each name in `wanted` that it depends
 * on. Throws `unsupported_operator` naming an operator without a rule.
 */
export function backward(
  g: GraphBuilder,
  nodes: readonly Node[],
  seeds: ReadonlyMap<string, Value>,
  wanted: readonly string[],
): Map<string, Value> {
  const active = activeValues(nodes, g, wanted);
  const arrived = new Map<string, Value[]>();
  for (const [name, value] of seeds) arrived.set(name, [value]);

  const collect = (name: string): Value | null => {
    const parts = arrived.get(name);
    if (!parts) return null;
    // One after the other: onnxruntime's Sum runs on one thread, its Add on all.
    const total = parts.reduce((a, b) => g.op('Add', [a, b]));
    arrived.set(name, [total]);
    return total;
  };

  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => active.has(name) && arrived.has(name))) continue;
    if (!node.inputs.some((name) => active.has(name))) continue;
    const entry = Object.hasOwn(gradientTable, node.op) ? gradientTable[node.op] : undefined;
    if (!entry) {
      throw new Fault(
        'unsupported_operator',
        `operator ${node.op} of node ${nameNode(node)} has no gradient: freeze the weights before it, or replace it`,
      );
    }
    const dys = node.outputs.map((name) => {
      const dy = name === '' ? null : collect(name);
      return dy && !entry.pointwise ? expandLike(g, dy, g.value(name)) : dy;
    });
    const gradients = entry.rule(contextOf(g, node, dys));
    if (gradients.length !== node.inputs.length) {
      throw new Fault(
        'internal',
        `the gradient rule of ${node.op} gave ${gradients.length} gradients for ${node.inputs.length} inputs`,
      );
    }
    node.inputs.forEach((name, i) => {
      const lazy = gradients[i];
      if (!lazy || !active.has(name)) return;
      const { shape } = g.value(name);
      const made = lazy();
      const waiting = sameShape(made.shape, shape) || isNarrower(made, shape);
      const gradient = waiting ? made : sumTo(g, expandLike(g, made, widest(g, made, node)), shape);
      arrived.set(name, [...(arrived.get(name) ?? []), gradient]);
    });
  }
  const result = new Map<string, Value>();
  for (const name of wanted) {
    const gradient = collect(name);
    if (gradient) result.set(name, expandLike(g, gradient, g.value(name)));
  }
  return result;
}

/** True when `value` broadcasts to the shape without growing it. */
function isNarrower(value: Value, shape: Value['shape']): boolean {
  const lead = shape.length - value.shape.length;
  return lead >= 0 && value.shape.every((dim, i) => dim === 1 || dim === shape[i + lead]);
}

/** What a gradient that is still to be summed back must first be broadcast to: the node's output. */
function widest(g: GraphBuilder, value: Value, node: Node): Value {
  const output = g.value(node.outputs[0]);
  return isNarrower(value, output.shape) ? output : value;
}
