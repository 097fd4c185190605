// Joins graphs end to end: preprocessing before a network, post-processing behind it.
import type { Node } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { type Graph, inferTypes } from './graph.ts';

export interface ComposeOptions {
  /** Outputs of the first graph that stay outputs of the result though the second reads them. */
  keep?: readonly string[];
}

/**
 * Feeds outputs of `first` into inputs of `second` by the map from output to input name. Unmapped inputs of either stay
 * inputs (equal names are one input), unmapped outputs stay outputs. Names inside `second` that clash are prefixed;
 * parameter and output names of both must differ.
 */
export function compose(
  first: Graph,
  second: Graph,
  wires: Readonly<Record<string, string>>,
  options: ComposeOptions = {},
): Graph {
  const fed = new Map<string, string>();
  for (const [from, to] of Object.entries(wires)) {
    if (!first.outputs.some((output) => output.name === from))
      throw new Fault('bad_graph', `graph ${first.name} has no output "${from}"`);
    if (!second.inputs.some((input) => input.name === to))
      throw new Fault('bad_graph', `graph ${second.name} has no input "${to}"`);
    fed.set(to, from);
  }
  const taken = new Set(first.types.keys());
  const fixed = new Set([...second.parameters, ...second.outputs.map((o) => o.name)]);
  const inputs = new Set(second.inputs.map((input) => input.name));
  const renamed = new Map<string, string>();
  for (const name of second.types.keys()) {
    if (fed.has(name)) renamed.set(name, fed.get(name) as string);
    else if (inputs.has(name) && first.inputs.some((input) => input.name === name)) renamed.set(name, name);
    else if (taken.has(name)) {
      if (fixed.has(name) || inputs.has(name)) throw new Fault('bad_graph', `both graphs have a value "${name}"`);
      let free = `${second.name}/${name}`;
      while (taken.has(free) || second.types.has(free)) free += '_';
      renamed.set(name, free);
    }
  }
  const map = (name: string) => renamed.get(name) ?? name;
  const nodes: Node[] = second.nodes.map((node) => ({
    ...node,
    name: map(node.name),
    inputs: node.inputs.map(map),
    outputs: node.outputs.map(map),
  }));
  const consumed = new Set(Object.keys(wires));
  const own = new Set(first.inputs.map((input) => input.name));
  const joined = {
    name: first.name,
    inputs: [...first.inputs, ...second.inputs.filter((input) => !fed.has(input.name) && !own.has(input.name))],
    initializers: new Map([
      ...first.initializers,
      ...[...second.initializers].map(([name, value]) => [map(name), value] as const),
    ]),
    parameters: [...first.parameters, ...second.parameters],
    nodes: [...first.nodes, ...nodes],
  };
  const types = inferTypes({ ...joined, outputs: [] });
  const outputs = [
    ...first.outputs
      .filter((output) => !consumed.has(output.name) || options.keep?.includes(output.name))
      .map((o) => o.name),
    ...second.outputs.map((o) => map(o.name)),
  ].map((name) => {
    const type = types.get(name);
    if (!type) throw new Fault('bad_graph', `output "${name}" is lost between ${first.name} and ${second.name}`);
    return { name, dtype: type.dtype, shape: type.shape };
  });
  return { ...joined, outputs, types };
}
