import { expect, test } from 'vitest';
import { createPace } from '../../../engine/serve/pace.ts';

test('rows are timed from answer to answer while others wait, and not over a pause', () => {
  let at = 0;
  const pace = createPace(() => at);
  pace.answered(8, true);
  expect(pace.rowMs).toBeUndefined();
  at = 80;
  pace.answered(8, true);
  expect(pace.rowMs).toBe(10);
  at = 160;
  pace.answered(8, false);
  expect(pace.rowMs).toBe(10);
  at = 10_000;
  pace.answered(1, true);
  expect(pace.rowMs).toBe(10);
  for (let i = 0; i < 100; i++) {
    at += 160;
    pace.answered(8, true);
  }
  expect(pace.rowMs).toBeCloseTo(20, 1);
});
