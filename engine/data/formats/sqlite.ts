// One table of an SQLite file. Opened read-only and mistrusted: what its schema says is never run. A file that lies nowhere on
// this machine is read into memory.
import Database from 'better-sqlite3';
import { Fault, type ImportOptions } from '../../schema/index.ts';
import type { LoadContext, Loader, Table } from './loader.ts';
import { openRows, type RawCell } from './rows.ts';

/** Greatest file that is read into memory, bytes. */
export const mostInMemory = 512 * 1024 * 1024;

/** Opens a database by its path or from memory, and settles which table is meant. */
export function openSqlite(name: string, size: number, from: string | Buffer, options: ImportOptions): Loader {
  const fault = (error: unknown) => {
    if (error instanceof Fault || (error as Error).name === 'AbortError') return error;
    const { code = '', message = '' } = error as { code?: string; message?: string };
    const isSaid = /^SQLITE_(ERROR|AUTH|TOOBIG|LIMIT)/.test(code);
    return new Fault(
      'bad_data',
      isSaid
        ? `${name} cannot be read: SQLite says “${message.slice(0, 200)}”. Name another table with --table, or export its rows as CSV.`
        : `${name} is a damaged or cut off SQLite file. Copy it again.`,
      undefined,
      error,
    );
  };
  let db: Database.Database | undefined;
  let share = 0;
  try {
    db =
      typeof from === 'string'
        ? new Database(from, { readonly: true, fileMustExist: true, timeout: 0 })
        : new Database(from);
    db.unsafeMode(false);
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    const own = db;
    const table = chosen(name, own, options.table);
    return {
      file: name,
      total: size,
      seen: () => Math.round(share * size),
      allow: [],
      settled: { format: 'sqlite', table },
      load: (context) => readTable(context, name, own, table, (part) => (share = part)),
      fault,
      close: () => void own.close(),
    };
  } catch (error) {
    db?.close();
    throw fault(error);
  }
}

function chosen(name: string, db: Database.Database, asked: string | undefined): string {
  const tables = db
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`,
    )
    .pluck()
    .all() as string[];
  if (tables.length === 0) throw new Fault('bad_data', `${name} has no table. Choose another file.`);
  if (asked !== undefined && tables.includes(asked)) return asked;
  if (asked === undefined && tables.length === 1) return tables[0];
  throw new Fault(
    'bad_data',
    `${asked === undefined ? `${name} has several tables: name one with --table` : `${name} has no table ${JSON.stringify(asked)}`}. It has ${tables.slice(0, 20).join(', ')}.`,
  );
}

async function readTable(
  { duck, signal }: LoadContext,
  file: string,
  db: Database.Database,
  table: string,
  done: (share: number) => void,
): Promise<Table> {
  const quoted = `"${table.replaceAll('"', '""')}"`;
  const select = db.prepare(`SELECT * FROM ${quoted}`).raw().safeIntegers();
  const names = select.columns().map(({ name }) => name);
  // Counting a view computes it, which may take for ever without a word.
  const kind = db.prepare('SELECT type FROM sqlite_schema WHERE name = ?').pluck().get(table);
  const total = kind === 'view' ? 0 : Number(db.prepare(`SELECT count(*) FROM ${quoted}`).pluck().get());
  const feed = await openRows(duck, file, names);
  for (const row of select.iterate() as IterableIterator<(bigint | number | string | Buffer | null)[]>) {
    const full = feed.add(row.map((cell): RawCell => (Buffer.isBuffer(cell) ? cell.toString('base64') : cell)));
    if (!full) continue;
    signal.throwIfAborted();
    await full;
    done(total > 0 ? feed.rows / total : 0);
  }
  done(1);
  return { names, known: await feed.end() };
}
