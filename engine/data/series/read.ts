// The series of a dataset: each one's values by step, gaps as NaN. Faults name the rows.
import { Fault, type TimeStep } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import type { SeriesColumns } from './columns.ts';
import { findStep, saidTime, stepOf } from './steps.ts';

/** Values of one series; that of step `first` is at 0. */
export interface OneSeries {
  /** '' where there is only one. */
  name: string;
  first: number;
  values: Float64Array;
}

export interface SeriesRows {
  step: TimeStep;
  /** How the column writes dates beside ISO 8601. */
  format?: string;
  series: OneSeries[];
}

/** Steps of one series at most, and of all. */
const mostSteps = 20_000_000;
/** Least share of a series' steps that have a value. */
const leastShare = 0.2;

/** Reads the series; `step` when the steps are known already, as for rows to test on. Throws `bad_data`. */
export function readSeries(reader: DatasetReader, columns: SeriesColumns, known?: TimeStep): SeriesRows {
  const { target, time, series } = columns;
  for (const name of [target, time, series]) {
    if (name !== undefined && !reader.shape.columns.some((column) => column.name === name))
      throw new Fault('bad_data', `The dataset lacks the column ${JSON.stringify(name)}. Add it.`);
  }
  const timed = reader.shape.columns.find(({ name }) => name === time);
  const isDate = timed?.type === 'date';
  const times =
    isDate || timed?.type === 'number' ? reader.numbers(time) : Float64Array.from(reader.texts(time), Number);
  const values = reader.numbers(target);
  const names = series === undefined ? undefined : reader.texts(series);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < reader.rows; row++) {
    if (Number.isNaN(times[row])) continue;
    const name = names ? (names[row] ?? '') : '';
    const own = groups.get(name);
    if (own) own.push(row);
    else groups.set(name, [row]);
  }
  for (const rows of groups.values()) rows.sort((a, b) => times[a] - times[b] || a - b);
  for (const [name, rows] of groups) {
    for (let i = 1; i < rows.length; i++) {
      if (times[rows[i]] !== times[rows[i - 1]]) continue;
      const [a, b] = [rows[i - 1] + 1, rows[i] + 1].sort((x, y) => x - y);
      const said = isDate ? new Date(times[rows[i]]).toISOString() : String(times[rows[i]]);
      throw new Fault(
        'bad_data',
        `Rows ${a} and ${b} have the same time ${said}${name === '' ? '' : ` in series ${JSON.stringify(name)}`}. ${series === undefined ? 'Name the column that tells series apart (--series), or sum them up before the import' : 'Sum them up before the import'}.`,
      );
    }
  }
  const step =
    known ??
    findStep(
      [...groups.values()].map((rows) => rows.map((row) => times[row])),
      isDate,
    );
  let total = 0;
  const made = [...groups].map(([name, rows]): OneSeries => {
    const first = stepOf(step, times[rows[0]]);
    const count = stepOf(step, times[rows[rows.length - 1]]) - first + 1;
    if ((total += count) > mostSteps || (count > 50 && rows.length < leastShare * count && !known))
      throw new Fault(
        'bad_data',
        `The times are too uneven: ${rows.length} rows over ${count} steps from ${saidTime(step, times[rows[0]])} on. Bring them to even steps before the import.`,
      );
    const sums = new Float64Array(count);
    const counts = new Uint32Array(count);
    for (const row of rows) {
      if (Number.isNaN(values[row])) continue;
      const at = stepOf(step, times[row]) - first;
      sums[at] += values[row];
      counts[at]++;
    }
    // Times that are a little off may fall into one step.
    return { name, first, values: sums.map((sum, i) => (counts[i] > 0 ? sum / counts[i] : Number.NaN)) };
  });
  const format = isDate ? reader.dateFormat(time) : undefined;
  return { step, ...(format && format !== 'iso' ? { format } : {}), series: made };
}
