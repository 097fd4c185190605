// Draws of the next token: what is kept, how often it comes, and that a seed decides.
import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { type Chance, chooseToken, logSumExp } from '../../../engine/generate/index.ts';

const scores = Float32Array.from([0.1, 0.4, 0.3, 0.15, 0.05], (share) => Math.log(share));
const draws = (chance: Chance, count = 4000) => {
  const random = rng(5, 'draws');
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) counts[chooseToken(scores, chance, random)]++;
  return counts.map((n) => n / count);
};

test('the likeliest is taken when nothing is set, at temperature 0 and at topK 1', () => {
  for (const chance of [{}, { temperature: 0, topP: 0.9 }, { topK: 1, temperature: 2 }])
    expect(chooseToken(scores, chance, rng(1))).toBe(1);
});

describe('drawn tokens', () => {
  test('come as often as they are likely', () => {
    for (const [i, share] of draws({ temperature: 1 }).entries()) expect(share).toBeCloseTo(Math.exp(scores[i]), 1);
  });

  test('are the topK likeliest only', () => {
    const found = draws({ topK: 2 });
    expect([found[0], found[3], found[4]]).toEqual([0, 0, 0]);
    expect(found[1]).toBeCloseTo(4 / 7, 1);
  });

  test('are the fewest that have topP together', () => {
    const found = draws({ topP: 0.71 });
    expect([found[0], found[4]]).toEqual([0, 0]);
    expect(found[3]).toBeGreaterThan(0.1);
    expect(draws({ topP: 0.39 })).toEqual([0, 1, 0, 0, 0]);
  });

  test('are bolder at a high temperature and the same for the same seed', () => {
    expect(draws({ temperature: 3 })[4]).toBeGreaterThan(draws({ temperature: 0.7 })[4]);
    expect(draws({ temperature: 1.3, topP: 0.9 })).toEqual(draws({ temperature: 1.3, topP: 0.9 }));
  });
});

test('the logarithm of the sum of exponentials does not overflow', () => {
  expect(logSumExp(Float32Array.from([1000, 1000]))).toBeCloseTo(1000 + Math.LN2, 3);
});
