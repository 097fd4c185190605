// Graph legality: one table of rules, run in tests and before every export. Each rule gives what is wrong, or nothing.
import { Fault } from '../schema/index.ts';
import { sameShape } from './dims.ts';
import { type Graph, inferTypes, namesRead } from './graph.ts';
import { nameNode } from './rule.ts';

type Rule = (graph: Graph) => string | undefined;

const duplicate = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);

/** What must hold of every graph, by the name of the rule. */
export const legality: Readonly<Record<string, Rule>> = {
  'values are made once': ({ inputs, initializers, nodes }) => {
    const seen = new Set<string>();
    const made = [
      ...inputs.map((i) => i.name),
      ...initializers.keys(),
      ...nodes.flatMap((n) => n.outputs.filter((o) => o !== '')),
    ];
    for (const name of made) {
      if (seen.has(name)) return `value "${name}" is made twice`;
      seen.add(name);
    }
    return undefined;
  },
  'nodes stand after what they read': ({ inputs, initializers, nodes }) => {
    const made = new Set([...inputs.map((i) => i.name), ...initializers.keys()]);
    for (const node of nodes) {
      const missing = namesRead(node).find((name) => !made.has(name));
      if (missing !== undefined) return `${nameNode(node)} reads "${missing}" before it is made`;
      for (const output of node.outputs) made.add(output);
    }
    return undefined;
  },
  'names are not empty': ({ inputs, outputs }) =>
    [...inputs, ...outputs].some((info) => info.name === '') ? 'an input or output has no name' : undefined,
  'outputs have distinct names': ({ outputs }) => {
    const twice = duplicate(outputs.map((output) => output.name));
    return twice === undefined ? undefined : `output "${twice}" is listed twice`;
  },
  'there is an output': ({ outputs }) => (outputs.length === 0 ? 'the graph has no output' : undefined),
  'parameters are float initializers': ({ parameters, initializers }) => {
    const bad = parameters.find(
      (name) => !['float32', 'float64', 'float16'].includes(initializers.get(name)?.dtype ?? ''),
    );
    return bad === undefined ? undefined : `parameter "${bad}" is not a float initializer`;
  },
  'parameters are listed once': ({ parameters }) => {
    const twice = duplicate(parameters);
    return twice === undefined ? undefined : `parameter "${twice}" is listed twice`;
  },
  'types are as the operators say': (graph) => {
    const types = inferTypes(graph);
    for (const { name, dtype, shape } of graph.outputs) {
      const type = types.get(name);
      if (!type) return `output "${name}" is made by nothing`;
      if (type.dtype !== dtype || !sameShape(type.shape, shape)) {
        return `output "${name}" is ${type.dtype} [${type.shape.join(',')}], declared ${dtype} [${shape.join(',')}]`;
      }
    }
    return undefined;
  },
};

/** Throws `bad_graph` with the first rule that does not hold. */
export function checkGraph(graph: Graph): void {
  for (const rule of Object.values(legality)) {
    const wrong = rule(graph);
    if (wrong !== undefined) throw new Fault('bad_graph', `graph ${graph.name}: ${wrong}`);
  }
}
