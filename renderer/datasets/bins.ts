// Equal bins of a column's sample, between the column's own extremes (over all rows). Pure.
import type { Column } from '../../engine/schema/index.ts';

/** Counts by bin, or undefined where there is nothing to count. Dates come as text or ms since 1970. */
export function binned(
  values: unknown[],
  column: Pick<Column, 'type' | 'min' | 'max' | 'quantiles'>,
  bins = 28,
): { counts: number[]; low: number; high: number; log: boolean } | undefined {
  const numbers = values
    .map((value) => (column.type === 'date' && typeof value === 'string' ? Date.parse(value) : value))
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length === 0) return undefined;
  const low = column.min ?? Math.min(...numbers);
  const high = column.max ?? Math.max(...numbers);
  if (!(high > low)) return { counts: [numbers.length], low, high, log: false };
  // A whole-number column gets a bin a value where that fits, so that no bin is empty by arithmetic alone.
  const whole = numbers.every(Number.isInteger) && high - low < bins;
  const count = whole ? high - low + 1 : bins;
  // Long tails (three quarters within a twentieth of the range) are binned by logarithm, or one bar would hold all.
  const quartile = column.quantiles?.[3];
  const log = !whole && low >= 0 && quartile !== undefined && quartile - low < (high - low) / 20;
  const scale = log ? (value: number): number => Math.log1p(value - low) : (value: number): number => value - low;
  const counts = Array.from({ length: count }, () => 0);
  for (const value of numbers) {
    const place = whole ? value - low : Math.floor((scale(value) / scale(high)) * count);
    const bin = Math.min(count - 1, Math.max(0, place));
    counts[bin] = counts[bin] + 1;
  }
  return { counts, low, high, log };
}
