// Several fitted graphs as one: each member's logits become shares, shares are mixed or stacked, and calibrated; and what stands around
// a model that reads raw columns, scaled ones, or both. Standard operators only.
import {
  compose,
  type Graph,
  graphBuilder,
  type GraphBuilder,
  inferTypes,
  type Node,
  type Value,
} from '../graph/index.ts';
import { edgeGraph, featureGraph, headGraph } from '../models/index.ts';
import { tensor } from '../onnx/index.ts';
import type { Preprocess } from '../schema/index.ts';
import type { Calibration } from './calibrate.ts';
import type { Ensemble } from './ensemble.ts';

export interface Part {
  graph: Graph;
  weight: number;
  /** On the part's logits. */
  factor: number;
}

/** Least share of a class, as ensembles are measured with. */
const leastShare = 1e-7;

/** The parts' inputs to `logits`; a stack goes by the order of the parts. */
export function mergeParts(
  parts: readonly Part[],
  { stack, calibration }: Pick<Ensemble, 'stack' | 'calibration'>,
  isClasses: boolean,
  name: string,
): Graph {
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
  const row = (values: readonly number[]) =>
    g.constant(tensor('float32', [1, values.length], Float32Array.from(values)));
  const logsOf = (shares: Value) => g.op('Log', [g.op('Max', [shares, g.constant(leastShare)])]);
  const sharesOf = (logits: Value) => g.op('Softmax', [logits], { axis: -1 });
  const terms = parts.map(({ weight, factor }, i) => {
    const logits = g.value(`m${i}/logits`);
    const answer = isClasses ? sharesOf(g.op('Mul', [logits, g.constant(factor)])) : logits;
    if (!stack) return g.op('Mul', [answer, g.constant(weight)]);
    const k = stack.offsets.length;
    return g.op('Mul', [isClasses ? logsOf(answer) : answer, row(stack.weights.slice(i * k, (i + 1) * k))]);
  });
  const sum = terms.length === 1 ? terms[0] : g.op('Sum', terms);
  const mixed = stack ? g.op('Add', [sum, row(stack.offsets)]) : sum;
  if (!isClasses) g.output(mixed, 'logits');
  else g.output(recalibrated(g, logsOf(stack ? sharesOf(mixed) : mixed), calibration, row), 'logits');
  return g.build();
}

/** Calibrated logits of logarithms of shares. */
function recalibrated(
  g: GraphBuilder,
  logs: Value,
  calibration: Calibration,
  row: (values: readonly number[]) => Value,
): Value {
  if (calibration.kind === 'temperature') return g.op('Mul', [logs, g.constant(calibration.factor)]);
  if (calibration.kind === 'scaling') {
    return g.op('Add', [g.op('Mul', [logs, row(calibration.factors)]), row(calibration.offsets)]);
  }
  // By class and gap between two knots: the share of the gap that lies below, times what the curve rises over it.
  const { curves } = calibration;
  const gaps = Math.max(1, ...curves.map(({ at }) => at.length - 1));
  const knots = (pick: (curve: (typeof curves)[number], i: number) => number) =>
    g.constant(
      tensor(
        'float32',
        [1, curves.length, gaps],
        Float32Array.from(curves.flatMap((curve) => Array.from({ length: gaps }, (_, i) => pick(curve, i)))),
      ),
    );
  const isGap = ({ at }: (typeof curves)[number], i: number) => i + 1 < at.length;
  const from = knots((curve, i) => (isGap(curve, i) ? curve.at[i] : 0));
  const width = knots((curve, i) => (isGap(curve, i) ? curve.at[i + 1] - curve.at[i] : 1));
  const rise = knots((curve, i) => (isGap(curve, i) ? curve.to[i + 1] - curve.to[i] : 0));
  const shares = g.op('Unsqueeze', [g.op('Exp', [logs]), g.ints([2])]);
  const below = g.op('Clip', [g.op('Div', [g.op('Sub', [shares, from]), width]), g.constant(0), g.constant(1)]);
  const risen = g.op('ReduceSum', [g.op('Mul', [below, rise]), g.ints([2])], { keepdims: 0 });
  return g.op('Log', [g.op('Add', [risen, row(curves.map(({ to }) => to[0]))])]);
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
