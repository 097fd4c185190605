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

// That polling begins is measured by test/bench/serve/overhead: it gives way on a machine that others use.
test('polling ends by itself after the last request', async () => {
  const awake = createAwake({ lingerMs: 100, withinMs: 1000 });
  awake.touch();
  awake.touch();
  await wait(200);
  expect(await sleptDuring(200)).toBeGreaterThan(100);
});

test('a lone request keeps nothing awake', async () => {
  const awake = createAwake({ lingerMs: 300, withinMs: 1 });
  awake.touch();
  await wait(20);
  awake.touch();
  expect(await sleptDuring(100)).toBeGreaterThan(50);
});
