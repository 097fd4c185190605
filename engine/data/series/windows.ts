// Windows of a series: the latest values without gaps, as training and serving alike hand them to the graph. Pure.
import type { SeriesSpec } from '../../schema/index.ts';
import { calendarPart, timeOf, turns } from './steps.ts';

/**
 * The last `size` values before `end` into `out` from `at` on, oldest first. Gaps are bridged straight, the newest value is carried on;
 * what lies before the first value repeats the season after it. Nothing but those values is looked at, so that who sends only them gets
 * the same window. At least one of them must be known.
 */
export function windowOf(
  values: ArrayLike<number>,
  end: number,
  size: number,
  season: number,
  out: Float64Array,
  at: number,
): void {
  const start = end - size;
  let known = -1;
  let first = -1;
  for (let i = 0; i < size; i++) {
    const value = start + i >= 0 ? values[start + i] : Number.NaN;
    if (Number.isNaN(value)) continue;
    if (known < 0) first = i;
    else {
      const [from, gap] = [out[at + known], i - known];
      for (let j = 1; j < gap; j++) out[at + known + j] = from + ((value - from) * j) / gap;
    }
    out[at + i] = value;
    known = i;
  }
  for (let i = known + 1; i < size; i++) out[at + i] = out[at + known];
  for (let i = first - 1; i >= 0; i--) {
    const same = i + season;
    out[at + i] = same < size && same >= first ? out[at + same] : out[at + Math.min(size - 1, i + 1)];
  }
}

/** Numbers of each part of a date: itself, and around a circle, where December is beside January. */
export const calendarWidth = 3;

/**
 * Parts of the dates of the steps after `last` into `out` from `at` on, [horizon × parts × 3]. Here and not in the graph: kernels round
 * sines by where they lie in memory.
 */
export function calendarOf(spec: SeriesSpec, last: number, out: Float64Array, at: number): void {
  let place = at;
  for (let ahead = 1; ahead <= spec.horizon; ahead++) {
    const time = timeOf(spec.step, last + ahead);
    for (const part of spec.calendar) {
      const value = calendarPart[part](time);
      const angle = (2 * Math.PI * value) / turns[part];
      for (const own of [value, Math.sin(angle), Math.cos(angle)]) out[place++] = own;
    }
  }
}

/** Windows ready for the graph. */
export interface SeriesWindows {
  rows: number;
  /** [rows × window] */
  history: Float64Array;
  /** [rows × horizon × parts × 3] */
  calendar: Float64Array;
  /** Name of each row's series. */
  names: string[];
}

/** Windows that end before the given places of their series. */
export function openWindows(
  spec: SeriesSpec,
  picked: readonly { name: string; first: number; values: ArrayLike<number>; end: number }[],
): SeriesWindows {
  const { window, horizon, calendar, seasons } = spec;
  const width = horizon * calendar.length * calendarWidth;
  const made = {
    rows: picked.length,
    history: new Float64Array(picked.length * window),
    calendar: new Float64Array(picked.length * width),
    names: picked.map(({ name }) => name),
  };
  for (const [i, { first, values, end }] of picked.entries()) {
    windowOf(values, end, window, seasons[0], made.history, i * window);
    calendarOf(spec, first + end - 1, made.calendar, i * width);
  }
  return made;
}
