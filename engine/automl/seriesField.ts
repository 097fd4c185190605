// The rows of a forecast: a row for each window and step ahead, made by the very graph that is served. Parts and folds follow each other
// in time: a row belongs to where its truth lies. Nothing is fitted on the test part.
import {
  calendarParts,
  calendarSeasons,
  type DatasetReader,
  type EncodedRows,
  findSeasons,
  openWindows,
  type OneSeries,
  readSeries,
  seriesColumnsOf,
  type SeriesRows,
  windowFeeds,
} from '../data/index.ts';
import { layoutOf, smoothingsFor, stepFeatures, stepsGraph } from '../models/index.ts';
import { compile } from '../runtime/index.ts';
import { Fault, type NumericInput, type Preprocess, type SeriesSpec, type TrainRequest } from '../schema/index.ts';
import { type ForecastTest, modelRows, naiveErrors } from '../train/index.ts';
import { classicRows, type Field } from './field.ts';
import { noFold } from './runner.ts';

/** Rows to train on and to test on; of more, every so many-th window is taken. */
const mostRows = 20_000;
const mostTestRows = 10_000;
/** Share of the steps that a test part may take at most. */
const mostTested = 0.4;
/** Share of the steps whose truths are trained on in every fold. */
const alwaysTrained = 0.4;
/** Series that get a category of their own. */
const mostNames = 5000;
/** Truths further off than so many deviations of their window are taken for that far: a window that stood still says little. */
const mostDeviations = 20;

/** A window of the series `of`, of the values before place `end`. */
interface Picked {
  of: OneSeries;
  end: number;
}

/** The rows of a request that forecasts. Faults: `bad_target`, `bad_data`, `bad_request`. */
export async function openSeriesField(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: Pick<TrainRequest, 'target' | 'task' | 'model' | 'forecast' | 'split'>,
): Promise<Field> {
  const by = request.split?.by ?? 'time';
  if (by !== 'time' && by !== 'stratified')
    throw new Fault('bad_request', 'a series is parted by its time: leave --split out, or say --split time');
  const columns = seriesColumnsOf(reader.shape, request);
  const own = readSeries(reader, columns);
  const tested = testReader && readSeries(testReader, columns, own.step);
  const all = tested ? joined(own, tested) : own;
  const { spec, cut } = specOf(all, columns, request, tested && Math.min(...tested.series.map(({ first }) => first)));
  const picked = windowsOf(all.series, spec, (series) => [leastEnd(series, spec), cut - series.first - 1], mostRows);
  const { numeric, codes, targets, ahead, steps, names } = await rowsOf(spec, picked, cut);
  const rows = targets.length;
  if (rows < 20)
    throw new Fault(
      'bad_data',
      `The series is too short: ${rows} rows are left to learn from. Add earlier ones, or forecast fewer steps.`,
    );
  const figures = stepFeatures(spec);
  const width = figures.names.length;
  const [mean, std] = spreadOf(targets, 1, 0);
  const preprocess: Preprocess = {
    format: 'neutrino-preprocess',
    formatVersion: 1,
    task: 'regression',
    target: { column: columns.target, mean, std },
    classes: [],
    numeric: figures.names.map((column, j): NumericInput => {
      const [middle, spread] = spreadOf(numeric, width, j);
      return { column, part: 'value', mean: middle, std: spread, fill: middle, missing: 0 };
    }),
    category: spec.series === undefined ? [] : [{ column: spec.series, boolean: false, values: names }],
    text: [],
    columns: reader.shape.columns.map(({ name, type }) => ({ name, type })),
    ignored: reader.shape.columns
      .filter(({ name }) => !Object.values(columns).includes(name))
      .map(({ name }) => ({ column: name, why: 'a forecast goes by the values behind and the calendar' })),
  };
  const encoded: EncodedRows = { rows, numeric, codes, text: [], sequence: [], targets };
  const data = await modelRows(encoded, preprocess);
  const layout = layoutOf(preprocess);
  const { folds, foldCount } = foldsOf(steps, spec.horizon);
  const last = steps.reduce((a, b) => Math.max(a, b), 0);
  const first = steps.reduce((a, b) => Math.min(a, b), last);
  const validated = Math.max(spec.horizon, Math.round((request.split?.validation ?? 0.1) * (last - first + 1)));
  const isValidated = (row: number) => steps[row] > Math.max(last - validated, first + (last - first) * alwaysTrained);
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  const tests = windowsOf(all.series, spec, (series) => [cut - series.first, series.values.length - 1], mostTestRows);
  const test = testOf(spec, tests, cut);
  return {
    preprocess,
    layout,
    rows: {
      ...classicRows(encoded, data, preprocess, layout),
      forecasts: { naive: figures.naive, smoothed: figures.smoothed, mean, std },
    },
    data,
    folds,
    foldCount,
    isOrdered: true,
    train: places.filter((row) => !isValidated(row)),
    validation: places.filter(isValidated),
    counts: {
      train: places.filter((row) => !isValidated(row)).length,
      validation: places.filter(isValidated).length,
      test: test.truth.filter((value) => !Number.isNaN(value)).length,
    },
    encodeTest: () => {
      throw new Fault('internal', 'rows to test a forecast on are windows');
    },
    series: { spec, columns, ahead, test, encodeTest: () => testRows(spec, tests, names) },
  };
}

/** Series with the rows of a test file after them. */
function joined(own: SeriesRows, tested: SeriesRows): SeriesRows {
  const known = new Map(own.series.map((series) => [series.name, series]));
  const cut = Math.min(...tested.series.map(({ first }) => first));
  const late = own.series.find(({ first, values }) => first + values.length > cut);
  if (late)
    throw new Fault(
      'bad_data',
      'The rows to test on must come after all others: a forecast is tested on what follows.',
    );
  const more = tested.series.map(({ name, first, values }) => {
    const before = known.get(name);
    known.delete(name);
    if (!before) return { name, first, values };
    const both = new Float64Array(first - before.first + values.length).fill(Number.NaN);
    both.set(before.values);
    both.set(values, first - before.first);
    return { name, first: before.first, values: both };
  });
  return { ...own, series: [...known.values(), ...more] };
}

/** Windows and features for these series, and the step from which on truths are the test's. */
function specOf(
  { step, format, series }: SeriesRows,
  { time, series: column }: { time: string; series?: string },
  { forecast = {}, split }: Pick<TrainRequest, 'forecast' | 'split'>,
  testedFrom: number | undefined,
): { spec: SeriesSpec; cut: number } {
  const begin = Math.min(...series.map(({ first }) => first));
  const end = Math.max(...series.map(({ first, values }) => first + values.length));
  const span = end - begin;
  const before = (share: number) =>
    series.map(({ first, values }) => ({
      values: values.subarray(0, Math.max(0, (testedFrom ?? begin + Math.round(span * share)) - first)),
    }));
  const share = split?.test ?? 0.1;
  // What is surely not tested on, however far ahead is looked.
  const tested = Math.max(share, forecast.horizon === undefined ? 1 / 8 : forecast.horizon / span);
  const known = Math.min(0.8, 1 - Math.min(tested, mostTested));
  const found = forecast.season === undefined ? findSeasons(before(known), calendarSeasons(step)) : [forecast.season];
  const usual = Math.min(...found) > 1 ? Math.min(...found) : 10;
  const horizon = forecast.horizon ?? Math.max(1, Math.min(60, usual, Math.floor(span / 8)));
  const tests = Math.min(Math.max(Math.round(share * span), horizon), Math.floor(span * mostTested));
  const cut = testedFrom ?? end - tests;
  const longest = Math.max(...series.map(({ first }) => cut - first));
  const most = Math.floor((longest - horizon) / 2);
  if (most < 3 || (testedFrom === undefined && horizon > tests)) {
    throw new Fault(
      'bad_data',
      `${span} steps are too few to forecast ${horizon} and to test it. Add earlier rows, or forecast fewer steps (--horizon).`,
    );
  }
  const fitting = found.filter((season) => season <= most);
  const seasons = fitting.length > 0 ? fitting : [1];
  const short = Math.min(...seasons);
  const window = Math.min(most, Math.max(16, ...seasons.map((season) => (season <= 60 ? 3 * season : season + 30))));
  const means = [4, short, 2 * short, window >> 1].filter((length) => length >= 2 && length <= window);
  const spec: SeriesSpec = {
    time,
    ...(format ? { format } : {}),
    ...(column !== undefined && series.length > 1 ? { series: column } : {}),
    step,
    horizon,
    window,
    seasons,
    lags: Math.min(window, 30, Math.max(12, short)),
    means: [...new Set(means)].sort((a, b) => a - b),
    calendar: calendarParts(step),
    smoothings: smoothingsFor(window, horizon, short),
    floor: 1,
  };
  return { spec: { ...spec, floor: floorOf(series, spec, cut) }, cut };
}

/** A hundredth of what values of a window usually deviate. */
function floorOf(series: readonly OneSeries[], { window }: SeriesSpec, cut: number): number {
  const spreads = series
    .slice(0, 200)
    .flatMap(({ first, values }) => {
      const known = values.subarray(0, Math.max(0, cut - first));
      const parts: number[] = [];
      for (let from = 0; from + window <= known.length; from += window)
        parts.push(
          spreadOf(
            known.subarray(from, from + window).filter((value) => !Number.isNaN(value)),
            1,
            0,
            0,
          )[1],
        );
      return parts;
    })
    .sort((a, b) => a - b);
  const middle = spreads[spreads.length >> 1] ?? 0;
  const mean = spreads.reduce((a, b) => a + b, 0) / Math.max(1, spreads.length);
  return 0.01 * (middle > 0 ? middle : mean > 0 ? mean : 1);
}

/** Mean and deviation of column `j` of rows so wide; `least` stands for no deviation at all. */
function spreadOf(values: Float64Array, width: number, j: number, least = 1): [number, number] {
  const n = values.length / width;
  let [sum, squares] = [0, 0];
  for (let at = j; at < values.length; at += width) sum += values[at];
  const mean = n > 0 ? sum / n : 0;
  for (let at = j; at < values.length; at += width) squares += (values[at] - mean) ** 2;
  const std = n > 0 ? Math.sqrt(squares / n) : 0;
  return [mean, std > 1e-12 ? std : least];
}

/** Values that a window needs behind it: all of it, or a season where series are short. */
const leastEnd = ({ values }: OneSeries, { window, seasons }: SeriesSpec): number =>
  values.length >= 3 * window ? window : Math.min(window, Math.max(2, seasons[0]));

/** Windows that end in a range of places, every so many-th so that they make no more than so many rows, the last ones first to stay. */
function windowsOf(
  series: readonly OneSeries[],
  { horizon, window }: SeriesSpec,
  range: (series: OneSeries) => [from: number, to: number],
  most: number,
): Picked[] {
  const count = series.reduce((sum, one) => {
    const [from, to] = range(one);
    return sum + Math.max(0, to - Math.max(1, from) + 1);
  }, 0);
  const stride = Math.max(1, Math.ceil((count * horizon) / most));
  return series.flatMap((of) => {
    const [from, to] = range(of);
    const picked: Picked[] = [];
    for (let end = to; end >= Math.max(1, from); end -= stride) {
      const isKnown = of.values.subarray(Math.max(0, end - window), end).some((value) => !Number.isNaN(value));
      if (isKnown) picked.push({ of, end });
    }
    return picked.reverse();
  });
}

const windowsPerRun = 128;

/** Features and truths of windows, where the truth is known and before the cut. */
async function rowsOf(spec: SeriesSpec, picked: readonly Picked[], cut: number) {
  const { horizon } = spec;
  const counts = new Map<string, number>();
  for (const { of } of picked) counts.set(of.name, (counts.get(of.name) ?? 0) + 1);
  const names = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, mostNames)
    .map(([name]) => name)
    .filter((name) => name !== '');
  const codeOf = new Map(names.map((name, i) => [name, i + 1]));
  const kept = picked.flatMap(({ of, end }, window) =>
    Array.from({ length: horizon }, (_, h) => ({
      window,
      h,
      step: of.first + end + h,
      truth: of.values[end + h],
    })).filter(({ step, truth }) => step < cut && truth !== undefined && !Number.isNaN(truth)),
  );
  const width = stepFeatures(spec).names.length;
  const hasNames = spec.series !== undefined;
  const made = {
    numeric: new Float64Array(kept.length * width),
    codes: new Int32Array(hasNames ? kept.length : 0),
    targets: new Float64Array(kept.length),
    ahead: Uint16Array.from(kept, ({ h }) => h),
    steps: Float64Array.from(kept, ({ step }) => step),
    names,
  };
  const program = await compile(stepsGraph(spec), { threads: 1 });
  try {
    let row = 0;
    for (let from = 0; from < picked.length; from += windowsPerRun) {
      const part = picked.slice(from, from + windowsPerRun);
      const windows = openWindows(
        spec,
        part.map(({ of, end }) => ({ ...of, end })),
      );
      const out = await program.run(windowFeeds(spec, windows), ['numeric', 'level', 'scale']);
      const [numbers, level, scale] = ['numeric', 'level', 'scale'].map((name) => out[name].data as Float64Array);
      for (; row < kept.length && kept[row].window < from + part.length; row++) {
        const { window, h, truth } = kept[row];
        const own = window - from;
        const at = (own * horizon + h) * width;
        made.numeric.set(numbers.subarray(at, at + width), row * width);
        const far = (truth - level[own]) / scale[own];
        made.targets[row] = Math.max(-mostDeviations, Math.min(mostDeviations, far));
        if (hasNames) made.codes[row] = codeOf.get(picked[window].of.name) ?? 0;
      }
    }
  } finally {
    await program.dispose();
  }
  return made;
}

/** Folds by the steps of the truths: the first are always trained on, the others are held out piece by piece. */
function foldsOf(steps: Float64Array, horizon: number): { folds: Uint8Array; foldCount: number } {
  const last = steps.reduce((a, b) => Math.max(a, b));
  const first = steps.reduce((a, b) => Math.min(a, b));
  const from = first + Math.ceil((last - first + 1) * alwaysTrained);
  const left = last - from + 1;
  const foldCount = Math.max(2, Math.min(5, Math.floor(left / Math.max(2, horizon / 2))));
  const folds = Uint8Array.from(steps, (step) =>
    step < from ? noFold : Math.min(foldCount - 1, Math.floor(((step - from) * foldCount) / left)),
  );
  const counts = Array.from({ length: foldCount }, (_, fold) => folds.filter((own) => own === fold).length);
  if (counts.includes(0) || !folds.includes(noFold))
    throw new Fault('bad_data', 'The series has too few values for folds in order of time. Add earlier rows.');
  return { folds, foldCount };
}

/** Windows of the test part, with what came true. */
function testOf(spec: SeriesSpec, picked: readonly Picked[], cut: number): ForecastTest {
  const { horizon, seasons } = spec;
  const truth = new Float64Array(picked.length * horizon).fill(Number.NaN);
  for (const [i, { of, end }] of picked.entries()) {
    for (let h = 0; h < horizon && end + h < of.values.length; h++) truth[i * horizon + h] = of.values[end + h];
  }
  const windows = openWindows(
    spec,
    picked.map(({ of, end }) => ({ ...of, end })),
  );
  const errors = naiveErrors(
    picked.map(({ of }) => ({ ...of, trained: cut - of.first })),
    seasons[0],
  );
  return { windows, truth, errors, last: Float64Array.from(picked, ({ of, end }) => of.first + end - 1) };
}

/** The test part as rows a step, for looking at what the model goes by. */
async function testRows(spec: SeriesSpec, picked: readonly Picked[], names: readonly string[]): Promise<EncodedRows> {
  const { numeric, targets, codes, names: own } = await rowsOf(spec, picked, Number.POSITIVE_INFINITY);
  const places = new Map(names.map((name, i) => [name, i + 1]));
  const known = codes.map((code) => (code > 0 ? (places.get(own[code - 1]) ?? 0) : 0));
  return { rows: targets.length, numeric, codes: known, text: [], sequence: [], targets };
}
