// The report of a forecast: the graph that is served, over windows whose next steps are known, beside the value one season before.
import { calendarWidth, saidTime, type SeriesWindows, timeOf, windowFeeds } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { compile } from '../runtime/index.ts';
import { Fault, type ForecastFigures, type ForecastReport, type Preprocess, type SeriesSpec } from '../schema/index.ts';
import type { RunFacts } from './report.ts';

/** Windows to test on. */
export interface ForecastTest {
  windows: SeriesWindows;
  /** [windows × horizon], NaN where nothing is known. */
  truth: Float64Array;
  /** What the naive forecast was off by within the training part, by window. */
  errors: Float64Array;
  /** Last step of each window. */
  last: Float64Array;
}

/**
 * Mean error of the value one season before, by series, over what is trained on (`trained` values from the first on); the mean of all
 * where a series never changed.
 */
export function naiveErrors(
  series: readonly { name: string; values: Float64Array; trained: number }[],
  season: number,
): Float64Array {
  const known = new Map<string, number>();
  for (const { name, values, trained } of series) {
    if (known.has(name)) continue;
    let [sum, count] = [0, 0];
    for (let t = season; t < Math.min(values.length, trained); t++) {
      const off = Math.abs(values[t] - values[t - season]);
      if (Number.isNaN(off)) continue;
      sum += off;
      count++;
    }
    known.set(name, count > 0 ? sum / count : 0);
  }
  const some = [...known.values()].filter((error) => error > 0);
  const usual = some.length > 0 ? some.reduce((a, b) => a + b, 0) / some.length : 1;
  return Float64Array.from(series, ({ name }) => known.get(name) || usual);
}

const windowsPerRun = 256;
/** Forecasts that are shown, and values behind each. */
const mostExamples = 3;
const mostBehind = 120;

/** Report of the served graph on windows. Throws `bad_data` where none has a truth. */
export async function forecastReport(
  graph: Graph,
  preprocess: Preprocess,
  test: ForecastTest,
  facts: Omit<RunFacts, 'loss'>,
  threads = 1,
): Promise<ForecastReport> {
  const spec = preprocess.series;
  if (!spec?.band) throw new Fault('internal', 'a forecast has no bounds');
  const { horizon, window, seasons } = spec;
  const { windows, truth, errors } = test;
  const said = { forecast: new Float64Array(0), low: new Float64Array(0), high: new Float64Array(0) };
  for (const name of ['forecast', 'low', 'high'] as const) said[name] = new Float64Array(truth.length);
  const program = await compile(graph, { threads });
  try {
    for (let from = 0; from < windows.rows; from += windowsPerRun) {
      const feeds = windowFeeds(spec, cutOf(spec, windows, from, Math.min(windows.rows, from + windowsPerRun)));
      const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
      const out = await program.run(used, ['forecast', 'low', 'high']);
      for (const name of ['forecast', 'low', 'high'] as const)
        said[name].set(out[name].data as Float64Array, from * horizon);
    }
  } finally {
    await program.dispose();
  }
  const [season] = seasons;
  const naive = Float64Array.from(truth, (_, at) => {
    const [row, h] = [Math.floor(at / horizon), at % horizon];
    return windows.history[row * window + window + h - season * Math.ceil((h + 1) / season)];
  });
  const known = Uint32Array.from(truth.keys()).filter((at) => !Number.isNaN(truth[at]));
  if (known.length === 0)
    throw new Fault('bad_data', 'No step of the test part has a value to compare a forecast with. Add rows.');
  const figures = figuresOf(said.forecast, truth, known, errors, horizon);
  const inside = known.filter((at) => truth[at] >= said.low[at] && truth[at] <= said.high[at]).length;
  const meanOff = (values: Float64Array, h: number) => {
    const own = known.filter((at) => at % horizon === h);
    return own.reduce((sum, at) => sum + Math.abs(values[at] - truth[at]), 0) / Math.max(1, own.length);
  };
  return {
    task: 'forecasting',
    rows: known.length,
    ...facts,
    loss:
      known.reduce((sum, at) => sum + ((said.forecast[at] - truth[at]) / errors[Math.floor(at / horizon)]) ** 2, 0) /
      known.length,
    ...figures,
    baseline: figuresOf(naive, truth, known, errors, horizon),
    horizon,
    season,
    series: new Set(windows.names).size,
    windows: windows.rows,
    coverage: inside / known.length,
    band: spec.band.share,
    byStep: Array.from({ length: horizon }, (_, h) => ({
      ahead: h + 1,
      mae: meanOff(said.forecast, h),
      baseline: meanOff(naive, h),
    })),
    examples: examplesOf(spec, test, said),
  };
}

function cutOf(spec: SeriesSpec, windows: SeriesWindows, from: number, to: number): SeriesWindows {
  const width = spec.horizon * spec.calendar.length * calendarWidth;
  return {
    rows: to - from,
    history: windows.history.subarray(from * spec.window, to * spec.window),
    calendar: windows.calendar.subarray(from * width, to * width),
    names: windows.names.slice(from, to),
  };
}

function figuresOf(
  said: Float64Array,
  truth: Float64Array,
  known: Uint32Array,
  errors: Float64Array,
  horizon: number,
): ForecastFigures {
  let [mase, smape, squares, mae] = [0, 0, 0, 0];
  for (const at of known) {
    const off = Math.abs(said[at] - truth[at]);
    const size = Math.abs(said[at]) + Math.abs(truth[at]);
    mase += off / errors[Math.floor(at / horizon)];
    smape += size > 0 ? (200 * off) / size : 0;
    squares += off * off;
    mae += off;
  }
  const n = known.length;
  return { mase: mase / n, smape: smape / n, rmse: Math.sqrt(squares / n), mae: mae / n };
}

/** For some series the first forecast whose steps have all come true, or nearly. */
function examplesOf(
  spec: SeriesSpec,
  { windows, truth, last }: ForecastTest,
  { forecast, low, high }: Record<'forecast' | 'low' | 'high', Float64Array>,
): ForecastReport['examples'] {
  const { horizon, window, step } = spec;
  const seen = new Set<string>();
  const behind = Math.min(window, mostBehind);
  return windows.names.flatMap((name, row) => {
    const own = <T extends Float64Array>(values: T) => Array.from(values.subarray(row * horizon, (row + 1) * horizon));
    const isFull = !Number.isNaN(truth[(row + 1) * horizon - 1]) || windows.rows === 1;
    if (seen.has(name) || seen.size >= mostExamples || !isFull) return [];
    seen.add(name);
    return [
      {
        ...(spec.series === undefined ? {} : { series: name }),
        at: Array.from({ length: behind + horizon }, (_, i) =>
          saidTime(step, timeOf(step, last[row] - behind + 1 + i)),
        ),
        behind: Array.from(windows.history.subarray((row + 1) * window - behind, (row + 1) * window)),
        truth: own(truth).map((value) => (Number.isNaN(value) ? null : value)),
        forecast: own(forecast),
        low: own(low),
        high: own(high),
      },
    ];
  });
}
