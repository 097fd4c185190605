// Batches of texts: those of like length go together, widths are few, every row comes once.
import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { packSequences } from '../../../engine/data/index.ts';
import { openBatches } from '../../../engine/train/batches.ts';
import type { ModelRows } from '../../../engine/train/rows.ts';

const rows = 600;
const random = rng(5, 'lengths');
const texts = Array.from({ length: rows }, () => {
  const length = 1 + Math.floor(random.next() ** 3 * 200);
  return Array.from({ length }, (_, i) => (i % 90) + 2);
});
const data: ModelRows = {
  rows,
  dense: new Float32Array(0),
  denseWidth: 0,
  embedded: new BigInt64Array(0),
  embeddedWidth: 0,
  text: [],
  sequence: [packSequences(texts)],
  labels: new Int32Array(rows),
};
const all = Uint32Array.from({ length: rows }, (_, i) => i);

test('an epoch has each row once, pads little, and needs few widths', () => {
  const batches = openBatches(data, all, { batchSize: 16, seed: 2 });
  const order = batches.order(3);
  expect(order.flatMap((part) => [...part]).sort((a, b) => a - b)).toEqual([...all]);
  const dims = order.map((part) => batches.make(part, 3).feeds['text_0_tokens'].dims);
  expect(dims.every(([count, width]) => count === 16 && width % 16 === 0)).toBe(true);
  expect(new Set(dims.map(([, width]) => width)).size).toBeLessThanOrEqual(13);
  const padded = dims.reduce((sum, [count, width]) => sum + count * width, 0);
  const real = texts.reduce((sum, { length }) => sum + length, 0);
  // Rows as they come would be padded to more than three times their length.
  const plain = Array.from({ length: Math.ceil(rows / 16) }, (_, i) => texts.slice(i * 16, i * 16 + 16)).reduce(
    (sum, part) => sum + 16 * Math.ceil(Math.max(...part.map(({ length }) => length)) / 16) * 16,
    0,
  );
  expect(padded / real).toBeLessThan(1.4);
  expect(plain / real).toBeGreaterThan(2.5);
});

test('a part of a batch is filled up to its own width, with rows that weigh nothing', () => {
  const batches = openBatches(data, all, { batchSize: 16, seed: 2 });
  const [first] = batches.order(1);
  const part = batches.make(first.subarray(0, 3), 1, 4);
  expect([part.weights.dims, [...(part.weights.data as Float32Array)]]).toEqual([[4], [1, 1, 1, 0]]);
});
