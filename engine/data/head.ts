// What a file is, settled from its first bytes: compression, encoding, format, delimiter, header and column names. So the
// one pass over the data that a stream allows can start with nothing left to guess. Reads bytes handed to it, no files.
import { isUtf8 } from 'node:buffer';
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Fault, type ImportOptions } from '../schema/index.ts';
import { mixesLineEnds } from './lineEnds.ts';

/** Bytes of the head that decisions are made from. */
export const headBytes = 1024 * 1024;
export const mostColumns = 10_000;

export type Encoding = NonNullable<ImportOptions['encoding']>;

/** How the bytes of a file are compressed. */
export type Packing = 'gzip' | 'zstd';

export type TextFormat = 'csv' | 'jsonl' | 'json';

/** How to read a file, nothing left open. */
export interface Form {
  /** Name for messages. */
  file: string;
  packed: Packing | undefined;
  encoding: Encoding;
  format: TextFormat;
  delimiter: string;
  quote: '"' | "'";
  header: boolean;
  /** Names of CSV columns in order; empty for JSON lines, whose names are found in the data. */
  names: string[];
  /** Blanks after the delimiter, as in `a, b`: values are trimmed. */
  trim: boolean;
  /** Line ends are mixed and must be made alike before parsing. */
  mixedLineEnds: boolean;
  /** JSON with a byte order mark, which its parser does not take. */
  marked: boolean;
}

/** Settles the form. `all` says that the head is all there is. Throws `bad_data` when it cannot be read as a table. */
export function settleForm(file: string, head: Uint8Array, all: boolean, options: ImportOptions): Form {
  if (head.length === 0) throw new Fault('bad_data', `${file} is empty. Choose a file with a header and rows.`);
  const packed = packings.find(({ magic }) => magic.every((byte, i) => head[i] === byte))?.name;
  const { bytes, whole } = packed ? unpackHead(file, packed, head, all) : { bytes: Buffer.from(head), whole: all };
  if (bytes.length === 0) throw new Fault('bad_data', `${file} is empty. Choose a file with a header and rows.`);
  refuseForeign(file, bytes);
  const encoding = findEncoding(file, bytes, whole, options.encoding);
  const text = decodeHead(bytes, encoding);
  if (text.trim() === '')
    throw new Fault('bad_data', `${file} holds only blanks. Choose a file with a header and rows.`);
  if (!options.format && /^\ufeff?\s*<(!doctype html|html)[\s>]/i.test(text))
    throw new Fault(
      'bad_data',
      `${file} is a web page, not a table. Download the table itself (a page to log in on may stand in its way).`,
    );
  const format = textFormats.find((one) => one === options.format) ?? findFormat(text);
  const base = {
    file,
    packed,
    encoding,
    format,
    mixedLineEnds: format === 'csv' && mixesLineEnds(text),
    marked: format !== 'csv' && encoding === 'utf-8' && bytes[0] === 0xef && bytes[1] === 0xbb,
  };
  if (format !== 'csv') return { ...base, delimiter: ',', quote: '"', header: false, names: [], trim: false };
  const quote = options.quote ?? findQuote(text);
  const delimiter = options.delimiter ?? findDelimiter(file, text, whole, quote);
  const rows = parseHead(text, delimiter, whole, 200, quote);
  const first = rows[0];
  if (!first) throw new Fault('bad_data', `${file}: the first line is longer than 1 MiB. Check that it is a table.`);
  if (first.length > mostColumns) {
    throw new Fault(
      'bad_data',
      `${file} has ${first.length} columns; at most ${mostColumns} are possible. Remove some.`,
    );
  }
  const header = options.header ?? looksLikeHeader(rows);
  const names = header ? nameColumns(file, first) : first.map((_, i) => `column${i + 1}`);
  return { ...base, delimiter, quote, header, names, trim: isPadded(text, delimiter, whole, quote) };
}

const textFormats: readonly TextFormat[] = ['csv', 'jsonl', 'json'];
const packings: readonly { name: Packing; magic: readonly number[] }[] = [
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
];

/** The start of what a compressed file holds; `whole` says that it is all. Little is unpacked: a bomb must not go off here. */
function unpackHead(file: string, packing: Packing, head: Uint8Array, all: boolean): { bytes: Buffer; whole: boolean } {
  for (const packed of [128 * 1024, 8 * 1024]) {
    try {
      const part = head.subarray(0, packed);
      const bytes =
        packing === 'gzip'
          ? gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 16 * headBytes })
          : zstdDecompressSync(part, { finishFlush: constants.ZSTD_e_continue, maxOutputLength: 16 * headBytes });
      return { bytes: bytes.subarray(0, headBytes), whole: all && head.length <= packed && bytes.length <= headBytes };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') continue;
      throw new Fault(
        'bad_data',
        `${file} is not a whole ${packing} file. Compress it again or import it uncompressed.`,
        undefined,
        error,
      );
    }
  }
  throw new Fault(
    'bad_data',
    `${file} unpacks to far more than a table of its size. Decompress it yourself and look at it.`,
  );
}

const foreign: readonly { magic: readonly number[]; what: string; remedy: string }[] = [
  { magic: [0x50, 0x4b, 0x03, 0x04], what: 'a zip', remedy: 'Import it as a file, not inside of another' },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Office file', remedy: 'Save it as .xlsx or CSV' },
  { magic: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file', remedy: 'Import it as a file, not inside of another' },
  { magic: [0x46, 0x45, 0x41, 0x31], what: 'a Feather file of version 1', remedy: 'Write it again as version 2' },
  { magic: [0x4f, 0x52, 0x43], what: 'an ORC file', remedy: 'Write it as Parquet' },
  { magic: [0x4f, 0x62, 0x6a, 0x01], what: 'an Avro file', remedy: 'Write it as Parquet' },
  { magic: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file', remedy: 'Write its table as Parquet or CSV' },
  { magic: [0x80, 0x04], what: 'a Python pickle', remedy: 'Write its table as Parquet or CSV' },
  { magic: [0x25, 0x50, 0x44, 0x46], what: 'a PDF', remedy: 'Export its table as CSV' },
  { magic: [0x89, 0x50, 0x4e, 0x47], what: 'one image', remedy: 'Import the folder, or a zip, of all images' },
  { magic: [0xff, 0xd8, 0xff], what: 'one image', remedy: 'Import the folder, or a zip, of all images' },
  { magic: [0x52, 0x49, 0x46, 0x46], what: 'one image or clip', remedy: 'Import the folder, or a zip, of all of them' },
  { magic: [0x66, 0x4c, 0x61, 0x43], what: 'one clip', remedy: 'Import the folder, or a zip, of all clips' },
  { magic: [0x49, 0x44, 0x33], what: 'one clip', remedy: 'Import the folder, or a zip, of all clips' },
  { magic: [0x7f, 0x45, 0x4c, 0x46], what: 'a program', remedy: 'Choose a table' },
  {
    magic: [0x42, 0x5a, 0x68],
    what: 'bzip2-compressed',
    remedy: 'Decompress it first (gzip and zstd are read as they are)',
  },
  {
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    what: 'xz-compressed',
    remedy: 'Decompress it first (gzip and zstd are read as they are)',
  },
  { magic: [0x1f, 0x8b], what: 'compressed twice', remedy: 'Decompress it once' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], what: 'a 7z archive', remedy: 'Unpack it first' },
  { magic: [0x52, 0x61, 0x72, 0x21], what: 'a RAR archive', remedy: 'Unpack it first' },
];

const foreignOf = (bytes: Uint8Array) => foreign.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));

/** Whether a file that begins so is refused by a word of its own. */
export const isForeign = (bytes: Uint8Array): boolean => foreignOf(bytes) !== undefined;

function refuseForeign(file: string, bytes: Buffer): void {
  const found = foreignOf(bytes);
  if (found) throw new Fault('bad_data', `${file} is ${found.what}. ${found.remedy}.`);
}

function findEncoding(file: string, bytes: Buffer, whole: boolean, asked: Encoding | undefined): Encoding {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (asked) return asked;
  if (wide || looksWide(bytes)) return 'utf-16';
  const nul = bytes.indexOf(0);
  if (nul >= 0 && !isUtf8(bytes.subarray(0, whole ? bytes.length : lastWhole(bytes)))) {
    throw new Fault('bad_data', `${file} is a binary file, not a table of text. Choose a table.`);
  }
  return 'utf-8';
}

/** Bytes from which an encoding is told. */
const sampled = 4096;

/** Zeros at even and at odd places of the first bytes. */
function zerosOf(bytes: Uint8Array): [number, number] {
  const zeros: [number, number] = [0, 0];
  for (const [i, byte] of bytes.subarray(0, sampled).entries()) if (byte === 0) zeros[i % 2]++;
  return zeros;
}

/** UTF-16 without its mark: every other byte of western text is 0. */
function looksWide(bytes: Buffer): boolean {
  const zeros = zerosOf(bytes);
  const half = Math.min(sampled, bytes.length) / 2;
  return (
    half >= 4 &&
    ((zeros[0] > half * 0.4 && zeros[1] < half * 0.05) || (zeros[1] > half * 0.4 && zeros[0] < half * 0.05))
  );
}

/** Length without a UTF-8 sequence that is cut off at the end. */
function lastWhole(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}

/** The WHATWG label of an encoding, given the first bytes. */
export function decoderLabel(encoding: Encoding, bytes: Uint8Array): string {
  if (encoding !== 'utf-16') return encoding === 'latin-1' ? 'windows-1252' : encoding;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const [even, odd] = zerosOf(bytes);
  return even > odd ? 'utf-16be' : 'utf-16le';
}

function decodeHead(bytes: Buffer, encoding: Encoding): string {
  return new TextDecoder(decoderLabel(encoding, bytes)).decode(bytes, { stream: true });
}

function findFormat(text: string): TextFormat {
  const start = text.replace(/^\ufeff/, '').trimStart();
  if (start.startsWith('{')) return 'jsonl';
  return /^\[\s*[{[\]]/.test(start) ? 'json' : 'csv';
}

/** Apostrophes where whole fields stand in them and there is no double quote. */
function findQuote(text: string): '"' | "'" {
  if (text.includes('"')) return '"';
  return (text.match(/(^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n])/gm)?.length ?? 0) >= 2 ? "'" : '"';
}

/** The delimiter that cuts the most lines into the same number of fields, more than one. */
function findDelimiter(file: string, text: string, whole: boolean, quote: string): string {
  // The last one is what Hive writes.
  const ranked = [',', '\t', ';', '|', '\u0001'].map((delimiter) => {
    const counts = parseHead(text, delimiter, whole, 200, quote).map((row) => row.length);
    const first = counts[0] ?? 1;
    const alike = counts.filter((count) => count === first).length / Math.max(1, counts.length);
    const named = /\.tsv(\.gz)?$/i.test(file) && delimiter === '\t' ? 1 : 0;
    return { delimiter, score: first > 1 ? alike + named + Math.min(first, 1000) / 1e6 : 0 };
  });
  const best = ranked.reduce((a, b) => (b.score > a.score ? b : a));
  return best.score > 0 ? best.delimiter : ',';
}

/** Up to `most` rows of the head as fields; a last row that may be cut off is left out. Blank lines are skipped. */
export function parseHead(
  text: string,
  delimiter: string,
  whole: boolean,
  most: number,
  quote: string,
  onField?: (field: string, place: number, quoted: boolean) => void,
): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let i = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (i < text.length && rows.length < most) {
    let field = '';
    const quoted = text[i] === quote;
    if (quoted) {
      let end = i + 1;
      for (;;) {
        const close = text.indexOf(quote, end);
        if (close < 0) return rows;
        field += text.slice(end, close);
        end = close + 1;
        if (text[end] !== quote) break;
        field += quote;
        end++;
      }
      i = end;
    }
    let end = i;
    while (end < text.length && text[end] !== '\n' && text[end] !== '\r' && !text.startsWith(delimiter, end)) end++;
    field += text.slice(i, end);
    onField?.(field, row.length, quoted);
    row.push(field);
    if (end >= text.length) {
      if (whole) rows.push(row);
      return rows;
    }
    if (text[end] === '\n' || text[end] === '\r') {
      i = end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1);
      if (row.length > 1 || row[0] !== '') rows.push(row);
      row = [];
      continue;
    }
    i = end + delimiter.length;
    if (i >= text.length && whole) rows.push([...row, '']);
  }
  return rows;
}

const numeric = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** A first row without numbers that is not just another row: some value of it never comes again in its column. */
function looksLikeHeader(rows: string[][]): boolean {
  const [first = [], ...rest] = rows;
  if (first.some((cell) => numeric.test(cell))) return false;
  if (rest.length < 2) return true;
  return !first.every((cell, i) => rest.some((row) => row[i] === cell));
}

function nameColumns(file: string, first: string[]): string[] {
  const names = first.map((cell, i) => cell.trim() || `column${i + 1}`);
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const other = seen.get(name);
    if (other !== undefined) {
      throw new Fault(
        'bad_data',
        `${file}: columns ${other + 1} and ${i + 1} are both named ${JSON.stringify(name.slice(0, 80))}. Rename one in the first line.`,
      );
    }
    seen.set(name, i);
  }
  return names;
}

/** Most fields that are not the first of their row and not quoted begin with a blank. */
function isPadded(text: string, delimiter: string, whole: boolean, quote: string): boolean {
  let [fields, padded] = [0, 0];
  parseHead(text, delimiter, whole, 200, quote, (field, place, quoted) => {
    if (place === 0) return;
    fields++;
    if (!quoted && field.startsWith(' ')) padded++;
  });
  return padded > fields * 0.8;
}
