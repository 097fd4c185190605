// Lists of records: filter, search, sort and page over what is in memory.
import { Fault } from '../schema/index.ts';
import type { Damage, StoredRecord } from './book.ts';

export interface ListQuery<R> {
  parentId?: string | undefined;
  state?: string | readonly string[] | undefined;
  /** Words that must all occur, in any case, in what the kind's search looks at. */
  search?: string | undefined;
  where?: ((record: R) => boolean) | undefined;
  /** A field, nested as `metrics.val.loss`, `-` in front for falling; `-createdAt` when left out. Absent values come last. */
  sort?: string | undefined;
  /** `next` of the page before, under the same sort. */
  cursor?: string | undefined;
  /** All when left out. */
  limit?: number | undefined;
}

export interface Page<R> {
  items: R[];
  /** Cursor of the following page, when there is one. */
  next?: string;
  /** Records that match, on all pages. */
  total: number;
  /** Records of this kind that cannot be read. */
  damaged: Damage[];
}

type Value = string | number | undefined;
interface Place {
  value: Value;
  id: string;
}

/** A page of `records`; `textOf` is what the search looks at. Fault `bad_request` for a cursor that is not of this list. */
export function listPage<R extends StoredRecord>(
  records: Iterable<R>,
  query: ListQuery<R>,
  textOf: (record: R) => string,
  damaged: Damage[],
): Page<R> {
  const words = fold(query.search ?? '')
    .split(/\s+/)
    .filter(Boolean);
  const states = typeof query.state === 'string' ? [query.state] : query.state;
  const found: { record: R; place: Place }[] = [];
  const sort = query.sort ?? '-createdAt';
  const field = sort.replace(/^[-+]/, '');
  for (const record of records) {
    if (query.parentId !== undefined && record.parentId !== query.parentId) continue;
    if (states && !states.includes(record.state)) continue;
    if (query.where && !query.where(record)) continue;
    if (words.length > 0 && !hasWords(record, words, textOf)) continue;
    found.push({ record, place: { value: sortable(valueAt(record, field)), id: record.id } });
  }
  const compare = comparator(sort.startsWith('-'));
  found.sort((a, b) => compare(a.place, b.place));
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, sort);
  const start = after ? found.findIndex((one) => compare(one.place, after) > 0) : 0;
  const from = start < 0 ? found.length : start;
  const page = found.slice(from, query.limit === undefined ? undefined : from + query.limit);
  const last = page.at(-1);
  const more = last && from + page.length < found.length;
  return {
    items: page.map(({ record }) => record),
    ...(more ? { next: writeCursor(sort, last.place) } : {}),
    total: found.length,
    damaged,
  };
}

/** The value at a dotted path; keys may themselves hold dots, the longest that fits wins. */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot);
    if (Object.hasOwn(value, key)) return valueAt((value as Record<string, unknown>)[key], path.slice(dot + 1));
  }
  return undefined;
}

/** Letters that people take for the same: case, and Unicode's compatible forms. */
export const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

const texts = new WeakMap<StoredRecord, string>();

function hasWords<R extends StoredRecord>(record: R, words: string[], textOf: (record: R) => string): boolean {
  let text = texts.get(record);
  if (text === undefined) {
    text = fold(textOf(record));
    texts.set(record, text);
  }
  const all = text;
  return words.every((word) => all.includes(word));
}

function sortable(value: unknown): Value {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Numbers before texts, absent last whichever way; ids decide ties the same way as the sort, so newer stays together. */
function comparator(falling: boolean): (a: Place, b: Place) => number {
  const sign = falling ? -1 : 1;
  const order = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) => {
    const [x, y] = [a.value, b.value];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? 1 : -1;
    } else if (typeof x !== typeof y) {
      return typeof x === 'number' ? -1 : 1;
    } else if (x !== y) {
      return sign * order(x, y);
    }
    return sign * order(a.id, b.id);
  };
}

const writeCursor = (sort: string, { value, id }: Place): string =>
  Buffer.from(JSON.stringify([sort, value ?? null, id])).toString('base64url');

function readCursor(text: string, sort: string): Place {
  try {
    const [by, value, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown, unknown];
    if (by === sort && typeof id === 'string') return { value: sortable(value), id };
  } catch {
    // Said below: any cursor that is not ours gets the same answer.
  }
  throw new Fault('bad_request', 'this cursor belongs to another list; start again from the first page');
}
