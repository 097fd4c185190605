// The cells of a dataset for writers of typed formats, a block of rows at a time. Files of image and audio columns are the
// zip's alone.
import { Fault } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';

/** What a format writes a column as. */
export type Kind = 'number' | 'date' | 'boolean' | 'text';

export interface BlockColumn {
  name: string;
  kind: Kind;
}

/** One column of a block; numbers NaN, dates NaN (ms since 1970, UTC), others null where missing. */
export type Cells =
  | { kind: 'number' | 'date'; values: Float64Array }
  | { kind: 'boolean' | 'text'; values: (string | null)[] };

/** Rows of a block. */
const blockRows = 16_384;

/** Columns as typed formats write them. Refuses image and audio columns, which only a zip can hold. */
export function blockColumns(reader: DatasetReader): BlockColumn[] {
  return reader.shape.columns.map(({ name, type, top = [] }) => {
    switch (reader.storage(name)) {
      case 'media':
        throw new Fault('bad_request', `Column ${JSON.stringify(name)} holds files. Export the dataset as zip.`);
      case 'number':
        return { name, kind: 'number' };
      case 'date':
        return { name, kind: 'date' };
      default: {
        const truth =
          type === 'boolean' && top.length > 0 && top.every(({ value }) => value === 'true' || value === 'false');
        return { name, kind: truth ? 'boolean' : 'text' };
      }
    }
  });
}

/** All rows, block by block. */
export function* blocksOf(
  reader: DatasetReader,
  columns: readonly BlockColumn[],
): Generator<{ rows: number; cells: Cells[] }> {
  for (let from = 0; from < reader.rows; from += blockRows) {
    const to = Math.min(reader.rows, from + blockRows);
    const cells = columns.map(
      ({ name, kind }): Cells =>
        kind === 'number' || kind === 'date'
          ? { kind, values: reader.numbers(name, from, to) }
          : { kind, values: reader.texts(name, from, to) },
    );
    yield { rows: to - from, cells };
  }
}
