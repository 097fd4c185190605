// The one-standard-error rule: complexity must earn its place.
import { expect, test } from 'vitest';
import { simplestNearBest } from '../../../engine/train/select.ts';

const fitted = (...losses: number[]) => ({ losses: Float64Array.from(losses) });

test('a simpler candidate that is a little worse by chance is kept', () => {
  expect(simplestNearBest([fitted(0.5, 0.1, 0.6, 0.2), fitted(0.1, 0.5, 0.2, 0.5)])).toBe(0);
});

test('a complex candidate that is better on every row wins', () => {
  expect(simplestNearBest([fitted(0.5, 0.6, 0.7, 0.8), fitted(0.1, 0.3, 0.2, 0.4), fitted(0.1, 0.3, 0.2, 0.4)])).toBe(
    1,
  );
});

test('one candidate is chosen whatever it scores', () => {
  expect(simplestNearBest([fitted(9)])).toBe(0);
});
