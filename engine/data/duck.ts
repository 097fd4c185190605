// DuckDB as a closed box: no network, no extensions, no files but the one to import. The only file
// that talks to @duckdb/node-api. Columns come out as typed arrays, one aggregated row at a time, never cell by cell.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { must } from '../base/index.ts';

/** Numbers of one list, as SQL typed them. */
export type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Cells to append: numbers (NaN becomes NULL), texts, or unsigned codes as they are. */
export type Appended =
  | { kind: 'number'; values: Float64Array }
  | { kind: 'text'; values: readonly (string | null)[] }
  | { kind: 'code'; values: Uint32Array };

export interface Duck {
  run(sql: string): Promise<void>;
  /** Small results only: every cell becomes a JavaScript value. */
  rows(sql: string): Promise<DuckDBValue[][]>;
  /**
   * The one row of a query whose columns are lists of numbers or blobs, as arrays of the caller's own (`release` gives them
   * back); null for a blob that is NULL.
   */
  arrays(sql: string): Promise<(Numbers | null)[]>;
  /** Appends rows to a table, column by column in the table's order. */
  append(table: string, columns: readonly Appended[], rows: number): Promise<void>;
  /** Another connection to the same data, for queries that run beside this one's. */
  connect(): Promise<Duck>;
  interrupt(): void;
  close(): void;
}

export interface DuckOptions {
  threads: number;
  /** Most memory for its tables and buffers, bytes; a query that needs more fails. */
  memory: number;
  /** The only files that may be opened. */
  allow: readonly string[];
  /** Nothing that a query says changes a setting any more: for queries that users write. */
  locked?: boolean;
}

/** A SQL string literal. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Loaded when it is needed: model hosts use this folder too and must not carry a database. */
export const loadDuck = (): Promise<Api> => import('@duckdb/node-api');

/** An empty database in memory with everything foreign switched off. */
export async function openDuck(options: DuckOptions): Promise<Duck> {
  const api = await loadDuck();
  const { DuckDBInstance } = api;
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    threads: String(Math.max(1, options.threads)),
    memory_limit: `${Math.floor(options.memory / 1024)}KiB`,
  });
  const connection = await instance.connect();
  for (const setting of [
    // Nothing spills: without its OpenSSL extension DuckDB 1.5 cannot encrypt temporary files (temp_file_encryption then
    // makes the query fail), and in the clear they are out of the question.
    'temp_file_encryption = true',
    `temp_directory = ''`,
    `allowed_paths = [${options.allow.map(quote).join(',')}]`,
    `TimeZone = 'UTC'`,
    'enable_external_access = false',
    ...(options.locked ? ['lock_configuration = true'] : []),
  ]) {
    await connection.run(`SET ${setting}`);
  }
  return wrap(api, instance, connection, true);
}

type Api = typeof import('@duckdb/node-api');

function wrap(api: Api, instance: DuckDBInstance, connection: DuckDBConnection, owner: boolean): Duck {
  return {
    async run(sql) {
      await connection.run(sql);
    },
    async rows(sql) {
      return (await connection.runAndReadAll(sql)).getRows();
    },
    async arrays(sql) {
      const chunk = must(await (await connection.run(sql)).fetchChunk(), 'a row of aggregates');
      return Array.from({ length: chunk.columnCount }, (_, i) => {
        const vector = chunk.getColumnVector(i);
        if (vector instanceof api.DuckDBBlobVector) return vector.getItemBytes(0);
        if (!(vector instanceof api.DuckDBListVector)) throw new TypeError(`column ${i} is neither list nor blob`);
        // The typings hide the typed array of a numeric vector; a unit test holds it in place.
        const { items } = vector.childVector as unknown as { items: Numbers };
        return items.subarray(vector.getEntryOffset(0), vector.getEntryOffset(0) + vector.getEntryLength(0));
      });
    },
    async append(table, columns, rows) {
      const { DuckDBDataChunk, DOUBLE, VARCHAR, UINTEGER } = api;
      const types = columns.map(({ kind }) => ({ number: DOUBLE, text: VARCHAR, code: UINTEGER })[kind]);
      const appender = await connection.createAppender(table);
      try {
        for (let from = 0; from < rows; from += chunkRows) {
          const count = Math.min(chunkRows, rows - from);
          const chunk = DuckDBDataChunk.create(types, count);
          for (const [i, column] of columns.entries()) fillVector(chunk.getColumnVector(i), column, from, count);
          appender.appendDataChunk(chunk);
        }
        appender.flushSync();
      } finally {
        appender.closeSync();
      }
    },
    connect: async () => wrap(api, instance, await instance.connect(), false),
    interrupt: () => connection.interrupt(),
    close() {
      connection.closeSync();
      if (owner) instance.closeSync();
    },
  };
}

/** Rows of one of DuckDB's vectors. */
const chunkRows = 2048;

interface Vector {
  setItem(row: number, value: unknown): void;
  flush(): void;
}

function fillVector(made: unknown, { kind, values }: Appended, from: number, count: number): void {
  const vector = made as Vector & { items: { set(values: ArrayLike<number>): void } };
  if (kind === 'text') {
    for (let k = 0; k < count; k++) vector.setItem(k, values[from + k] ?? null);
  } else {
    vector.items.set(values.subarray(from, from + count));
    if (kind === 'number') {
      for (let k = 0; k < count; k++) if (Number.isNaN(values[from + k])) vector.setItem(k, null);
    }
  }
  vector.flush();
}

/**
 * Gives back arrays that nobody reads any more. V8 would collect them when memory outside its heap has grown by 64 MiB,
 * each time with a walk over all of its heap.
 */
export function release(arrays: readonly (Numbers | null)[]): void {
  for (const array of arrays) if (array?.buffer instanceof ArrayBuffer) array.buffer.transfer(0);
}

let collect: (() => void) | undefined;

/** Frees results that JavaScript has dropped: V8 sees their wrappers only, a few bytes each, and would let gigabytes wait. */
export function reclaim(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
    collect = () => gc({ type: 'minor' });
  }
  collect();
}
