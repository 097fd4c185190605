// A dataset as an SQLite file with the one table `data`. It is made in memory, so only what fits there is written.
import Database from 'better-sqlite3';
import { Fault } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { blockColumns, blocksOf, type Cells } from './blocks.ts';

const types = { number: 'REAL', date: 'TEXT', boolean: 'TEXT', text: 'TEXT' } as const;
/** SQLite's default. */
const mostColumns = 2000;
/** Most bytes that are made in memory. */
const mostBytes = 512 * 1024 * 1024;

/** The bytes of an SQLite file; dates are ISO 8601 texts. */
export async function* exportSqlite(reader: DatasetReader): AsyncGenerator<Uint8Array> {
  const columns = blockColumns(reader);
  if (columns.length > mostColumns)
    throw new Fault('bad_request', `SQLite holds at most ${mostColumns} columns. Export as parquet.`);
  const db = new Database(':memory:');
  try {
    db.pragma(`max_page_count = ${mostBytes / 4096}`);
    const quoted = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
    db.exec(`CREATE TABLE data (${columns.map(({ kind }, i) => `${quoted[i]} ${types[kind]}`).join(',')})`);
    const insert = db.prepare(`INSERT INTO data VALUES (${columns.map(() => '?').join(',')})`);
    for (const { rows, cells } of blocksOf(reader, columns)) {
      db.exec('BEGIN');
      for (let row = 0; row < rows; row++) insert.run(cells.map((own) => cellOf(own, row)));
      db.exec('COMMIT');
      await new Promise((resolve) => setImmediate(resolve));
    }
    yield db.serialize();
  } catch (error) {
    if (error instanceof Error && /full/i.test(error.message)) {
      throw new Fault(
        'bad_request',
        'The dataset is too large for an SQLite file made in memory (512 MiB). Export as parquet.',
        undefined,
        error,
      );
    }
    throw error;
  } finally {
    db.close();
  }
}

function cellOf(cells: Cells, row: number): string | number | null {
  const value = cells.values[row];
  if (typeof value !== 'number') return value;
  if (Number.isNaN(value)) return null;
  return cells.kind === 'date' ? new Date(value).toISOString() : value;
}
