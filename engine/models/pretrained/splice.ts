// Copies a finished graph into one under construction.
import { type Graph, type GraphBuilder, type Value } from '../../graph/index.ts';
import { Fault } from '../../schema/index.ts';

/**
 * Adds the graph's nodes under `prefix`, its inputs replaced by `feeds`; gives its outputs by name. Parameters keep their own
 * names, and `shared` holds what was added once: a second copy with the same map reads the same weights.
 */
export function splice(
  g: GraphBuilder,
  graph: Graph,
  feeds: Readonly<Record<string, Value>>,
  prefix: string,
  shared: Map<string, Value>,
): Map<string, Value> {
  const trained = new Set(graph.parameters);
  const values = new Map<string, Value>(Object.entries(feeds));
  for (const [name, value] of graph.initializers) {
    const made = shared.get(name) ?? (trained.has(name) ? g.parameter(name, value) : g.constant(value, `base/${name}`));
    shared.set(name, made);
    values.set(name, made);
  }
  const get = (name: string): Value => {
    const value = values.get(name);
    if (!value) throw new Fault('bad_graph', `graph ${graph.name} needs the input "${name}", which nothing gives here`);
    return value;
  };
  for (const node of graph.nodes) {
    if (Object.values(node.attributes).some(({ type }) => type === 'graph'))
      throw new Fault(
        'unsupported_operator',
        `operator ${node.op} of node "${node.name}" holds a graph of its own: export the model without it`,
      );
    const named = node.outputs.filter((name) => name !== '');
    const made = g.node({
      ...node,
      name: `${prefix}/${node.name}`,
      inputs: node.inputs.map((name) => (name === '' ? '' : get(name).name)),
      outputs: node.outputs.map((name) => (name === '' ? '' : `${prefix}/${name}`)),
    });
    named.forEach((name, i) => values.set(name, made[i]));
  }
  return new Map(graph.outputs.map(({ name }) => [name, get(name)]));
}
