// Rows as the raw inputs of a model's graph, in columnar typed arrays, and the batches made of them. No file access.

import type { Sequences } from './sequence.ts';

/** Texts of n rows: row r holds `ids`/`weights` from offsets[r] up to offsets[r + 1]. */
export interface Ragged {
  offsets: Uint32Array;
  ids: Int32Array;
  weights: Float32Array;
}

/** n rows ready for training; the twin of what `encodeInputs` makes for serving, bit for bit. */
export interface EncodedRows {
  rows: number;
  /** [rows × k], row-major, NaN where missing; k = preprocess.numeric.length. */
  numeric: Float64Array;
  /** [rows × c], row-major, 0 where missing or unseen; c = preprocess.category.length. */
  codes: Int32Array;
  /** One for each text column. */
  text: Ragged[];
  /** One for each text column that is read word by word. */
  sequence: Sequences[];
  /** Class index of each row, −1 where the target is missing or unknown; for classification. */
  labels?: Int32Array;
  /** Target of each row in its own unit, NaN where missing; for regression. */
  targets?: Float64Array;
  /** For models that write texts: each row's, and what is read for it. */
  texts?: { written: readonly string[]; source?: readonly string[] };
  /** For ranking: the items that each row's user took, and the ten that most users took of those that this one did not have. */
  taken?: { items: string[][]; popular: string[][]; catalogue: number };
}
