// Feeds of the dropout hash: what of run, step and row decides which values are dropped (training-form.ts).
import { rng } from '../base/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';

/** Feeds of the dropout hash; `firstRow` is the place of this share's first row in the whole batch. */
export function dropoutFeeds(seed: number, step: number, rows: number, firstRow: number): Record<string, Tensor> {
  const key = rng(seed, 'dropout', step).int(2 ** 32) | 0;
  return {
    'dropout.step': tensor('int32', [1], [key]),
    'dropout.rows': tensor(
      'int32',
      [rows],
      Int32Array.from({ length: rows }, (_, i) => Math.imul(firstRow + i, 0x9e3779b1)),
    ),
  };
}
