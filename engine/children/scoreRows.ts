// The rows of a CSV file of somebody's, read in the child: out of the sealed file as it came into a sealed file of batches,
// one a line of JSON (the bytes of the file up to its end, then its rows), the columns' names before them.
import { pipeline as pipe, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { Fault, type PackGrant } from '../schema/index.ts';
import { createPack, openPack, type PackReader } from '../store/index.ts';

/** Rows of one batch, and the longest row, bytes. */
const batchRows = 256;
const mostRecord = 1024 * 1024;

/** The entry of a pack that holds the file, or its batches. */
const entry = 'csv';

/** Parses `input` into `output`; how many rows there were. Fault `bad_data` with csv-parse's words, line included. */
export async function scoreRows(input: PackGrant, output: PackGrant): Promise<number> {
  const reader = openPack(input.path, input);
  const writer = createPack(output.path, output);
  const parser = parse({ columns: true, bom: true, skip_empty_lines: true, max_record_size: mostRecord });
  // Whichever ends first ends the other: chunks that nobody reads any more would be asked of a reader that is closed. The
  // parser's error reaches the loop.
  pipe(Readable.from(chunksOf(reader), { objectMode: false }), parser, () => undefined);
  let names: string[] | undefined;
  let rows: string[][] = [];
  let count = 0;
  const line = (value: unknown) => writer.append(entry, Buffer.from(`${JSON.stringify(value)}\n`));
  const flush = () => {
    if (rows.length > 0) line([parser.info.bytes, ...rows]);
    rows = [];
  };
  try {
    for await (const row of parser as AsyncIterable<Record<string, string>>) {
      if (!names) line((names = Object.keys(row)));
      rows.push(names.map((name) => row[name] ?? ''));
      count++;
      if (rows.length === batchRows) flush();
    }
    flush();
    if (count === 0) throw new Fault('bad_data', 'The file has a header line only; there is nothing to predict.');
    writer.finish();
    return count;
  } catch (error) {
    writer.discard();
    if (error instanceof Fault) throw error;
    const words = error instanceof Error ? error.message : String(error);
    throw new Fault('bad_data', `The file cannot be read as CSV: ${words}`, undefined, error);
  } finally {
    reader.close();
  }
}

function* chunksOf(reader: PackReader): Generator<Uint8Array> {
  for (let i = 0; i < reader.chunkCount(entry); i++) yield reader.readChunk(entry, i);
}
