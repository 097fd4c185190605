// The parts of text classification by least squares, computed by hand or against their definition.
import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { families, layoutOf } from '../../../engine/models/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import { fitTemperature, naiveBayesStart, scaledWeights, signedLabels } from '../../../engine/train/leastSquares.ts';
import type { Prepared } from '../../../engine/train/prepare.ts';

test('classes become one ±1 each, and an unknown one is none of them', () => {
  expect(Array.from(signedLabels([2, 0, -1], Uint32Array.of(0, 1, 2), 3))).toEqual([-1, -1, 1, 1, -1, -1, -1, -1, -1]);
});

const texts: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'binary',
  target: { column: 'y' },
  classes: ['cat', 'dog'],
  numeric: [],
  category: [],
  text: [
    {
      column: 't',
      analyzer: { words: [1, 1], sublinear: true },
      words: ['meow', 'the'],
      chars: [],
      idf: [1, 1],
      maxTokens: 4,
    },
  ],
  columns: [],
  ignored: [],
};

test('the start is complement naive Bayes: a word of one class speaks for it, padding says nothing', () => {
  const layout = layoutOf(texts);
  // "meow the" is a cat, "the" twice a dog, and once more a cat that is not trained on.
  const rows = {
    preprocess: texts,
    layout,
    data: {
      rows: 4,
      dense: new Float32Array(0),
      denseWidth: 0,
      embedded: new BigInt64Array(0),
      embeddedWidth: 0,
      sequence: [],
      text: [
        {
          offsets: Uint32Array.of(0, 2, 3, 4, 5),
          ids: Int32Array.of(1, 2, 2, 2, 2),
          weights: Float32Array.of(1, 1, 1, 1, 9),
        },
      ],
      labels: Int32Array.of(0, 1, 1, 0),
    },
    train: Uint32Array.of(0, 1, 2),
    validation: Uint32Array.of(3),
  } satisfies Prepared;
  const graph = naiveBayesStart(families.linear.build(layout, 2, {}, 1), rows);
  const table = Array.from(graph.initializers.get('text_0.table')?.data as Float32Array);
  // Others of cat: meow 0.3, the 2.3, pad 0.3; others of dog: meow 1.3, the 1.3, pad 0.3.
  const half = (cat: number, dog: number) => (0.5 * (Math.log(dog / 2.9) - Math.log(cat / 2.9))) / 2;
  const expected = [0, 0, half(0.3, 1.3), -half(0.3, 1.3), half(2.3, 1.3), -half(2.3, 1.3)];
  expect(table.map((value) => value.toFixed(5))).toEqual(expected.map((value) => value.toFixed(5)));
  const bias = Array.from(graph.initializers.get('linear.bias')?.data as Float32Array);
  expect(bias.map((value) => value.toFixed(5))).toEqual(['-0.33333', '0.33333']);
});

describe('the temperature', () => {
  /** Scores whose labels were drawn from softmax(factor · scores). */
  const drawn = (factor: number, rows: number) => {
    const random = rng(5, 'temperature');
    const scores = Float32Array.from({ length: rows * 3 }, () => random.normal() * 0.5);
    const truth = Int32Array.from({ length: rows }, (_, i) => {
      const weights = [0, 1, 2].map((c) => Math.exp(factor * scores[i * 3 + c]));
      let left = random.next() * (weights[0] + weights[1] + weights[2]);
      return weights.findIndex((weight, c) => (left -= weight) <= 0 || c === 2);
    });
    return { scores, truth };
  };

  test('finds the factor that scores were drawn with', () => {
    const { scores, truth } = drawn(7, 20_000);
    expect(fitTemperature(scores, truth, 3)).toBeGreaterThan(6.6);
    expect(fitTemperature(scores, truth, 3)).toBeLessThan(7.4);
  });

  test('stays within bounds when a few rows are all right', () => {
    const factor = fitTemperature(Float32Array.of(1, -1, -1, 1), [0, 1], 2);
    expect(factor).toBeGreaterThan(4);
    expect(factor).toBeLessThan(12);
  });

  test('is folded into the weights', () => {
    const weights = new Map([['w', { dtype: 'float32' as const, dims: [2], data: Float32Array.of(1, -2) }]]);
    expect(scaledWeights(weights, 3).get('w')?.data).toEqual(Float32Array.of(3, -6));
    expect(scaledWeights(weights, 1)).toEqual(weights);
  });
});
