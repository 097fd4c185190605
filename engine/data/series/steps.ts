// The steps of a series: how far apart its times are, which step a time is, and which time a step. Pure.
import { Fault, type SeriesSpec, type TimeStep } from '../../schema/index.ts';

const dayMs = 86_400_000;
/** Distances of times, in days, from which months are counted instead. */
const monthDays = 26.5;
const daysOfMonth = 30.436875;

const monthOf = (ms: number) => {
  const date = new Date(ms);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
};

/** Step of a time; whole numbers for times that lie on it. */
export function stepOf({ unit, size, from }: TimeStep, time: number): number {
  return Math.round(((unit === 'month' ? monthOf(time) : time) - from) / size);
}

/** Time of a step: ms since 1970 for dates. */
export function timeOf({ unit, size, from, day = 1 }: TimeStep, step: number): number {
  if (unit !== 'month') return from + step * size;
  const month = from + step * size;
  const last = new Date(Date.UTC(1970, month + 1, 0)).getUTCDate();
  return Date.UTC(1970, month, Math.min(day, last));
}

/** A time as answers write it: a date, with the time of day where steps are parts of days, or a number. */
export function saidTime({ unit, size, from }: TimeStep, time: number): string | number {
  if (unit === 'number') return time;
  const text = new Date(time).toISOString();
  const isDaily = unit === 'month' || (size % dayMs === 0 && from % dayMs === 0);
  return isDaily ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}

/**
 * The steps of times (each series' own, rising, without repetition): what most neighbours are apart. Throws `bad_data` where there
 * is nothing to tell it from.
 */
export function findStep(series: readonly (readonly number[])[], isDate: boolean): TimeStep {
  const gaps = series.flatMap((times) => times.slice(1).map((time, i) => time - times[i])).sort((a, b) => a - b);
  if (gaps.length === 0)
    throw new Fault('bad_data', 'No series has two different times, so that none can be forecast.');
  const middle = gaps[Math.floor(gaps.length / 2)];
  const first = Math.min(...series.map(([time = Number.POSITIVE_INFINITY]) => time));
  if (!isDate) return { unit: 'number', size: middle, from: first };
  const days = middle / dayMs;
  if (days < monthDays) return { unit: 'ms', size: middle, from: first };
  const size = Math.max(1, Math.round(days / daysOfMonth));
  let day = 1;
  for (const times of series) for (const time of times) day = Math.max(day, new Date(time).getUTCDate());
  return { unit: 'month', size, from: monthOf(first), day };
}

/** Seasons that a calendar suggests, in steps. */
export function calendarSeasons({ unit, size }: TimeStep): number[] {
  if (unit === 'number') return [];
  const whole = (period: number) => (Math.abs(period - Math.round(period)) < 0.02 * period ? [Math.round(period)] : []);
  if (unit === 'month') return whole(12 / size).filter((period) => period >= 2);
  return [3_600_000, dayMs, 7 * dayMs, 365.25 * dayMs]
    .flatMap((length) => whole(length / size))
    .filter((period) => period >= 2 && period <= 400);
}

type Part = SeriesSpec['calendar'][number];

/** Parts of dates that differ from step to step. */
export function calendarParts({ unit, size }: TimeStep): Part[] {
  if (unit === 'number') return [];
  if (unit === 'month') return size >= 12 ? [] : ['month'];
  return size >= dayMs
    ? ['month', 'day', ...(size < 7 * dayMs ? (['weekday'] as const) : [])]
    : ['month', 'weekday', 'hour'];
}

/** A part of a date (UTC); hours with their fractions. */
export const calendarPart: Readonly<Record<Part, (ms: number) => number>> = {
  month: (ms) => new Date(ms).getUTCMonth() + 1,
  day: (ms) => new Date(ms).getUTCDate(),
  weekday: (ms) => new Date(ms).getUTCDay(),
  hour: (ms) => (((ms % dayMs) + dayMs) % dayMs) / 3_600_000,
};

/** Once round the circle of each part of a date. */
export const turns: Readonly<Record<Part, number>> = { month: 12, day: 31, weekday: 7, hour: 24 };
