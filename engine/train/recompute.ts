// Activation recomputation (Chen et al. 2016, Training deep nets with sublinear memory cost): the forward nodes of a segment
// are copied into the way back, so that between segments only what crosses them is held. The copies read their inputs through
// a reshape to a size that the arriving gradient gives, so that they cannot run before it is there. Changes
// no number but by rounding: the runtime may fuse nodes that the way back does not read any more.
import { type Graph, namesRead, type Node } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { bytesOf, isView, peakBytes, type Sizes } from './liveness.ts';

/** Sizes by which segments are chosen; only their proportions matter. */
const usual: Sizes = { named: {}, otherwise: 32 };
/** Nodes on both sides among which a cut must be the narrowest. */
const neighbourhood = 6;
/** Numbers of segments that are tried. */
const counts = [2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48];

interface Split {
  forward: Node[];
  backward: Node[];
}

function splitAt(graph: Graph, forward: ReadonlySet<string>): Split {
  const isForward = (node: Node) => node.outputs.some((name) => forward.has(name));
  const last = graph.nodes.findLastIndex(isForward);
  return { forward: graph.nodes.slice(0, last + 1), backward: graph.nodes.slice(last + 1) };
}

/** Places behind which little crosses: bytes of values that later forward nodes read, at their least among neighbours. */
function candidatesOf(graph: Graph, { forward }: Split): number[] {
  const made = new Map<string, number>();
  const last = new Map<string, number>();
  forward.forEach((node, i) => {
    for (const name of node.outputs) made.set(name, i);
    for (const name of namesRead(node)) if (made.has(name)) last.set(name, i);
  });
  const crossing = new Float64Array(forward.length + 1);
  for (const [name, from] of made) {
    const type = graph.types.get(name);
    if (!type || isView(forward[from])) continue;
    const bytes = bytesOf(type, usual);
    for (let i = from; i < (last.get(name) ?? from); i++) crossing[i] += bytes;
  }
  return forward.flatMap((_, i) => {
    if (i < neighbourhood || i >= forward.length - neighbourhood) return [];
    const around = crossing.subarray(i - neighbourhood, i + neighbourhood + 1);
    const least = around.every((bytes) => crossing[i] <= bytes);
    return least && crossing[i - 1] > crossing[i] ? [i] : [];
  });
}

/** Cuts so that segments hold about as much for the way back each. */
function cutsFor(graph: Graph, { forward, backward }: Split, candidates: readonly number[], count: number): number[] {
  const read = new Set(backward.flatMap(namesRead));
  const upTo: number[] = [];
  let total = 0;
  for (const node of forward) {
    for (const name of node.outputs) {
      const type = graph.types.get(name);
      if (type && read.has(name) && !isView(node)) total += bytesOf(type, usual);
    }
    upTo.push(total);
  }
  const nearest = (wanted: number) =>
    candidates.reduce(
      (best, i) => (Math.abs(upTo[i] - wanted) < Math.abs(upTo[best] - wanted) ? i : best),
      candidates[0],
    );
  const cuts = Array.from({ length: count - 1 }, (_, k) => nearest(((k + 1) * total) / count));
  return [...new Set(cuts)].sort((a, b) => a - b);
}

/** The graph with the segments between `cuts` computed again on the way back; the last one is there when it is needed. */
function withCuts(
  graph: Graph,
  { forward, backward }: Split,
  cuts: readonly number[],
  state: ReadonlySet<string>,
): Graph {
  const segment = new Map<string, number>();
  forward.forEach((node, i) => {
    const place = cuts.filter((cut) => i > cut).length;
    for (const name of node.outputs) segment.set(name, place);
  });
  const isState = (name: string) => state.has(name) || graph.initializers.has(name);
  /** Values made of weights and constants alone: they are held, whoever reads them. */
  const still = new Set<string>();
  for (const node of forward)
    if (namesRead(node).every((name) => isState(name) || still.has(name)))
      for (const name of node.outputs) still.add(name);
  const crossing = new Set<string>();
  for (const node of forward) {
    const own = segment.get(node.outputs[0]);
    for (const name of namesRead(node)) {
      const from = segment.get(name);
      if (from !== undefined && from !== own) crossing.add(name);
    }
  }
  for (const { name } of graph.outputs) crossing.add(name);
  const isShape = (name: string) => {
    const type = graph.types.get(name);
    return type !== undefined && type.dtype === 'int64' && type.shape.length <= 1;
  };
  const types = new Map(graph.types);
  const initializers = new Map(graph.initializers);
  const zero = 'recompute.zero';
  const before = new Map<number, Node[]>();
  const stand = new Map<string, string>();
  /** Latest segment that a value of the way back comes from. */
  const reach = new Map<string, number>();
  for (const node of backward) {
    const from = Math.max(-1, ...namesRead(node).map((name) => segment.get(name) ?? reach.get(name) ?? -1));
    for (const name of node.outputs) reach.set(name, from);
  }
  for (let s = 0; s < cuts.length; s++) {
    const needed = (name: string) =>
      segment.get(name) === s && !crossing.has(name) && !still.has(name) && !isShape(name);
    const firstReader = backward.findIndex((node) => namesRead(node).some(needed));
    if (firstReader < 0) continue;
    const arrived = backward
      .slice(0, firstReader)
      .findLast(
        ({ outputs: [name] }) =>
          (reach.get(name) ?? -1) > s && graph.types.get(name)?.shape.some((dim) => typeof dim === 'string'),
      )?.outputs[0];
    if (arrived === undefined) continue;
    const wanted = new Set(backward.flatMap((node) => namesRead(node).filter(needed)));
    const copies: Node[] = [];
    for (const node of forward.toReversed()) {
      if (!node.outputs.some((name) => wanted.has(name))) continue;
      copies.unshift(node);
      for (const name of namesRead(node)) if (needed(name)) wanted.add(name);
    }
    const called = (name: string) => `recompute/${name}`;
    const copied = new Set(copies.flatMap(({ outputs }) => outputs.filter((name) => name !== '')));
    // A size of the gradient times nothing: what is added to a shape changes nothing but when it is known.
    const stem = `recompute.${s}`;
    const typed = (name: string, shape: readonly (number | string)[]) =>
      types.set(name, { dtype: 'int64', shape: [...shape] });
    initializers.set(zero, tensor('int64', [], [0]));
    const rank = graph.types.get(arrived)?.shape.length ?? 0;
    const axis = graph.types.get(arrived)?.shape.findIndex((dim) => typeof dim === 'string') ?? 0;
    const made: Node[] = [
      {
        op: 'Shape',
        domain: '',
        name: `${stem}.size`,
        inputs: [arrived],
        outputs: [`${stem}.size`],
        attributes: { start: { type: 'int', value: axis }, end: { type: 'int', value: Math.min(axis + 1, rank) } },
      },
      plain('Mul', [`${stem}.size`, zero], `${stem}.nothing`),
    ];
    typed(`${stem}.size`, [1]);
    typed(`${stem}.nothing`, [1]);
    const tied = new Map<string, string>();
    const late = (name: string): string => {
      if (copied.has(name)) return called(name);
      const type = graph.types.get(name);
      if (name === '' || !type || isState(name) || still.has(name) || isShape(name) || type.shape.length === 0)
        return name;
      const known = tied.get(name);
      if (known !== undefined) return known;
      const own = `${stem}.${name}`;
      made.push(
        plain('Shape', [name], `${own}.shape`),
        plain('Add', [`${own}.shape`, `${stem}.nothing`], `${own}.late`),
        plain('Reshape', [name, `${own}.late`], own),
      );
      typed(`${own}.shape`, [type.shape.length]);
      typed(`${own}.late`, [type.shape.length]);
      types.set(own, type);
      tied.set(name, own);
      return own;
    };
    for (const node of copies) {
      const inputs = node.inputs.map(late);
      const outputs = node.outputs.map((name) => (name === '' ? '' : called(name)));
      for (const name of node.outputs) {
        const type = types.get(name);
        if (type) types.set(called(name), type);
      }
      made.push({ ...node, name: called(node.name), inputs, outputs });
    }
    for (const name of wanted) stand.set(name, called(name));
    before.set(firstReader, [...(before.get(firstReader) ?? []), ...made]);
  }
  const nodes = [
    ...forward,
    ...backward.flatMap((node, i) => [
      ...(before.get(i) ?? []),
      { ...node, inputs: node.inputs.map((name) => stand.get(name) ?? name) },
    ]),
  ];
  return { ...graph, nodes, initializers, types };
}

const plain = (op: string, inputs: string[], output: string): Node => ({
  op,
  domain: '',
  name: output,
  inputs,
  outputs: [output],
  attributes: {},
});

/**
 * A gradient program that holds less: of the segments that its forward part falls into, only what goes from one to the next.
 * `forward` names the values of the forward part, `state` the inputs that are weights and statistics. The program as it is
 * where nothing would be saved.
 */
export function recomputing(graph: Graph, forward: ReadonlySet<string>, state: readonly string[]): Graph {
  const parts = splitAt(graph, forward);
  // A loop's body reads values by name: such graphs are left alone.
  const hasBody = graph.nodes.some(({ attributes }) => Object.values(attributes).some(({ type }) => type === 'graph'));
  const candidates = hasBody ? [] : candidatesOf(graph, parts);
  let best = { graph, peak: peakBytes(graph, usual) };
  if (candidates.length === 0) return graph;
  for (const count of counts.filter((n) => n <= candidates.length + 1)) {
    const cuts = cutsFor(graph, parts, candidates, count);
    const made = withCuts(graph, parts, cuts, new Set(state));
    const peak = peakBytes(made, usual);
    if (peak < best.peak) best = { graph: made, peak };
  }
  return best.graph;
}
