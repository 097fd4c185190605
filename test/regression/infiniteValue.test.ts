// A column with 1e400 in it was imported with an infinite maximum, which JSON cannot carry: no list of datasets could be read again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { datasetShape } from '../../engine/schema/index.ts';
import { type Bench, openBench } from '../unit/data/bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const cells = (odd: string) => Array.from({ length: 300 }, (_, i) => `${i === 150 ? odd : i / 2},${i % 2}`).join('\n');

test.each(['1e400', '-1e400', 'inf', 'Infinity', '-infinity'])('%s counts as missing, with a warning', async (odd) => {
  const { shape, reader } = await bench.load(bench.file('infinite.csv', `x,y\n${cells(odd)}\n`));
  expect(shape.columns[0]).toMatchObject({ type: 'number', missing: 1, min: 0, max: 149.5 });
  expect(shape.warnings.map(({ code }) => code)).toEqual(['mixed_types']);
  expect([...reader.numbers('x', 149, 152)]).toEqual([74.5, Number.NaN, 75.5]);
  expect(datasetShape.parse(JSON.parse(JSON.stringify(shape)))).toEqual(shape);
});

test('a column that is asked to be numbers names the row of an infinite one', async () => {
  const path = bench.file('asked.csv', `x,y\n${cells('1e400')}\n`);
  await expect(bench.load(path, { types: { x: 'number' } })).rejects.toMatchObject({
    code: 'bad_data',
    message: 'Column "x": the value of row 151 is not a number. Correct it, or import the column as text.',
  });
});

test('quantities beyond 2^53 in scientific notation stay numbers, long digit strings stay names', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${(i + 1) * 1e17}e3,${9007199254740993n + BigInt(i)}`);
  const { shape } = await bench.load(bench.file('doping.csv', `carriers,serial\n${rows.join('\n')}\n`));
  expect(shape.columns.map(({ type }) => type)).toEqual(['number', 'identifier']);
});
