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

test('what JSON lines or CSV brought in, both exports give back, value for value', { timeout: 120_000 }, async () => {
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
      for (const format of ['csv', 'jsonl'] as const) {
        const parts: Uint8Array[] = [];
        for await (const part of exportDataset(first.reader, format)) parts.push(part);
        const options = { types: asked, header: true, delimiter: ',' };
        const again = await bench.load(bench.file(`t${id}-${format}.${format}`, Buffer.concat(parts)), options);
        expect(again.reader.preview(0, 99)).toEqual(first.reader.preview(0, 99));
        expect(again.sha256).toBe(first.sha256);
      }
    }),
    { numRuns: 6, seed: 11 },
  );
});
