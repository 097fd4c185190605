// Proposals: within the space, towards what did well, the same for the same seed.
import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { propose } from '../../../engine/automl/tpe.ts';
import type { Dimension } from '../../../engine/automl/spaces.ts';

const space: Record<string, Dimension> = {
  rate: { kind: 'number', range: [0.001, 1], log: true },
  leaves: { kind: 'integer', range: [2, 100] },
  growth: { kind: 'choice', choices: ['leaf', 'level'] },
  depth: { kind: 'integer', range: [1, 8], when: { name: 'growth', is: 'level' } },
};
/** Best at a rate of 0.1 and growth by level. */
const lossAt = (rate: number, growth: string) => Math.abs(Math.log10(rate) + 1) + (growth === 'level' ? 0 : 1);

const seen = Array.from({ length: 40 }, (_, i) => {
  const hyper = propose(space, [], rng(i, 'seen'));
  return { hyper, loss: lossAt(Number(hyper['rate']), String(hyper['growth'])) };
});

test('every proposal lies in the space, and only has what its choices give a meaning', () => {
  for (let i = 0; i < 50; i++) {
    const { rate, leaves, growth, depth } = propose(space, i % 2 ? seen : [], rng(i, 'propose'));
    expect(Number(rate)).toBeGreaterThanOrEqual(0.001);
    expect(Number(rate)).toBeLessThanOrEqual(1);
    expect(Number.isInteger(leaves)).toBe(true);
    expect(depth === undefined).toBe(growth === 'leaf');
  }
});

test('proposals after a history are better than without one', () => {
  const mean = (history: typeof seen) => {
    const losses = Array.from({ length: 40 }, (_, i) => {
      const { rate, growth } = propose(space, history, rng(i, 'later'));
      return lossAt(Number(rate), String(growth));
    });
    return losses.reduce((a, b) => a + b, 0) / losses.length;
  };
  expect(mean(seen)).toBeLessThan(0.6 * mean([]));
});

test('the same history and stream give the same proposal', () => {
  expect(propose(space, seen, rng(3, 'x'))).toEqual(propose(space, seen, rng(3, 'x')));
});
