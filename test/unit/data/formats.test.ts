import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { DuckDBInstance } from '@duckdb/node-api';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

/** Runs SQL in a DuckDB of its own and answers the rows of the last statement. */
async function duckdb(...statements: string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  let rows: unknown[][] = [];
  for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const values = `SELECT i AS n, i / 4.0::FLOAT AS single, CASE WHEN i % 5 > 0 THEN i * 1.0625 END AS x, 'name ' || i AS word, (i % 2 = 0) AS flag,
  DATE '2024-01-01' + i::INT AS day, TIMESTAMP '2024-01-01 00:00:00.25' + INTERVAL (i) HOUR AS at, 9007199254740993 + i AS big,
  ['a', 'b'] AS list, CASE WHEN i % 2 = 0 THEN 'NA' ELSE '' END AS marker, (i % 3)::INT AS kind, 2020 + i % 2 AS year FROM range(60) t(i)`;

test('a Parquet file is read as DuckDB reads it: singles, dates, large integers, lists, texts that look missing', async () => {
  const path = join(bench.dir, 'one.parquet');
  await duckdb(`COPY (${values}) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`);
  const { reader, shape } = await bench.load(path);
  expect(shape.columns.map(({ name, type }) => [name, type])).toEqual([
    ['n', 'number'],
    ['single', 'number'],
    ['x', 'number'],
    ['word', 'identifier'],
    ['flag', 'boolean'],
    ['day', 'date'],
    ['at', 'date'],
    ['big', 'identifier'],
    ['list', 'category'],
    ['marker', 'category'],
    ['kind', 'number'],
    ['year', 'number'],
  ]);
  expect(reader.preview(4, 2).rows).toEqual([
    [
      4,
      1,
      4.25,
      'name 4',
      'true',
      '2024-01-05',
      '2024-01-01T04:00:00.250Z',
      '9007199254740997',
      '["a","b"]',
      'NA',
      1,
      2020,
    ],
    [
      5,
      1.25,
      null,
      'name 5',
      'false',
      '2024-01-06',
      '2024-01-01T05:00:00.250Z',
      '9007199254740998',
      '["a","b"]',
      '',
      2,
      2021,
    ],
  ]);
});

test.each(['snappy', 'zstd', 'gzip', 'uncompressed'])(
  'a folder of partitions written by DuckDB with %s reads as DuckDB reads it',
  async (codec) => {
    const path = join(bench.dir, `parts-${codec}`);
    await duckdb(`COPY (${values}) TO '${path}' (FORMAT parquet, PARTITION_BY (year, kind), COMPRESSION ${codec})`);
    const { reader } = await bench.load(path);
    const wanted = await duckdb(
      `SELECT n, x, word, year, kind FROM read_parquet('${path}/**/*.parquet', hive_partitioning = true) ORDER BY n`,
    );
    const columns = ['n', 'x', 'word', 'year', 'kind'].map((name) => reader.preview(0, 99).columns.indexOf(name));
    const rows = reader.preview(0, 99).rows.map((row) => columns.map((i) => row[i]));
    expect(rows.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
      wanted.map((row) => row.map((cell, i) => (i === 2 || cell === null ? cell : Number(cell)))),
    );
  },
);

test('Excel: types, dates, shared texts, gaps, formulas; the sheet that is asked for', async () => {
  const main =
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
  const book = (sheet: string) =>
    zipSync({
      'xl/workbook.xml': strToU8(
        `<workbook ${main}><sheets><sheet name="first" sheetId="1" r:id="r1"/><sheet name="other" sheetId="2" r:id="r2"/></sheets></workbook>`,
      ),
      'xl/_rels/workbook.xml.rels': strToU8(
        '<Relationships><Relationship Id="r1" Target="worksheets/a.xml"/><Relationship Id="r2" Target="/xl/worksheets/b.xml"/></Relationships>',
      ),
      'xl/styles.xml': strToU8(
        `<styleSheet ${main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
      ),
      'xl/sharedStrings.xml': strToU8(
        `<sst ${main}><si><t>city</t></si><si><r><t>Gr</t></r><r><t>az</t></r><rPh><t>no</t></rPh></si><si><t>Köln &amp; more</t></si></sst>`,
      ),
      'xl/worksheets/a.xml': strToU8(`<worksheet ${main}><sheetData>${sheet}</sheetData></worksheet>`),
      'xl/worksheets/b.xml': strToU8(
        `<worksheet ${main}><sheetData><row><c t="inlineStr"><is><t>only</t></is></c></row><row><c><v>7</v></c></row></sheetData></worksheet>`,
      ),
    });
  const sheet = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="str"><v>day</v></c><c r="D1" t="inlineStr"><is><t>x</t></is></c></row>
    <row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>45292</v></c><c r="D2"><f>1+1</f><v>2</v></c></row>
    <row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3" s="1"><v>45293.5</v></c><c r="D3" t="e"><v>#N/A</v></c></row>`;
  const path = bench.file('book.xlsx', book(sheet));
  const { reader, shape, options } = await bench.load(path);
  expect(reader.preview(0, 9)).toEqual({
    columns: ['city', 'day', 'column3', 'x'],
    rows: [
      ['Graz', '2024-01-01T00:00:00.000Z', null, 2],
      ['Köln & more', '2024-01-02T12:00:00.000Z', null, null],
    ],
  });
  expect(options).toEqual({ format: 'xlsx', table: 'first' });
  expect(shape.warnings[0].message).toBe(
    'Of 2 sheets in book.xlsx only "first" was imported; name another with --table.',
  );
  const other = await bench.load(path, { table: 'other' });
  expect(other.reader.preview(0, 9)).toEqual({ columns: ['only'], rows: [[7]] });
  await expect(bench.load(path, { table: 'third' })).rejects.toMatchObject({
    message: 'book.xlsx has no sheet "third". Its sheets: first, other.',
  });
});

test('SQLite: one table, exact large integers, blobs as base64; several tables want a name', async () => {
  const path = join(bench.dir, 'base.db');
  const db = new Database(path);
  db.exec(
    `CREATE TABLE t (id INTEGER, big INTEGER, word TEXT, data BLOB); INSERT INTO t VALUES (1, 9007199254740993, 'NA', x'00ff'), (2, 5, NULL, NULL)`,
  );
  db.close();
  const { reader } = await bench.load(path);
  expect(reader.preview(0, 9).rows).toEqual([
    [1, '9007199254740993', 'NA', 'AP8='],
    [2, '5', null, null],
  ]);
  const more = new Database(path);
  more.exec('CREATE TABLE u (x); INSERT INTO u VALUES (1)');
  more.close();
  await expect(bench.load(path)).rejects.toMatchObject({
    message: 'base.db has several tables: name one with --table. It has t, u.',
  });
  expect((await bench.load(path, { table: 'u' })).reader.preview(0, 1).columns).toEqual(['x']);
});

test('a JSON list, zstd, a table alone in a zip, Hive and apostrophes are read', async () => {
  const want = {
    columns: ['a', 'b'],
    rows: [
      [1, 'x'],
      [2, 'y, z'],
    ],
  };
  const csv = 'a,b\n1,x\n2,"y, z"\n';
  for (const [name, bytes] of [
    ['list.json', '[{"a":1,"b":"x"},\n{"b":"y, z","a":2}]'],
    ['packed.csv.zst', zstdCompressSync(csv)],
    ['alone.zip', zipSync({ 'in/table.csv': strToU8(csv) })],
    ['hive.txt', 'a\u0001b\n1\u0001x\n2\u0001y, z\n'],
    ['apostrophes.csv', "a,b\n1,'x'\n2,'y, z'\n"],
  ] as const) {
    const { reader } = await bench.load(bench.file(name, bytes));
    expect([name, reader.preview(0, 9)]).toEqual([name, want]);
  }
});

test.each([
  ['gb18030', Buffer.from('b3c7cad02ccafd0ab1b1bea92c310ac9cfbaa32c320a', 'hex'), '北京'],
  ['shift_jis', Buffer.from('8e732c6e0a93608b9e2c310a91e58de32c320a', 'hex'), '伝京'],
  ['windows-1251', Buffer.from('e3eef0eee42c6e0acceef1eae2e02c310accede8ea2c320a', 'hex'), 'Москва'],
] as const)('%s is read when it is named', async (encoding, bytes, first) => {
  const { reader } = await bench.load(bench.file(`${encoding}.csv`, bytes), { encoding });
  expect(reader.preview(0, 1).rows[0]).toEqual([first, 1]);
});

test.each([
  ['decimal commas', 'x;y\n1,5;a\n-2,25;b\n1.234,5;c\n', {}, [1.5, -2.25, 1234.5]],
  ['thousands marks', 'x;y\n1,500.5;a\n2;b\n1,234,567;c\n', { decimal: '.' }, [1500.5, 2, 1_234_567]],
  ['blanks between thousands', 'x;y\n1 500,5;a\n2;b\n1\u202f234\u202f567;c\n', {}, [1500.5, 2, 1_234_567]],
  ['plain points', 'x;y\n1.5;a\n2.25;b\n', {}, [1.5, 2.25]],
] as const)('numbers with %s are numbers', async (_, csv, options, want) => {
  const { reader, shape } = await bench.load(bench.file('marks.csv', csv), options);
  expect(shape.columns[0].type).toBe('number');
  expect([...reader.numbers('x')]).toEqual(want);
});
