import { expect, test } from 'vitest';
import { createLimiter } from '../../../engine/security/index.ts';
import { faultOf, heldClock } from './scratch.ts';

test('a name may take its burst at once, then as fast as tokens come back', () => {
  const clock = heldClock();
  const limiter = createLimiter({ burst: 3, perMinute: 60, clock });
  expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1000]);
  expect(limiter.take('b')).toBe(0);
  clock.pass(999);
  expect(limiter.wait('a')).toBe(1);
  clock.pass(1);
  expect([limiter.wait('a'), limiter.take('a'), limiter.take('a')]).toEqual([0, 0, 1000]);
});

test('too many is a Fault that says when to try again', () => {
  const limiter = createLimiter({ burst: 1, perMinute: 2, clock: heldClock() });
  limiter.check('a');
  expect(faultOf(() => limiter.check('a'))).toEqual({
    code: 'too_many_requests',
    message: 'too many requests; try again in 30 s',
  });
});

test('a flood of names neither grows the memory nor frees a name that is out of tokens', () => {
  const clock = heldClock();
  const limiter = createLimiter({ burst: 2, perMinute: 60, most: 10, clock });
  limiter.take('guesser', 2);
  let let_through = 0;
  for (let i = 0; i < 1000; i++) if (limiter.take(`name ${i}`) === 0) let_through++;
  expect(limiter.take('guesser')).toBe(1000);
  // Nine more names of their own, and two takes from the bucket that the rest share.
  expect(let_through).toBe(9 + 2);
  clock.pass(60_000);
  expect(limiter.take('a newcomer')).toBe(0);
});
