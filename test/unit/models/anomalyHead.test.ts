// What follows an autoencoder's errors: one error a row, its score by rank and tail, and the columns that make it.
import { expect, test } from 'vitest';
import { anomalyHead, errorColumns } from '../../../engine/models/anomalyHead.ts';
import { layoutOf } from '../../../engine/models/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import { mixed } from './preprocess.ts';

const bare: Preprocess = {
  ...mixed,
  task: 'anomaly',
  category: mixed.category.slice(0, 1),
  text: [],
  classes: [],
  target: { column: '' },
};

test('every place of the model’s numbers is about one column', () => {
  // Two numbers, a 0/1 for the first that may be missing, and a column for each colour.
  expect(errorColumns(bare, layoutOf(bare))).toEqual([
    { column: 'age', places: [0, 2] },
    { column: 'size', places: [1] },
    { column: 'colour', places: [3, 4] },
  ]);
});

test('errors are weighed, ranked among usual ones, and told by column', async () => {
  const preprocess: Preprocess = {
    ...bare,
    anomaly: {
      columns: errorColumns(bare, layoutOf(bare)),
      contamination: 0.1,
      scale: {
        weights: [1, 0.5, 1, 1, 1],
        threshold: 4,
        quantiles: [1, 2, 3, 4, 5],
        tail: { from: 5, share: 0.5, mean: 2 },
      },
    },
  };
  const program = await compile(anomalyHead(preprocess), { threads: 1 });
  const logits = tensor('float32', [3, 5], [1, 2, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 4, 1, 0, 0]);
  const out = await program.run({ logits });
  await program.dispose();
  expect(Array.from(out['error'].data as Float32Array)).toEqual([3, 0.25, 9]);
  expect(Array.from(out['anomaly'].data as Uint8Array)).toEqual([0, 0, 1]);
  const [within, least, beyond] = out['score'].data as Float32Array;
  expect(within).toBeCloseTo(0.5 * (3 / 5), 6);
  expect(least).toBe(0);
  expect(beyond).toBeCloseTo(1 - 0.5 * Math.exp(-(9 - 5) / 2), 6);
  expect((out['columns'].data as string[]).filter((_, i) => i % 3 === 0)).toEqual(['size', 'colour', 'size']);
  expect((out['shares'].data as Float32Array)[0]).toBeCloseTo(2 / 3, 6);
});
