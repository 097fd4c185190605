// Rows into training, validation and test parts: seeded, stratified, no row in two parts. Reads no data but labels.
import { rng } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

/** Shares of the rows; they add up to 1. */
export interface Parts {
  train: number;
  validation: number;
  test: number;
}

export interface SplitOptions {
  rows: number;
  seed: number;
  /** Class index of each row; rows below 0 are left out. Every class keeps a row in the training part. */
  labels?: ArrayLike<number>;
  /** Target of each row for regression; rows that are NaN are left out. Parts get alike quantiles. */
  targets?: ArrayLike<number>;
  parts?: Parts;
}

/** Row numbers of each part, rising. */
export interface Split {
  train: Uint32Array;
  validation: Uint32Array;
  test: Uint32Array;
}

export const defaultParts: Parts = { train: 0.8, validation: 0.1, test: 0.1 };

/** Splits rows; the same seed gives the same parts on every machine. Throws `bad_data` when too few rows are left. */
export function splitRows(options: SplitOptions): Split {
  const parts = options.parts ?? defaultParts;
  const strata = stratify(options);
  const total = strata.reduce((sum, rows) => sum + rows.length, 0);
  const wanted = (['train', 'validation', 'test'] as const).filter((part) => parts[part] > 0).length;
  if (total < wanted) {
    throw new Fault('bad_data', `Only ${total} rows have a target, too few to split. Add rows.`);
  }
  const validation = allot(
    strata,
    total,
    parts.validation,
    strata.map((rows) => rows.length - 1),
  );
  const test = allot(
    strata,
    total,
    parts.test,
    strata.map((rows, i) => rows.length - 1 - validation[i]),
  );
  // 0 is no part; rows then come out in their order without being sorted.
  const part = new Uint8Array(options.rows);
  const put = (rows: readonly number[], from: number, to: number, own: number) => {
    for (let i = from; i < to; i++) part[rows[i]] = own;
  };
  for (const [i, rows] of strata.entries()) {
    rng(options.seed, 'split', i).shuffle(rows);
    put(rows, 0, validation[i], 2);
    put(rows, validation[i], validation[i] + test[i], 3);
    put(rows, validation[i] + test[i], rows.length, 1);
  }
  const rowsOf = (own: number) => {
    const rows = new Uint32Array(part.length);
    let count = 0;
    for (let row = 0; row < part.length; row++) if (part[row] === own) rows[count++] = row;
    return rows.slice(0, count);
  };
  return { train: rowsOf(1), validation: rowsOf(2), test: rowsOf(3) };
}

/** Rows by class, or by quantile of the target, or all together. */
function stratify({ rows, labels, targets }: SplitOptions): number[][] {
  const strata = new Map<number, number[]>();
  const add = (stratum: number, row: number) => {
    const list = strata.get(stratum);
    if (list) list.push(row);
    else strata.set(stratum, [row]);
  };
  if (targets) {
    const order = Array.from({ length: rows }, (_, row) => row)
      .filter((row) => !Number.isNaN(targets[row]))
      .sort((a, b) => targets[a] - targets[b] || a - b);
    const bins = Math.max(1, Math.min(10, Math.floor(order.length / 20)));
    for (const [rank, row] of order.entries()) add(Math.floor((rank * bins) / order.length), row);
  } else {
    for (let row = 0; row < rows; row++) {
      const label = labels ? labels[row] : 0;
      if (label >= 0) add(label, row);
    }
  }
  return [...strata].sort(([a], [b]) => a - b).map(([, list]) => list);
}

/**
 * How many rows of each stratum a part gets: its share rounded down, then the rest by largest remainder, never more than
 * `most`. At least one row in all when the share is above 0.
 */
function allot(strata: number[][], total: number, share: number, most: number[]): number[] {
  if (share <= 0) return strata.map(() => 0);
  const counts = strata.map((rows, i) => Math.max(0, Math.min(most[i], Math.floor(rows.length * share))));
  const remainder = (i: number) => strata[i].length * share - Math.floor(strata[i].length * share);
  const order = strata
    .map((_, i) => i)
    .sort((a, b) => remainder(b) - remainder(a) || strata[b].length - strata[a].length || a - b);
  let left = Math.max(1, Math.round(total * share)) - counts.reduce((sum, count) => sum + count, 0);
  while (left > 0) {
    const before = left;
    for (const i of order) {
      if (left === 0 || counts[i] >= most[i]) continue;
      counts[i]++;
      left--;
    }
    if (left === before) break;
  }
  return counts;
}
