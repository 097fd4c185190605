// What hostile and clumsy people import: either repaired, with every value as it was meant, or refused with what is wrong.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Table, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import Database from 'better-sqlite3';
import { DuckDBInstance } from '@duckdb/node-api';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './bench.ts';
import { image, wav } from './media.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const lines = (head: string, line: (i: number) => string, count = 40) =>
  `${head}\n${Array.from({ length: count }, (_, i) => line(i)).join('\n')}\n`;
const typesOf = async (path: string) => {
  const { shape } = await bench.load(path);
  return shape.columns.map(({ name, type }) => `${name} ${type}`);
};
const refused = (path: string, message: RegExp) =>
  expect(bench.load(path)).rejects.toMatchObject({ code: 'bad_data', message: expect.stringMatching(message) });

test('columns that are called as every object has them keep their types', async () => {
  const names = '__proto__,constructor,toString';
  const csv = bench.file(
    'proto.csv',
    lines(names, (i) => `${i / 2},x${i % 3},${i * 1.5}`),
  );
  const wanted = ['__proto__ number', 'constructor category', 'toString number'];
  expect(await typesOf(csv)).toEqual(wanted);
});

test('UTF-16 without its mark is read in the order of its bytes, Chinese too', async () => {
  const text = lines('名,字', (i) => `${i},中文${i % 3}`);
  for (const [name, bytes] of [
    ['le.csv', Buffer.from(text, 'utf16le')],
    ['be.csv', Buffer.from(text, 'utf16le').swap16()],
  ] as const) {
    const { reader } = await bench.load(bench.file(name, bytes));
    expect(reader.preview(1, 1)).toEqual({ columns: ['名', '字'], rows: [[1, '中文1']] });
  }
});

test('a table in a Chinese encoding is refused with that encoding, and read with it', async () => {
  const bytes = Buffer.concat([
    Buffer.from('a,b\n'),
    ...Array.from({ length: 9 }, () => Buffer.from('312cd6d0cec40a', 'hex')),
  ]);
  const path = bench.file('gbk.csv', bytes);
  await refused(path, /is not UTF-8\. If the file is in a Chinese encoding, import it with --encoding gb18030/);
  const { reader } = await bench.load(path, { encoding: 'gb18030' });
  expect(reader.preview(0, 1).rows).toEqual([[1, '中文']]);
});

test('JSON lines behind a byte order mark are read; keys that differ by blanks only are refused', async () => {
  const { reader } = await bench.load(bench.file('mark.jsonl', '\ufeff{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'));
  expect(reader.preview(0, 9).rows).toEqual([
    [1, 'x'],
    [2, 'y'],
  ]);
  await refused(bench.file('twins.jsonl', '{"a":1," a ":2}\n'), /columns 1 and 2 are both named "a"/);
});

test('days that no calendar shows stay texts, and can be looked at', async () => {
  const path = join(bench.dir, 'wild.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT DATE '290000-01-01' + i::INT AS far, DATE '2024-01-01' + i::INT AS near, 'infinity'::TIMESTAMP AS never FROM range(30) t(i)) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const { reader, shape } = await bench.load(path);
  expect(shape.columns.map(({ type }) => type)).toEqual(['identifier', 'date', 'category']);
  expect(reader.preview(1, 1).rows).toEqual([['290000-01-02', '2024-01-02', 'infinity']]);
});

test('a web page, a photograph of a telephone and sound that is none are called what they are', async () => {
  await refused(
    bench.file('page.csv', '<!DOCTYPE html>\n<html><body>Log in</body></html>\n'),
    /is a web page, not a table/,
  );
  const folder = join(bench.dir, 'mixed');
  for (const name of ['a', 'b']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'a/1.png'), await image('png', 1));
  writeFileSync(
    join(folder, 'b/2.png'),
    Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(90, 7)]),
  );
  const { shape } = await bench.load(folder);
  expect(shape.warnings.map(({ message }) => message)).toContain(
    '1 file cannot be used and was left out: b/2.png (is not a PNG, JPEG, WebP or TIFF image).',
  );
  const clip = wav(300);
  clip.writeUInt16LE(3, 20);
  clip.writeUInt16LE(32, 34);
  clip.fill(0xff, 44);
  const sounds = join(bench.dir, 'sounds');
  mkdirSync(sounds);
  writeFileSync(join(sounds, '1.wav'), clip);
  await refused(sounds, /The first, 1\.wav, holds numbers that are no sound/);
});

test('a zip with one table and a note about it is the table', async () => {
  const bytes = zipSync({
    'd/t.csv': strToU8('a,b\n1,2\n3,4\n'),
    'd/README.md': strToU8('what this is'),
    'd/LICENSE': strToU8('free'),
  });
  const { reader } = await bench.load(bench.file('noted.zip', bytes));
  expect(reader.preview(0, 9)).toEqual({
    columns: ['a', 'b'],
    rows: [
      [1, 2],
      [3, 4],
    ],
  });
});

test('a zip whose files lie over one another, or are packed in a rare way, is refused before it is unpacked', async () => {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => 97 + (((i * 2_654_435_761) >>> 24) % 26)));
  const one = Buffer.from(zipSync({ 'a/1.txt': noise }));
  const end = one.lastIndexOf(Buffer.from('504b0506', 'hex'));
  const entry = one.subarray(one.readUInt32LE(end + 16), end);
  const last = Buffer.from(one.subarray(end));
  last.writeUInt16LE(500, 8);
  last.writeUInt16LE(500, 10);
  last.writeUInt32LE(500 * entry.length, 12);
  const over = Buffer.concat([
    one.subarray(0, one.readUInt32LE(end + 16)),
    ...Array.from({ length: 500 }, () => entry),
    last,
  ]);
  await refused(bench.file('over.zip', over), /unpacks to far more than a zip of its size should|has two files called/);
  const twice = Buffer.from(zipSync({ 'a/1.txt': noise, 'a/2.txt': noise }));
  for (let at = twice.indexOf('a/2.txt'); at >= 0; at = twice.indexOf('a/2.txt', at + 1)) twice.write('a/1.txt', at);
  await refused(bench.file('twice.zip', twice), /has two files called a\/1\.txt/);
  const rare = Buffer.from(one);
  rare.writeUInt16LE(14, 8);
  rare.writeUInt16LE(14, one.readUInt32LE(end + 16) + 10);
  await refused(bench.file('rare.zip', rare), /is packed in a way that is not read \(method 14\)/);
});

test('SQLite says itself why a view cannot be read; unnamed columns get names', async () => {
  const of = (name: string, sql: string) => {
    const path = join(bench.dir, name);
    const db = new Database(path);
    db.exec(sql);
    db.close();
    return path;
  };
  await refused(
    of('reads.db', `CREATE VIEW v AS SELECT readfile('/etc/passwd') AS a`),
    /SQLite says “no such function: readfile”/,
  );
  await refused(
    of('large.db', 'CREATE VIEW v AS SELECT zeroblob(2000000000) AS a'),
    /SQLite says “string or blob too big”/,
  );
  const odd = of(
    'odd.db',
    'CREATE TABLE t("a""b", "__proto__", ""); INSERT INTO t VALUES (1.5, 2.5, 3.5), (4.5, 5.5, 6.5)',
  );
  expect(await typesOf(odd)).toEqual(['a"b number', '__proto__ number', 'column3 number']);
});

test('an Arrow file whose offsets or keys lead out of its data is damaged, not another table', async () => {
  const words = Array.from({ length: 50 }, (_, i) => `word ${i % 5}`);
  for (const [name, table, run, value] of [
    ['offsets.arrow', new Table({ s: vectorFromArray(words, new Utf8()) }), [0, 6, 12, 18], 2_000_000_000],
    ['keys.arrow', tableFromArrays({ s: words }), [0, 1, 2, 3, 4, 0], -5],
  ] as const) {
    const bytes = Buffer.from(tableToIPC(table, 'stream'));
    const at = bytes.indexOf(Buffer.from(Int32Array.from(run).buffer));
    expect(at).toBeGreaterThan(0);
    bytes.writeInt32LE(value, at + 8);
    await refused(bench.file(name, bytes), /is damaged or cut off/);
  }
});

test('of several Parquet files the broken one is named', async () => {
  const folder = join(bench.dir, 'parts');
  mkdirSync(folder);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 1 AS a) TO '${join(folder, 'a.parquet')}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  writeFileSync(join(folder, 'b.parquet'), 'PAR1 and no more');
  await refused(folder, /^b\.parquet is a damaged or cut off Parquet file/);
});
