import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeDataset, fitPreprocess, readTarget } from '../../../engine/data/index.ts';
import { findImage } from '../../../engine/data/imageColumns.ts';
import type { Column } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

const numbers = (names: readonly string[]): Column[] =>
  names.map((name) => ({ name, type: 'number', missing: 0, distinct: 9 }));
const each = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

describe('pixels are found by their names', () => {
  test.each([
    ['pixel_0_0', each(20, (i) => `pixel_${Math.floor(i / 5)}_${i % 5}`)],
    ['1x1', each(20, (i) => `${Math.floor(i / 5) + 1}x${(i % 5) + 1}`)],
    ['r0c0', each(20, (i) => `r${Math.floor(i / 5)}c${i % 5}`)],
  ])('%s', (_, names) => {
    const shuffled = numbers([...names.toReversed(), 'weight', 'size2']);
    expect(findImage(shuffled, [])).toEqual({ height: 4, width: 5, channels: 1, columns: names });
    expect(findImage(shuffled, [4, 5]).columns).toEqual(names);
  });

  test('running numbers are rows of a square', () => {
    const names = each(25, (i) => `pixel${i}`);
    expect(findImage(numbers(names.toReversed()), [])).toEqual({ height: 5, width: 5, channels: 1, columns: names });
  });

  test('channels, named or interleaved, come one after the other', () => {
    const grid = each(48, (i) => `p_${Math.floor(i / 12)}_${Math.floor(i / 3) % 4}_${i % 3}`);
    const red = grid.filter((_, i) => i % 3 === 0);
    const found = findImage(numbers(grid), []);
    expect([found.height, found.width, found.channels]).toEqual([4, 4, 3]);
    expect(found.columns.slice(0, 16)).toEqual(red);
    const run = findImage(numbers(each(12, (i) => `v${i}`)), [2, 2, 3]);
    expect(run.columns).toEqual(['v0', 'v3', 'v6', 'v9', 'v1', 'v4', 'v7', 'v10', 'v2', 'v5', 'v8', 'v11']);
  });

  test('numbers of any name are an image when there are as many as its pixels', () => {
    expect(findImage(numbers(['a', 'b', 'c', 'd']), [2, 2]).columns).toEqual(['a', 'b', 'c', 'd']);
  });
});

test.each([
  ['no names like pixels', ['age', 'size'], [], 'no columns look like the pixels of an image'],
  ['a hole in the grid', each(19, (i) => `p_${Math.floor(i / 5)}_${i % 5}`), [], 'no columns look like'],
  ['few columns', each(4, (i) => `x${i}`), [], 'no columns look like'],
  ['another size', each(20, (i) => `p_${i}_0`), [3, 3], 'an image of 3 × 3 has 9 pixels, but there are 20 columns'],
  ['one number', each(20, (i) => `p_${i}_0`), [20], 'an image needs height and width'],
])('%s: refused with what to do', (_, names, shape, message) => {
  expect(() => findImage(numbers(names), shape)).toThrow(
    expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(message) }),
  );
});

describe('fit', () => {
  let bench: Bench;
  beforeAll(() => {
    bench = openBench();
  });
  afterAll(() => bench.close());

  test('pixels share the figures of their channel, the constant ones too, and stand behind the other numbers', async () => {
    const names = each(16, (i) => `px_${Math.floor(i / 4)}_${i % 4}`);
    const lines = each(
      40,
      (r) => `${names.map((_, i) => (i === 3 ? 0 : (r * 7 + i) % 11)).join()},${r * 2},${r % 2 ? 'yes' : 'no'}`,
    );
    const { reader } = await bench.load(bench.file('px.csv', `${names.join()},age,label\n${lines.join('\n')}`));
    const target = readTarget(reader, 'label');
    const rows = Uint32Array.from({ length: 40 }, (_, i) => i);
    const fitted = fitPreprocess(reader, rows, { target, image: [] });
    const values = Array.from(rows).flatMap((r) => names.map((_, i) => (i === 3 ? 0 : (r * 7 + i) % 11)));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(fitted.image).toEqual({ height: 4, width: 4, channels: 1, first: 1 });
    expect(fitted.numeric.map(({ column }) => column)).toEqual(['age', ...names]);
    for (const pixel of fitted.numeric.slice(1)) {
      expect([pixel.mean, pixel.std]).toEqual([expect.closeTo(mean, 9), expect.closeTo(std, 9)]);
    }
    expect(fitted.numeric[4]).toMatchObject({ column: 'px_0_3', fill: 0, missing: 0 });
    expect(encodeDataset(reader, fitted, rows).numeric.slice(0, 4)).toEqual(Float64Array.of(0, 0, 1, 2));
  });
});
