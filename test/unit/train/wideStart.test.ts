// The n-gram half of a family that reads words is fitted before the network trains.
import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { families, layoutOf, settleHyper } from '../../../engine/models/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import type { Prepared } from '../../../engine/train/prepare.ts';
import { modelRows } from '../../../engine/train/rows.ts';
import { wideStart } from '../../../engine/train/wideStart.ts';

const words = ['good', 'bad', 'so', 'la', 'ti'];
const preprocess: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'binary',
  target: { column: 'y' },
  classes: ['no', 'yes'],
  numeric: [],
  category: [],
  text: [
    { column: 't', analyzer: { words: [1, 1], sublinear: true }, words, chars: [], idf: [1, 1, 1, 1, 1], maxTokens: 8 },
  ],
  sequence: [{ column: 't', words, maxLength: 8 }],
  columns: [{ name: 't', type: 'text' }],
  ignored: [],
};

/** Texts of two n-grams, the first of which says the label; n-gram 1 is good, 2 is bad, the others say nothing. */
async function prepared(): Promise<Prepared> {
  const random = rng(5, 'texts');
  const rows = 60;
  const labels = Int32Array.from({ length: rows }, (_, r) => r % 2);
  const ids = Int32Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? (labels[i / 2] ? 1 : 2) : 3 + random.int(3),
  );
  const offsets = Uint32Array.from({ length: rows + 1 }, (_, r) => 2 * r);
  const text = [{ offsets, ids, weights: new Float32Array(2 * rows).fill(Math.SQRT1_2) }];
  const none = { numeric: new Float64Array(0), codes: new Int32Array(0) };
  const data = await modelRows({ rows, ...none, text, sequence: [{ offsets, ids }], labels }, preprocess);
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  return { preprocess, layout: layoutOf(preprocess), data, train: places, validation: places.subarray(0, 0) };
}

const small = settleHyper(families.textcnn, { width: 8, filters: 4 });

test('n-grams that tell a class weigh for it, the others hardly; nothing else moves; a seed gives the same bits', async () => {
  const rows = await prepared();
  const graph = families.textcnn.build(rows.layout, 2, small, 1);
  const started = wideStart(graph, rows, 1);
  const table = started.initializers.get('text_0.table');
  const difference = Array.from({ length: 6 }, (_, gram) => {
    const data = table?.data as Float32Array;
    return data[2 * gram + 1] - data[2 * gram];
  });
  expect(difference[0]).toBe(0);
  expect(difference[1]).toBeGreaterThan(2);
  expect(difference[2]).toBeLessThan(-2);
  expect(Math.max(...difference.slice(3).map(Math.abs))).toBeLessThan(1);
  const changed = [...started.initializers].filter(([name, value]) => value !== graph.initializers.get(name));
  expect(changed.map(([name]) => name).sort()).toEqual(['ngrams.bias', 'text_0.table']);
  expect(wideStart(graph, rows, 1).initializers).toEqual(started.initializers);
});

test('a model without n-grams stays as it is', async () => {
  const rows = await prepared();
  const graph = families.textcnn.build({ ...rows.layout, texts: [] }, 2, small, 1);
  expect(wideStart(graph, rows, 1)).toBe(graph);
});

test('a quantity is fitted as it is', async () => {
  const rows = await prepared();
  const targets = Float64Array.from(rows.data.labels ?? [], (label) => 3 * label - 1.5);
  const { labels: _, ...data } = rows.data;
  const other = {
    ...rows,
    data: { ...data, targets },
    preprocess: { ...preprocess, task: 'regression' as const, classes: [] },
  };
  const graph = families.textcnn.build(rows.layout, 1, small, 1);
  const table = wideStart(graph, other, 1).initializers.get('text_0.table')?.data as Float32Array;
  expect(table[1] * Math.SQRT1_2).toBeGreaterThan(0.8);
  expect(table[2] * Math.SQRT1_2).toBeLessThan(-0.8);
});
