// Which column to predict, and what kind of prediction that is. Looks at figures only, never at rows.
import { type Column, type DatasetShape, Fault, type Task } from '../schema/index.ts';

/** Whole numbers with at most this many values are taken for classes. */
const mostNumericClasses = 20;
const mostClasses = 10_000;

const likelyNames = [
  'target',
  'label',
  'class',
  'y',
  'outcome',
  'diagnosis',
  'species',
  'survived',
  'churn',
  'category',
  'sentiment',
  'topic',
  'price',
  'quality',
  'rating',
  'score',
  '标签',
  '类别',
  '目标',
];
const likelyEnding = /(^|[ _.-])(target|label|class|outcome|category)$/i;

const isWholeNumber = (text: string) => /^-?\d+$/.test(text);

/** A number column whose values stand for classes: few and whole. */
function holdsClasses(column: Column, rows: number): boolean {
  const { top, distinct } = column;
  if (!top || distinct > mostNumericClasses || top.length < distinct) return false;
  if (!top.every(({ value }) => isWholeNumber(value))) return false;
  return distinct === 2 || (rows - column.missing) / distinct >= 5;
}

/** The task that predicting this column is. Throws `bad_target` when it cannot be predicted. */
export function inferTask(column: Column, rows: number): Task {
  const name = JSON.stringify(column.name);
  const present = rows - column.missing;
  if (present === 0) throw new Fault('bad_target', `Column ${name} has no values at all. Choose another target.`);
  if (column.type === 'identifier') {
    throw new Fault(
      'bad_target',
      `Column ${name} is an identifier: every row has its own value. Choose another target.`,
    );
  }
  if (column.type === 'date') {
    throw new Fault('bad_target', `Column ${name} holds dates, which cannot be predicted. Choose another target.`);
  }
  if (column.distinct < 2) {
    throw new Fault(
      'bad_target',
      `Column ${name} has only one value, so there is nothing to predict. Choose another target.`,
    );
  }
  if (column.type === 'number') {
    if (!holdsClasses(column, rows)) return 'regression';
    return column.distinct === 2 ? 'binary' : 'multiclass';
  }
  if (column.type === 'text' || column.distinct > mostClasses || column.distinct > present / 2 + 1) {
    throw new Fault(
      'bad_target',
      `Column ${name} has ${column.distinct} different values in ${present} rows, too many for classes. Choose another target.`,
    );
  }
  return column.distinct === 2 ? 'binary' : 'multiclass';
}

/**
 * The target column and its task: the one asked for, else the guessed one. Throws `bad_target` when it is unknown, missing
 * everywhere, of one class, an identifier, or when none can be guessed.
 */
export function checkTarget(shape: DatasetShape, target?: string): { column: Column; task: Task } {
  const name = target ?? shape.target;
  if (name === undefined) {
    throw new Fault('bad_target', `No column looks like a target. Name one with --target: ${someNames(shape)}.`);
  }
  const column = shape.columns.find((column) => column.name === name);
  if (!column) {
    const near = nearest(
      name,
      shape.columns.map((column) => column.name),
    );
    const hint =
      near.length > 0
        ? `Did you mean ${near.map((n) => JSON.stringify(n)).join(' or ')}?`
        : `Columns: ${someNames(shape)}.`;
    throw new Fault('bad_target', `There is no column ${JSON.stringify(name)}. ${hint}`);
  }
  return { column, task: inferTask(column, shape.rows) };
}

/** The column a person most likely wants to predict: by name, else the last or first column that can be predicted. */
export function guessTarget(columns: readonly Column[], rows: number): string | undefined {
  const usable = columns.filter((column) => {
    try {
      inferTask(column, rows);
      return true;
    } catch {
      return false;
    }
  });
  for (const name of likelyNames) {
    const found = usable.find((column) => column.name.trim().toLowerCase() === name);
    if (found) return found.name;
  }
  const ending = usable.findLast((column) => likelyEnding.test(column.name.trim()));
  if (ending) return ending.name;
  const last = columns.at(-1);
  if (last && usable.includes(last)) return last.name;
  const first = columns[0];
  if (first && usable.includes(first) && first.type !== 'number') return first.name;
  return usable.findLast((column) => column.type !== 'number')?.name ?? usable.at(-1)?.name;
}

function someNames(shape: DatasetShape): string {
  const names = shape.columns.slice(0, 12).map((column) => column.name);
  return names.join(', ') + (shape.columns.length > names.length ? ', …' : '');
}

/** At most three names that differ from the wanted one by a slip of the keyboard, nearest first. */
export function nearest(wanted: string, names: readonly string[]): string[] {
  const near = (name: string) => distance(wanted.toLowerCase().slice(0, 64), name.toLowerCase().slice(0, 64));
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, far: near(name) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
