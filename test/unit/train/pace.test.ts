// How often machines are to meet, told from what their steps take.
import { describe, expect, test } from 'vitest';
import { chooseMeeting } from '../../../engine/train/pace.ts';
import { roundLength } from '../../../engine/train/rounds.ts';

describe('how often machines meet', () => {
  test('at every step where the network keeps up', () => {
    const { every, reason } = chooseMeeting({ computeMs: 100, waitMs: 150, bytes: 2 ** 20 }, 100_000);
    expect(every).toBe(0);
    expect(reason).toBe(
      'machines meet at every step, as one machine would train: a step takes 100 ms to compute and 150 ms to exchange 1.0 MiB, about 6.7 MiB a second; 15000 s of waiting in the 100000 steps to come',
    );
  });
  test('at every step where all the waiting is under a minute: then the steps of one machine cost little', () => {
    expect(chooseMeeting({ computeMs: 1, waitMs: 20, bytes: 1000 }, 2000).every).toBe(0);
  });
  test('in rounds on a slow link, long enough that a tenth of the time is waiting', () => {
    const { every, reason } = chooseMeeting({ computeMs: 50, waitMs: 400, bytes: 11 * 2 ** 20 }, 10_000);
    expect(every).toBe(80);
    expect(reason).toBe(
      'machines meet every 80 steps: a step takes 50 ms to compute and 400 ms to exchange 11 MiB, about 28 MiB a second; meeting at every step would be 4000 s of waiting in the 10000 steps to come',
    );
  });
  test('in rounds of half a minute at most, and of a tenth of the run', () => {
    expect(chooseMeeting({ computeMs: 1000, waitMs: 60_000, bytes: 1 }, 10_000).every).toBe(30);
    expect(chooseMeeting({ computeMs: 1000, waitMs: 60_000, bytes: 1 }, 150).every).toBe(15);
    expect(chooseMeeting({ computeMs: 1000, waitMs: 60_000, bytes: 1 }, 50).every).toBe(0);
  });
});

describe('rounds', () => {
  test('end with epochs, in parts of like length', () => {
    expect(roundLength(32, 0, 40, 3)).toBe(40);
    expect(roundLength(10, 0, 25, 3)).toBe(13);
    expect(roundLength(10, 13, 25, 3)).toBe(12);
  });
  test('or are whole epochs, no more than are left', () => {
    expect(roundLength(32, 0, 18, 9)).toBe(36);
    expect(roundLength(32, 0, 18, 1)).toBe(18);
    expect(roundLength(32, 5, 18, 9)).toBe(13);
  });
});
