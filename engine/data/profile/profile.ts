// The profile of a dataset: distributions of its columns and what its owner should know before training. Works on typed arrays
// a column at a time, so that memory holds one column and two fingerprints a row.
import { type Column, Fault, type Finding, type Profile } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { splitRows } from '../split.ts';
import { readTarget, type TargetRows } from '../targetRows.ts';
import { profileColumn } from './columns.ts';
import { findDrift } from './drift.ts';
import { firstOfSame, rowHashes } from './hash.ts';
import { leaksOf } from './leaks.ts';

export interface ProfileOptions {
  /** The column to predict; the guessed one when left out. */
  target?: string | undefined;
  /** The version that is profiled, for the answer. */
  version?: number;
  sha256?: string;
  /** Seed of the split whose parts are compared; a run's own is 0 unless set. */
  seed?: number;
  /** Rows to test on, where they are another dataset. */
  test?: DatasetReader | undefined;
  progress?: (done: number, total: number) => void;
}

/** Rows of a class below which it cannot be learned from and tested on. */
const fewest = 10;
const mostClasses = 100;

/** Profiles everything. Faults: `bad_target` for a target that was asked for and cannot be predicted. */
export function profileDataset(reader: DatasetReader, options: ProfileOptions = {}): Profile {
  const began = performance.now();
  const { shape } = reader;
  const total = shape.columns.length + 4;
  let done = 0;
  const tick = () => options.progress?.(++done, total);
  const columns = shape.columns.map((column) => {
    const figures = profileColumn(reader, column);
    tick();
    return figures;
  });
  const findings: Finding[] = shape.columns.flatMap((column) => plainFindings(column, shape.rows));
  for (const { code, column, message } of shape.warnings) {
    if (code !== 'mixed_types') continue;
    findings.push({ code, severity: 'medium', values: {}, message, ...(column === undefined ? {} : { column }) });
  }
  for (const figures of columns) findings.push(...outliers(figures.name, figures.type, figures.quantiles, shape.rows));
  const target = targetOf(reader, options.target);
  const features = shape.columns.filter(
    ({ name, type }) => type !== 'identifier' && !isMedia(type) && name !== target?.column,
  );
  const names = features.map(({ name }) => name);
  const exact = firstOfSame(rowHashes(reader, names, false));
  tick();
  const loose = firstOfSame(rowHashes(reader, names, true));
  tick();
  const media = shape.columns.some(({ type }) => isMedia(type));
  const duplicates =
    media || features.length === 0 ? { exact: 0, loose: 0 } : { exact: repeated(exact), loose: repeated(loose) };
  if (duplicates.exact > 0) {
    // Rows that differ in the target alone are no duplicates: they contradict each other, which is told apart.
    const count = target
      ? repeated(firstOfSame(rowHashes(reader, [...names, target.column], false)))
      : duplicates.exact;
    if (count > 0) findings.push(duplicateFinding(count, shape.rows));
  }
  if (target && !media) {
    findings.push(...acrossParts(reader, target, exact, loose, options));
    findings.push(...conflicts(target, exact));
  }
  tick();
  const classes = target ? classesOf(target) : undefined;
  if (target && classes) findings.push(...classFindings(target, classes));
  if (target) {
    const missing = target.labels
      ? target.labels.filter((label) => label < 0).length
      : (target.targets ?? []).filter((value) => Number.isNaN(value)).length;
    if (missing > 0) {
      findings.push({
        code: 'missing_target',
        severity: missing > shape.rows / 10 ? 'medium' : 'low',
        column: target.column,
        values: { rows: missing },
        message: `${missing} rows have no ${JSON.stringify(target.column)}: they are not trained on. Label them: neutrino datasets label.`,
      });
    }
    for (const leak of leaksOf(reader, target)) {
      const isLeak = leak.level === 'leak';
      findings.push({
        code: isLeak ? 'leakage' : 'strong_column',
        severity: isLeak ? 'high' : 'low',
        column: leak.column,
        values: { score: leak.score, why: leak.why },
        message: leak.message,
        ...(isLeak ? { ignore: leak.column, fix: { op: 'drop' as const, columns: [leak.column] } } : {}),
      });
    }
    if (options.test) findings.push(...drift(reader, options.test, target, options.seed));
  }
  tick();
  const rank = { high: 0, medium: 1, low: 2 };
  return {
    version: options.version ?? 1,
    sha256: options.sha256 ?? '',
    rows: shape.rows,
    ...(target ? { target: target.column, task: target.task } : {}),
    columns,
    ...(classes ? { classes: classes.slice(0, mostClasses) } : {}),
    duplicates,
    findings: findings.sort((a, b) => rank[a.severity] - rank[b.severity]),
    seconds: (performance.now() - began) / 1000,
  };
}

const isMedia = (type: string): boolean => type === 'image' || type === 'audio';

function targetOf(reader: DatasetReader, asked: string | undefined): TargetRows | undefined {
  try {
    return readTarget(reader, asked);
  } catch (error) {
    if (asked !== undefined || !(error instanceof Fault)) throw error;
    return undefined;
  }
}

function plainFindings({ name, type, missing, distinct }: Column, rows: number): Finding[] {
  const quoted = JSON.stringify(name);
  const fix = { op: 'drop' as const, columns: [name] };
  const base = { column: name, values: {} };
  if (missing === rows) {
    return [
      { ...base, code: 'empty', severity: 'low', fix, message: `${quoted} has no values; it is left out of training.` },
    ];
  }
  if (distinct === 1 && missing === 0) {
    return [
      {
        ...base,
        code: 'constant',
        severity: 'low',
        fix,
        message: `${quoted} has the same value everywhere; it is left out of training.`,
      },
    ];
  }
  if (type === 'identifier') {
    return [
      {
        ...base,
        code: 'identifier',
        severity: 'low',
        fix,
        message: `${quoted} names rows and says nothing about new ones; it is left out of training.`,
      },
    ];
  }
  return [];
}

/** Values far outside what nearly all others are, as typing errors leave them. */
function outliers(name: string, type: string, quantiles: readonly number[] | undefined, rows: number): Finding[] {
  if (type !== 'number' || !quantiles || rows < 100) return [];
  const [low, p1, , q1, , q3, , p99, high] = quantiles;
  const spread = Math.max(q3 - q1, (p99 - p1) / 4);
  if (!(spread > 0)) return [];
  const far = Math.max((p1 - low) / spread, (high - p99) / spread);
  // A long tail reaches further the further out one looks; a slip of the keyboard stands alone.
  const tail = Math.max(1, (p99 - q3) / spread);
  if (far < 50 * tail) return [];
  return [
    {
      code: 'outliers',
      severity: 'low',
      column: name,
      values: { low, high },
      message: `${JSON.stringify(name)} has values far from all others (${short(low)} … ${short(high)}; 98 % lie between ${short(p1)} and ${short(p99)}). Check them, or clip them.`,
      fix: { op: 'clip', column: name, quantiles: [0.001, 0.999] },
    },
  ];
}

const short = (value: number): string => String(Number(value.toPrecision(5)));

const repeated = (first: Uint32Array): number => first.reduce((sum, row, i) => sum + (row === i ? 0 : 1), 0);

function duplicateFinding(count: number, rows: number): Finding {
  return {
    code: 'duplicates',
    severity: count > rows / 20 ? 'medium' : 'low',
    values: { rows: count },
    message: `${count} rows are the same as an earlier one (identifiers set aside).`,
    fix: { op: 'deduplicate', loose: false },
  };
}

/** Test rows that training saw already: the score on them says nothing. */
function acrossParts(
  reader: DatasetReader,
  target: TargetRows,
  exact: Uint32Array,
  loose: Uint32Array,
  { seed = 0, test }: ProfileOptions,
): Finding[] {
  if (test || reader.rows < 20) return [];
  const split = splitRows({
    rows: reader.rows,
    seed,
    ...(target.labels ? { labels: target.labels } : {}),
    ...(target.targets ? { targets: target.targets } : {}),
  });
  const shared = (first: Uint32Array) => {
    const seen = new Set(Array.from(split.train, (row) => first[row]));
    return Array.from(split.test).filter((row) => seen.has(first[row])).length;
  };
  const [same, alike] = [shared(exact), shared(loose)];
  const of = split.test.length;
  const findings: Finding[] = [];
  const severity = (count: number): Finding['severity'] =>
    count > of / 10 ? 'high' : count > of / 100 ? 'medium' : 'low';
  if (same > 0) {
    findings.push({
      code: 'duplicates_across',
      severity: severity(same),
      values: { rows: same, of },
      message: `${same} of ${of} test rows occur in the training part as well: the score will be too good. Remove duplicates before training.`,
      fix: { op: 'deduplicate', loose: false },
    });
  }
  if (alike > same) {
    findings.push({
      code: 'near_duplicates_across',
      severity: severity(alike - same),
      values: { rows: alike - same, of },
      message: `${alike - same} more test rows differ from training rows only in case, width, blanks or punctuation.`,
      fix: { op: 'deduplicate', loose: true },
    });
  }
  return findings;
}

/** The same row with another answer. */
function conflicts({ labels, column }: TargetRows, first: Uint32Array): Finding[] {
  if (!labels) return [];
  let count = 0;
  for (let row = 0; row < first.length; row++) {
    const other = first[row];
    if (other !== row && labels[row] >= 0 && labels[other] >= 0 && labels[row] !== labels[other]) count++;
  }
  if (count < Math.max(2, first.length / 1000)) return [];
  return [
    {
      code: 'conflicting_labels',
      severity: 'medium',
      column,
      values: { rows: count },
      message: `${count} rows are the same as an earlier one but have another ${JSON.stringify(column)}: no model can get both right. Look at them under labelling.`,
    },
  ];
}

function classesOf({ labels, classes }: TargetRows): { value: string; count: number }[] | undefined {
  if (!labels) return undefined;
  const counts = classes.map((value) => ({ value, count: 0 }));
  for (const label of labels) if (label >= 0) counts[label].count++;
  return counts.sort((a, b) => b.count - a.count);
}

function classFindings({ column }: TargetRows, classes: readonly { value: string; count: number }[]): Finding[] {
  const findings: Finding[] = [];
  const tiny = classes.filter(({ count }) => count < fewest);
  if (tiny.length > 0) {
    const named = tiny.slice(0, 5).map(({ value, count }) => `${value} (${count})`);
    findings.push({
      code: 'tiny_class',
      severity: 'medium',
      column,
      values: { classes: tiny.length },
      message: `${tiny.length === 1 ? '1 class has' : `${tiny.length} classes have`} fewer than ${fewest} rows, too few to learn from or to test on: ${named.join(', ')}${tiny.length > 5 ? ', …' : ''}.`,
    });
  }
  const [largest, smallest] = [classes[0], classes.at(-1)];
  if (largest && smallest && largest.count > 50 * Math.max(1, smallest.count) && smallest.count >= fewest) {
    findings.push({
      code: 'imbalance',
      severity: 'low',
      column,
      values: { largest: largest.count, smallest: smallest.count },
      message: `The largest class, ${largest.value}, has ${Math.round(largest.count / smallest.count)} times the rows of the smallest, ${smallest.value}. Look at macro F1, not at accuracy.`,
    });
  }
  return findings;
}

function drift(reader: DatasetReader, test: DatasetReader, target: TargetRows, seed = 0): Finding[] {
  const split = splitRows({
    rows: reader.rows,
    seed,
    ...(target.labels ? { labels: target.labels } : {}),
    ...(target.targets ? { targets: target.targets } : {}),
    parts: { train: 0.9, validation: 0.1, test: 0 },
  });
  const rows = Uint32Array.from({ length: test.rows }, (_, row) => row);
  return findDrift({ reader, rows: split.train }, { reader: test, rows }, reader.shape.columns);
}
