// What a client sends for a forecast (the rows behind, as the dataset has them) as the inputs of the graph. Refuses what it could only
// misunderstand, naming the input and the row. The training twin is windows.ts.
import { type Tensor, tensor } from '../../onnx/index.ts';
import { Fault, type PredictInput, type Preprocess, type SeriesSpec } from '../../schema/index.ts';
import { parseDate } from '../dates.ts';
import { readNumber, readText } from '../values.ts';
import { stepOf } from './steps.ts';
import { calendarWidth, openWindows, type SeriesWindows } from './windows.ts';

/** Names of the graph's inputs. */
export const seriesInputs = { history: 'history', calendar: 'calendar', series: 'series' } as const;

/** Inputs of the graph, and the last step of each history. */
export interface Histories {
  feeds: Record<string, Tensor>;
  last: number[];
}

const plainNumber = { part: 'value' as const, mean: 0, std: 1, fill: 0, missing: 0 };

function timeFrom(spec: SeriesSpec, value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (spec.step.unit === 'number' && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return Number(value);
  const ms = spec.step.unit !== 'number' && typeof value === 'string' ? parseDate(value, spec.format) : undefined;
  if (ms !== undefined) return ms;
  const wanted = spec.step.unit === 'number' ? 'a number' : 'a date (2026-01-31 or 2026-01-31T12:00:00Z)';
  throw new Fault('bad_input', `${where} must be ${wanted}: without it the row has no place in the series.`);
}

/** Encodes histories; the first is called `inputs[offset]` in Faults. Throws `bad_input`. */
export function encodeHistories(fitted: Preprocess, inputs: readonly PredictInput[], offset = 0): Histories {
  const { series: spec, target } = fitted;
  if (!spec) throw new Fault('internal', 'only forecasts take histories');
  const known = new Set(fitted.columns.map(({ name }) => name));
  const picked = inputs.map((input, place) => {
    const i = offset + place;
    const rows = typeof input === 'object' ? input['history'] : undefined;
    if (!Array.isArray(rows) || rows.length === 0) {
      throw new Fault(
        'bad_input',
        `inputs[${i}] needs the rows behind: {"history": [{${JSON.stringify(spec.time)}: …, ${JSON.stringify(target.column)}: …}, …]}, ${spec.window} of them or more.`,
      );
    }
    const points = new Map<number, { sum: number; count: number }>();
    const seen = new Set<number>();
    let [begin, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let name: string | undefined;
    for (const [j, given] of rows.entries()) {
      const where = `inputs[${i}].history[${j}]`;
      if (typeof given !== 'object' || given === null) throw new Fault('bad_input', `${where} is no row.`);
      const row = given as Record<string, unknown>;
      const unknown = Object.keys(row).find((column) => !known.has(column));
      if (unknown !== undefined)
        throw new Fault('bad_input', `${where} has a column ${JSON.stringify(unknown)} that the model does not know.`);
      const time = timeFrom(spec, row[spec.time], `${where}.${spec.time}`);
      if (seen.has(time))
        throw new Fault('bad_input', `${where} has a time that another row has. Send each time once.`);
      seen.add(time);
      if (spec.series !== undefined) {
        const own = readText(row[spec.series], `${where}.${spec.series}`) ?? '';
        if (name !== undefined && name !== own)
          throw new Fault('bad_input', `${where} is of another series. Send one series an input.`);
        name = own;
      }
      const value = readNumber(
        { ...plainNumber, column: target.column },
        row[target.column],
        `${where}.${target.column}`,
      );
      const step = stepOf(spec.step, time);
      [begin, last] = [Math.min(begin, step), Math.max(last, step)];
      if (Number.isNaN(value)) continue;
      // Times that are a little off may fall into one step: their mean, as in training.
      const point = points.get(step) ?? { sum: 0, count: 0 };
      points.set(step, { sum: point.sum + value, count: point.count + 1 });
    }
    const size = Math.min(spec.window, last - begin + 1);
    const values = Float64Array.from({ length: size }, (_, k) => {
      const { sum, count } = points.get(last - size + 1 + k) ?? { sum: 0, count: 0 };
      return count > 0 ? sum / count : Number.NaN;
    });
    if (values.every(Number.isNaN))
      throw new Fault('bad_input', `inputs[${i}]: the last ${spec.window} steps have no value of ${target.column}.`);
    return { name: name ?? '', first: last - size + 1, values, end: size };
  });
  const last = picked.map(({ first, end }) => first + end - 1);
  return { feeds: windowFeeds(spec, openWindows(spec, picked)), last };
}

/** Windows as the graph takes them. */
export function windowFeeds(
  spec: SeriesSpec,
  { rows, history, calendar, names }: SeriesWindows,
): Record<string, Tensor> {
  const { window, horizon, calendar: parts, series } = spec;
  return {
    [seriesInputs.history]: tensor('float64', [rows, window], history),
    ...(parts.length > 0
      ? { [seriesInputs.calendar]: tensor('float64', [rows, horizon, parts.length * calendarWidth], calendar) }
      : {}),
    ...(series === undefined ? {} : { [seriesInputs.series]: tensor('string', [rows, 1], names) }),
  };
}
