// The target of every row: class indices or numbers. Decides nothing about which column it is (see target.ts).
import { Fault, type Preprocess, type Task } from '../schema/index.ts';
import type { DatasetReader } from './reader.ts';
import { checkTarget } from './target.ts';
import { readNumber } from './values.ts';

export interface TargetRows {
  column: string;
  task: Task;
  /** Labels in the order of the indices: numbers by size, others by code unit; empty for regression. */
  classes: string[];
  /** Class index of each row, −1 where the target is missing; for classification. */
  labels?: Int32Array;
  /** Target of each row, NaN where missing; for regression. */
  targets?: Float64Array;
}

/** Reads the target that was asked for, or guessed. Faults as `checkTarget`. */
export function readTarget(reader: DatasetReader, target?: string): TargetRows {
  const { column, task } = checkTarget(reader.shape, target);
  if (task === 'regression') return { column: column.name, task, classes: [], targets: reader.numbers(column.name) };
  const texts = reader.texts(column.name);
  const kinds = [...new Set(texts)].filter((text) => text !== null);
  const numeric = column.type === 'number';
  const classes = kinds.sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  return { column: column.name, task, classes, labels: labelsOf(texts, classes) };
}

/** The target of another dataset in terms of a fitted model: labels it does not know are −1. Throws `bad_target` when it has no such column. */
export function readKnownTarget(
  reader: DatasetReader,
  fitted: Preprocess,
  first = 0,
): Pick<TargetRows, 'labels' | 'targets'> {
  // Their truth is no column's value: who prepared the rows brings it.
  if (fitted.task === 'anomaly' || fitted.task === 'ranking' || fitted.task === 'forecasting') return {};
  const name = fitted.target.column;
  const column = reader.shape.columns.find((column) => column.name === name);
  if (!column)
    throw new Fault(
      'bad_target',
      `The dataset has no target column ${JSON.stringify(name)}. Add it, or choose another dataset.`,
    );
  if (fitted.task !== 'regression') return { labels: labelsOf(reader.texts(name), fitted.classes) };
  if (column.type === 'number' || column.type === 'identifier') {
    return { targets: Float64Array.from(reader.texts(name), (text) => (text === null ? Number.NaN : Number(text))) };
  }
  const input = { column: name, part: 'value' as const, mean: 0, std: 1, fill: 0, missing: 0 };
  const targets = reader
    .texts(name)
    .map((text, row) => readNumber(input, text, `Row ${first + row + 1}: ${JSON.stringify(name)}`));
  return { targets: Float64Array.from(targets) };
}

function labelsOf(texts: readonly (string | null)[], classes: readonly string[]): Int32Array {
  const index = new Map(classes.map((label, i) => [label, i]));
  return Int32Array.from(texts, (text) => (text === null ? -1 : (index.get(text) ?? -1)));
}
