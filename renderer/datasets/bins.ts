// Equal bins of a column's sample, between the column's own extremes (over all rows). Pure.
import type { Column } from '../../engine/schema/index.ts';

/** Counts by bin, or undefined where there is nothing to count. Dates come as text or ms since 1970. */
export function binned(
  values: unknown[],
  column: Pick<Column, 'type' | 'min' | 'max' | 'quantiles'>,
  bins = 28,
): { counts: number[]; low: number; high: number } | undefined {
  const numbers = values
    .map((value) => (column.type === 'date' && typeof value === 'string' ? Date.parse(value) : value))
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length === 0) return undefined;
  const low = column.min ?? Math.min(...numbers);
  const high = column.max ?? Math.max(...numbers);
  if (!(high > low)) return { counts: [numbers.length], low, high };
  // A whole-number column gets a bin a value where that fits, so that no bin is empty by arithmetic alone.
  const whole = numbers.every(Number.isInteger) && high - low < bins;
  const count = whole ? high - low + 1 : bins;
  const counts = Array.from({ length: count }, () => 0);
  for (const value of numbers) {
    const place = whole ? value - low : Math.floor(((value - low) / (high - low)) * count);
    const bin = Math.min(count - 1, Math.max(0, place));
    counts[bin] = counts[bin] + 1;
  }
  return { counts, low, high };
}
