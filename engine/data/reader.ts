// The rows of a stored dataset, read column by column as typed arrays. Knows the layout of the pack, nothing of imports.
import { must } from '../base/index.ts';
import { type DatasetShape, Fault } from '../schema/index.ts';
import type { PackReader } from '../store/index.ts';
import { openSmall, type SmallPicture } from './media/small.ts';
import { entries, missingLength, readMeta, type Stored, unpackTexts, type Width, widths } from './layout.ts';

/** One cell as a person sees it: null where missing; dates as ISO text, UTC. */
export type Cell = string | number | boolean | null;

/** A stored dataset. Ranges are `[from, to)` over rows in the order of the source, all rows when left out. */
export interface DatasetReader {
  readonly shape: DatasetShape;
  readonly rows: number;
  /** Rows of each stored group, in order: reading whole groups is what costs least. */
  readonly groups: readonly number[];
  /** Numbers as they are, dates as ms since 1970 (UTC), NaN where missing; `bad_data` for columns that hold neither. */
  numbers(column: string, from?: number, to?: number): Float64Array;
  /** Categories, booleans: 0 is missing, i + 1 is `values[i]`. */
  codes(column: string, from?: number, to?: number): { codes: Uint32Array; values: string[] };
  /** The file of a row of an image or audio column, as it came; null where missing. Rows in order cost least. */
  media(column: string, row: number): Uint8Array | null;
  /** The pixels of a row's image, where it is small and they were kept. */
  pixels(column: string, row: number): SmallPicture | undefined;
  /** Any column as text, null where missing; images and sound by their size. */
  texts(column: string, from?: number, to?: number): (string | null)[];
  /** Bytes of each row's text, 0 where missing, and everywhere for columns that hold no texts. */
  textBytes(column: string, from?: number, to?: number): Uint32Array;
  /** How the values of a column lie: as numbers, dates, codes of categories, texts or files. */
  storage(column: string): Stored['kind'];
  /** How the source wrote the dates of a column (strptime, or `iso`); undefined for other columns. */
  dateFormat(column: string): string | undefined;
  /** A page of whole rows, for people to look at. */
  preview(offset: number, limit: number): { columns: string[]; rows: Cell[][] };
  close(): void;
}

/** Opens the dataset in a pack; closing it closes the pack. */
export function openDataset(pack: PackReader): DatasetReader {
  const meta = readMeta(pack.read(entries.meta));
  const { shape, groups } = meta;
  const places = new Map(shape.columns.map((column, i) => [column.name, i]));
  const dictionaries = new Map<number, string[]>();
  const firstRows = groups.reduce<number[]>((sums, rows) => [...sums, must(sums.at(-1), 'a sum') + rows], [0]);

  const place = (name: string): { i: number; stored: Stored } => {
    const i = places.get(name);
    if (i === undefined) throw new Fault('bad_data', `The dataset has no column ${JSON.stringify(name)}.`);
    return { i, stored: must(meta.columns[i], 'a stored column') };
  };
  const range = (from = 0, to = shape.rows): [number, number] => {
    const start = Math.max(0, Math.min(from, shape.rows));
    return [start, Math.max(start, Math.min(to, shape.rows))];
  };
  const fixed = (i: number, width: Width, from: number, to: number) => {
    const { bytes, array } = widths[width];
    const raw = pack.has(entries.values(i))
      ? pack.readRange(entries.values(i), from * bytes, to * bytes)
      : new Uint8Array();
    return new array(raw.buffer as ArrayBuffer, raw.byteOffset, raw.length / bytes);
  };
  const dictionary = (i: number): string[] => {
    let values = dictionaries.get(i);
    if (!values) dictionaries.set(i, (values = unpackTexts(pack.read(entries.dictionary(i)))));
    return values;
  };
  const blobTexts = (i: number, starts: number[], from: number, to: number): (string | null)[] => {
    const texts: (string | null)[] = [];
    for (const [g, rows] of groups.entries()) {
      const first = must(firstRows[g], 'a group');
      if (first + rows <= from || first >= to) continue;
      const last = Math.min(to, first + rows);
      const lengths = pack.readRange(entries.lengths(i), first * 4, last * 4);
      const counts = new Uint32Array(lengths.buffer, lengths.byteOffset, last - first);
      const bytesBefore = (row: number) => {
        let sum = 0;
        for (let r = 0; r < row; r++) if (counts[r] !== missingLength) sum += counts[r];
        return sum;
      };
      const skipped = Math.max(0, from - first);
      const start = must(starts[g], 'a group') + bytesBefore(skipped);
      const end = must(starts[g], 'a group') + bytesBefore(last - first);
      const blob = Buffer.from(end > start ? pack.readRange(entries.values(i), start, end) : []);
      let at = 0;
      for (let r = skipped; r < last - first; r++) {
        if (counts[r] === missingLength) texts.push(null);
        else texts.push(blob.toString('utf8', at, (at += counts[r])));
      }
    }
    return texts;
  };

  const smalls = new Map<number, ReturnType<typeof openSmall>>();
  const mediaStarts = new Map<number, { lengths: Uint32Array; starts: Float64Array }>();
  const mediaPlaces = (i: number) => {
    let places = mediaStarts.get(i);
    if (!places) {
      const raw = shape.rows > 0 ? pack.read(entries.lengths(i)) : new Uint8Array();
      const lengths = new Uint32Array(raw.buffer, raw.byteOffset, raw.length / 4);
      const starts = new Float64Array(lengths.length + 1);
      for (let r = 0; r < lengths.length; r++)
        starts[r + 1] = starts[r] + (lengths[r] === missingLength ? 0 : lengths[r]);
      mediaStarts.set(i, (places = { lengths, starts }));
    }
    return places;
  };

  const self: DatasetReader = {
    shape,
    rows: shape.rows,
    groups,
    numbers(name, from, to) {
      const { i, stored } = place(name);
      if (stored.kind !== 'number' && stored.kind !== 'date') {
        throw new Fault('bad_data', `Column ${JSON.stringify(name)} holds no numbers.`);
      }
      const values = fixed(i, stored.width, ...range(from, to));
      return values instanceof Float64Array ? values : Float64Array.from(values);
    },
    codes(name, from, to) {
      const { i, stored } = place(name);
      if (stored.kind !== 'codes') throw new Fault('bad_data', `Column ${JSON.stringify(name)} holds no categories.`);
      const codes = fixed(i, stored.width, ...range(from, to));
      return { codes: codes instanceof Uint32Array ? codes : Uint32Array.from(codes), values: dictionary(i) };
    },
    media(name, row) {
      const { i, stored } = place(name);
      if (stored.kind !== 'media') throw new Fault('bad_data', `Column ${JSON.stringify(name)} holds no files.`);
      const { lengths, starts } = mediaPlaces(i);
      if (lengths[row] === missingLength) return null;
      return starts[row + 1] > starts[row]
        ? pack.readRange(entries.values(i), starts[row], starts[row + 1])
        : new Uint8Array();
    },
    pixels(name, row) {
      const { i } = place(name);
      let read = smalls.get(i);
      if (!read) smalls.set(i, (read = openSmall(pack, i)));
      return read(row);
    },
    texts(name, from, to) {
      const { i, stored } = place(name);
      if (stored.kind === 'media') {
        const [first, last] = range(from, to);
        const format = shape.columns[i].type;
        const { lengths } = mediaPlaces(i);
        return Array.from(lengths.subarray(first, last), (size) =>
          size === missingLength ? null : `${format}, ${size} bytes`,
        );
      }
      if (stored.kind === 'text') return blobTexts(i, stored.starts, ...range(from, to));
      if (stored.kind === 'codes') {
        const { codes, values } = self.codes(name, from, to);
        return Array.from(codes, (code) => (code === 0 ? null : must(values[code - 1], 'a category')));
      }
      const show = stored.kind === 'date' ? (ms: number) => dateText(ms, stored.day) : String;
      return Array.from(self.numbers(name, from, to), (value) => (Number.isNaN(value) ? null : show(value)));
    },
    textBytes(name, from, to) {
      const { i, stored } = place(name);
      const [first, last] = range(from, to);
      if (stored.kind !== 'text' || last === first) return new Uint32Array(last - first);
      const raw = pack.readRange(entries.lengths(i), first * 4, last * 4);
      return new Uint32Array(raw.buffer, raw.byteOffset, raw.length / 4).map((size) =>
        size === missingLength ? 0 : size,
      );
    },
    storage: (name) => place(name).stored.kind,
    dateFormat(name) {
      const { stored } = place(name);
      return stored.kind === 'date' ? stored.format : undefined;
    },
    preview(offset, limit) {
      const [from, to] = range(offset, offset + limit);
      const columns = shape.columns.map(({ name }) => name);
      const cells = columns.map((name): Cell[] => {
        if (place(name).stored.kind !== 'number') return self.texts(name, from, to);
        return Array.from(self.numbers(name, from, to), (value) => (Number.isNaN(value) ? null : value));
      });
      return { columns, rows: Array.from({ length: to - from }, (_, row) => cells.map((cell) => cell[row] ?? null)) };
    },
    close: () => pack.close(),
  };
  return self;
}

/** ISO 8601 in UTC: the day alone, or with the time down to microseconds where there are any. */
function dateText(ms: number, day: boolean): string {
  const whole = Math.floor(ms);
  const iso = new Date(whole).toISOString();
  if (day) return iso.slice(0, iso.indexOf('T'));
  const micros = Math.round((ms - whole) * 1000);
  return micros === 0 ? iso : `${iso.slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}
