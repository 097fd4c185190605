import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtLabels } from '../../../engine/data/index.ts';
import type { LabelLook } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const look: LabelLook = { column: 'kind', set: [], missing: false, offset: 0, limit: 10, spread: false };

test('rows without a label are found, with what was set since counted in', async () => {
  const rows = ['1,a', '2,', '3,b', '4,', '5,b', '6,a', '7,b', '8,'];
  const { reader } = await bench.load(bench.file('labels.csv', `x,kind\n${rows.join('\n')}\n`));
  const all = lookAtLabels(reader, { ...look, limit: 2, offset: 1 });
  expect(all).toEqual({
    rows: [
      { row: 1, label: null, edited: false, cells: { x: 2 } },
      { row: 2, label: 'b', edited: false, cells: { x: 3 } },
    ],
    matching: 8,
    labels: ['b', 'a'],
  });
  const set: LabelLook['set'] = [
    [1, 'c'],
    [0, null],
  ];
  const missing = lookAtLabels(reader, { ...look, set, missing: true });
  expect(missing.rows.map(({ row, edited }) => [row, edited])).toEqual([
    [0, true],
    [3, false],
    [7, false],
  ]);
  expect(missing.labels).toEqual(['b', 'a', 'c']);
  const spread = lookAtLabels(reader, { ...look, spread: true, limit: 4 });
  expect(spread.rows.map(({ row }) => row)).toEqual([0, 2, 4, 6]);
});
