// A dataset as Parquet: doubles, timestamps in microseconds (UTC), booleans and strings; one row group a block.
import type { SchemaElement } from 'hyparquet';
import type { DatasetReader } from '../reader.ts';
import { type BlockColumn, blockColumns, blocksOf, type Cells } from './blocks.ts';

const forms = {
  number: { type: 'DOUBLE' },
  date: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  boolean: { type: 'BOOLEAN' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const;

const element = ({ name, kind }: BlockColumn): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...forms[kind] });

/** The bytes of a Parquet file. */
export async function* exportParquet(reader: DatasetReader): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const columns = blockColumns(reader);
  const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }, ...columns.map(element)];
  const out = new ByteWriter();
  const writer = new ParquetWriter({ writer: out, schema, createdBy: 'neutrino' });
  const taken = () => {
    const bytes = Uint8Array.from(out.getBytes());
    out.index = 0;
    return bytes;
  };
  for (const { rows, cells } of blocksOf(reader, columns)) {
    await writer.write({
      columnData: columns.map(({ name }, i) => ({ name, data: valuesOf(cells[i]) })),
      rowGroupSize: rows,
    });
    yield taken();
  }
  await writer.finish();
  yield taken();
}

function valuesOf(cells: Cells): unknown[] {
  switch (cells.kind) {
    case 'number':
      return Array.from(cells.values, (value) => (Number.isNaN(value) ? null : value));
    case 'date':
      return Array.from(cells.values, (ms) => (Number.isNaN(ms) ? null : BigInt(Math.round(ms * 1000))));
    case 'boolean':
      return cells.values.map((value) => (value === null ? null : value === 'true'));
    case 'text':
      return cells.values;
  }
}
