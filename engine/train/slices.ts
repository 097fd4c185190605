// How well a model does on parts of the test rows: where a column has a value, or lies between two. Names the parts that it does worse
// on than on the rest; asks no model.
import type { EncodedRows } from '../data/index.ts';
import type { Preprocess, Slice } from '../schema/index.ts';
import { meanOf, wilson } from './metrics.ts';

/** Rows below which a part says nothing, parts that are kept, and columns that are looked at. */
const fewestRows = 20;
const mostSlices = 12;
const mostColumns = 60;
/** Values of a category that are parts of their own. */
const mostValues = 12;
/** Standard errors by which a part must be worse than all rows to be named. */
const clearly = 1;

/**
 * Parts of the rows `known` where `scores` (1 or 0 for right or wrong, or absolute errors, in the order of `known`) are worse than
 * over all of them, the clearest first.
 */
export function worstSlices(
  { numeric, category, image }: Preprocess,
  encoded: Pick<EncodedRows, 'numeric' | 'codes'>,
  known: Uint32Array,
  scores: Float64Array,
  isShare: boolean,
): Slice[] {
  const overall = meanOf(scores);
  const parts = new Map<string, { column: string; value: string; places: number[] }>();
  const put = (column: string, value: string, place: number) => {
    const key = JSON.stringify([column, value]);
    const part = parts.get(key) ?? { column, value, places: [] };
    part.places.push(place);
    parts.set(key, part);
  };
  for (const [j, { column, values }] of category.slice(0, mostColumns).entries()) {
    for (const [place, row] of known.entries()) {
      const code = encoded.codes[row * category.length + j];
      if (code <= mostValues) put(column, code === 0 ? '' : (values[code - 1] ?? ''), place);
    }
  }
  for (const [j, { column, part }] of numeric.slice(0, image ? 0 : mostColumns).entries()) {
    if (part !== 'value') continue;
    const own = Float64Array.from(known, (row) => encoded.numeric[row * numeric.length + j]);
    const edges = quarters(own);
    for (const [place, value] of own.entries()) put(column, rangeOf(value, edges), place);
  }
  return [...parts.values()]
    .filter(({ places }) => places.length >= fewestRows && places.length < known.length)
    .map(({ column, value, places }) => {
      const own = Float64Array.from(places, (place) => scores[place]);
      const score = meanOf(own);
      const spread = Math.sqrt(meanOf(own.map((one) => (one - score) ** 2)) / own.length);
      const half = 1.96 * spread;
      const interval: [number, number] = isShare
        ? wilson(score, own.length)
        : [Math.max(0, score - half), score + half];
      const worse = isShare ? overall - score : score - overall;
      const error = Math.max(spread, Math.abs(overall) / Math.sqrt(known.length) / 10, 1e-12);
      return { slice: { column, value, rows: own.length, score, interval }, by: worse / error };
    })
    .filter(({ by }) => by > clearly)
    .sort((a, b) => b.by - a.by || a.slice.column.localeCompare(b.slice.column))
    .slice(0, mostSlices)
    .map(({ slice }) => slice);
}

/** Edges between the quarters of values that are there; fewer where many values are the same. */
function quarters(values: Float64Array): number[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const greatest = sorted.at(-1) ?? 0;
  return [...new Set(edges)].filter((edge) => edge < greatest);
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));

function rangeOf(value: number, edges: readonly number[]): string {
  if (Number.isNaN(value)) return '';
  const at = edges.findIndex((edge) => value <= edge);
  if (edges.length === 0) return '…';
  if (at === 0) return `≤ ${shown(edges[0])}`;
  if (at < 0) return `> ${shown(edges.at(-1) ?? 0)}`;
  return `${shown(edges[at - 1])} – ${shown(edges[at])}`;
}
