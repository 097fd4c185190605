import { expect, test } from 'vitest';
import { createTuner, type Tuner } from '../../../engine/serve/tuner.ts';

/** Runs batches of the size that the tuner asks for on a machine where n rows take `ms(n)`, and gives the size it settles on. */
function settle(tuner: Tuner, ms: (rows: number) => number, batches = 200): number {
  for (let i = 0; i < batches; i++) {
    const rows = tuner.limit('a');
    tuner.ran('a', rows, ms(rows));
  }
  return tuner.limit('a');
}

test('where a run costs the same whatever its size, batches grow to the most that is allowed', () => {
  expect(settle(createTuner({ latencyMs: 100, most: 64 }), () => 2)).toBe(64);
  expect(settle(createTuner({ latencyMs: 100, most: 24 }), () => 2)).toBe(24);
});

test('batches stay small enough for two of them to fit the latency target', () => {
  expect(settle(createTuner({ latencyMs: 20, most: 64 }), (rows) => 1 + rows)).toBe(8);
  expect(settle(createTuner({ latencyMs: 200, most: 64 }), (rows) => 10 + rows)).toBe(64);
});

test('where larger batches gain nothing, the smallest that is as good is taken', () => {
  expect(settle(createTuner({ latencyMs: 1000, most: 64 }), (rows) => 2 * rows)).toBeLessThanOrEqual(8);
  expect(settle(createTuner({ latencyMs: 1000, most: 64 }), (rows) => (rows > 4 ? 3 : 1) * rows + 1)).toBe(4);
});

test('a machine that becomes slow makes batches shrink', () => {
  const tuner = createTuner({ latencyMs: 20, most: 64 });
  expect(settle(tuner, () => 2)).toBe(64);
  expect(settle(tuner, (rows) => 2 * rows)).toBeLessThanOrEqual(8);
});

test('few rows wait for others behind a busy host only where larger runs gain much, and not for long', () => {
  const tuner = createTuner({ latencyMs: 100, most: 64 });
  expect(tuner.holdMs('a', 1)).toBe(0);
  settle(tuner, (rows) => 40 + 0.01 * rows);
  tuner.ran('a', 1, 40);
  expect([tuner.holdMs('a', 1), tuner.holdMs('a', 64)]).toEqual([25, 0]);
  settle(tuner, (rows) => rows);
  tuner.ran('b', 1, 1);
  expect(tuner.holdMs('b', 1)).toBe(0);
});

test('shapes are tuned apart, and the time of a row is known once something ran', () => {
  const tuner = createTuner({ latencyMs: 50, most: 64 });
  settle(tuner, () => 2);
  expect([tuner.limit('a'), tuner.limit('b'), tuner.rowMs('b')]).toEqual([64, 4, undefined]);
  expect(tuner.rowMs('a')).toBeCloseTo(2 / 64, 5);
});
