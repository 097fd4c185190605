import { expect, test } from 'vitest';
import {
  binCounts,
  chiSquare,
  kolmogorovSmirnov,
  logGamma,
  quantileEdges,
  stabilityIndex,
  upperGamma,
} from '../../../engine/monitor/figures.ts';

test('gamma functions are SciPy’s', () => {
  expect(upperGamma(2.5, 3.1)).toBeCloseTo(0.28724168342556083, 10);
  expect(upperGamma(0.5, 10)).toBeCloseTo(7.744216431044088e-6, 12);
  expect(upperGamma(30, 25)).toBeCloseTo(0.8178960840225449, 10);
  expect(logGamma(0.3)).toBeCloseTo(1.0957979948180756, 10);
  expect(logGamma(123.4)).toBeCloseTo(469.3360974421906, 9);
});

test('the distance of two samples is SciPy’s, and equal samples are not apart', () => {
  const a = Float64Array.from({ length: 40 }, (_, i) => (0.1 * i * i) % 7).sort();
  const b = Float64Array.from({ length: 30 }, (_, i) => (0.13 * i * i + 0.7) % 7).sort();
  expect(kolmogorovSmirnov(a, b).statistic).toBeCloseTo(0.14166666666666672, 10);
  expect(kolmogorovSmirnov(a, a)).toEqual({ statistic: 0, p: 1 });
  const ones = new Float64Array(100).fill(1);
  expect(kolmogorovSmirnov(ones, new Float64Array(100).fill(2))).toEqual({
    statistic: 1,
    p: expect.closeTo(0, 20) as number,
  });
});

test('chi-square of counts is SciPy’s; rare classes are taken together', () => {
  const { statistic, p } = chiSquare([30, 50, 20], [45, 35, 20]);
  expect([statistic, p]).toEqual([expect.closeTo(5.647058823529411, 10), expect.closeTo(0.05939593960520477, 10)]);
  expect(chiSquare([100, 1, 1, 1], [100, 0, 1, 2]).p).toBeGreaterThan(0.5);
  expect(chiSquare([10, 0], [0, 0])).toEqual({ statistic: 0, p: 1 });
});

test('the stability index is 0 for the same shares and large for others', () => {
  expect(stabilityIndex([10, 20, 30], [20, 40, 60])).toBeCloseTo(0, 10);
  expect(stabilityIndex([50, 50], [90, 10])).toBeGreaterThan(0.25);
});

test('bins follow the reference’s quantiles, ties included', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, i) => i);
  expect(quantileEdges(sorted, 4)).toEqual([25, 50, 75]);
  expect(binCounts(sorted, [25, 50, 75])).toEqual([26, 25, 25, 24]);
  expect(quantileEdges(new Float64Array(50).fill(3))).toEqual([3]);
});
