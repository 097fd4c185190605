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
  const values = g.op('Cast', [g.op('Div', [centred, row((input) => input.std)])], { to: float32 });
  const places = indicated(preprocess);
  if (places.length === 0) return [values];
  return [values, columns(g, g.op('Cast', [missing], { to: float32 }), places)];
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
