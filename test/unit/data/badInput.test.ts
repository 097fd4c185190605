import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ImportOptions } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterEach(() => expect(bench.stored()).toEqual([]));
afterAll(() => bench.close());

const latin = (text: string) => Buffer.from(text, 'latin1');
const many = (line: (i: number) => string, count: number) => Array.from({ length: count }, (_, i) => line(i)).join('');
const wide = (count: number) => many((i) => `c${i}${i + 1 < count ? ',' : '\n'}`, count);

const files: [
  what: string,
  name: string,
  content: string | Uint8Array,
  message: string | RegExp,
  options?: ImportOptions,
][] = [
  ['an empty file', 'empty.csv', '', 'empty.csv is empty. Choose a file with a header and rows.'],
  ['only blanks', 'blank.csv', ' \n\n \n', 'blank.csv holds only blanks. Choose a file with a header and rows.'],
  ['only a header', 'header.csv', 'a,b\n', 'header.csv has a header but no rows. Add rows, or choose another file.'],
  [
    'a short row',
    'short.csv',
    'a,b\n1,2\n1\n',
    'short.csv: line 3 has 1 field where 2 are expected. Correct the line, or quote values that contain ",".',
  ],
  [
    'a long row',
    'long.csv',
    'a,b\n1,2\n3,4\n1,2,3\n',
    'long.csv: line 4 has 3 fields where 2 are expected. Correct the line, or quote values that contain ",".',
  ],
  [
    'a short row far down',
    'deep.csv',
    `a,b\n${many((i) => `${i},x\n`, 200_000)}1\n`,
    /^deep\.csv: line 200002 has 1 field where 2 are expected\./,
  ],
  ['an open quote', 'quote.csv', 'a,b\n1,"x\n3,4\n', /^quote\.csv: line 2 has a quote that does not end/],
  [
    'a quote inside a value',
    'inner.csv',
    'a,b\n1,"x"y\n',
    /^inner\.csv: line 2 has a quote that does not end, or text after one\./,
  ],
  [
    'a Western encoding',
    'western.csv',
    latin('a,b\n1,x\n2,caf\xe9\n'),
    'western.csv: line 3 (byte 13) is not UTF-8. If the file is in a Western encoding, import it with --encoding latin-1.',
  ],
  [
    'a Western encoding far down',
    'west2.csv',
    latin(`a,b\n${many((i) => `${i},x\n`, 300_000)}1,caf\xe9\n`),
    /^west2\.csv: line 300002 \(byte \d+\) is not UTF-8\./,
  ],
  [
    'a NUL byte',
    'nul.csv',
    'a,b\n1,x\0y\n',
    'nul.csv: line 2 (byte 7) holds a NUL byte. The file is damaged or binary: export it again as text.',
  ],
  [
    'a cut character',
    'cut.csv',
    Buffer.from('a,b\n1,é').subarray(0, 7),
    /^cut\.csv: line 2 .*(ends in the middle of a character|is not UTF-8)/,
  ],
  [
    'one line of 100 MB',
    'line.csv',
    `a,b\n1,${'x'.repeat(100_000_000)}\n`,
    'line.csv: line 2 (byte 4) is longer than 8 MiB. Check the line ends and the quotes, or shorten the text.',
  ],
  [
    'a header of 2 MB',
    'head.csv',
    `${'x'.repeat(2_000_000)}\n1\n`,
    'head.csv: the first line is longer than 1 MiB. Check that it is a table.',
  ],
  [
    'two columns of one name',
    'twice.csv',
    'a,b,a\n1,2,3\n',
    'twice.csv: columns 1 and 3 are both named "a". Rename one in the first line.',
  ],
  [
    '100,000 columns',
    'wide.csv',
    `${wide(100_000)}${wide(100_000)}`,
    'wide.csv has 100000 columns; at most 10000 are possible. Remove some.',
  ],
  [
    'broken JSON',
    'broken.jsonl',
    '{"a":1}\n{"a":2\n{"a":3}\n',
    /^broken\.jsonl: line 2 is not a JSON object \(near byte \d+ of the line\)\. Correct the line\.$/,
  ],
  [
    'JSON that is no object',
    'list.jsonl',
    '{"a":1}\n[1,2]\n',
    'list.jsonl: line 2 is not a JSON object. Write each row as {"column": value, …}.',
  ],
  [
    'a JSON list of other things',
    'array.json',
    '[{"a":1},\n[2]]',
    'array.json: row 2 is not a JSON object. Write each row as {"column": value, …}.',
  ],
  [
    'an object of 10 MB',
    'huge.jsonl',
    `{"a":"${'x'.repeat(10_000_000)}"}\n`,
    /^huge\.jsonl: line 1 .*longer than 8 MiB/,
  ],
  [
    'a binary file',
    'noise.csv',
    Buffer.from(
      many((i) => String.fromCharCode((i * 73) % 256), 5000),
      'latin1',
    ),
    'noise.csv is a binary file, not a table of text. Choose a table.',
  ],
  [
    'a Parquet file',
    'table.csv',
    'PAR1....',
    /^table\.csv is a (Parquet file\. Import|damaged or cut off Parquet file\. Copy it again)/,
  ],
  [
    'an Excel file',
    'book.csv',
    Buffer.from([0x50, 0x4b, 3, 4, 0, 0]),
    /^book\.csv is a (zip\. Import|damaged or cut off zip\. Make it again)/,
  ],
  [
    'a gzip file that is cut off',
    'cut.csv.gz',
    gzipSync(many((i) => `${i},${(i * 7919) % 10007}\n`, 300_000)).subarray(0, 600_000),
    'cut.csv.gz is damaged or cut off: it does not decompress. Copy it again.',
  ],
  [
    'a gzip bomb',
    'bomb.csv.gz',
    gzipSync(Buffer.alloc(400_000_000, 'a,b\n')),
    /^bomb\.csv\.gz unpacks to far more than a table of its size\./,
  ],
];

test.each(files)('%s is refused with its place and a remedy', async (_, name, content, message, options) => {
  const path = bench.file(name, content);
  const refused = expect(bench.load(path, options)).rejects;
  await refused.toMatchObject({
    code: 'bad_data',
    message: message instanceof RegExp ? expect.stringMatching(message) : message,
  });
});

test.each(files.filter(([what]) => !/100,000|bomb|far down/.test(what)))(
  '%s is refused from a stream as from a file',
  async (_, name, content, message, options) => {
    const source = { kind: 'stream', name } as const;
    const bytes = Buffer.from(content);
    function* pieces() {
      for (let i = 0; i < bytes.length; i += 65_536) yield bytes.subarray(i, i + 65_536);
    }
    await expect(
      bench.load(source, options, () => Readable.from(pieces(), { objectMode: false })),
    ).rejects.toMatchObject({
      code: 'bad_data',
      message: message instanceof RegExp ? expect.stringMatching(message) : message,
    });
  },
);

test('what is no file is refused', async () => {
  const folder = join(bench.dir, 'folder');
  mkdirSync(folder);
  await expect(bench.load(folder)).rejects.toMatchObject({
    code: 'bad_data',
    message: 'The folder folder has no files. Choose another one.',
  });
  const gone = join(bench.dir, 'gone.csv');
  await expect(bench.load(gone)).rejects.toMatchObject({
    code: 'not_found',
    message: `There is no file ${gone}. Check the path.`,
  });
  symlinkSync('/dev/zero', join(bench.dir, 'zero.csv'));
  await expect(bench.load(join(bench.dir, 'zero.csv'))).rejects.toMatchObject({
    code: 'bad_data',
    message: expect.stringContaining('is not a plain file'),
  });
});

test('a stream that breaks off is refused', async () => {
  async function* breaking() {
    yield Buffer.from('a,b\n1,2\n');
    yield Buffer.alloc(2_000_000, '1,2\n');
    throw new Error('the client left');
  }
  const source = { kind: 'stream', name: 'left.csv' } as const;
  await expect(bench.load(source, {}, () => Readable.from(breaking(), { objectMode: false }))).rejects.toMatchObject({
    code: 'bad_data',
    message: 'left.csv did not arrive whole. Send it again.',
  });
});

test('a file called .xlsx that is no workbook is said to be none', async () => {
  const { zipSync, strToU8 } = await import('fflate');
  for (const [name, content] of [
    ['table.xlsx', 'a,b\n1,2\n3,4\n'],
    ['packed.xlsx', zipSync({ 'a.csv': strToU8('a,b\n1,2\n') })],
  ] as const)
    await expect(bench.load(bench.file(name, content))).rejects.toThrow(
      new RegExp(`^${name} is called an Excel workbook but .*Save it from Excel as \\.xlsx`),
    );
});
