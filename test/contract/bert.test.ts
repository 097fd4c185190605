// Fine-tuning BERT against PyTorch's reference, on every runtime of this machine.
import { describe, expect, test } from 'vitest';
import type { NumericArray, Tensor } from '../../engine/onnx/index.ts';
import { compileTraining } from '../../engine/train/index.ts';
import { bertExpected, bertGraph } from './bert.ts';
import { ones, relativeError } from './fixture.ts';
import { runtimes } from './runtimes.ts';

const expected = bertExpected();
const get = (name: string): Tensor => expected.tensors.get(name) as Tensor;

function rows(value: Tensor, from: number, to: number): Tensor {
  const size = value.data.length / value.dims[0];
  return {
    ...value,
    dims: [to - from, ...value.dims.slice(1)],
    data: (value.data as NumericArray).slice(from * size, to * size),
  };
}

const batch = (from: number, to: number) => ({
  feeds: { input_ids: rows(get('input_ids'), from, to), attention_mask: rows(get('attention_mask'), from, to) },
  labels: rows(get('labels'), from, to),
  weights: ones(to - from),
});

const options = {
  loss: 'cross_entropy',
  optimizer: { kind: 'adamw', weightDecay: 0.01 },
  threads: 2,
  seed: 1,
} as const;

for (const { device, skip } of runtimes) {
  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    test('hidden states, logits, first gradients and the 20-step curve are those of PyTorch', async () => {
      const training = await compileTraining(bertGraph(), { ...options, device });
      const { last_hidden_state: hidden, logits } = await training.predict(batch(0, 8).feeds);
      expect(relativeError(hidden, get('last_hidden_state'))).toBeLessThan(1e-5);
      expect(relativeError(logits, get('logits'))).toBeLessThan(1e-5);

      const start = batch(0, 4);
      const gradients = await training.gradients(start.feeds, start.labels, start.weights);
      const off = Object.entries(expected.gradientNorms).flatMap(([name, norm]) => {
        const own = Math.hypot(...((gradients.get(name) as Tensor).data as Float32Array));
        // The key's bias shifts all scores of a row alike: its gradient is exactly 0 and floats hold noise.
        return Math.abs(own - norm) <= 1e-4 * norm + 1e-6 ? [] : [{ name, own, norm }];
      });
      expect(off).toEqual([]);

      const curve: number[] = [];
      for (let i = 0; i < expected.curve.length; i++) {
        const { feeds, labels, weights } = i % 2 === 0 ? batch(0, 4) : batch(4, 8);
        const { lossSum, weightSum } = await training.step(feeds, labels, weights, 1e-3);
        curve.push(lossSum / weightSum);
      }
      const wrong = curve.filter((loss, i) => {
        const tolerance = i < 5 ? 1e-4 : Math.max(1e-3, 0.02 * expected.curve[i]);
        return !(Math.abs(loss - expected.curve[i]) < tolerance);
      });
      expect(wrong).toEqual([]);
      const end = await training.weights();
      const errors = [...expected.tensors.keys()]
        .filter((key) => key.startsWith('end.') && !key.endsWith('key.bias'))
        .map((key) => [key, relativeError(end.get(key.slice(4)) as Tensor, get(key))] as const);
      expect(errors.filter(([, error]) => !(error < 1e-2))).toEqual([]);
      await training.dispose();
    });
  });
}
