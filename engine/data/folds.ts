// Rows parted otherwise than by chance alone: by group, by time, into folds. Seeded; no row, and with groups no group, is in two
// parts. Reads no data but the figures it is given.
import { rng } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import type { Parts, Split } from './split.ts';

export interface Rows {
  rows: number;
  /** Rows to part; all when left out. */
  use?: (row: number) => boolean;
}

const used = ({ rows, use }: Rows): number[] =>
  Array.from({ length: rows }, (_, row) => row).filter((row) => use?.(row) ?? true);
const rising = (rows: number[]): Uint32Array => Uint32Array.from(rows).sort();

/** Rows of each group. */
function membersOf(options: Rows, groups: ArrayLike<number>): number[][] {
  const members = new Map<number, number[]>();
  for (const row of used(options)) {
    const own = members.get(groups[row]);
    if (own) own.push(row);
    else members.set(groups[row], [row]);
  }
  return [...members].sort(([a], [b]) => a - b).map(([, rows]) => rows);
}

/**
 * Whole groups to parts, each to the part that lacks most of its share, the large ones first so that the small ones can even
 * out. Throws `bad_data` where there are fewer groups than parts.
 */
export function splitGroups(options: Rows & { groups: ArrayLike<number>; seed: number; parts: Parts }): Split {
  const names = (['train', 'validation', 'test'] as const).filter((part) => options.parts[part] > 0);
  const members = membersOf(options, options.groups);
  if (members.length < names.length) {
    throw new Fault(
      'bad_data',
      `There are ${members.length} groups, too few for ${names.length} parts. Split by another column, or at random.`,
    );
  }
  rng(options.seed, 'groups').shuffle(members);
  const total = members.reduce((sum, rows) => sum + rows.length, 0);
  const large = total / (4 * names.length);
  const order = [
    ...members.filter((rows) => rows.length > large).sort((a, b) => b.length - a.length),
    ...members.filter((rows) => rows.length <= large),
  ];
  const chosen: Record<keyof Parts, number[]> = { train: [], validation: [], test: [] };
  for (const [i, rows] of order.entries()) {
    const empty = names.filter((part) => chosen[part].length === 0);
    // The last groups are kept for parts that have none.
    const open = order.length - i <= empty.length ? empty : names;
    const lack = (part: keyof Parts) => options.parts[part] - chosen[part].length / total;
    const part = open.reduce((best, one) => (lack(one) > lack(best) + 1e-12 ? one : best), open[0]);
    for (const row of rows) chosen[part].push(row);
  }
  return { train: rising(chosen.train), validation: rising(chosen.validation), test: rising(chosen.test) };
}

/**
 * The earliest rows to train on, the latest to test on. Rows of the same moment stay together; those without a time are
 * trained on. Throws `bad_data` where all are of one moment.
 */
export function splitTimes(options: Rows & { times: ArrayLike<number>; parts: Parts }): Split {
  const { times, parts } = options;
  const all = used(options);
  const dated = all.filter((row) => !Number.isNaN(times[row])).sort((a, b) => times[a] - times[b] || a - b);
  /** Where a new moment begins: the only places to cut. */
  const moments = dated.flatMap((row, at) => (at > 0 && times[row] !== times[dated[at - 1]] ? [at] : []));
  /** The first moment at or after a share of the rows; the one before where there is none. */
  const cut = (share: number, moments: readonly number[]): number =>
    moments.find((at) => at >= Math.round(dated.length * share)) ?? moments.at(-1) ?? dated.length;
  const both = parts.validation > 0 && parts.test > 0;
  // The last moment is left for the second cut.
  const first = cut(parts.train, both ? moments.slice(0, -1) : moments);
  const later = moments.filter((at) => at > first);
  const second = both ? cut(parts.train + parts.validation, later) : parts.test > 0 ? first : dated.length;
  const undated = all.filter((row) => Number.isNaN(times[row]));
  const made = {
    train: rising([...undated, ...dated.slice(0, first)]),
    validation: rising(dated.slice(first, second)),
    test: rising(dated.slice(second)),
  };
  const empty = (['train', 'validation', 'test'] as const).find((part) => parts[part] > 0 && made[part].length === 0);
  if (empty) {
    throw new Fault(
      'bad_data',
      `The column of times leaves no row for the ${empty} part: too many rows are of the same moment. Split by another column, or at random.`,
    );
  }
  return made;
}

export interface FoldOptions extends Rows {
  folds: number;
  seed: number;
  /** Class index of each row; rows below 0 are left out. Folds get alike shares of each class. */
  labels?: ArrayLike<number>;
  /** Group of each row; groups stay whole. */
  groups?: ArrayLike<number>;
  /** Moment of each row: fold i is tested on what comes after everything it is trained on. */
  times?: ArrayLike<number>;
}

/** Row numbers of one fold, rising. */
export interface Fold {
  train: Uint32Array;
  test: Uint32Array;
}

/** Parts rows into k folds. Every row is tested on exactly once (with times: at most once). Throws `bad_data` for too few. */
export function foldRows(options: FoldOptions): Fold[] {
  const { folds, seed, labels, groups, times } = options;
  const own: Rows = { rows: options.rows, use: (row) => (options.use?.(row) ?? true) && (!labels || labels[row] >= 0) };
  if (times) return foldTimes({ ...own, times, folds });
  const units = groups ? membersOf(own, groups) : used(own).map((row) => [row]);
  if (units.length < folds)
    throw new Fault(
      'bad_data',
      `${units.length} ${groups ? 'groups' : 'rows'} are too few for ${folds} folds. Use fewer folds.`,
    );
  rng(seed, 'folds').shuffle(units);
  const classOf = (rows: readonly number[]) => (labels ? labels[rows[0]] : 0);
  // Class by class and dealt round, each class going on where the one before stopped: shares differ by one at most.
  const dealt = groups
    ? units.toSorted((a, b) => b.length - a.length)
    : units.toSorted((a, b) => classOf(a) - classOf(b));
  const tests: number[][] = Array.from({ length: folds }, () => []);
  for (const [i, rows] of dealt.entries()) {
    const least = groups
      ? tests.reduce((best, test, k) => (test.length < tests[best].length ? k : best), 0)
      : i % folds;
    tests[least].push(...rows);
  }
  return tests.map((test, k) => ({
    test: rising(test),
    train: rising(tests.flatMap((rows, other) => (other === k ? [] : rows))),
  }));
}

/** Growing windows: k + 1 pieces in order of time, fold i trained on the first i + 1 and tested on the next. */
function foldTimes(options: Rows & { times: ArrayLike<number>; folds: number }): Fold[] {
  const { times, folds } = options;
  const dated = used(options)
    .filter((row) => !Number.isNaN(times[row]))
    .sort((a, b) => times[a] - times[b] || a - b);
  const cuts = [0];
  for (let piece = 1; piece <= folds + 1; piece++) {
    let at = Math.round((dated.length * piece) / (folds + 1));
    while (at > 0 && at < dated.length && times[dated[at]] === times[dated[at - 1]]) at++;
    cuts.push(at);
  }
  const made = Array.from({ length: folds }, (_, i) => ({
    train: rising(dated.slice(0, cuts[i + 1])),
    test: rising(dated.slice(cuts[i + 1], cuts[i + 2])),
  }));
  if (made.some(({ train, test }) => train.length === 0 || test.length === 0)) {
    throw new Fault('bad_data', `Too few moments for ${folds} folds in order of time. Use fewer folds.`);
  }
  return made;
}
