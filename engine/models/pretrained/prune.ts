// What a graph needs for some of its values, and nothing else. Also the names by which users pick weights.
import { type Graph, inferTypes, type Node, namesRead } from '../../graph/index.ts';
import type { ModelGraph } from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';

/** Nodes, inputs and initializers that the named values come from; they are the new outputs, not yet typed. */
export function pruned(
  graph: ModelGraph,
  wanted: readonly string[],
): Pick<ModelGraph, 'inputs' | 'initializers' | 'nodes'> {
  const needed = new Set(wanted);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return {
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
    nodes: nodes.toReversed(),
  };
}

/** The graph cut down to one of its values as its only output. Throws `bad_graph` naming what could be kept instead. */
export function keepOutput(graph: Graph, output: string): Graph {
  const type = graph.types.get(output);
  if (!type) {
    const known = graph.outputs.map(({ name }) => name).join(', ');
    throw new Fault('bad_graph', `the model has no output "${output}"; it has ${known}`);
  }
  const parts = pruned(graph, [output]);
  const cut = {
    name: graph.name,
    ...parts,
    parameters: graph.parameters.filter((name) => parts.initializers.has(name)),
    outputs: [{ name: output, dtype: type.dtype, shape: type.shape }],
  };
  return { ...cut, types: inferTypes(cut) };
}

/** Tells whether a name matches one of the patterns, in which `*` stands for any characters. */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const rules = patterns.map((pattern) => {
    const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${escaped.join('.*')}$`, 's');
  });
  return (name) => rules.some((rule) => rule.test(name));
}

/** Throws `bad_request` naming a pattern that no name matches. */
export function checkPatterns(patterns: readonly string[], names: readonly string[], what: string): void {
  const idle = patterns.find((pattern) => !names.some(matcher([pattern])));
  if (idle === undefined) return;
  const some = names.slice(0, 5).map((name) => `"${name}"`);
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  throw new Fault('bad_request', `no ${what} matches "${idle}"; there are ${some.join(', ')}${more}`);
}
