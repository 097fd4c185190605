import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAwake } from '../../../engine/serve/index.ts';

/** Milliseconds in which the event loop slept during a wait of `ms`. */
async function sleptDuring(ms: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await wait(ms);
  return performance.eventLoopUtilization(before).idle;
}

test('the loop does not sleep while requests follow each other, and sleeps again after', async () => {
  const awake = createAwake({ lingerMs: 300, withinMs: 1000 });
  awake.touch();
  awake.touch();
  expect(await sleptDuring(100)).toBeLessThan(50);
  await wait(400);
  expect(await sleptDuring(200)).toBeGreaterThan(100);
});

test('a lone request keeps nothing awake', async () => {
  const awake = createAwake({ lingerMs: 300, withinMs: 1 });
  awake.touch();
  await wait(20);
  awake.touch();
  expect(await sleptDuring(100)).toBeGreaterThan(50);
});
