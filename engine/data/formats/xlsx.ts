// Excel workbooks (.xlsx, ECMA-376): one sheet as a table, its XML read as a stream. Formulas count as the values that were
// saved with them. Keeps the workbook's shared texts in memory, nothing else.
import { SaxesParser } from 'saxes';
import { Fault, type ImportOptions } from '../../schema/index.ts';
import type { Zip, ZipEntry } from '../sources/zip.ts';
import { mostColumns } from '../head.ts';
import type { Known, LoadContext, Loader, Table } from './loader.ts';
import { openRows, type RawCell, type RowFeed } from './rows.ts';

/** Most bytes of shared texts. */
const mostShared = 512 * 1024 * 1024;

const damaged = (name: string, error?: unknown): Fault =>
  new Fault(
    'bad_data',
    `${name} is a damaged Excel workbook. Open it, save it again, and import that.`,
    undefined,
    error,
  );

/** Whether a zip is a workbook. */
export const isWorkbook = (zip: Zip): boolean => zip.entries.some(({ name }) => name === 'xl/workbook.xml');

/** Opens one sheet: the one named, or the only one that is not hidden, or the first. */
export async function openWorkbook(zip: Zip, options: ImportOptions): Promise<Loader> {
  const { name } = zip;
  const entry = (path: string) => zip.entries.find((one) => one.name === path);
  const sheets = await sheetsOf(name, entry);
  const asked = options.table;
  const shown = sheets.filter(({ hidden }) => !hidden);
  const sheet = asked === undefined ? (shown[0] ?? sheets[0]) : sheets.find((one) => one.name === asked);
  const file = sheet && entry(sheet.path);
  if (sheet && !file)
    throw new Fault(
      'bad_data',
      `The sheet ${JSON.stringify(sheet.name)} does not lie in ${name}. Save the workbook again.`,
    );
  if (!sheet || !file) {
    throw new Fault(
      'bad_data',
      `${name} has no sheet ${JSON.stringify(asked ?? '1')}. Its sheets: ${sheets.map((one) => one.name).join(', ')}.`,
    );
  }
  let seen = 0;
  return {
    file: name,
    total: file.size,
    seen: () => seen,
    allow: [],
    settled: { format: 'xlsx', table: sheet.name, ...(options.header === undefined ? {} : { header: options.header }) },
    async load(context) {
      const warnings =
        asked === undefined && shown.length > 1
          ? [
              {
                code: 'other_sheets',
                message: `Of ${shown.length} sheets in ${name} only ${JSON.stringify(sheet.name)} was imported; name another with --table.`,
              },
            ]
          : [];
      const styles = await stylesOf(name, entry('xl/styles.xml'));
      const shared = await sharedOf(name, entry('xl/sharedStrings.xml'));
      const table = await readSheet(
        context,
        name,
        file,
        { styles, shared, since1904: sheet.since1904 },
        options.header,
        (bytes) => (seen += bytes),
      );
      return { ...table, warnings };
    },
    fault: (error) => (error instanceof Fault ? error : damaged(name, error)),
    close: () => zip.close(),
  };
}

type Attributes = Record<string, string>;
interface Handlers {
  open(tag: string, attributes: Attributes): void;
  close?(tag: string): void;
  text?(text: string): void;
}

/** Tags without their namespace prefix. */
const local = (tag: string): string => tag.slice(tag.indexOf(':') + 1);

/** Feeds an entry through the parser; `after` is awaited between pieces, for work that must not pile up. */
async function parse(
  name: string,
  entry: ZipEntry,
  handlers: Handlers,
  after?: (bytes: number) => Promise<void>,
): Promise<void> {
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => handlers.open(local(name), attributes));
  parser.on('closetag', ({ name }) => handlers.close?.(local(name)));
  parser.on('text', (text) => handlers.text?.(text));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of await entry.stream()) {
      parser.write(decoder.decode(piece as Buffer, { stream: true }));
      await after?.((piece as Buffer).length);
    }
    parser.close();
  } catch (error) {
    throw error instanceof Fault || (error as Error).name === 'AbortError' ? error : damaged(name, error);
  }
}

interface Sheet {
  name: string;
  path: string;
  hidden: boolean;
  since1904: boolean;
}

async function sheetsOf(name: string, entry: (path: string) => ZipEntry | undefined): Promise<Sheet[]> {
  const [book, relations] = [entry('xl/workbook.xml'), entry('xl/_rels/workbook.xml.rels')];
  if (!book || !relations) throw damaged(name);
  const targets = new Map<string, string>();
  await parse(name, relations, {
    open(tag, { Id = '', Target = '' }) {
      if (tag === 'Relationship') targets.set(Id, Target.startsWith('/') ? Target.slice(1) : `xl/${Target}`);
    },
  });
  const sheets: Sheet[] = [];
  let since1904 = false;
  await parse(name, book, {
    open(tag, attributes) {
      if (tag === 'workbookPr') since1904 = attributes['date1904'] === '1' || attributes['date1904'] === 'true';
      if (tag !== 'sheet') return;
      const path = targets.get(attributes['r:id'] ?? '');
      const hidden = (attributes['state'] ?? 'visible') !== 'visible';
      if (path !== undefined) sheets.push({ name: attributes['name'] ?? '', path, hidden, since1904 });
    },
  });
  if (sheets.length === 0) throw damaged(name);
  return sheets;
}

/** For each cell style whether it shows dates. */
async function stylesOf(name: string, entry: ZipEntry | undefined): Promise<boolean[]> {
  const styles: boolean[] = [];
  if (!entry) return styles;
  const formats = new Map<number, string>();
  let inside = false;
  await parse(name, entry, {
    open(tag, { numFmtId, formatCode = '' }) {
      if (tag === 'numFmt') formats.set(Number(numFmtId), formatCode);
      if (tag === 'cellXfs') inside = true;
      if (tag === 'xf' && inside) styles.push(isDate(Number(numFmtId ?? 0), formats));
    },
    close(tag) {
      if (tag === 'cellXfs') inside = false;
    },
  });
  return styles;
}

function isDate(id: number, formats: ReadonlyMap<number, string>): boolean {
  if ((id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return true;
  const code = formats.get(id)?.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, '') ?? '';
  return /[yd]/i.test(code) && !/[#0]/.test(code.replace(/\.0+/g, ''));
}

async function sharedOf(name: string, entry: ZipEntry | undefined): Promise<string[]> {
  const shared: string[] = [];
  if (!entry) return shared;
  if (entry.size > mostShared)
    throw new Fault('bad_data', `${name} has more than 512 MiB of texts. Save the sheet as CSV and import that.`);
  let [text, reading, phonetic] = ['', false, false];
  await parse(name, entry, {
    open(tag) {
      if (tag === 'si') text = '';
      if (tag === 'rPh') phonetic = true;
      reading = tag === 't' && !phonetic;
    },
    close(tag) {
      if (tag === 't') reading = false;
      if (tag === 'rPh') phonetic = false;
      if (tag === 'si') shared.push(unescaped(text));
    },
    text(part) {
      if (reading) text += part;
    },
  });
  return shared;
}

/** `_x000D_` stands for a character that XML cannot hold. */
const unescaped = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;

interface Book {
  styles: readonly boolean[];
  shared: readonly string[];
  since1904: boolean;
}

async function readSheet(
  { duck, signal }: LoadContext,
  name: string,
  entry: ZipEntry,
  book: Book,
  header: boolean | undefined,
  done: (bytes: number) => void,
): Promise<Table> {
  /** The first rows decide on the header; later ones are fed as they come. */
  const waiting: RawCell[][] = [];
  let feed: RowFeed | undefined;
  let names: string[] = [];
  const begin = async () => {
    let width = waiting.reduce((most, row) => Math.max(most, row.length), 0);
    while (width > 0 && waiting.every((row) => (row[width - 1] ?? null) === null)) width--;
    const [first] = waiting;
    if (!first || width === 0) throw new Fault('bad_data', `The sheet is empty. Choose another one with --table.`);
    const titled =
      header ??
      (first.slice(0, width).every((cell) => cell === null || typeof cell === 'string') && waiting.length > 1);
    names = Array.from({ length: width }, (_, i) => (titled ? String(first[i] ?? '').trim() : '') || `column${i + 1}`);
    feed = await openRows(duck, name, names);
    for (const row of waiting.splice(0).slice(titled ? 1 : 0)) await feed.add(row);
  };
  const rows: RawCell[][] = [];
  await parse(name, entry, sheetHandlers(name, book, rows), async (bytes) => {
    done(bytes);
    signal.throwIfAborted();
    for (const row of rows.splice(0)) {
      if (feed) await feed.add(row);
      else if (waiting.push(row) === 100) await begin();
    }
  });
  if (!feed) await begin();
  const known: (Known | undefined)[] = (await feed?.end()) ?? [];
  return { names, known };
}

function sheetHandlers(name: string, { styles, shared, since1904 }: Book, rows: RawCell[][]): Handlers {
  let row: RawCell[] = [];
  let [place, type, style, value, reading, phonetic] = [0, 'n', 0, '', false, false];
  return {
    open(tag, attributes) {
      if (tag === 'row') row = [];
      else if (tag === 'c') {
        place = attributes['r'] === undefined ? row.length : columnOf(attributes['r']);
        if (place >= mostColumns)
          throw new Fault('bad_data', `${name} has more than ${mostColumns} columns. Remove some.`);
        type = attributes['t'] ?? 'n';
        style = Number(attributes['s'] ?? 0);
        value = '';
      } else if (tag === 'rPh') phonetic = true;
      else if (tag === 'v' || tag === 't') reading = !phonetic;
    },
    text(part) {
      if (reading) value += part;
    },
    close(tag) {
      if (tag === 'v' || tag === 't') reading = false;
      else if (tag === 'rPh') phonetic = false;
      else if (tag === 'c') {
        while (row.length < place) row.push(null);
        row[place] = cellOf(type, value, styles[style] ?? false);
      } else if (tag === 'row' && row.some((cell) => cell !== null)) rows.push(row);
    },
  };

  function cellOf(type: string, value: string, date: boolean): RawCell {
    switch (type) {
      case 's':
        return shared[Number(value)] ?? null;
      case 'inlineStr':
      case 'str':
        return unescaped(value);
      case 'b':
        return value === '1';
      case 'e':
        return null;
      case 'd':
        return new Date(
          /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}${value.includes('T') ? '' : 'T00:00'}Z`,
        );
      default:
        if (value === '') return null;
        return date ? dateOf(Number(value), since1904) : Number(value);
    }
  }
}

/** Days since the end of 1899, with the 29th of February 1900 that Lotus invented; UTC. */
function dateOf(days: number, since1904: boolean): Date {
  const offset = since1904 ? 24_107 : days < 60 ? 25_568 : 25_569;
  return new Date(Math.round((days - offset) * 86_400_000));
}

/** 0 for A1, 26 for AA7. */
function columnOf(reference: string): number {
  let place = 0;
  for (let i = 0; i < reference.length; i++) {
    const code = reference.charCodeAt(i);
    if (code < 65) break;
    place = place * 26 + (code & 31);
  }
  return place - 1;
}
