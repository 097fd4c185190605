// The entry `meta` of a dataset's object pack: how the other entries are to be read. data/layout.ts reads and writes them.
import { z } from 'zod';
import { datasetShape } from './columns.ts';

/** Element types of stored numbers and codes, narrowest first. */
const width = z.enum(['u8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64']);

export type Width = z.infer<typeof width>;

/** How one column is stored. Missing: NaN in f32 and f64 (the other widths have none), code 0, length 2³² − 1. */
const stored = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('number'), width }),
  /** ms since 1970, UTC; `day` when every value is a whole day; `format` is how the source wrote them (strptime, or `iso`). */
  z.object({ kind: z.literal('date'), width, day: z.boolean(), format: z.string() }),
  z.object({ kind: z.literal('codes'), width }),
  /** `starts[g]`: byte of `c<i>` at which group g begins. */
  z.object({ kind: z.literal('text'), starts: z.array(z.number().int()) }),
  /** Files as they came, one after the other; `n<i>` has their bytes. */
  z.object({ kind: z.literal('media') }),
]);
export type Stored = z.infer<typeof stored>;

export const datasetMeta = z.object({
  format: z.literal('neutrino-dataset'),
  formatVersion: z.literal(1),
  /** Rows of each group; a text column's bytes are found by group. */
  groups: z.array(z.number().int()),
  columns: z.array(stored),
  shape: datasetShape,
});
export type DatasetMeta = z.infer<typeof datasetMeta>;
