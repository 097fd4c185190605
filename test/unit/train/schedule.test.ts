// Shapes of the learning rate over a run, and that a saved schedule goes on where it was.
import { expect, test } from 'vitest';
import { openSchedule } from '../../../engine/train/schedule.ts';

const rates = (kind: 'constant' | 'cosine' | 'step' | 'plateau', warmup?: number) => {
  const schedule = openSchedule({ kind, ...(warmup ? { warmup } : {}) }, { learningRate: 1, totalSteps: 8 });
  return Array.from({ length: 8 }, (_, i) => Number(schedule.rate(i + 1).toFixed(4)));
};

test('a constant schedule keeps the rate', () => {
  expect(rates('constant')).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

test('a cosine schedule starts at the rate and falls to almost nothing', () => {
  expect(rates('cosine')).toEqual([1, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]);
});

test('a step schedule falls to a tenth at half and at three quarters', () => {
  expect(rates('step')).toEqual([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]);
});

test('warm-up rises linearly, then the shape begins', () => {
  expect(rates('constant', 0.5)).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1]);
  expect(rates('cosine', 0.5)).toEqual([0.25, 0.5, 0.75, 1, 1, 0.8536, 0.5, 0.1464]);
});

test('a plateau schedule halves the rate after four evaluations without progress, also across a resume', () => {
  const options = { learningRate: 1, totalSteps: 100 };
  const first = openSchedule({ kind: 'plateau' }, options);
  for (const loss of [1, 0.9, 0.95, 0.91]) first.observe(loss);
  const second = openSchedule({ kind: 'plateau' }, options, first.state());
  second.observe(0.9);
  expect(second.rate(50)).toBe(1);
  second.observe(0.92);
  expect(second.rate(50)).toBe(0.5);
  second.observe(0.5);
  expect(second.state()).toEqual({ factor: 0.5, best: 0.5, waited: 0 });
});
