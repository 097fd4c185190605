import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportDataset } from '../../../engine/data/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const isPlain = (text: string) =>
  !['', 'NA', 'N/A', 'n/a', '#N/A', 'null', 'NULL', 'Null', 'NaN', 'nan', '?', '-'].includes(text);
const cellText = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom(
      'a,b',
      'say "hi"',
      'two\nlines',
      'two\r\nlines',
      ' padded ',
      "it's",
      '=1+1',
      '汉字',
      '\t',
      'x'.repeat(300),
    ),
  )
  .filter((text) => isPlain(text) && !text.includes('\0') && text.isWellFormed());
const cellNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
);

const table = fc.integer({ min: 1, max: 4 }).chain((columns) => {
  const column = fc.oneof(
    fc.record({ type: fc.constant('number' as const), cell: fc.constant(cellNumber) }),
    fc.record({ type: fc.constantFrom('text' as const, 'category' as const), cell: fc.constant(cellText) }),
  );
  return fc.array(column, { minLength: columns, maxLength: columns }).chain((kinds) =>
    fc.record({
      types: fc.constant(kinds.map(({ type }) => type)),
      rows: fc.array(
        fc.tuple(...kinds.map(({ cell }) => fc.option(cell as fc.Arbitrary<string | number>, { freq: 6 }))),
        { minLength: 1, maxLength: 12 },
      ),
    }),
  );
});

const formats = ['csv', 'jsonl', 'json', 'parquet', 'arrow', 'xlsx', 'sqlite'] as const;

async function exported(
  reader: Parameters<typeof exportDataset>[0],
  format: Parameters<typeof exportDataset>[1],
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of exportDataset(reader, format)) parts.push(part);
  return Buffer.concat(parts);
}

test('what was brought in, every export gives back, value for value', { timeout: 120_000 }, async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(table, async ({ types, rows }) => {
      const names = types.map((_, i) => `column ${i}`);
      const asked = Object.fromEntries(names.map((name, i) => [name, types[i]]));
      const lines = rows.map((row) => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]]))));
      const id = ++count;
      const first = await bench.load(bench.file(`t${id}.jsonl`, lines.join('\n')), {
        types: asked,
      });
      expect(first.reader.preview(0, 99).rows).toEqual(rows);
      for (const format of formats) {
        const file = bench.file(`t${id}-${format}.${format}`, await exported(first.reader, format));
        const csv = format === 'csv' ? { delimiter: ',', quote: '"' as const } : {};
        const header = format === 'csv' || format === 'xlsx' ? { header: true } : {};
        // A sheet has no row for a row without a value.
        if (format === 'xlsx' && rows.some((row) => row.every((cell) => cell === null))) continue;
        const again = await bench.load(file, { types: asked, ...csv, ...header });
        expect([format, again.reader.preview(0, 99)]).toEqual([format, first.reader.preview(0, 99)]);
        expect([format, again.sha256]).toEqual([format, first.sha256]);
      }
    }),
    { numRuns: 5, seed: 11 },
  );
});

test('dates, truth values and identifiers come back from typed formats without being asked for', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    id: `user-${i * 7919}`,
    joined: `2024-0${(i % 9) + 1}-1${i % 9}T10:${10 + i}:00.${100 + i}Z`,
    member: i % 3 === 0,
    score: i % 7 === 0 ? null : i / 8,
  }));
  const first = await bench.load(bench.file('typed.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')));
  expect(first.shape.columns.map(({ type }) => type)).toEqual(['identifier', 'date', 'boolean', 'number']);
  for (const format of ['parquet', 'arrow', 'xlsx'] as const) {
    const again = await bench.load(bench.file(`typed.${format}`, await exported(first.reader, format)));
    expect([format, again.reader.preview(0, 99)]).toEqual([format, first.reader.preview(0, 99)]);
    expect([format, again.shape.columns]).toEqual([format, first.shape.columns]);
  }
});

test.each(['arrow', 'parquet'] as const)('%s goes out while it is read, not when all has been', async (format) => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i * 7},word ${i}`).join('\n');
  const { reader } = await bench.load(bench.file(`large-${format}.csv`, `n,word\n${lines}\n`));
  let read = 0;
  const numbers: typeof reader.numbers = (column, from = 0, to = reader.rows) => {
    read = Math.max(read, to);
    return reader.numbers(column, from, to);
  };
  const early: number[] = [];
  let bytes = 0;
  for await (const part of exportDataset({ ...reader, numbers }, format)) {
    if (bytes < 100_000) early.push(read);
    bytes += part.length;
  }
  expect(bytes).toBeGreaterThan(300_000);
  expect(read).toBe(60_000);
  expect(Math.max(...early.slice(0, 3))).toBeLessThan(60_000);
});
