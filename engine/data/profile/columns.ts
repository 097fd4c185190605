// Distributions of single columns, from typed arrays: quantiles, histograms, most frequent values, lengths and languages of
// texts. Reads one column at a time.
import type { Column, ColumnProfile } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { languagesOf } from './language.ts';

const shares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];
const bins = 40;
const mostTop = 20;
/** Above this many different texts, counting stops and the import's estimate stands. */
const mostCounted = 100_000;

/** The quantile of sorted values, between neighbours. */
export function quantileOf(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Counts in equal bins; of whole numbers with few values, a bin a value; long tails by logarithm. */
export function histogramOf(sorted: Float64Array): { edges: number[]; counts: number[]; log: boolean } {
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  if (!(high > low)) return { edges: [low, high], counts: [sorted.length], log: false };
  const whole = high - low < bins && sorted.every(Number.isInteger);
  const count = whole ? high - low + 1 : bins;
  const log = !whole && low >= 0 && quantileOf(sorted, 0.75) - low < (high - low) / 20;
  const scale = log ? (value: number) => Math.log1p(value - low) : (value: number) => value - low;
  const back = log ? (value: number) => Math.expm1(value) + low : (value: number) => value + low;
  const span = whole ? count : scale(high);
  const edges = Array.from({ length: count + 1 }, (_, i) => (whole ? low + i - 0.5 : back((span * i) / count)));
  const counts = Array.from({ length: count }, () => 0);
  for (const value of sorted) {
    counts[Math.min(count - 1, Math.max(0, Math.floor((scale(value) / span) * count)))]++;
  }
  return { edges, counts, log };
}

/** Everything about one column. */
export function profileColumn(reader: DatasetReader, column: Column): ColumnProfile {
  const { name, type, missing, distinct } = column;
  const about: ColumnProfile = { name, type, missing, distinct };
  switch (type) {
    case 'number':
    case 'date':
      return { ...about, ...numberFigures(reader, column) };
    case 'category':
    case 'boolean':
      return { ...about, top: column.top?.slice(0, mostTop) ?? [] };
    case 'text':
      return { ...about, ...textFigures(reader, name, true) };
    case 'identifier':
      // Numbers that name rows are stored as numbers.
      return isNumeric(reader, name)
        ? { ...about, ...numberFigures(reader, column) }
        : { ...about, ...textFigures(reader, name, false) };
    default: {
      const { width, height } = column.media ?? {};
      const round = (value: number) => Math.max(1, Math.round(value));
      const sizes =
        width && height
          ? [{ width: round(width.mean), height: round(height.mean), count: reader.rows - missing }]
          : undefined;
      return { ...about, ...(sizes ? { sizes } : {}) };
    }
  }
}

function isNumeric(reader: DatasetReader, name: string): boolean {
  try {
    reader.numbers(name, 0, 1);
    return true;
  } catch {
    return false;
  }
}

function numberFigures(reader: DatasetReader, { name, mean, std }: Column): Partial<ColumnProfile> {
  const sorted = reader
    .numbers(name)
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (sorted.length === 0) return {};
  let zeros = 0;
  for (const value of sorted) if (value === 0) zeros++;
  const top = sorted.length > 0 ? topOfSorted(sorted) : [];
  return {
    quantiles: shares.map((share) => quantileOf(sorted, share)),
    histogram: histogramOf(sorted),
    zeros,
    ...(mean === undefined ? {} : { mean }),
    ...(std === undefined ? {} : { std }),
    ...(top.length > 0 ? { top } : {}),
  };
}

/** Values that occur more than once, by falling count. */
function topOfSorted(sorted: Float64Array): { value: string; count: number }[] {
  const top: { value: number; count: number }[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    const count = to - from;
    if (count > 1 && (top.length < mostTop || count > top[top.length - 1].count)) {
      top.push({ value: sorted[from], count });
      top.sort((a, b) => b.count - a.count || a.value - b.value);
      top.length = Math.min(top.length, mostTop);
    }
    from = to;
  }
  return top.map(({ value, count }) => ({ value: String(value), count }));
}

function textFigures(reader: DatasetReader, name: string, prose: boolean): Partial<ColumnProfile> {
  const lengths = new Float64Array(reader.rows);
  const counts = new Map<string, number>();
  const sample: string[] = [];
  const every = Math.max(1, Math.floor(reader.rows / 2000));
  let [row, present] = [0, 0];
  for (const size of reader.groups) {
    for (const text of reader.texts(name, row, row + size)) {
      if (text !== null) {
        lengths[present++] = text.length;
        if (prose && row % every === 0) sample.push(text);
        const before = counts.get(text);
        if (before !== undefined || counts.size < mostCounted) counts.set(text, (before ?? 0) + 1);
      }
      row++;
    }
  }
  if (present === 0) return {};
  const sorted = lengths.subarray(0, present).sort();
  const { edges, counts: heights } = histogramOf(sorted);
  const top = [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, mostTop)
    .map(([value, count]) => ({ value: value.slice(0, 200), count }));
  return {
    length: { quantiles: shares.map((share) => quantileOf(sorted, share)), histogram: { edges, counts: heights } },
    ...(prose ? { languages: languagesOf(sample) } : {}),
    ...(top.length > 0 ? { top } : {}),
  };
}
