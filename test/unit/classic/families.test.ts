// Every classic family: it learns what can be learned, and its graph gives what it says, through onnxruntime.
import { describe, expect, test } from 'vitest';
import { classicFamilies, type ClassicRows } from '../../../engine/classic/index.ts';
import { batchText } from '../../../engine/data/index.ts';
import { checkGraph } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { type ClassicName, type Hyper, settleHyper } from '../../../engine/schema/index.ts';
import { makeTable, range, type TableOptions } from './table.ts';

/** Families of rows; those of a series stand in series.test.ts. */
type RowFamily = Exclude<ClassicName, 'seasonal-naive' | 'smoothing'>;

const small: Record<RowFamily, Hyper> = {
  boosting: { rounds: 40, leaves: 15 },
  forest: { trees: 30 },
  'extra-trees': { trees: 30 },
  glm: {},
  knn: { neighbours: 7 },
  'naive-bayes': {},
};
const options = { seed: 3, threads: 1 };

async function fitted(name: RowFamily, data: ClassicRows, hyper: Hyper = small[name]) {
  const family = classicFamilies[name];
  return family.fit(data, range(0, 600), range(600, 700), settleHyper(family, hyper), options);
}

/** What the graph gives for rows, as a server would feed it. */
async function served(graph: Parameters<typeof checkGraph>[0], data: ClassicRows, rows: Uint32Array) {
  checkGraph(graph);
  const take = <T extends { [i: number]: number }>(from: T, width: number, into: T): T => {
    for (const [i, row] of rows.entries()) for (let j = 0; j < width; j++) into[i * width + j] = from[row * width + j];
    return into;
  };
  const n = rows.length;
  const big = (values: Int32Array) => BigInt64Array.from(values, BigInt);
  const feeds: Record<string, Tensor> = {
    numeric: tensor('float64', [n, 4], take(data.numeric, 4, new Float64Array(n * 4))),
    codes: tensor('int64', [n, 2], big(take(data.codes, 2, new Int32Array(n * 2)))),
    dense: tensor('float32', [n, 8], take(data.dense, 8, new Float32Array(n * 8))),
    embedded: tensor('int64', [n, 1], big(take(data.embedded, 1, new Int32Array(n)))),
  };
  const { ids, weights, width } = batchText(data.text[0], rows);
  feeds['text_0_ids'] = tensor('int64', [n, width], ids);
  feeds['text_0_weights'] = tensor('float32', [n, width], weights);
  const program = await compile(graph);
  try {
    const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
    return (await program.run(used))['logits'].data as Float32Array;
  } finally {
    await program.dispose();
  }
}

function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

/** Accuracy, or R² of the scaled target. */
function scoreOf(logits: Float32Array, { labels, targets, outputs }: ClassicRows, rows: Uint32Array): number {
  if (labels) {
    const best = (i: number) => {
      const own = logits.subarray(i * outputs, (i + 1) * outputs);
      return own.indexOf(Math.max(...own));
    };
    return rows.reduce((hits, row, i) => hits + Number(best(i) === labels[row]), 0) / rows.length;
  }
  const truth = Array.from(rows, (row) => targets?.[row] ?? 0);
  const mean = truth.reduce((a, b) => a + b, 0) / truth.length;
  const spread = truth.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return 1 - truth.reduce((sum, value, i) => sum + (value - logits[i]) ** 2, 0) / spread;
}

/** Least accuracy or R² on rows that were not trained on. */
const least: Record<TableOptions['kind'], Partial<Record<RowFamily, number>>> = {
  binary: { boosting: 0.74, forest: 0.7, 'extra-trees': 0.68, glm: 0.66, knn: 0.62, 'naive-bayes': 0.66 },
  multiclass: { boosting: 0.53, forest: 0.53, 'extra-trees': 0.55, glm: 0.5, knn: 0.45, 'naive-bayes': 0.53 },
  regression: { boosting: 0.45, forest: 0.3, 'extra-trees': 0.3, glm: 0.28, knn: 0.15 },
};

for (const kind of ['binary', 'multiclass', 'regression'] as const) {
  describe(kind, () => {
    const data = makeTable({ rows: 1000, kind });
    const test300 = range(700, 1000);
    for (const name of Object.keys(small) as RowFamily[]) {
      const bound = least[kind][name];
      if (bound === undefined) continue;
      test(`${name} learns it, and its graph gives the same to 1e-5`, async () => {
        const model = await fitted(name, data);
        const logits = model.logits(data, test300);
        expect(scoreOf(logits, data, test300)).toBeGreaterThan(bound);
        expect(difference(await served(model.graph(), data, test300), logits)).toBeLessThan(1e-5);
      });
    }
  });
}

test('naive Bayes suits classes only', () => {
  expect(classicFamilies['naive-bayes'].suits(makeTable({ rows: 10, kind: 'regression' }))).toBe(false);
});

describe('boosting', () => {
  const data = makeTable({ rows: 1000, kind: 'binary' });
  test('level-wise growth with subsampled rows and columns exports the same', async () => {
    const model = await fitted('boosting', data, {
      rounds: 20,
      growth: 'level',
      depth: 4,
      leaves: 16,
      subsample: 0.7,
      columns: 0.6,
    });
    const rows = range(700, 1000);
    expect(difference(await served(model.graph(), data, rows), model.logits(data, rows))).toBeLessThan(1e-5);
  });
  test('stops when the validation rows get no better and keeps the best round', async () => {
    const model = await fitted('boosting', data, { rounds: 1000, rate: 0.5, patience: 5 });
    expect(model.rounds).toBe(model.bestRound + 5);
    expect(model.rounds).toBeLessThan(200);
  });
  test('weights of 0 leave rows out', async () => {
    const half = range(0, 300);
    const all = { ...data, weights: Float32Array.from({ length: 1000 }, (_, row) => Number(row < 300)) };
    const family = classicFamilies.boosting;
    const hyper = settleHyper(family, { rounds: 10, weight: 1, bins: 255 });
    const [a, b] = [
      await family.fit(all, half, new Uint32Array(0), hyper, options),
      await family.fit(data, half, new Uint32Array(0), hyper, options),
    ];
    expect(a.logits(data, range(700, 1000))).toEqual(b.logits(data, range(700, 1000)));
  });
});

describe('boosting of numbers', () => {
  const data = makeTable({ rows: 1000, kind: 'regression' });
  test('a direction is kept: the answer never falls where the column rises', async () => {
    const model = await fitted('boosting', data, { rounds: 60, directions: [1] });
    const row = 5;
    const line = 200;
    const numeric = new Float64Array(line * 4);
    for (let i = 0; i < line; i++) numeric.set(data.numeric.subarray(row * 4, row * 4 + 4), i * 4);
    for (let i = 0; i < line; i++) numeric[i * 4] = -3 + (6 * i) / line;
    const codes = new Int32Array(line * 2).map((_, i) => data.codes[row * 2 + (i % 2)]);
    const logits = model.logits({ ...data, rows: line, numeric, codes }, range(0, line));
    expect(logits.every((value, i) => i === 0 || value >= logits[i - 1])).toBe(true);
  });
  test('a quantile is predicted: its share of the rows lies below', async () => {
    const model = await fitted('boosting', data, { rounds: 60, quantile: 0.9, leaves: 7 });
    const rows = range(700, 1000);
    const logits = model.logits(data, rows);
    const below = rows.reduce((sum, r, i) => sum + Number((data.targets?.[r] ?? 0) <= logits[i]), 0) / rows.length;
    expect(below).toBeGreaterThan(0.78);
    expect(below).toBeLessThan(0.97);
  });
});

test('trees do not depend on the number of threads', async () => {
  const data = makeTable({ rows: 60_000, kind: 'multiclass' });
  const rows = range(0, 500);
  for (const name of ['boosting', 'extra-trees'] as const) {
    const family = classicFamilies[name];
    const hyper = settleHyper(family, name === 'boosting' ? { rounds: 3 } : { trees: 4, depth: 6 });
    const fit = (threads: number) =>
      family.fit(data, range(0, 60_000), new Uint32Array(0), hyper, { seed: 1, threads });
    const [one, three] = [await fit(1), await fit(3)];
    expect(three.logits(data, rows)).toEqual(one.logits(data, rows));
  }
}, 30_000);
