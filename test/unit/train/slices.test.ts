// Parts of test rows that a model does worse on: found by value and by range, with their intervals.
import { expect, test } from 'vitest';
import type { Preprocess } from '../../../engine/schema/index.ts';
import { worstSlices } from '../../../engine/train/slices.ts';

const n = 200;
const preprocess = {
  category: [{ column: 'town', boolean: false, values: ['north', 'south'] }],
  numeric: [{ column: 'age', part: 'value', mean: 0, std: 1, fill: 0, missing: 0 }],
} as unknown as Preprocess;
const known = Uint32Array.from({ length: n }, (_, i) => i);
/** Every fourth row is of the south; ages rise with the row. */
const codes = Int32Array.from(known, (i) => (i % 4 === 0 ? 2 : 1));
const numeric = Float64Array.from(known, (i) => i);

test('a value whose rows are often wrong comes first, with its accuracy and interval', () => {
  const hits = Float64Array.from(known, (i) => Number(i % 4 !== 0 || i % 8 === 0));
  const [first] = worstSlices(preprocess, { numeric, codes }, known, hits, true);
  expect(first).toEqual({
    column: 'town',
    value: 'south',
    rows: 50,
    score: 0.5,
    interval: [expect.closeTo(0.366, 3), expect.closeTo(0.634, 3)],
  });
});

test('a range of a number whose errors are greater is named; nothing is where all parts are alike', () => {
  const errors = Float64Array.from(known, (i) => (i >= 150 ? 3 : 1) + (i % 2) / 10);
  const [first] = worstSlices(preprocess, { numeric, codes }, known, errors, false);
  expect(first).toMatchObject({ column: 'age', value: '> 149', rows: 50, score: expect.closeTo(3.05, 6) });
  expect(worstSlices(preprocess, { numeric, codes }, known, new Float64Array(n).fill(1), true)).toEqual([]);
});
