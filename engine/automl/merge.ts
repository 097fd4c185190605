// Several fitted graphs as one: each member's logits become shares, shares are mixed, the mixture's logarithm is the new logits; and
// what stands around a model that reads raw columns, scaled ones, or both. Standard operators only.
import { compose, type Graph, graphBuilder, inferTypes, type Node } from '../graph/index.ts';
import { edgeGraph, featureGraph, headGraph } from '../models/index.ts';
import type { Preprocess } from '../schema/index.ts';

export interface Part {
  graph: Graph;
  weight: number;
  /** On the part's logits. */
  factor: number;
}

/** Least share of a class, as ensembles are measured with. */
const leastShare = 1e-7;

/** The parts' inputs to `logits`. */
export function mergeParts(parts: readonly Part[], factor: number, isClasses: boolean, name: string): Graph {
  const renamed = parts.map(({ graph }, i) => inside(graph, `m${i}/`));
  const inputs = new Map(renamed.flatMap((graph) => graph.inputs.map((input) => [input.name, input] as const)));
  const joined = {
    name,
    inputs: [...inputs.values()],
    outputs: [],
    initializers: new Map(renamed.flatMap((graph) => [...graph.initializers])),
    parameters: [],
    nodes: renamed.flatMap((graph) => graph.nodes),
  };
  const g = graphBuilder({ ...joined, types: inferTypes(joined) });
  const terms = parts.map(({ weight, factor: own }, i) => {
    const logits = g.value(`m${i}/logits`);
    if (!isClasses) return g.op('Mul', [logits, g.constant(weight)]);
    const shares = g.op('Softmax', [g.op('Mul', [logits, g.constant(own)])], { axis: -1 });
    return g.op('Mul', [shares, g.constant(weight)]);
  });
  const mixed = terms.length === 1 ? terms[0] : g.op('Sum', terms);
  if (!isClasses) g.output(mixed, 'logits');
  else {
    const logs = g.op('Log', [g.op('Max', [mixed, g.constant(leastShare)])]);
    g.output(g.op('Mul', [logs, g.constant(factor)]), 'logits');
  }
  return g.build();
}

/** The same graph with every name but its inputs' prefixed. */
function inside(graph: Graph, prefix: string): Graph {
  const kept = new Set(graph.inputs.map((input) => input.name));
  const map = (name: string) => (name === '' || kept.has(name) ? name : prefix + name);
  const nodes: Node[] = graph.nodes.map((node) => ({
    ...node,
    name: map(node.name),
    inputs: node.inputs.map(map),
    outputs: node.outputs.map(map),
  }));
  return {
    ...graph,
    nodes,
    parameters: [],
    initializers: new Map([...graph.initializers].map(([name, value]) => [map(name), value])),
    outputs: graph.outputs.map((output) => ({ ...output, name: map(output.name) })),
    types: new Map([...graph.types].map(([name, type]) => [map(name), type])),
  };
}

/** Raw columns in, labels or quantities out: what is exported and served. */
export function servedModel(preprocess: Preprocess, model: Graph): Graph {
  const reads = (graph: Graph, name: string) => graph.inputs.some((input) => input.name === name);
  const only = (graph: Graph): Graph => ({ ...graph, outputs: graph.outputs.filter(({ name }) => name === 'logits') });
  let whole = model;
  const features = featureGraph(preprocess);
  if (features && (reads(model, 'dense') || reads(model, 'embedded'))) {
    const wires = features.outputs.filter(({ name }) => reads(model, name)).map(({ name }) => [name, name]);
    whole = only(compose(features, model, Object.fromEntries(wires) as Record<string, string>));
  }
  const edge = edgeGraph(preprocess);
  if (edge && reads(whole, 'codes')) whole = compose(edge, whole, { codes: 'codes' });
  const finished = compose(whole, headGraph(preprocess), { logits: 'logits' });
  return { ...finished, name: model.name };
}
