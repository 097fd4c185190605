import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldRows, splitGroups, splitTimes } from '../../../engine/data/folds.ts';
import { foldDataset, splitDataset } from '../../../engine/data/index.ts';
import { splitSpec } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

const parts = { train: 0.8, validation: 0.1, test: 0.1 };
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('by group', () => {
  test('every row is in one part, every group in one part, no part empty, whatever the groups and the seed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 3, maxLength: 300 }),
        seeds,
        (groups, seed) => {
          fc.pre(new Set(groups).size >= 3);
          const { train, validation, test } = splitGroups({ rows: groups.length, groups, seed, parts });
          expect(sorted([...train, ...validation, ...test])).toEqual(range(groups.length));
          const of = (rows: Uint32Array) => new Set(Array.from(rows, (row) => groups[row]));
          const [a, b, c] = [of(train), of(validation), of(test)];
          expect(a.size + b.size + c.size).toBe(new Set(groups).size);
          expect(Math.min(train.length, validation.length, test.length)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('shares are near those asked for when groups are many, and the seed decides', () => {
    const groups = Array.from({ length: 1000 }, (_, i) => i % 100);
    const split = (seed: number) => splitGroups({ rows: 1000, groups, seed, parts });
    const made = split(1);
    expect([made.train.length, made.validation.length, made.test.length]).toEqual([800, 100, 100]);
    expect(split(1)).toEqual(made);
    expect(split(2)).not.toEqual(made);
  });

  test('fewer groups than parts are refused', () => {
    expect(() => splitGroups({ rows: 4, groups: [0, 0, 1, 1], seed: 0, parts })).toThrow(/2 groups, too few/);
  });
});

describe('by time', () => {
  test('what is tested on comes after what is trained on, moments stay whole, rows without a time are trained on', () => {
    const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.NaN)), {
      minLength: 40,
      maxLength: 300,
    });
    fc.assert(
      fc.property(times, (times) => {
        fc.pre(new Set(times.filter((time) => !Number.isNaN(time))).size >= 25);
        const { train, validation, test } = splitTimes({ rows: times.length, times, parts });
        expect(sorted([...train, ...validation, ...test])).toEqual(range(times.length));
        const of = (rows: Uint32Array) => Array.from(rows, (row) => times[row]).filter((time) => !Number.isNaN(time));
        expect(Math.max(...of(train))).toBeLessThan(Math.min(...of(validation)));
        expect(Math.max(...of(validation))).toBeLessThan(Math.min(...of(test)));
        for (const [row, time] of times.entries()) if (Number.isNaN(time)) expect([...train]).toContain(row);
      }),
      { numRuns: 50 },
    );
  });

  test('one moment for all is refused', () => {
    expect(() => splitTimes({ rows: 30, times: Array.from({ length: 30 }, () => 5), parts })).toThrow(/no row for the/);
  });
});

describe('folds', () => {
  test('every row is tested on once, trained on in all others, classes evenly', () => {
    const labels = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 12, maxLength: 200 });
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 6 }), seeds, (labels, folds, seed) => {
        const known = range(labels.length).filter((row) => labels[row] >= 0);
        fc.pre(known.length >= folds);
        const made = foldRows({ rows: labels.length, labels, folds, seed });
        expect(sorted(made.flatMap(({ test }) => [...test]))).toEqual(known);
        for (const { train, test } of made) expect(sorted([...train, ...test])).toEqual(known);
        for (let label = 0; label < 5; label++) {
          const counts = made.map(({ test }) => Array.from(test).filter((row) => labels[row] === label).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('groups stay whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 10, maxLength: 200 }),
        seeds,
        (groups, seed) => {
          fc.pre(new Set(groups).size >= 4);
          const made = foldRows({ rows: groups.length, groups, folds: 4, seed });
          expect(sorted(made.flatMap(({ test }) => [...test]))).toEqual(range(groups.length));
          for (const { train, test } of made) {
            const own = new Set(Array.from(train, (row) => groups[row]));
            expect(Array.from(test).some((row) => own.has(groups[row]))).toBe(false);
          }
        },
      ),
    );
  });

  test('with times, every fold is tested on what comes after all it is trained on', () => {
    const times = Array.from({ length: 120 }, (_, i) => (i * 37) % 60);
    const made = foldRows({ rows: 120, times, folds: 4, seed: 0 });
    expect(made).toHaveLength(4);
    for (const { train, test } of made) {
      const of = (rows: Uint32Array) => Array.from(rows, (row) => times[row]);
      expect(Math.max(...of(train))).toBeLessThan(Math.min(...of(test)));
    }
    expect(new Set(made.flatMap(({ test }) => [...test])).size).toBe(
      made.reduce((sum, { test }) => sum + test.length, 0),
    );
  });
});

describe('of a dataset', () => {
  let bench: Bench;
  beforeAll(() => {
    bench = openBench();
  });
  afterAll(() => bench.close());

  test('by a column of names, by a column of dates; another kind of column is refused', async () => {
    const lines = Array.from(
      { length: 300 },
      (_, i) => `user${i % 30},2026-${String((i % 10) + 1).padStart(2, '0')}-01,${i},${i % 2 === 0 ? 'a' : 'b'}`,
    );
    const { reader } = await bench.load(bench.file('rows.csv', `user,day,x,label\n${lines.join('\n')}\n`), {
      types: { user: 'category' },
    });
    const labels = Int32Array.from({ length: 300 }, (_, i) => (i === 5 ? -1 : i % 2));
    const spec = (value: object) => splitSpec.parse(value);
    const groups = splitDataset(reader, { labels }, 1, spec({ by: 'group', column: 'user' }), false);
    const users = (rows: Uint32Array) => new Set(Array.from(rows, (row) => row % 30));
    expect([...users(groups.train)].filter((user) => users(groups.test).has(user))).toEqual([]);
    expect(groups.train.length + groups.validation.length + groups.test.length).toBe(299);
    const times = splitDataset(reader, { labels }, 1, spec({ by: 'time', column: 'day' }), false);
    expect(new Set(Array.from(times.test, (row) => row % 10))).toEqual(new Set([9]));
    expect(splitDataset(reader, { labels }, 1, spec({ by: 'random', test: 0.2 }), true).test).toHaveLength(0);
    expect(foldDataset(reader, { labels }, 1, 5, spec({ by: 'group', column: 'user' }))).toHaveLength(5);
    expect(() => splitDataset(reader, { labels }, 1, spec({ by: 'time', column: 'user' }), false)).toThrow(
      /holds no dates/,
    );
    expect(() => splitDataset(reader, { labels }, 1, spec({ by: 'group', column: 'usr' }), false)).toThrow(
      /Did you mean "user"/,
    );
    expect(() => splitDataset(reader, { labels }, 1, spec({ by: 'group' }), false)).toThrow(/name the column/);
  });
});
