import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitRows } from '../../../engine/data/index.ts';

const sizes = (split: ReturnType<typeof splitRows>) => [split.train.length, split.validation.length, split.test.length];

describe('split', () => {
  test('a row is in exactly one part and every class in the training part, whatever the labels and the seed', () => {
    const labels = fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 3, maxLength: 400 });
    fc.assert(
      fc.property(labels, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (labels, seed) => {
        const present = labels.flatMap((label, row) => (label < 0 ? [] : [row]));
        fc.pre(present.length >= 3);
        const { train, validation, test } = splitRows({ rows: labels.length, labels, seed });
        expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(present);
        expect(new Set(Array.from(train, (row) => labels[row]))).toEqual(new Set(present.map((row) => labels[row])));
        for (const part of [train, validation, test]) expect([...part]).toEqual([...part].sort((a, b) => a - b));
      }),
    );
  });

  test('shares are 80/10/10 in all and in every class', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : i % 3 === 0 ? 2 : 0));
    const split = splitRows({ rows: 1000, labels, seed: 1 });
    expect(sizes(split)).toEqual([800, 100, 100]);
    const rare = (rows: Uint32Array) => Array.from(rows).filter((row) => labels[row] === 1).length;
    expect([rare(split.train), rare(split.validation), rare(split.test)]).toEqual([80, 10, 10]);
  });

  test('the seed decides', () => {
    const split = (seed: number) => splitRows({ rows: 100, seed });
    expect(split(7)).toEqual(split(7));
    expect(split(7)).not.toEqual(split(8));
    expect([...split(1).test]).toEqual([13, 16, 27, 34, 36, 42, 47, 53, 66, 75]);
  });

  test('parts of a regression have alike targets, and rows without one are left out', () => {
    const targets = Float64Array.from({ length: 1000 }, (_, i) => (i % 100 === 0 ? Number.NaN : i * i));
    const split = splitRows({ rows: 1000, targets, seed: 3 });
    expect(sizes(split)).toEqual([792, 99, 99]);
    const deciles = Array.from(split.test, (row) => Math.floor(row / 100));
    expect(new Set(deciles).size).toBe(10);
  });

  test('a class of one row is trained on, and too few rows are refused', () => {
    const split = splitRows({ rows: 20, labels: Array.from({ length: 20 }, (_, i) => (i === 4 ? 1 : 0)), seed: 0 });
    expect([...split.train]).toContain(4);
    expect(() => splitRows({ rows: 2, seed: 0 })).toThrow('Only 2 rows have a target, too few to split. Add rows.');
  });

  test('other shares: no test part where another dataset is the test', () => {
    expect(sizes(splitRows({ rows: 50, seed: 0, parts: { train: 0.9, validation: 0.1, test: 0 } }))).toEqual([
      45, 5, 0,
    ]);
  });
});
