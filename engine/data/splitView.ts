// How a dataset would be parted, told row by row, so that other tools can use the very parts that training uses.
import type { SplitAsk, SplitView } from '../schema/index.ts';
import type { DatasetReader } from './reader.ts';
import { foldDataset, splitDataset } from './splitDataset.ts';
import { readTarget } from './targetRows.ts';

/** Parts, or folds of which each is tested on once; seeded. Faults as training's split. */
export function viewSplit(reader: DatasetReader, { target, seed, folds, ...spec }: SplitAsk): SplitView {
  const read = readTarget(reader, target);
  const own: [string, Uint32Array][] = folds
    ? foldDataset(reader, read, seed, folds, spec).map(({ test }, i) => [`fold ${i + 1}`, test])
    : Object.entries(splitDataset(reader, read, seed, spec, false));
  const of = new Int32Array(reader.rows).fill(-1);
  const parts = own.map(([name, rows], part) => {
    for (const row of rows) of[row] = part;
    if (!read.labels) return { name, rows: rows.length };
    const counts = new Uint32Array(read.classes.length);
    for (const row of rows) if (read.labels[row] >= 0) counts[read.labels[row]]++;
    return { name, rows: rows.length, classes: read.classes.map((value, i) => ({ value, count: counts[i] })) };
  });
  return { target: read.column, seed, parts, of: Array.from(of) };
}
