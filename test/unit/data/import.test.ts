import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportDataset, importDataset } from '../../../engine/data/index.ts';
import { type Bench, openBench } from './bench.ts';

const samples = join(import.meta.dirname, '../../../resources/samples');
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const people = [
  'id,name,age,city,joined,member,note',
  ...Array.from({ length: 40 }, (_, i) => {
    const age = i % 7 === 3 ? 'NA' : String(20 + i);
    const city = ['Graz', 'Linz', 'Wien'][i % 3] ?? '';
    const day = String((i % 28) + 1).padStart(2, '0');
    return `${i + 1},name-${i},${age},${city},2024-03-${day},${i % 2 ? 'yes' : 'no'},"a longer note, number ${i}, with ""quotes"" and\ntwo lines"`;
  }),
].join('\n');

describe('types', () => {
  test('each kind of column is recognised, with its figures', async () => {
    const { shape } = await bench.load(bench.file('people.csv', people));
    expect(shape.columns.map(({ name, type, missing, distinct }) => [name, type, missing, distinct])).toEqual([
      ['id', 'identifier', 0, 40],
      ['name', 'identifier', 0, 40],
      ['age', 'number', 6, 34],
      ['city', 'category', 0, 3],
      ['joined', 'date', 0, 28],
      ['member', 'boolean', 0, 2],
      ['note', 'text', 0, 40],
    ]);
    expect(shape.columns[2]).toMatchObject({ min: 20, max: 59, quantiles: [20, 29.5, 39.5, 48.75, 59] });
    expect(shape.columns[3]?.top).toEqual([
      { value: 'Graz', count: 14 },
      { value: 'Linz', count: 13 },
      { value: 'Wien', count: 13 },
    ]);
    expect(shape.columns[4]).toMatchObject({ min: Date.UTC(2024, 2, 1), max: Date.UTC(2024, 2, 28) });
    expect(shape.target).toBe('member');
  });

  test('samples get the types and targets that a person would give them', async () => {
    const found: Record<string, unknown> = {};
    for (const name of ['iris', 'breast-cancer', 'diabetes', 'package-topics', 'package-topics-zh']) {
      const { shape } = await bench.load(join(samples, `${name}.csv`));
      const target = shape.columns.find((column) => column.name === shape.target);
      const kinds = new Set(shape.columns.filter((column) => column !== target).map(({ type }) => type));
      found[name] = [
        shape.rows,
        [...kinds].join(),
        shape.target,
        target?.type,
        target?.distinct,
        shape.warnings.length,
      ];
    }
    expect(found).toEqual({
      iris: [150, 'number', 'target', 'category', 3, 0],
      'breast-cancer': [569, 'number', 'target', 'category', 2, 0],
      diabetes: [442, 'number', 'target', 'number', 214, 0],
      'package-topics': [5058, 'text', 'label', 'category', 10, 0],
      'package-topics-zh': [736, 'text', 'label', 'category', 8, 0],
    });
  });

  test('numbers with leading zeros and numbers too large to be exact stay as they are written', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `0${1000 + (i % 9)},${9007199254740993n + BigInt(i)}`);
    const { reader, shape } = await bench.load(bench.file('codes.csv', `zip,serial\n${rows.join('\n')}\n`));
    expect(shape.columns.map(({ type }) => type)).toEqual(['category', 'identifier']);
    expect(reader.preview(0, 2).rows).toEqual([
      ['01000', '9007199254740993'],
      ['01001', '9007199254740994'],
    ]);
  });

  test('a few strays in a column of numbers count as missing and are reported', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i === 150 ? 'broken' : i / 2},${i % 2}`);
    const { shape, reader } = await bench.load(bench.file('stray.csv', `x,y\n${rows.join('\n')}\n`));
    expect(shape.columns[0]).toMatchObject({ type: 'number', missing: 1 });
    expect(shape.warnings).toEqual([
      {
        code: 'mixed_types',
        column: 'x',
        message: '1 value of "x" (the first in row 151) is of another kind than the rest and count as missing.',
      },
    ]);
    expect([...reader.numbers('x', 149, 152)]).toEqual([74.5, Number.NaN, 75.5]);
  });

  test('types that are asked for win, and what does not fit them is named', async () => {
    const path = bench.file('asked.csv', 'a,b\n1,x\n2,y\n1,z\n');
    const { shape, reader } = await bench.load(path, { types: { a: 'category', b: 'text' } });
    expect(shape.columns.map(({ type }) => type)).toEqual(['category', 'text']);
    expect(reader.codes('a')).toEqual({ codes: Uint32Array.of(1, 2, 1), values: ['1', '2'] });
    await expect(bench.load(path, { types: { b: 'number' } })).rejects.toMatchObject({
      code: 'bad_data',
      message: 'Column "b": the value of row 1 is not a number. Correct it, or import the column as text.',
    });
    await expect(bench.load(path, { types: { B: 'text' } })).rejects.toMatchObject({
      code: 'bad_request',
      message: 'A type is given for column "B", which the file does not have. Did you mean "b"?',
    });
  });

  test('constant, empty, mostly missing columns and tiny classes are pointed out', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `1,,${i < 50 ? '' : i},${i === 0 ? 'rare' : i % 2 ? 'a' : 'b'}`);
    const { shape } = await bench.load(bench.file('warn.csv', `same,none,few,label\n${rows.join('\n')}\n`));
    expect(shape.warnings.map(({ code, column }) => [code, column])).toEqual([
      ['constant', 'same'],
      ['empty', 'none'],
      ['mostly_missing', 'few'],
      ['tiny_class', 'label'],
    ]);
  });
});

describe('forms of a file', () => {
  const rows = [
    ['Graz', 1.5],
    ['Köln', 2],
    [null, null],
    ['Łódź', -3],
  ];
  const table = (delimiter: string, end: string) =>
    ['city', 'x'].join(delimiter) +
    end +
    ['Graz|1.5', 'Köln|2', '|', 'Łódź|-3'].map((row) => row.replace('|', delimiter)).join(end) +
    end;
  const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
  test.each([
    ['semicolons', 'semi.csv', table(';', '\n')],
    ['tabs', 'tabs.tsv', table('\t', '\n')],
    ['CRLF', 'crlf.csv', table(',', '\r\n')],
    ['CR', 'cr.csv', table(',', '\r')],
    ['mixed line ends', 'mixed.csv', table(',', '\n').replace('\n', '\r\n')],
    ['a byte order mark', 'bom.csv', `\ufeff${table(',', '\n')}`],
    ['UTF-16 with a mark', 'utf16.csv', utf16(table(',', '\n'))],
    ['UTF-16 without a mark', 'utf16-bare.csv', utf16(table(',', '\n')).subarray(2)],
    ['gzip', 'packed.csv.gz', gzipSync(table(',', '\n'))],
    ['no last line end', 'end.csv', table(',', '\n').trimEnd()],
    ['a glob in its name', 'odd[1]*.csv', table(',', '\n')],
    ['blanks after the delimiter', 'padded.csv', table(', ', '\n')],
    [
      'JSON lines',
      'rows.jsonl',
      '{"city":"Graz","x":1.5}\n{"city":"Köln","x":2}\n\n{"city":null}\n{"x":-3,"city":"Łódź"}\n',
    ],
  ])('%s', async (_, name, content) => {
    const { reader } = await bench.load(bench.file(name, content));
    expect(reader.preview(0, 9)).toEqual({ columns: ['city', 'x'], rows });
  });

  test('Western encodings when they are named', async () => {
    const path = bench.file('latin.csv', Buffer.from('city,x\nKöln,2\nGraz,3\n', 'latin1'));
    const { reader, options } = await bench.load(path, { encoding: 'latin-1' });
    expect(reader.texts('city')).toEqual(['Köln', 'Graz']);
    expect(options).toEqual({ format: 'csv', encoding: 'latin-1', delimiter: ',', header: true });
  });

  test('a table without header gets numbered columns', async () => {
    const { reader } = await bench.load(bench.file('bare.csv', '1,a\n2,b\n3,a\n'));
    expect(reader.preview(0, 1)).toEqual({ columns: ['column1', 'column2'], rows: [[1, 'a']] });
  });

  test('the same rows have the same content hash, whatever file they came in', async () => {
    const csv = await bench.load(bench.file('one.csv', 'a,b\n1,x\n2,y\n'));
    const json = await bench.load(bench.file('one.jsonl', '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'));
    const other = await bench.load(bench.file('other.csv', 'a,b\n1,x\n2,z\n'));
    expect(csv.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(json.sha256).toBe(csv.sha256);
    expect(other.sha256).not.toBe(csv.sha256);
  });

  test('a stream gives what the file gives, in pieces of any size', async () => {
    const bytes = readFileSync(join(samples, 'package-topics-zh.csv'));
    const whole = await bench.load(join(samples, 'package-topics-zh.csv'));
    for (const size of [101, 70_000]) {
      function* pieces() {
        for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
      }
      const source = { kind: 'stream', name: 'topics.csv', bytes: bytes.length } as const;
      const streamed = await bench.load(source, {}, () => Readable.from(pieces(), { objectMode: false }));
      expect(streamed.sha256).toBe(whole.sha256);
      expect(streamed.bytes.source).toBe(bytes.length);
    }
  });
});

test('many row groups come back in order, column by column', async () => {
  const count = 150_000;
  const lines = ['n,word,kind'];
  for (let i = 0; i < count; i++) lines.push(`${i * 3},word ${i} of a long tale about ${i % 97},k${(i * 7) % 11}`);
  const { reader, shape } = await bench.load(bench.file('large.csv', lines.join('\n')));
  expect(reader.groups.length).toBeGreaterThan(2);
  expect(shape.columns.map(({ type }) => type)).toEqual(['number', 'text', 'category']);
  const numbers = reader.numbers('n');
  const texts = reader.texts('word');
  const { codes, values } = reader.codes('kind');
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    if (numbers[i] !== i * 3 || texts[i] !== `word ${i} of a long tale about ${i % 97}`) wrong++;
    if (values[(codes[i] ?? 0) - 1] !== `k${(i * 7) % 11}`) wrong++;
  }
  expect(wrong).toBe(0);
  expect(reader.texts('word', 61_438, 61_442)).toEqual(texts.slice(61_438, 61_442));
});

test('a pack holds no value and no column name in the clear, and nothing else is left', async () => {
  const marker = 'MARKER-5be1f0';
  const rows = Array.from({ length: 5000 }, (_, i) => `${marker} and some words ${i},${i}`).join('\n');
  const before = bench.stored();
  await bench.load(bench.file('secret.csv', `secretcolumn,x\n${rows}\n`));
  const stored = bench.stored();
  expect(stored.length).toBe(before.length + 1);
  const newest = stored.find((name) => !before.includes(name)) ?? '';
  const bytes = readFileSync(join(bench.objects, newest));
  expect(bytes.includes(marker)).toBe(false);
  expect(bytes.includes('secretcolumn')).toBe(false);
  expect(gzipSync(bytes).length).toBeGreaterThan(bytes.length * 0.7);
});

test('a cancelled import says so and leaves nothing', async () => {
  const lines = Array.from({ length: 150_000 }, (_, i) => `${i},some text ${i}`);
  const path = bench.file('cancel.csv', `a,b\n${lines.join('\n')}\n`);
  for (const phase of ['reading', 'inspecting', 'writing']) {
    const before = bench.stored();
    const cancel = new AbortController();
    const job = importDataset({
      source: { kind: 'path', path },
      options: {},
      pack: bench.pack(),
      threads: 2,
      memory: 1024 ** 3,
      signal: cancel.signal,
      progress: (progress) => progress.phase === phase && cancel.abort(),
    });
    await expect(job).rejects.toMatchObject({ code: 'cancelled' });
    expect(bench.stored()).toEqual(before);
  }
});

test('export gives back what was imported', async () => {
  const { reader, sha256 } = await bench.load(bench.file('again.csv', people));
  for (const format of ['csv', 'jsonl'] as const) {
    const parts: Uint8Array[] = [];
    for await (const part of exportDataset(reader, format)) parts.push(part);
    const again = await bench.load(bench.file(`again-${format}.${format}`, Buffer.concat(parts)));
    expect(again.sha256).toBe(sha256);
  }
});
