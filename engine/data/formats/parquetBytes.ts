// Parquet that lies nowhere on this machine (an upload, something remote), read by ranges, one row group at a time. What
// DuckDB opens itself is parquet.ts.
import { zstdDecompressSync } from 'node:zlib';
import type { AsyncBuffer } from 'hyparquet';
import { Fault } from '../../schema/index.ts';
import type { ByteSource } from '../sources/bytes.ts';
import type { Known, LoadContext, Loader, Table } from './loader.ts';
import { openRows, rawCellOf, type RowFeed } from './rows.ts';

/** One part of a table: a file, and the values of its partitions. */
export interface ParquetPart {
  source: ByteSource;
  partitions: Record<string, string>;
}

/** `year=2024/kind=a/part.parquet` has the partitions year and kind. */
export function partitionsOf(path: string): Record<string, string> {
  // Without a prototype: a column may be called `constructor`.
  const found = Object.create(null) as Record<string, string>;
  for (const part of path.split('/').slice(0, -1)) {
    const at = part.indexOf('=');
    if (at > 0) found[part.slice(0, at)] = unescaped(part.slice(at + 1));
  }
  return found;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Opens a table of one file or of several. */
export function openParquetBytes(name: string, parts: readonly ParquetPart[]): Loader {
  const total = parts.reduce((sum, { source }) => sum + source.size, 0);
  let seen = 0;
  return {
    file: name,
    total,
    seen: () => Math.min(seen, total),
    allow: [],
    settled: { format: 'parquet' },
    load: (context) => readParts(context, name, parts, (bytes) => (seen += bytes)),
    fault(error) {
      if (error instanceof Fault || (error as Error).name === 'AbortError') return error;
      return new Fault('bad_data', `${name} is a damaged or cut off Parquet file. Copy it again.`, undefined, error);
    },
    async close() {
      for (const { source } of parts) await source.close();
    },
  };
}

const hiveNull = '__HIVE_DEFAULT_PARTITION__';

async function readParts(
  { duck, signal }: LoadContext,
  name: string,
  parts: readonly ParquetPart[],
  done: (bytes: number) => void,
): Promise<Table> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  let feed: RowFeed | undefined;
  let names: string[] = [];
  for (const { source, partitions } of parts) {
    const file = bufferOf(source);
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema.slice(1).length === 0 ? [] : topColumns(metadata.schema);
    if (!feed) {
      names = [...columns.filter((column) => !(column in partitions)), ...Object.keys(partitions)];
      feed = await openRows(duck, name, names);
    }
    let from = 0;
    for (const group of metadata.row_groups) {
      signal.throwIfAborted();
      const to = from + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file,
        metadata,
        rowStart: from,
        rowEnd: to,
        compressors: {
          ZSTD: (bytes: Uint8Array, size: number) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
        },
      });
      for (const row of rows) {
        await feed.add(
          names.map((column) => {
            if (column in partitions) return partitions[column] === hiveNull ? null : partitions[column];
            return rawCellOf(row[column]);
          }),
        );
      }
      done(Number(group.total_byte_size));
      from = to;
    }
  }
  const known = (await feed?.end()) ?? [];
  // The names of folders are texts; what they mean is to be found out.
  const partitioned = new Set(parts.flatMap(({ partitions }) => Object.keys(partitions)));
  return { names, known: known.map((kind, i): Known | undefined => (partitioned.has(names[i]) ? undefined : kind)) };
}

interface SchemaElement {
  name: string;
  num_children?: number;
}

/** Names of the columns at the top of the flattened tree. */
function topColumns(schema: readonly SchemaElement[]): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < (schema[at]?.num_children ?? 0); i++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at].name);
  return names;
}

function bufferOf(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(from, to = source.size) {
      const bytes = await source.read(from < 0 ? source.size + from : from, to);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    },
  };
}
