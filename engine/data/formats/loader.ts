// What every format does: open a source, say which files DuckDB may touch, and fill its table `raw` (one VARCHAR column a
// field: c0, c1, …, missing ones NULL). The importer decides types and writes the pack; formats know nothing of that.
import type { CellType, Column, ImportOptions, Warning } from '../../schema/index.ts';
import type { PackWriter } from '../../store/index.ts';
import type { Duck } from '../duck.ts';

/** What the source itself says of a column; undefined where its texts must be looked at. */
export type Known = 'number' | 'date' | 'boolean' | 'text';

/** A column of files, written to the pack while it was read. It stands before the columns of `raw`. */
export interface MediaColumn {
  column: Column;
}

export interface Table {
  /** Names of the columns of `raw`, in order. */
  names: string[];
  known?: (Known | undefined)[];
  /** Types that are certain, unless the user asks for others. */
  types?: (CellType | undefined)[];
  media?: MediaColumn;
  warnings?: Warning[];
}

export interface LoadContext {
  duck: Duck;
  /** Where files of image and audio columns go, as the pack's first column. */
  writer: PackWriter;
  threads: number;
  signal: AbortSignal;
}

/** A source whose format is settled, ready to be read once. */
export interface Loader {
  /** Name for messages. */
  file: string;
  /** Bytes of the source, when known. */
  total: number | undefined;
  /** Bytes, or their share of the work, done so far. */
  seen(): number;
  /** Files that DuckDB opens itself. */
  allow: readonly string[];
  /** The options with everything detected filled in. */
  settled: ImportOptions;
  load(context: LoadContext): Promise<Table>;
  /** An error of a query as a Fault about this source. */
  fault(error: unknown): unknown;
  close(): Promise<void> | void;
}
