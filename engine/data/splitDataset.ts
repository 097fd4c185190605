// The parts of a dataset as a request wants them: by its target, by groups or by times. Reads the one column that decides.
import { Fault, type SplitSpec } from '../schema/index.ts';
import { type Fold, foldRows, splitGroups, splitTimes } from './folds.ts';
import type { DatasetReader } from './reader.ts';
import { type Parts, type Split, splitRows } from './split.ts';
import { nearest } from './target.ts';
import type { TargetRows } from './targetRows.ts';

type Target = Pick<TargetRows, 'labels' | 'targets'>;

/** Whether a row has a target to learn from. */
const hasTarget =
  ({ labels, targets }: Target) =>
  (row: number): boolean =>
    labels ? labels[row] >= 0 : targets ? !Number.isNaN(targets[row]) : true;

/** The column that groups or orders rows; `bad_request` where it is not named, not there, or of another kind. */
function deciding(reader: DatasetReader, { by, column }: SplitSpec): Float64Array {
  const names = reader.shape.columns.map(({ name }) => name);
  if (column === undefined) throw new Fault('bad_request', `To split by ${by}, name the column: --split ${by}=COLUMN.`);
  const found = reader.shape.columns.find(({ name }) => name === column);
  if (!found) {
    const [near] = nearest(column, names);
    throw new Fault(
      'bad_request',
      `There is no column ${JSON.stringify(column)} to split by.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
    );
  }
  if (by === 'time') {
    if (found.type !== 'date' && found.type !== 'number')
      throw new Fault('bad_request', `Column ${JSON.stringify(column)} holds no dates or numbers to order rows by.`);
    return reader.numbers(column);
  }
  const ids = new Map<string, number>();
  // Rows without a group are a group each: nothing says that they belong together.
  return Float64Array.from(reader.texts(column), (text, row) => {
    if (text === null) return -1 - row;
    const known = ids.get(text) ?? ids.size;
    ids.set(text, known);
    return known;
  });
}

/** Parts rows; `isTested` when another dataset is the test, so that none of these rows need be. */
export function splitDataset(
  reader: DatasetReader,
  target: Target,
  seed: number,
  spec: SplitSpec | undefined,
  isTested: boolean,
): Split {
  const { validation = 0.1, test: share = 0.1, by = 'stratified' } = spec ?? {};
  const test = isTested ? 0 : share;
  const parts: Parts = { train: 1 - validation - test, validation, test };
  const { rows } = reader;
  switch (by) {
    case 'group':
      return splitGroups({ rows, use: hasTarget(target), groups: deciding(reader, spec as SplitSpec), seed, parts });
    case 'time':
      return splitTimes({ rows, use: hasTarget(target), times: deciding(reader, spec as SplitSpec), parts });
    case 'random': {
      const labels = Int8Array.from({ length: rows }, (_, row) => (hasTarget(target)(row) ? 0 : -1));
      return splitRows({ rows, seed, labels, parts });
    }
    default:
      return splitRows({
        rows,
        seed,
        parts,
        ...(target.labels ? { labels: target.labels } : {}),
        ...(target.targets ? { targets: target.targets } : {}),
      });
  }
}

/** K folds of a dataset as a request wants them. */
export function foldDataset(
  reader: DatasetReader,
  target: Target,
  seed: number,
  folds: number,
  spec?: SplitSpec,
): Fold[] {
  const base = { rows: reader.rows, use: hasTarget(target), folds, seed };
  if (spec?.by === 'group') return foldRows({ ...base, groups: deciding(reader, spec) });
  if (spec?.by === 'time') return foldRows({ ...base, times: deciding(reader, spec) });
  return foldRows({ ...base, ...(target.labels && spec?.by !== 'random' ? { labels: target.labels } : {}) });
}
