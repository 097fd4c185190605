// Histograms of a column's sample.
import { expect, test } from 'vitest';
import { binned } from '../../../renderer/datasets/bins.ts';

test('whole numbers in a small range get a bin a value', () => {
  expect(binned([0, 1, 1, 3], { type: 'number', min: 0, max: 3 })).toEqual({
    counts: [1, 2, 0, 1],
    low: 0,
    high: 3,
    log: false,
  });
});

test('the ends of the range fall into the first and the last bin', () => {
  expect(binned([0.5, 1, 1.5], { type: 'number', min: 0.5, max: 1.5 }, 2)?.counts).toEqual([1, 2]);
});

test('a long tail is binned by logarithm', () => {
  const column = { type: 'number', min: 0, max: 1e6, quantiles: [0, 1, 5, 20, 1e6] } as const;
  expect(binned([0, 1, 5, 20, 1e6], { ...column, quantiles: [...column.quantiles] }, 4)).toEqual({
    counts: [4, 0, 0, 1],
    low: 0,
    high: 1e6,
    log: true,
  });
});

test('dates are read from text, and gaps are not counted', () => {
  const min = Date.parse('2026-01-01');
  const max = Date.parse('2026-01-03');
  expect(binned(['2026-01-01', null, '2026-01-03'], { type: 'date', min, max }, 2)?.counts).toEqual([1, 1]);
});

test('a column of gaps has no histogram', () => {
  expect(binned([null, null], { type: 'number' })).toBeUndefined();
});
