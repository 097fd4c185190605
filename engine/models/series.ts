// The graphs around a model that forecasts: from windows to a row a step ahead, in units of the window, and back. Training runs
// `stepsGraph` over its windows; what is served holds the same nodes, so both see the same bits.
import { calendarWidth, seriesInputs } from '../data/index.ts';
import { compose, type Graph, graphBuilder, type GraphBuilder, type Value } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { Fault, type Preprocess, type SeriesSpec } from '../schema/index.ts';
import { smoothingMatrix } from './smoothing.ts';

/** Names of the features, in the order of `numeric`, and where the forecasts that need no model stand in it. */
export interface StepFeatures {
  names: string[];
  naive: number;
  smoothed: number[];
}

/** Seasons back that are features, as far as the window reaches. */
const seasonsBack = 3;

const backs = ({ window }: SeriesSpec, season: number): number[] =>
  Array.from({ length: season === 1 ? 1 : seasonsBack }, (_, i) => i).filter((i) => season * (i + 1) <= window);

/** The features that a spec asks for. */
export function stepFeatures(spec: SeriesSpec): StepFeatures {
  const seasonal = spec.seasons.flatMap((season) =>
    backs(spec, season).map((i) => (season === 1 ? 'last value' : `season of ${season}, ${i + 1} back`)),
  );
  const names = [
    ...seasonal,
    ...spec.smoothings.map(
      ({ level, trend, season, period }) =>
        `smoothing ${level}${trend > 0 ? ' with trend' : ''}${period > 1 ? `, season ${season}` : ''}`,
    ),
    ...Array.from({ length: spec.lags }, (_, i) => `lag ${i + 1}`),
    ...['mean of', 'deviation of', 'rise over'].flatMap((what) => spec.means.map((length) => `${what} ${length}`)),
    'steps ahead',
    ...spec.calendar.flatMap((part) => [part, `${part}, sine`, `${part}, cosine`]),
  ];
  return { names, naive: 0, smoothed: spec.smoothings.map((_, i) => seasonal.length + i) };
}

const float64 = (dims: number[], values: ArrayLike<number>): Tensor =>
  tensor('float64', dims, Float64Array.from(values));

/**
 * Sums of values [batch, window] by weights [n × window], as [batch, n]. The weights stand left, so that each window is a product of its
 * own: with the windows left, the kernel would round many at once otherwise than one, and so would means by ReduceMean.
 */
function sums(g: GraphBuilder, values: Value, n: number, weights: ArrayLike<number>): Value {
  const window = Number(values.shape[1]);
  const table = g.constant(float64([n, window], weights));
  return g.op('Squeeze', [g.op('MatMul', [table, g.op('Unsqueeze', [values, g.ints([2])])]), g.ints([2])]);
}

/** Weights of a mean over `length` of the values, which ends before the last `skip`. */
const meanWeights = (window: number, length: number, skip = 0): number[] =>
  Array.from({ length: window }, (_, i) => (i < window - skip && i >= window - skip - length ? 1 / length : 0));

/**
 * `history` [batch, window] and `calendar` [batch, horizon, 3 × parts] to `numeric` float64 [batch × horizon, features], `level` and
 * `scale` float64 [batch, 1], and, `withSeries`, from `series` string [batch, 1] to `category` [batch × horizon, 1].
 */
export function stepsGraph(spec: SeriesSpec, withSeries = spec.series !== undefined): Graph {
  const { window, horizon, seasons, lags, means, calendar, floor } = spec;
  const g = graphBuilder('steps');
  const history = g.input(seriesInputs.history, 'float64', ['batch', window]);
  const even = meanWeights(window, window);
  const level = sums(g, history, 1, even);
  const off = g.op('Sub', [history, level]);
  const variance = sums(g, g.op('Mul', [off, off]), 1, even);
  const scale = g.op('Add', [g.op('Sqrt', [variance]), g.constant(float64([], [floor]))]);
  const z = g.op('Div', [off, scale]);
  /** [batch, k] to [batch, horizon, k]. */
  const each = (value: Value) => g.op('Expand', [g.op('Unsqueeze', [value, g.ints([1])]), g.ints([1, horizon, 1])]);
  /** [batch, horizon] to [batch, horizon, 1]. */
  const single = (value: Value) => g.op('Unsqueeze', [value, g.ints([2])]);
  const parts: Value[] = [];
  for (const season of seasons) {
    for (const i of backs(spec, season)) {
      const places = Array.from({ length: horizon }, (_, h) => window + h - season * (Math.ceil((h + 1) / season) + i));
      parts.push(single(g.op('Gather', [z, g.ints(places)], { axis: 1 })));
    }
  }
  if (spec.smoothings.length > 0) {
    const width = spec.smoothings.length * horizon;
    const all = sums(g, z, width, smoothingMatrix(spec));
    const shaped = g.op('Reshape', [all, g.ints([-1, spec.smoothings.length, horizon])]);
    parts.push(g.op('Transpose', [shaped], { perm: [0, 2, 1] }));
  }
  parts.push(each(g.op('Gather', [z, g.ints(Array.from({ length: lags }, (_, i) => window - 1 - i))], { axis: 1 })));
  if (means.length > 0) {
    const last = means.flatMap((length) => meanWeights(window, length));
    const before = means.flatMap((length) => {
      const rest = Math.min(length, window - length);
      return rest > 0 ? meanWeights(window, rest, length) : meanWeights(window, length);
    });
    const mean = sums(g, z, means.length, last);
    const square = sums(g, g.op('Mul', [z, z]), means.length, last);
    const spread = g.op('Sub', [square, g.op('Mul', [mean, mean])]);
    const deviation = g.op('Sqrt', [g.op('Max', [spread, g.constant(float64([], [0]))])]);
    const rise = g.op('Sub', [mean, sums(g, z, means.length, before)]);
    for (const values of [mean, deviation, rise]) parts.push(each(values));
  }
  const steps = float64(
    [1, horizon, 1],
    Array.from({ length: horizon }, (_, h) => h + 1),
  );
  const zero = g.op('Mul', [each(level), g.constant(float64([], [0]))]);
  parts.push(g.op('Add', [zero, g.constant(steps)]));
  if (calendar.length > 0) {
    parts.push(g.input(seriesInputs.calendar, 'float64', ['batch', horizon, calendar.length * calendarWidth]));
  }
  const wide = g.op('Concat', parts, { axis: 2 });
  g.output(g.op('Reshape', [wide, g.ints([-1, stepFeatures(spec).names.length])]), 'numeric');
  g.output(level, 'level');
  g.output(scale, 'scale');
  if (withSeries) {
    const series = g.input(seriesInputs.series, 'string', ['batch', 1]);
    g.output(g.op('Reshape', [g.op('Expand', [series, g.ints([1, horizon])]), g.ints([-1, 1])]), 'category');
  }
  return g.build();
}

/** Windows in, `forecast`, `low` and `high` float64 [batch, horizon] out; `model` is what is served of a row a step, from `numeric` and `category` to `prediction`. */
export function forecastGraph(preprocess: Preprocess, model: Graph): Graph {
  const { series } = preprocess;
  if (!series) throw new Fault('internal', 'only forecasts have series');
  const takes = new Set(model.inputs.map(({ name }) => name));
  const wires = ['numeric', 'category'].filter((name) => takes.has(name)).map((name) => [name, name]);
  // What the model does not read is not asked for.
  const steps = stepsGraph(series, takes.has('category'));
  const rows = compose(steps, model, Object.fromEntries(wires) as Record<string, string>);
  const { horizon, band } = series;
  if (!band) throw new Fault('internal', 'a forecast has no bounds yet: the model was not trained');
  const g = graphBuilder({ ...rows, name: model.name, outputs: [] });
  const said = g.op('Reshape', [g.value('prediction'), g.ints([-1, horizon])]);
  const row = (values: readonly number[]) => g.constant(float64([1, horizon], values));
  const back = (value: Value) => g.op('Add', [g.op('Mul', [value, g.value('scale')]), g.value('level')]);
  g.output(back(said), 'forecast');
  g.output(back(g.op('Add', [said, row(band.low)])), 'low');
  g.output(back(g.op('Add', [said, row(band.high)])), 'high');
  return g.build();
}
