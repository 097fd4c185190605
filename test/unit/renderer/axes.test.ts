// Axes of parallel coordinates: where values lie, and which fields get none.
import { expect, test } from 'vitest';
import { axisOf } from '../../../renderer/charts/axes.ts';

test('numbers lie on a line between the least and the greatest', () => {
  expect(axisOf('epochs', [10, 30, null, 20], String)).toEqual({
    name: 'epochs',
    places: [0, 1, undefined, 0.5],
    marks: [
      { at: 0, text: '10' },
      { at: 1, text: '30' },
    ],
  });
});

test('numbers over magnitudes lie on their logarithm', () => {
  expect(axisOf('rate', [0.001, 0.1, 0.01], String)?.places.map((place) => place?.toFixed(3))).toEqual([
    '0.000',
    '1.000',
    '0.500',
  ]);
});

test('words get a place each, in their order', () => {
  expect(axisOf('model', ['mlp', 'linear', 'mlp'], String)).toEqual({
    name: 'model',
    places: [1, 0, 1],
    marks: [
      { at: 0, text: 'linear' },
      { at: 1, text: 'mlp' },
    ],
  });
});

test('what tells nothing apart is no axis', () => {
  expect(axisOf('seed', [1, 1, undefined], String)).toBeUndefined();
  expect(
    axisOf(
      'name',
      Array.from({ length: 20 }, (_, i) => `n${i}`),
      String,
    ),
  ).toBeUndefined();
});
