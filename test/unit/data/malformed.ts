// More than a hundred files that are not what they should be, made on the spot. What is wrong with each stands in its name.
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { strToU8, zipSync } from 'fflate';
import { image, mp3, wav } from './media.ts';

export interface Malformed {
  name: string;
  /** A file's bytes, or a folder's files. */
  content: Uint8Array | Record<string, Uint8Array>;
}

const text = (value: string) => Buffer.from(value);
const csv = (rows = 50) => `a,b,c\n${Array.from({ length: rows }, (_, i) => `${i},w${i % 5},${i / 4}`).join('\n')}\n`;
const noise = (size: number, seed = 1) =>
  Buffer.from(Array.from({ length: size }, (_, i) => ((i + seed) * 2_654_435_761) >>> 24));

/** A zip whose directory tells lies about the sizes of its one entry. */
function lyingZip(name: string, unpacked: Buffer, told: number): Buffer {
  const packed = deflateRawSync(unpacked);
  const file = Buffer.from(name);
  const head = (signature: number, more: number) => {
    const part = Buffer.alloc(more);
    part.writeUInt32LE(signature, 0);
    return part;
  };
  const local = head(0x04034b50, 30);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(told, 22);
  local.writeUInt16LE(file.length, 26);
  const entry = head(0x02014b50, 46);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(told, 24);
  entry.writeUInt16LE(file.length, 28);
  const end = head(0x06054b50, 22);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + file.length, 12);
  end.writeUInt32LE(30 + file.length + packed.length, 16);
  return Buffer.concat([local, file, packed, entry, file, end]);
}

const sheet = (xml: string, more: Record<string, Uint8Array> = {}) =>
  zipSync({
    'xl/workbook.xml': strToU8(
      '<workbook xmlns:r="r"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
    ),
    'xl/_rels/workbook.xml.rels': strToU8(
      '<Relationships><Relationship Id="r1" Target="worksheets/a.xml"/></Relationships>',
    ),
    'xl/worksheets/a.xml': strToU8(xml),
    ...more,
  });

function ofSql(sql: string): Buffer {
  const db = new Database(':memory:');
  db.exec(sql);
  const bytes = db.serialize();
  db.close();
  return bytes;
}

const sqlite = (): Buffer =>
  ofSql(
    `CREATE TABLE t (a, b); INSERT INTO t VALUES ${Array.from({ length: 400 }, (_, i) => `(${i}, 'word ${i}')`).join(',')}`,
  );

/** The head of a PNG that says it has so many pixels. */
function hugePng(width: number, height: number): Buffer {
  const head = Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008020000000000000049444154', 'hex');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return Buffer.concat([head, Buffer.alloc(40)]);
}

/** All of them; `parquet` and `arrow` are whole files to be cut and bent. */
export async function malformed(parquet: Buffer, arrow: Buffer): Promise<Malformed[]> {
  const png = await image('png', 1);
  const jpeg = await image('jpeg', 1);
  const flip = (bytes: Buffer, at: number) => {
    const bent = Buffer.from(bytes);
    bent[Math.floor(at * (bytes.length - 1))] ^= 0xff;
    return bent;
  };
  const cuts = [0.1, 0.5, 0.9, 0.999];
  const whole: [string, Buffer][] = [
    ['t.parquet', parquet],
    ['t.arrow', arrow],
    ['t.db', sqlite()],
    ['t.zip', Buffer.from(zipSync({ 'a/1.txt': strToU8('one'), 'b/2.txt': strToU8('two') }))],
    [
      't.xlsx',
      Buffer.from(
        sheet('<worksheet><sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c></row></sheetData></worksheet>'),
      ),
    ],
    ['t.csv.gz', gzipSync(csv(5000))],
    ['t.csv.zst', zstdCompressSync(csv(5000))],
  ];
  const files: Malformed[] = [];
  for (const [name, bytes] of whole) {
    for (const cut of cuts)
      files.push({ name: `cut at ${cut}, ${name}`, content: bytes.subarray(0, Math.floor(bytes.length * cut)) });
    for (const at of [0, 0.35, 0.75, 1]) files.push({ name: `bent at ${at}, ${name}`, content: flip(bytes, at) });
  }
  const add = (name: string, content: Malformed['content']) => files.push({ name, content });
  add('empty, t.csv', text(''));
  add('a wide header, t.csv', text(`${Array.from({ length: 1_000_000 }, (_, i) => i).join(',')}\n`));
  add('a million short columns, t.csv', text(`${'a,'.repeat(400_000)}a\n${'1,'.repeat(400_000)}1\n`));
  add('NUL bytes, t.csv', text('a,b\n1,\0\n'));
  add('only NUL bytes, t.csv', Buffer.alloc(5000));
  add('formulas, t.csv', text("a,b\n=cmd|'/c calc'!A1,1\n+1+1,2\n@SUM(A1),3\n"));
  add('ragged rows, t.csv', text(`${csv()}1,2,3,4\n`));
  add('an open quote, t.csv', text('a,b\n1,"x\n2,3\n'));
  add('a cut character, t.csv', Buffer.from('a,b\n1,é').subarray(0, 7));
  add('half UTF-16, t.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le').subarray(0, 11));
  add('latin letters, t.csv', Buffer.from('a,b\ncafé,1\n', 'latin1'));
  add('noise, t.csv', noise(20_000));
  add('line ends only, t.csv', text('\n'.repeat(10_000)));
  add('delimiters only, t.csv', text(',,,,\n'.repeat(1000)));
  add('one endless line, t.csv', Buffer.alloc(9_000_000, 'x'));
  add('two columns of one name, t.csv', text('a,a\n1,2\n'));
  add('a gzip bomb, t.csv.gz', gzipSync(Buffer.alloc(60_000_000, 'a,b\n')));
  add('a zstd bomb, t.csv.zst', zstdCompressSync(Buffer.alloc(60_000_000, 'a,b\n')));
  add('gzip in gzip, t.csv.gz', gzipSync(gzipSync(csv())));
  add('deep JSON, t.json', text(`[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`));
  add('cut JSON, t.json', text('[{"a":1},{"a":'));
  add('JSON of numbers, t.json', text('[1,2,3]'));
  add('JSON text, t.json', text('"just a text"'));
  add('broken JSON lines, t.jsonl', text('{"a":1}\n{"a":\n'));
  add('many keys, t.jsonl', text(Array.from({ length: 12_000 }, (_, i) => `{"k${i}":1}`).join('\n')));
  add('a zip bomb, t.zip', zipSync({ 'a/1.txt': new Uint8Array(20_000_000), 'b/2.txt': new Uint8Array(20_000_000) }));
  add('a path out of it, t.zip', zipSync({ '../../evil.png': png, 'a/b.png': png }));
  add('an absolute path, t.zip', zipSync({ '/etc/evil.png': png, 'a/b.png': png }));
  add('backslashes out of it, t.zip', zipSync({ '..\\..\\evil.png': png, 'a/b.png': png }));
  add('a lie about sizes, t.zip', lyingZip('a/1.txt', Buffer.alloc(5_000_000, 'x'), 10));
  add('a zip in a zip, t.zip', zipSync({ 'inner.zip': zipSync({ 'a.csv': text(csv()) }) }));
  add('an empty zip, t.zip', zipSync({}));
  add('nothing known, t.zip', zipSync({ 'a.exe': noise(50), 'b.dll': noise(50) }));
  add(
    'entities that grow, t.xlsx',
    sheet(
      `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`,
    ),
  );
  add('broken XML, t.xlsx', sheet('<worksheet><sheetData><row><c></row>'));
  add('an empty sheet, t.xlsx', sheet('<worksheet><sheetData/></worksheet>'));
  add(
    'a far column, t.xlsx',
    sheet('<worksheet><sheetData><row><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>'),
  );
  add('no workbook, t.xlsx', zipSync({ 'xl/workbook.xml': strToU8('nothing') }));
  add('a huge image, set', { 'a/1.png': hugePng(30_000, 30_000), 'b/2.png': hugePng(65_535, 65_535) });
  add('images of one pixel, set', { 'a/1.png': await image('png', 1, 1, 1), 'b/2.png': await image('png', 2, 1, 1) });
  add('images cut off, set', { 'a/1.png': png.subarray(0, 80), 'b/2.jpg': jpeg.subarray(0, 200) });
  add('wrong endings, set', { 'a/1.jpg': png, 'b/2.png': jpeg });
  add('texts as images, set', { 'a/1.png': text('no image'), 'b/2.png': text('neither') });
  add('sound cut off, set', { 'a/1.wav': wav(300).subarray(0, 300), 'b/2.mp3': mp3().subarray(0, 10) });
  add('binary texts, set', { 'a/1.txt': noise(1000), 'b/2.txt': Buffer.alloc(100) });
  add('an empty folder, set', {});
  add('keys that differ by blanks, t.jsonl', text('{"a":1," a ":2}\n'));
  add('a mark before JSON lines, t.jsonl', text('\ufeff{"a":1}\n{"a":2}\n'));
  add('names of every object, t.csv', text(`__proto__,constructor\n${'1,2\n'.repeat(30)}`));
  add('odd numbers, t.csv', text(`n,m\n${'1,2\n'.repeat(50)}1e400,0x10\n1_000,-inf\n`));
  add('impossible days, t.csv', text(`d\n${'2024-02-31\n'.repeat(30)}0000-00-00\n9999999-01-01\n`));
  add('three line ends, t.csv', text('a,b\r\n1,2\n3,4\r5,6\r\n'));
  add('UTF-32, t.csv', Buffer.from(Uint32Array.from('\ufeffa,b\n1,2\n', (c) => c.charCodeAt(0)).buffer));
  add('a web page, t.csv', text('<!doctype html><html><body>log in</body></html>'));
  add(
    'a sheet elsewhere, t.xlsx',
    zipSync({
      'xl/workbook.xml': strToU8(
        '<workbook xmlns:r="r"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
      ),
      'xl/_rels/workbook.xml.rels': strToU8(
        '<Relationships><Relationship Id="r1" TargetMode="External" Target="http://127.0.0.1:9/x"/></Relationships>',
      ),
    }),
  );
  add(
    'days beyond time, t.xlsx',
    sheet(
      '<worksheet><sheetData><row><c t="d"><v>2024-99-99</v></c></row><row><c t="d"><v>x</v></c></row></sheetData></worksheet>',
    ),
  );
  add(
    'texts that are not there, t.xlsx',
    sheet(
      '<worksheet><sheetData><row><c t="s"><v>99999999</v></c></row><row><c t="s"><v>-1</v></c></row></sheetData></worksheet>',
    ),
  );
  add('tags without end, t.xlsx', sheet(`<worksheet><sheetData>${'<g>'.repeat(200_000)}`));
  add(
    'a view that turns in circles, t.db',
    ofSql('CREATE VIEW v AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i FROM r LIMIT 100000) SELECT i FROM r'),
  );
  add('a view that reads files, t.db', ofSql("CREATE VIEW v AS SELECT readfile('/etc/passwd') AS a"));
  add(
    'names that are SQL, t.db',
    ofSql('CREATE TABLE "t""; DROP TABLE t--"(""); INSERT INTO "t""; DROP TABLE t--" VALUES (1), (2)'),
  );
  add('a claim of 2 GB, set', {
    'a/1.png': Buffer.concat([png.subarray(0, 33), Buffer.from('7fffffff69434350', 'hex'), png.subarray(33)]),
    'b/2.png': png,
  });
  add('an image without an area, set', { 'a/1.png': hugePng(0, 0), 'b/2.png': png });
  add('drawings and others as PNG, set', {
    'a/1.png': text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
    'a/2.png': text('GIF89a\x01\0\x01\0'),
    'b/3.png': Buffer.from('\0\0\0\x18ftypheic'),
  });
  const odd = (at: number, value: number) => {
    const clip = wav(300);
    clip.writeUInt16LE(value, at);
    return clip;
  };
  add('sound of no channel, of no bits and of a rare kind, set', {
    'a/1.wav': odd(22, 0),
    'a/2.wav': odd(34, 12),
    'b/3.wav': odd(20, 7),
  });
  add('tags without sound, set', {
    'a/1.mp3': text('ID3\x04\0\0\x7f\x7f\x7f\x7f'),
    'b/2.flac': Buffer.concat([text('fLaC'), Buffer.alloc(60, 0x80)]),
  });
  add('labels of files elsewhere, set', {
    '1.png': png,
    'labels.csv': text('file,label\n../1.png,a\n/etc/passwd,b\n'),
  });
  add('labels cut off, set', { '1.png': png, 'labels.csv': text('file,label\n1.png,"a\n') });
  for (const [name, bytes] of [
    ['Parquet', parquet],
    ['SQLite', sqlite()],
    ['PNG', png],
  ] as const)
    add(`${name} called CSV, t.csv`, bytes);
  return files;
}
