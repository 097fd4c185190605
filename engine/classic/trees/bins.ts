// Columns of a table as at most 255 bins each, column by column: what trees are grown from. Edges are float32, as the exported
// trees compare, so that a row takes the same way there.
/** The bin of missing values, whatever the column. */
export const missingBin = 255;
const mostBins = 255;
/** Rows that edges are taken from where there are more; evenly spread. */
const sampleRows = 50_000;

export type TreeColumn =
  /** Bin b holds values up to edges[b] that are above edges[b − 1]; the last bin holds the rest. */
  | { kind: 'number'; column: number; edges: Float32Array; bins: number }
  /** Bin b holds code b + 1; the last bin of many values holds all further codes. */
  | { kind: 'category'; column: number; bins: number };

export interface Binned {
  rows: number;
  columns: TreeColumn[];
  /** [columns × rows] on shared memory. */
  bins: Uint8Array;
}

/** What trees split: numbers, NaN where missing, and codes, 0 where missing; both row by row. */
export interface TreeRows {
  rows: number;
  numeric: ArrayLike<number>;
  numericWidth: number;
  codes: ArrayLike<number>;
  sizes: readonly number[];
}

/** Bins all rows by the edges that the training rows give. */
export function binRows(data: TreeRows, train: Uint32Array, most = mostBins): Binned {
  const { rows, numeric, numericWidth, sizes } = data;
  const limit = Math.min(mostBins, Math.max(2, most));
  const columns: TreeColumn[] = [];
  for (let column = 0; column < numericWidth; column++) {
    const edges = edgesOf(numeric, numericWidth, column, train, limit);
    columns.push({ kind: 'number', column, edges, bins: edges.length + 1 });
  }
  for (const [column, size] of sizes.entries()) {
    columns.push({ kind: 'category', column, bins: Math.max(1, Math.min(limit, size)) });
  }
  return { rows, columns, bins: binWith(columns, data) };
}

/** [columns × rows] bins by known columns, on shared memory. */
export function binWith(columns: readonly TreeColumn[], data: TreeRows): Uint8Array {
  const { rows, numeric, numericWidth, codes, sizes } = data;
  const bins = new Uint8Array(new SharedArrayBuffer(Math.max(1, rows * columns.length)));
  for (const [i, column] of columns.entries()) {
    const at = i * rows;
    if (column.kind === 'number') {
      const { edges } = column;
      for (let row = 0; row < rows; row++) bins[at + row] = binOf(edges, numeric[row * numericWidth + column.column]);
      continue;
    }
    const last = column.bins - 1;
    for (let row = 0; row < rows; row++) {
      const code = codes[row * sizes.length + column.column];
      bins[at + row] = code === 0 ? missingBin : Math.min(code - 1, last);
    }
  }
  return bins;
}

/** Bin of a value: the first whose edge is not below it. */
function binOf(edges: Float32Array, value: number): number {
  const x = Math.fround(value);
  if (x !== x) return missingBin;
  return rankOf(edges, x);
}

/** Number of edges below a float32. */
export function rankOf(edges: Float32Array, x: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Edges between distinct values, or between quantiles where there are more values than bins. */
export function edgesOf(
  numeric: ArrayLike<number>,
  width: number,
  column: number,
  train: Uint32Array,
  most: number,
): Float32Array {
  const step = Math.max(1, train.length / sampleRows);
  const values = new Float32Array(Math.min(train.length, sampleRows));
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = numeric[train[Math.floor(i * step)] * width + column];
    if (value === value) values[count++] = value;
  }
  const sorted = values.subarray(0, count).sort();
  let distinct = count > 0 ? 1 : 0;
  for (let i = 1; i < count; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const edges: number[] = [];
  const cut = (i: number) => {
    const edge = between(sorted[i - 1], sorted[i]);
    if (edge !== edges.at(-1)) edges.push(edge);
  };
  if (distinct <= most) {
    for (let i = 1; i < count; i++) if (sorted[i] !== sorted[i - 1]) cut(i);
  } else {
    for (let bin = 1; bin < most; bin++) {
      let i = Math.round((bin * count) / most);
      while (i < count && sorted[i] === sorted[i - 1]) i++;
      if (i > 0 && i < count) cut(i);
    }
  }
  return Float32Array.from(edges);
}

/** The float32 half way between two, `low` at least and below `high`. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle >= low && middle < high ? middle : low;
}
