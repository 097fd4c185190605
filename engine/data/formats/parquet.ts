// Parquet that DuckDB reads itself: a file, or a folder of them as Spark, Hadoop and DuckDB write them, partitions in the
// folders' names (`year=2024/`) included. Values are taken as DuckDB reads them.
import { basename, join } from 'node:path';
import { Fault } from '../../schema/index.ts';
import { type Duck, quote } from '../duck.ts';
import type { FileEntry } from '../sources/folder.ts';
import type { Known, Loader, Table } from './loader.ts';
import { checkNames } from './rows.ts';

/** File names that are Parquet. */
export const isParquet = (name: string): boolean => /\.(parquet|parq|pq)$/i.test(name);

/** A file of its own: `entries` is undefined; a folder: the files below `path`. */
export function openParquet(name: string, path: string, size: number, entries?: readonly FileEntry[]): Loader {
  const files = entries?.map((entry) => join(path, entry.name)) ?? [path];
  let loaded = false;
  return {
    file: name,
    total: size,
    seen: () => (loaded ? size : 0),
    allow: files,
    settled: { format: 'parquet' },
    async load({ duck }) {
      const table = await loadParquet(duck, name, files, entries !== undefined);
      loaded = true;
      return table;
    },
    fault: (error) => parquetFault(name, files, error),
    close: () => undefined,
  };
}

async function loadParquet(duck: Duck, name: string, files: readonly string[], folder: boolean): Promise<Table> {
  const list = files.map((file) => quote(file)).join(',');
  const options = folder ? ', hive_partitioning = true, union_by_name = true' : ', hive_partitioning = false';
  const from = `read_parquet([${list}]${options})`;
  const described = await duck.rows(`DESCRIBE SELECT * FROM ${from}`);
  const names = described.map(([column]) => String(column));
  checkNames(name, names);
  const casts = described.map(([column, type]) => asText(String(type), `"${String(column).replaceAll('"', '""')}"`));
  await duck.run(`CREATE TABLE raw AS SELECT ${casts.map(({ sql }, i) => `${sql} AS c${i}`).join(',')} FROM ${from}`);
  return { names, known: casts.map(({ known }) => known) };
}

interface Cast {
  sql: string;
  known: Known;
}

/** A column of any of DuckDB's types as text that says the same value, and what kind of values it holds. */
export function asText(type: string, column: string): Cast {
  if (/^(FLOAT|DOUBLE)$/.test(type)) {
    // A single as it is read, not as it is shortest written: 0.1 is 0.10000000149011612.
    return {
      sql: `CASE WHEN NOT isnan(${column}) THEN CAST(CAST(${column} AS DOUBLE) AS VARCHAR) END`,
      known: 'number',
    };
  }
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL.*)$/.test(type))
    return { sql: `CAST(${column} AS VARCHAR)`, known: 'number' };
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) return { sql: `CAST(${column} AS VARCHAR)`, known: 'date' };
  if (type === 'BOOLEAN') return { sql: `CAST(${column} AS VARCHAR)`, known: 'boolean' };
  if (type === 'BLOB') return { sql: `base64(${column})`, known: 'text' };
  if (/\[\d*\]$|^(STRUCT|MAP|UNION)\b/.test(type)) return { sql: `CAST(to_json(${column}) AS VARCHAR)`, known: 'text' };
  return { sql: `CAST(${column} AS VARCHAR)`, known: 'text' };
}

function parquetFault(name: string, files: readonly string[], error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Fault || /interrupt/i.test(text)) return error;
  const part = files.length > 1 ? files.find((file) => text.split('\nLINE ')[0].includes(file)) : undefined;
  if (/Out of Memory/i.test(text)) {
    return new Fault(
      'out_of_memory',
      `${name} needs more memory than an import may take. Split it, or raise limits.importerMemory.`,
      undefined,
      error,
    );
  }
  const [why, remedy] =
    /schema|mismatch|cast/i.test(text) && !/magic|footer|metadata/i.test(text)
      ? ['has files whose columns do not fit together', 'Write them again with one schema']
      : /encrypt/i.test(text)
        ? ['is encrypted', 'Write it again without']
        : ['is a damaged or cut off Parquet file', 'Copy it again'];
  const what = part && why.startsWith('is') ? basename(part) : name;
  return new Fault('bad_data', `${what} ${why}. ${remedy}.`, undefined, error);
}
