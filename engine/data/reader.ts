// The rows of a stored dataset, read column by column as typed arrays. Knows the layout of the pack, nothing of imports.
import type { DatasetShape } from '../schema/index.ts';

/** One cell as a person sees it: null where missing; dates as ISO text, UTC. */
export type Cell = string | number | boolean | null;

/** A stored dataset. Ranges are `[from, to)` over rows in the order of the source, all rows when left out. */
export interface DatasetReader {
  readonly shape: DatasetShape;
  readonly rows: number;
  /** Rows of each stored group, in order: reading whole groups is what costs least. */
  readonly groups: readonly number[];
  /** Numbers as they are, dates as ms since 1970 (UTC), NaN where missing; `bad_data` for columns that hold neither. */
  numbers(column: string, from?: number, to?: number): Float64Array;
  /** Categories, booleans: 0 is missing, i + 1 is `values[i]`. */
  codes(column: string, from?: number, to?: number): { codes: Uint32Array; values: string[] };
  /** Any column as text, null where missing. */
  texts(column: string, from?: number, to?: number): (string | null)[];
  /** A page of whole rows, for people to look at. */
  preview(offset: number, limit: number): { columns: string[]; rows: Cell[][] };
  close(): void;
}
