// What follows an autoencoder's errors in the exported graph: one error a row, how unusual that is, and which columns make it
// so. The figures come from validation rows, by preprocess.json; fits nothing.
import { type Graph, graphBuilder } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { type AnomalyScale, Fault, type Preprocess } from '../schema/index.ts';
import { type Layout, layoutOf } from './layout.ts';

/** Columns that an answer names. */
const named = 3;

/** Columns of the user's, and the places in `dense` that are about each. */
export function errorColumns(preprocess: Preprocess, { parts }: Layout): AnomalyScale['columns'] {
  const places = new Map<string, number[]>();
  const add = (column: string, place: number) => places.set(column, [...(places.get(column) ?? []), place]);
  let place = 0;
  for (const { column } of preprocess.numeric) add(column, place++);
  for (const i of parts.indicated) add(preprocess.numeric[i].column, place++);
  for (const { column, values } of preprocess.category) for (const _ of values) add(column, place++);
  return [...places].map(([column, own]) => ({ column, places: own }));
}

/**
 * `logits` float32 [batch, places] to `error` float32 [batch] (weighted sum of squared errors, 1 for a usual row), `score` float32
 * [batch], `anomaly` bool [batch], `columns` string and `shares` float32 [batch, 3] of the columns with the greatest errors.
 */
export function anomalyHead(preprocess: Preprocess): Graph {
  const { anomaly } = preprocess;
  if (!anomaly?.scale) throw new Fault('internal', 'errors have no scale yet: the model was not trained');
  const { columns, scale } = anomaly;
  const width = layoutOf(preprocess).dense;
  const g = graphBuilder('anomaly');
  const logits = g.input('logits', 'float32', ['batch', width]);
  const owners = new Float32Array(width * columns.length);
  for (const [c, { places }] of columns.entries())
    for (const place of places) owners[place * columns.length + c] = scale.weights[place];
  const each = g.op('MatMul', [
    g.op('Mul', [logits, logits]),
    g.constant(tensor('float32', [width, columns.length], owners)),
  ]);
  const error = g.op('ReduceSum', [each, g.ints([1])], { keepdims: 1 });
  g.output(g.op('Squeeze', [error, g.ints([1])]), 'error');
  g.output(g.op('Squeeze', [g.op('Greater', [error, g.constant(scale.threshold)]), g.ints([1])]), 'anomaly');
  g.output(g.op('Squeeze', [scoreOf(g, error, scale), g.ints([1])]), 'score');
  const most = Math.min(named, columns.length);
  const [greatest, which] = g.ops('TopK', [each, g.ints([most])], { axis: 1 }, 2);
  const total = g.op('Max', [error, g.constant(1e-30)]);
  g.output(g.op('Div', [greatest, total]), 'shares');
  const names = g.op('LabelEncoder', [which], {
    keys_int64s: columns.map((_, i) => i),
    values_strings: columns.map(({ column }) => column),
    default_string: '',
  });
  g.output(names, 'columns');
  return g.build();
}

/** Share of usual rows with a smaller error: by rank below the tail, and as an exponential distribution has it beyond. */
function scoreOf(
  g: ReturnType<typeof graphBuilder>,
  error: ReturnType<typeof g.input>,
  { quantiles, tail }: NonNullable<AnomalyScale['scale']>,
) {
  const steps = g.constant(tensor('float32', [1, quantiles.length], quantiles));
  const below = g.op('Cast', [g.op('LessOrEqual', [steps, error])], { to: 1 });
  const rank = g.op('Mul', [g.op('ReduceMean', [below], { axes: [1], keepdims: 1 }), g.constant(1 - tail.share)]);
  const beyond = g.op('Div', [g.op('Sub', [g.constant(tail.from), error]), g.constant(tail.mean)]);
  const left = g.op('Mul', [g.op('Exp', [g.op('Min', [beyond, g.constant(0)])]), g.constant(tail.share)]);
  const far = g.op('Sub', [g.constant(1), left]);
  return g.op('Where', [g.op('Greater', [error, g.constant(tail.from)]), far, rank]);
}
