// Whether the rows of one part look like those of another: Kolmogorov–Smirnov's distance for numbers, total variation for
// categories, each against what chance gives for so many rows. Quiet about differences that no model would notice.
import type { Column, Finding } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';

/** Rows of one part, of this dataset or of another with the same columns. */
export interface Part {
  reader: DatasetReader;
  rows: ArrayLike<number>;
}

/** Distances below this are no news, however sure. */
const least = 0.1;
/** Chance of a false alarm for one column. */
const alarm = 1e-4;

/** Columns that differ between training and test rows. */
export function findDrift(train: Part, test: Part, columns: readonly Column[]): Finding[] {
  const found: Finding[] = [];
  for (const { name, type } of columns) {
    const other = test.reader.shape.columns.find((column) => column.name === name);
    if (!other || other.type !== type) continue;
    const distance =
      type === 'number' || type === 'date'
        ? ksDistance(numbers(train, name), numbers(test, name))
        : type === 'category' || type === 'boolean'
          ? variation(values(train, name), values(test, name))
          : undefined;
    if (!distance || distance.value < Math.max(least, distance.chance)) continue;
    const share = `${Math.round(distance.value * 100)} %`;
    const date =
      type === 'date'
        ? ' The test rows are of another time: a split by time is what you have, and a model must bear it.'
        : '';
    found.push({
      code: 'drift',
      severity: distance.value > 0.3 ? 'high' : 'medium',
      column: name,
      values: { distance: distance.value },
      message: `${JSON.stringify(name)} is distributed otherwise in the test rows than in the training rows (distance ${share}).${date || ' Scores on the test rows may not hold elsewhere; split at random, or find out why they differ.'}`,
    });
  }
  return found;
}

const numbers = ({ reader, rows }: Part, name: string): Float64Array => {
  const all = reader.numbers(name);
  return Float64Array.from(rows, (row) => all[row])
    .filter((value) => !Number.isNaN(value))
    .sort();
};

function values({ reader, rows }: Part, name: string): Map<string, number> {
  const { codes, values: names } = reader.codes(name);
  const counts = new Map<string, number>();
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i]];
    const value = code === 0 ? '' : names[code - 1];
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

interface Distance {
  value: number;
  /** What chance alone reaches with probability `alarm`. */
  chance: number;
}

/** Both sorted. */
function ksDistance(a: Float64Array, b: Float64Array): Distance | undefined {
  if (a.length < 20 || b.length < 20) return undefined;
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i], b[j]);
    while (i < a.length && a[i] <= at) i++;
    while (j < b.length && b[j] <= at) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  const chance = Math.sqrt((-Math.log(alarm / 2) / 2) * ((a.length + b.length) / (a.length * b.length)));
  return { value: most, chance };
}

function variation(a: Map<string, number>, b: Map<string, number>): Distance | undefined {
  const sizes = [a, b].map((counts) => [...counts.values()].reduce((sum, n) => sum + n, 0));
  if (sizes[0] < 20 || sizes[1] < 20) return undefined;
  const all = new Set([...a.keys(), ...b.keys()]);
  let sum = 0;
  // The expected distance of equal parts grows with the number of values (each adds its own deviation).
  let expected = 0;
  for (const value of all) {
    const [x, y] = [(a.get(value) ?? 0) / sizes[0], (b.get(value) ?? 0) / sizes[1]];
    const p = ((a.get(value) ?? 0) + (b.get(value) ?? 0)) / (sizes[0] + sizes[1]);
    sum += Math.abs(x - y);
    expected += Math.sqrt((2 / Math.PI) * p * (1 - p) * (1 / sizes[0] + 1 / sizes[1]));
  }
  const spread = Math.sqrt(-Math.log(alarm) / 2) * Math.sqrt(1 / sizes[0] + 1 / sizes[1]);
  return { value: sum / 2, chance: expected / 2 + spread };
}
