import { expect, test } from 'vitest';
import { type Run, workedMs } from '../../../engine/schema/index.ts';

const run = (more: Partial<Run>): Run => ({ state: 'running', updatedAt: 7000, ...more }) as Run;

test('a run is at work from its start to its end, but for what it was paused', () => {
  expect(workedMs(run({ state: 'queued' }), 9000)).toBeUndefined();
  expect(workedMs(run({ startedAt: 1000 }), 9000)).toBe(8000);
  expect(workedMs(run({ startedAt: 1000, pausedMs: 3000 }), 9000)).toBe(5000);
  expect(workedMs(run({ state: 'finished', startedAt: 1000, endedAt: 5000, pausedMs: 500 }), 9000)).toBe(3500);
  // Queued again: until it was put there.
  expect(workedMs(run({ state: 'queued', startedAt: 1000, pausedMs: 2000 }), 9000)).toBe(4000);
});
