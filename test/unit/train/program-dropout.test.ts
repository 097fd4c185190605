// Dropout's mask: fair, independent across rows, columns, layers and steps, and the same wherever a row is computed.
import { expect, test } from 'vitest';
import { graphBuilder } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { dropoutFeeds } from '../../../engine/train/dropout.ts';
import { trainingForm } from '../../../engine/train/training-form.ts';

const [rows, columns] = [256, 64];

async function mask(ratio: number) {
  const g = graphBuilder('dropout');
  const x = g.input('x', 'float32', ['batch', columns]);
  g.output(g.op('Dropout', [g.op('Identity', [x]), g.constant(ratio)]), 'y');
  const form = trainingForm(g.build(), [], 'weights', 'batch');
  const [y] = form.outputs.values();
  form.g.output(y, 'dropped');
  const program = await compile(form.g.build());
  return async (seed: number, step: number, firstRow = 0, count = rows) => {
    const ones = (...dims: number[]): Tensor =>
      tensor('float32', dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1));
    const { dropped } = await program.run({
      x: ones(count, columns),
      weights: ones(count),
      ...dropoutFeeds(seed, step, count, firstRow),
    });
    return Array.from(dropped.data as Float32Array);
  };
}

const kept = (values: number[]) => values.map((value) => (value === 0 ? 0 : 1));
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
/** Share of places where two masks agree. */
const agreement = (a: number[], b: number[]) => mean(a.map((value, i) => (value === b[i] ? 1 : 0)));

test('drops the given share and scales the rest to keep the mean', async () => {
  for (const ratio of [0.1, 0.5, 0.8]) {
    const values = await (await mask(ratio))(1, 1);
    expect(Math.abs(mean(kept(values)) - (1 - ratio))).toBeLessThan(0.02);
    expect(values.find((value) => value !== 0)).toBeCloseTo(1 / (1 - ratio), 5);
  }
});

test('rows, columns, steps and seeds are independent', async () => {
  const draw = await mask(0.5);
  const values = kept(await draw(1, 1));
  const row = (i: number) => values.slice(i * columns, (i + 1) * columns);
  const column = (j: number) => Array.from({ length: rows }, (_, i) => values[i * columns + j]);
  const pairs = Array.from({ length: rows - 1 }, (_, i) => agreement(row(i), row(i + 1)));
  const across = Array.from({ length: columns - 1 }, (_, j) => agreement(column(j), column(j + 1)));
  expect(Math.abs(mean(pairs) - 0.5)).toBeLessThan(0.02);
  expect(Math.abs(mean(across) - 0.5)).toBeLessThan(0.02);
  // Of 255 pairs of 64 fair draws, none strays 6 standard deviations.
  expect(Math.max(...pairs.map((share) => Math.abs(share - 0.5)))).toBeLessThan(6 * (0.5 / Math.sqrt(columns)));
  expect(Math.max(...across.map((share) => Math.abs(share - 0.5)))).toBeLessThan(6 * (0.5 / Math.sqrt(rows)));
  expect(Math.abs(agreement(values, kept(await draw(1, 2))) - 0.5)).toBeLessThan(0.02);
  expect(Math.abs(agreement(values, kept(await draw(2, 1))) - 0.5)).toBeLessThan(0.02);
});

test('a share of the batch computed elsewhere drops the same values', async () => {
  const draw = await mask(0.3);
  expect(await draw(5, 9, 100, 20)).toEqual((await draw(5, 9)).slice(100 * columns, 120 * columns));
});
