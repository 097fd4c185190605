import { afterAll, beforeAll, expect, test } from 'vitest';
import { viewSplit } from '../../../engine/data/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const ask = { by: 'stratified' as const, validation: 0.1, test: 0.1, seed: 3 };

test('folds and parts are told row by row: no row is in two, classes are alike, the same seed gives the same', async () => {
  const lines = Array.from({ length: 90 }, (_, i) => `${i},${i % 3 === 0 ? 'a' : 'b'}`);
  const { reader } = await bench.load(bench.file('split.csv', `x,label\n${lines.join('\n')}\n`));
  const folds = viewSplit(reader, { ...ask, folds: 3 });
  expect(folds.parts).toEqual(
    ['fold 1', 'fold 2', 'fold 3'].map((name) => ({
      name,
      rows: 30,
      classes: [
        { value: 'a', count: 10 },
        { value: 'b', count: 20 },
      ],
    })),
  );
  expect(folds.of.every((part) => part >= 0)).toBe(true);
  expect(viewSplit(reader, { ...ask, folds: 3 })).toEqual(folds);
  expect(viewSplit(reader, { ...ask, folds: 3, seed: 4 }).of).not.toEqual(folds.of);
  const { parts } = viewSplit(reader, ask);
  expect(parts.map(({ name, rows }) => [name, rows])).toEqual([
    ['train', 72],
    ['validation', 9],
    ['test', 9],
  ]);
});
