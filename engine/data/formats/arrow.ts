// Arrow IPC, files and streams (Feather of version 2 is the file form), batch by batch. Lists and structs become JSON.
import { Fault } from '../../schema/index.ts';
import { type ByteSource, streamOf } from '../sources/bytes.ts';
import type { LoadContext, Loader, Table } from './loader.ts';
import { openRows, type RawCell, rawCellOf } from './rows.ts';

/** Opens an Arrow file or stream. */
export function openArrow(source: ByteSource): Loader {
  let seen = 0;
  const counted: ByteSource = {
    ...source,
    async read(from, to) {
      const bytes = await source.read(from, to);
      seen += bytes.length;
      return bytes;
    },
  };
  return {
    file: source.name,
    total: source.size,
    seen: () => Math.min(seen, source.size),
    allow: [],
    settled: { format: 'arrow' },
    load: (context) => readBatches(context, counted),
    fault(error) {
      if (error instanceof Fault || (error as Error).name === 'AbortError') return error;
      const text = error instanceof Error ? error.message : String(error);
      const why = /compress|codec/i.test(text)
        ? 'is compressed in a way that is not read: write it with zstd or without compression'
        : 'is damaged or cut off. Copy it again';
      return new Fault('bad_data', `${source.name} ${why}.`, undefined, error);
    },
    close: () => source.close(),
  };
}

async function readBatches({ duck, signal }: LoadContext, source: ByteSource): Promise<Table> {
  const { CompressionType, compressionRegistry, RecordBatchReader } = await import('apache-arrow');
  const { zstdDecompressSync } = await import('node:zlib');
  compressionRegistry.set(CompressionType.ZSTD, {
    decode: (bytes: Uint8Array) => zstdDecompressSync(bytes, { maxOutputLength: mostBuffer }),
  });
  const reader = await RecordBatchReader.from(streamOf(source));
  await reader.open();
  const fields = reader.schema.fields;
  const names = fields.map(({ name }) => name);
  const feed = await openRows(duck, source.name, names);
  const cells = fields.map(({ type }) => reading(String(type)));
  for await (const batch of reader) {
    signal.throwIfAborted();
    // A row takes a bit at least: more of them than the file has is damage, and would be counted for hours.
    if (batch.numRows < 0 || batch.numRows > 8 * source.size) throw new Error('the batch says more rows than it has');
    const columns = names.map((_, i) => batch.getChildAt(i));
    for (const column of columns) for (const part of column?.data ?? []) checkData(part);
    for (let row = 0; row < batch.numRows; row++) {
      await feed.add(
        columns.map((column, i) => {
          const value: unknown = column?.get(row);
          return value === null || value === undefined ? null : cells[i](value);
        }),
      );
    }
  }
  return { names, known: await feed.end() };
}

/** What is looked at of a column's memory. */
interface Part {
  length: number;
  valueOffsets?: ArrayLike<number | bigint>;
  values?: { length: number };
  type: { constructor: { name: string } };
  dictionary?: { length: number };
  nullCount: number;
  getValid(i: number): boolean;
  children: readonly Part[];
}

/** Offsets and keys that lead out of their data are damage, which the library reads as other values. */
function checkData(part: Part): void {
  const { children, dictionary, length, valueOffsets, values } = part;
  if (valueOffsets && valueOffsets.length > length) {
    const most = children[0]?.length ?? values?.length ?? 0;
    let before = 0;
    for (let i = 0; i <= length; i++) {
      const at = Number(valueOffsets[i]);
      if (at < before || at > most) throw new Error('offsets lead out of the data');
      before = at;
    }
  }
  const keys = dictionary && (values as ArrayLike<number> | undefined);
  if (dictionary && keys) {
    for (let i = 0; i < length; i++)
      if ((keys[i] < 0 || keys[i] >= dictionary.length) && part.getValid(i))
        throw new Error('a key leads out of its dictionary');
  }
  for (const child of children) if (child) checkData(child);
}

/** Greatest buffer that is unpacked. */
const mostBuffer = 1024 ** 3;

/** How a value of an Arrow type is read. Timestamps come as ms, decimals as words of 32 bits. */
function reading(type: string): (value: unknown) => RawCell {
  if (/^(Timestamp|Date)/.test(type)) return (value) => new Date(Number(value));
  const scale = /^Decimal\[\d+e\+?(-?\d+)\]/.exec(type)?.[1];
  if (scale !== undefined) return (value) => decimal(value as Uint32Array, Number(scale));
  return rawCellOf;
}

/** A two's complement number of 32-bit words, lowest first, with so many decimals. */
function decimal(words: Uint32Array, scale: number): RawCell {
  let value = 0n;
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]);
  const bits = BigInt(32 * words.length);
  if (value >> (bits - 1n)) value -= 1n << bits;
  return Number(value) / 10 ** scale;
}
