// A few letters in a small column of numbers made it an identifier, which was left out of training without the reason being said.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from '../unit/data/bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const file = (name: string, cell: (i: number) => string) =>
  bench.file(name, `x,y\n${Array.from({ length: 60 }, (_, i) => `${cell(i)},${i % 2}`).join('\n')}\n`);

test('a column that is none of numbers because of a few values says which', async () => {
  const { shape } = await bench.load(file('strays.csv', (i) => (i === 7 || i === 9 ? 'abc' : String(i / 2))));
  expect(shape.columns[0]?.type).not.toBe('number');
  expect(shape.warnings[0]).toEqual({
    code: 'mixed_types',
    column: 'x',
    message:
      '2 values of "x" (the first in row 8) are not numbers, so the column is not one of numbers. Correct the file and import it again.',
  });
});

test('codes with leading zeros and long digit strings are no such column', async () => {
  for (const cell of [(i: number) => `0${100 + i}`, (i: number) => String(9007199254740993n + BigInt(i))]) {
    const { shape } = await bench.load(file('codes.csv', cell));
    expect(shape.warnings.map(({ code }) => code)).toEqual(['identifier']);
  }
});
