// A new head on a pretrained body: one layer from a value of the graph to `logits`.
import { type Graph, type GraphBuilder, graphBuilder, type Value } from '../../graph/index.ts';
import { Fault } from '../../schema/index.ts';
import { normal, zeros } from '../initial.ts';
import { float32, sizeOfAxis } from './layers.ts';
import { keepOutput } from './prune.ts';

export type Pooling = 'first' | 'mean' | 'last';

export interface HeadOptions {
  /** The value that the head reads: an output, or any other value of the graph. */
  output: string;
  /** Width of the logits: the number of classes, or 1 for a quantity. */
  classes: number;
  /** Share dropped in front of the head; none when absent. */
  dropout?: number;
  /** How [batch, length, width] becomes [batch, width]; mean when absent. */
  pool?: Pooling;
  seed?: number;
}

/** Standard deviation of BERT's own new heads (Devlin et al. 2019). */
const spread = 0.02;

/** The graph's mask as float32 [batch, length]: 1 for tokens, 0 for padding; null for a graph that knows no padding. */
function presence(g: GraphBuilder, x: Value, graph: Graph): Value | null {
  const mask = graph.inputs.find(({ name }) => name === 'attention_mask');
  if (!mask || mask.shape[1] !== x.shape[1]) return null;
  return g.op('Cast', [g.value(mask.name)], { to: float32 });
}

/** Weights of positions times values: [batch, 1, length] · [batch, length, width]. */
function weighted(g: GraphBuilder, x: Value, weights: Value): Value {
  return g.op('Squeeze', [g.op('MatMul', [g.op('Unsqueeze', [weights, g.ints([1])]), x]), g.ints([1])]);
}

const pools: Readonly<Record<Pooling, (g: GraphBuilder, x: Value, present: Value | null) => Value>> = {
  first: (g, x) => g.op('Gather', [x, g.ints(0)], { axis: 1 }),
  mean: (g, x, present) => {
    if (!present) return g.op('ReduceMean', [x], { axes: [1], keepdims: 0 });
    const count = g.op('ReduceSum', [present, g.ints([1])], { keepdims: 1 });
    return weighted(g, x, g.op('Div', [present, g.op('Max', [count, g.constant(1)])]));
  },
  last: (g, x, present) => {
    if (!present) return g.op('Gather', [x, g.ints(-1)], { axis: 1 });
    const places = g.op('Cast', [g.op('Range', [g.ints(0), sizeOfAxis(g, x, 1), g.ints(1)])], { to: float32 });
    const seen = g.op('Mul', [present, places]);
    const last = g.op('ReduceMax', [seen], { axes: [1], keepdims: 1 });
    return weighted(g, x, g.op('Cast', [g.op('Equal', [places, last])], { to: float32 }));
  },
};

/** [batch, width] of a body's value: positions pooled, images averaged. `present` gives the mask where pooling asks for it. */
export function pooled(g: GraphBuilder, x: Value, pool: Pooling, present: () => Value | null): Value {
  switch (x.shape.length) {
    case 2:
      return x;
    case 3:
      return pools[pool](g, x, present());
    case 4:
      return g.op('ReduceMean', [x], { axes: [2, 3], keepdims: 0 });
    default:
      throw new Fault(
        'bad_graph',
        `a head needs a value of rank 2 to 4, but "${x.name}" is [${x.shape.join(',')}]: choose another output`,
      );
  }
}

/**
 * Cuts the graph down to `output` and puts a layer of `head.weight` [classes, width] and `head.bias` [classes] on it. The
 * only output is `logits` [batch, classes]. Throws `bad_graph` when the value cannot carry a head.
 */
export function withHead(graph: Graph, { output, classes, dropout = 0, pool = 'mean', seed = 0 }: HeadOptions): Graph {
  const kept = graph.types.get(output);
  if (kept && kept.dtype !== 'float32')
    throw new Fault('bad_graph', `a head needs float32, but "${output}" is ${kept.dtype}: choose another output`);
  const body = keepOutput(graph, output);
  // The mask may be needed for pooling though the body itself does not read it.
  const mask = graph.inputs.filter(
    ({ name }) => name === 'attention_mask' && !body.inputs.some((input) => input.name === name),
  );
  const g = graphBuilder({ ...body, outputs: [] });
  for (const { name, dtype, shape } of pool === 'first' ? [] : mask) g.input(name, dtype, shape);
  const value = g.value(output);
  const x = pooled(g, value, pool, () => presence(g, value, graph));
  const width = x.shape[1];
  if (typeof width !== 'number')
    throw new Fault(
      'bad_graph',
      `a head needs a known width, but "${output}" is [${x.shape.join(',')}]: choose another output`,
    );
  const dropped = dropout > 0 ? g.op('Dropout', [x, g.constant(dropout)]) : x;
  const weight = g.parameter('head.weight', normal(seed, 'head.weight', [classes, width], spread));
  g.output(g.op('Gemm', [dropped, weight, g.parameter('head.bias', zeros([classes]))], { transB: 1 }), 'logits');
  return g.build();
}
