// The graph from raw inputs to a model's inputs, made from the figures of the preprocessing. Training runs `featureGraph`
// over the whole dataset once; serving runs `edgeGraph` and then the same graph, so both see the same bits.
import { type Graph, graphBuilder, type GraphBuilder, type Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import type { Preprocess } from '../schema/index.ts';
import { categoriesBySize, indicated } from './layout.ts';

/**
 * `numeric` float64 [batch, k] (NaN where missing) and `codes` int64 [batch, c] to `dense` float32 (scaled numbers, missing
 * indicators, one column a value of small categories) and `embedded` int64 (codes of large categories). Inputs and
 * outputs of no width are left out; null when nothing is left.
 */
export function featureGraph(preprocess: Preprocess): Graph | null {
  const { numeric, category } = preprocess;
  if (numeric.length + category.length === 0) return null;
  const g = graphBuilder('features');
  const dense: Value[] = [];
  if (numeric.length > 0) dense.push(...scaled(g, preprocess));
  if (category.length > 0) {
    const codes = g.input('codes', 'int64', ['batch', category.length]);
    const { small, large } = categoriesBySize(category);
    for (const i of small) {
      const values = g.constant(
        tensor(
          'int64',
          [1, category[i].values.length],
          category[i].values.map((_, v) => v + 1),
        ),
      );
      dense.push(g.op('Cast', [g.op('Equal', [columns(g, codes, [i]), values])], { to: float32 }));
    }
    if (large.length > 0) g.output(columns(g, codes, large), 'embedded');
  }
  if (dense.length > 0) g.output(g.op('Concat', dense, { axis: 1 }), 'dense');
  return g.build();
}

/** TensorProto.DataType of what Cast makes. */
const float32 = 1;

function columns(g: GraphBuilder, value: Value, places: readonly number[]): Value {
  return g.op('Gather', [value, g.ints(places)], { axis: 1 });
}

/** Numbers filled and standardised in float64, then float32; and a 0/1 column for each that may be missing. */
function scaled(g: GraphBuilder, preprocess: Preprocess): Value[] {
  const { numeric } = preprocess;
  const row = (pick: (input: (typeof numeric)[number]) => number) =>
    g.constant(tensor('float64', [1, numeric.length], numeric.map(pick)));
  const raw = g.input('numeric', 'float64', ['batch', numeric.length]);
  const missing = g.op('IsNaN', [raw]);
  const filled = g.op('Where', [missing, row((input) => input.fill), raw]);
  const centred = g.op('Sub', [filled, row((input) => input.mean)]);
  const standard = g.op('Div', [centred, row((input) => input.std)]);
  const values = g.op('Cast', [ranked(g, numeric, filled, standard)], { to: float32 });
  const places = indicated(preprocess);
  if (places.length === 0) return [values];
  return [values, columns(g, g.op('Cast', [missing], { to: float32 }), places)];
}

/**
 * The columns that have knots by rank, the others as they are standardised: each gap between two knots adds the share of it that
 * lies below the value; an even spread over 0 to 1 has the deviation 1/√12.
 */
function ranked(g: GraphBuilder, numeric: Preprocess['numeric'], filled: Value, standard: Value): Value {
  const float64 = (dims: number[], values: number[]) => g.constant(tensor('float64', dims, values));
  if (!numeric.some(({ knots }) => knots)) return standard;
  const parts = numeric.map(({ knots }, i) => {
    if (!knots) return columns(g, standard, [i]);
    const gaps = knots.length - 1;
    const from = float64([1, gaps], knots.slice(0, -1));
    const widths = float64(
      [1, gaps],
      knots.slice(1).map((knot, k) => knot - knots[k]),
    );
    const share = g.op('Div', [g.op('Sub', [columns(g, filled, [i]), from]), widths]);
    const below = g.op('Clip', [share, float64([], [0]), float64([], [1])]);
    const rank = g.op('ReduceMean', [below], { axes: [1], keepdims: 1 });
    return g.op('Mul', [g.op('Sub', [rank, float64([1, 1], [0.5])]), float64([1, 1], [Math.sqrt(12)])]);
  });
  return parts.length === 1 ? parts[0] : g.op('Concat', parts, { axis: 1 });
}

/** `category` string [batch, c] to `codes`: 0 is missing or unseen, i + 1 is the i-th value. Null without categories. */
export function edgeGraph(preprocess: Preprocess): Graph | null {
  const { category } = preprocess;
  if (category.length === 0) return null;
  const g = graphBuilder('edge');
  const raw = g.input('category', 'string', ['batch', category.length]);
  const codes = category.map(({ values }, i) =>
    g.op('LabelEncoder', [category.length === 1 ? raw : columns(g, raw, [i])], {
      keys_strings: values,
      values_int64s: values.map((_, v) => v + 1),
      default_int64: 0,
    }),
  );
  g.output(codes.length === 1 ? codes[0] : g.op('Concat', codes, { axis: 1 }), 'codes');
  return g.build();
}
