import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';

const take = (n: number, from: () => number) => Array.from({ length: n }, from);

test('the same seed and labels give the same numbers, pinned so that no release changes them', () => {
  const first = rng(7, 'split', 3);
  const again = rng(7, 'split', 3);
  const numbers = take(4, () => first.int(1_000_000));
  expect(numbers).toEqual(take(4, () => again.int(1_000_000)));
  expect(numbers).toEqual([744893, 689410, 829630, 787077]);
});

test('another seed or label gives another stream', () => {
  const streams = [rng(1, 'a'), rng(2, 'a'), rng(1, 'b'), rng(1, 'a', 0)].map((r) => take(8, () => r.next()).join());
  expect(new Set(streams).size).toBe(streams.length);
});

test('numbers spread evenly over [0, 1) and normals have mean 0 and deviation 1', () => {
  const random = rng(11, 'moments');
  const uniform = take(20_000, () => random.next());
  const normal = take(20_000, () => random.normal());
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...uniform)).toBeLessThan(1);
  expect(mean(uniform)).toBeCloseTo(0.5, 1);
  expect(mean(normal)).toBeCloseTo(0, 1);
  expect(mean(normal.map((value) => value * value))).toBeCloseTo(1, 1);
});

test('a shuffle keeps every item and works on typed arrays', () => {
  const shuffled = rng(5).shuffle(Uint32Array.from({ length: 100 }, (_, i) => i));
  expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...shuffled]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
});
