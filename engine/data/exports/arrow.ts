// A dataset as an Arrow IPC file, which Feather of version 2 is too: doubles, timestamps in ms (UTC), booleans and strings.
import type { DatasetReader } from '../reader.ts';
import { blockColumns, blocksOf, type Cells } from './blocks.ts';

/** The bytes of an Arrow file, one record batch a block. */
export async function* exportArrow(reader: DatasetReader): AsyncGenerator<Uint8Array> {
  const arrow = await import('apache-arrow');
  const columns = blockColumns(reader);
  const types = {
    number: () => new arrow.Float64(),
    date: () => new arrow.TimestampMillisecond('UTC'),
    boolean: () => new arrow.Bool(),
    text: () => new arrow.Utf8(),
  };
  const schema = new arrow.Schema(columns.map(({ name, kind }) => new arrow.Field(name, types[kind](), true)));
  // Taken as it is written: the writer's own queue would hold the whole file until somebody has finished it.
  let written: Uint8Array[] = [];
  const sink = Object.assign(new arrow.AsyncByteQueue(), { write: (bytes: Uint8Array) => void written.push(bytes) });
  const taken = () => {
    const own = written;
    written = [];
    return own;
  };
  const writer = new arrow.RecordBatchFileWriter();
  writer.reset(sink, schema);
  for (const { rows, cells } of blocksOf(reader, columns)) {
    const data = columns.map(({ kind }, i) => arrow.vectorFromArray(valuesOf(cells[i]), types[kind]()).data[0]);
    const struct = arrow.makeData({
      type: new arrow.Struct(schema.fields),
      length: rows,
      nullCount: 0,
      children: data,
    });
    writer.write(new arrow.RecordBatch(schema, struct));
    yield* taken();
  }
  writer.finish();
  yield* taken();
}

function valuesOf(cells: Cells): unknown[] {
  switch (cells.kind) {
    case 'number':
    case 'date':
      return Array.from(cells.values, (value) => (Number.isNaN(value) ? null : value));
    case 'boolean':
      return cells.values.map((value) => (value === null ? null : value === 'true'));
    case 'text':
      return cells.values;
  }
}
