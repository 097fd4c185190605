// Rows that JavaScript reads (sheets, databases, folders) into the table `raw`, a block at a time. Every cell becomes a text
// or NULL exactly as given; what kind of values a column had is remembered.
import { Fault } from '../../schema/index.ts';
import type { Duck } from '../duck.ts';
import { mostColumns } from '../head.ts';
import type { Known } from './loader.ts';

/** A cell as a format reads it: dates as Date (UTC). */
export type RawCell = string | number | bigint | boolean | Date | null;

export interface RowFeed {
  /** Adds a row; missing cells at its end are NULL. */
  add(row: readonly RawCell[]): Promise<void> | void;
  /** Writes what is left; answers what each column held. */
  end(): Promise<(Known | undefined)[]>;
  readonly rows: number;
}

/** Rows, and about the characters, of a block. */
const blockRows = 8192;
const blockSize = 8 * 1024 * 1024;

/** Starts the table. Throws `bad_data` for too many, or twice the same, columns. */
export async function openRows(duck: Duck, file: string, names: readonly string[]): Promise<RowFeed> {
  checkNames(file, names);
  await duck.run(`CREATE TABLE raw (${names.map((_, i) => `c${i} VARCHAR`).join(',')})`);
  const kinds = names.map(() => new Set<Known>());
  let block: (string | null)[][] = names.map(() => []);
  let [held, size, rows] = [0, 0, 0];
  const flush = async () => {
    if (held === 0) return;
    const columns = block.map((values) => ({ kind: 'text' as const, values }));
    const count = held;
    block = names.map(() => []);
    [held, size] = [0, 0];
    await duck.append('raw', columns, count);
    // Appending gives no turn to others: signs of life, progress and a cancel wait for one.
    await new Promise(setImmediate);
  };
  return {
    get rows() {
      return rows;
    },
    add(row) {
      for (const [i, values] of block.entries()) {
        const cell = row[i] ?? null;
        const text = cell === null ? null : textOf(cell, kinds[i]);
        size += text?.length ?? 0;
        values.push(text);
      }
      rows++;
      if (++held >= blockRows || size >= blockSize) return flush();
      return undefined;
    },
    async end() {
      await flush();
      return kinds.map((seen) => (seen.size === 1 ? [...seen][0] : undefined));
    },
  };
}

/** A value as a typed format's reader gives it: bytes as base64, lists and structs as JSON. */
export function rawCellOf(value: unknown): RawCell {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'string':
      return value;
    default:
      if (value === null || value instanceof Date) return value;
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
      return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
  }
}

/** The cell as text; notes its kind. A number that is none is missing. */
function textOf(cell: NonNullable<RawCell>, kinds: Set<Known>): string | null {
  switch (typeof cell) {
    case 'number':
      if (Number.isNaN(cell)) return null;
      kinds.add('number');
      return String(cell);
    case 'bigint':
      kinds.add('number');
      return String(cell);
    case 'boolean':
      kinds.add('boolean');
      return String(cell);
    case 'string':
      kinds.add('text');
      return cell;
    default:
      if (Number.isNaN(cell.getTime())) return null;
      kinds.add('date');
      return cell.toISOString();
  }
}

/** Refuses too many columns and names that occur twice. */
export function checkNames(file: string, names: readonly string[]): void {
  if (names.length === 0) throw new Fault('bad_data', `${file} has no columns. Choose another file.`);
  if (names.length > mostColumns) {
    throw new Fault(
      'bad_data',
      `${file} has ${names.length} columns; at most ${mostColumns} are possible. Remove some.`,
    );
  }
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const other = seen.get(name);
    if (other !== undefined) {
      throw new Fault(
        'bad_data',
        `${file}: columns ${other + 1} and ${i + 1} are both named ${JSON.stringify(name.slice(0, 80))}. Rename one.`,
      );
    }
    seen.set(name, i);
  }
}
