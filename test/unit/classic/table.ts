// A table made with known rules for the classic models: numbers with holes, a category with many values, texts.
import type { ClassicRows } from '../../../engine/classic/index.ts';
import { rng } from '../../../engine/base/index.ts';

export interface TableOptions {
  rows: number;
  kind: 'binary' | 'multiclass' | 'regression';
  seed?: number;
}

const cities = 40;
const grams = 60;

/** Numbers 0 to 3 (one missing now and then), a category of three values and one of 40, a text of 60 possible n-grams. */
export function makeTable({ rows, kind, seed = 1 }: TableOptions): ClassicRows {
  const random = rng(seed, 'table');
  const numeric = new Float64Array(rows * 4);
  const codes = new Int32Array(rows * 2);
  const dense = new Float32Array(rows * 8);
  const embedded = new Int32Array(rows);
  const score = new Float64Array(rows);
  const [ids, weights, offsets]: number[][] = [[], [], [0]];
  const cityEffect = Array.from({ length: cities + 1 }, (_, i) => Math.sin(i * 12.9898));
  for (let row = 0; row < rows; row++) {
    const x = [random.normal(), random.normal(), random.normal(), random.next()];
    if (random.next() < 0.15) x[2] = Number.NaN;
    numeric.set(x, row * 4);
    codes[row * 2] = random.int(4);
    codes[row * 2 + 1] = random.int(cities + 1);
    dense.set([x[0], x[1], Number.isNaN(x[2]) ? 0 : x[2], x[3], Number.isNaN(x[2]) ? 1 : 0], row * 8);
    if (codes[row * 2] > 0) dense[row * 8 + 4 + codes[row * 2]] = 1;
    embedded[row] = codes[row * 2 + 1];
    const gram = 1 + random.int(grams);
    ids.push(gram, 1 + random.int(grams));
    weights.push(0.8, 0.6);
    offsets.push(ids.length);
    score[row] =
      1.2 * x[0] * x[1] +
      (Number.isNaN(x[2]) ? 1.5 : Math.abs(x[2])) +
      (codes[row * 2] === 2 ? 1 : -0.3) +
      1.3 * cityEffect[codes[row * 2 + 1]] +
      (gram % 3) * 0.7 -
      1.3 +
      0.3 * random.normal();
  }
  const text = [{ offsets: Uint32Array.from(offsets), ids: Int32Array.from(ids), weights: Float32Array.from(weights) }];
  const classes = kind === 'binary' ? 2 : 3;
  const answers =
    kind === 'regression'
      ? { targets: score.map((s) => s / 2), outputs: 1 }
      : {
          labels: Int32Array.from(score, (s) => (classes === 2 ? Number(s > 0) : Number(s > -0.8) + Number(s > 0.8))),
          outputs: classes,
        };
  return {
    rows,
    numeric,
    numericWidth: 4,
    codes,
    sizes: [3, cities],
    dense,
    denseWidth: 8,
    denseNumbers: 4,
    embedded,
    embeddedSizes: [cities + 1],
    text,
    textSizes: [grams + 1],
    ...answers,
  };
}

/** Row numbers from `from` up to `to`. */
export const range = (from: number, to: number): Uint32Array =>
  Uint32Array.from({ length: to - from }, (_, i) => from + i);
