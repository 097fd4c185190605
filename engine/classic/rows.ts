// What a classic model learns from: rows in typed arrays, as data/ encodes them and as the feature graph scales them.
import type { Ragged } from '../data/index.ts';

/** Rows of a table and its texts. Row r of a row-major array begins at r × width. */
export interface ClassicRows {
  rows: number;
  /** [rows × numericWidth] as the user wrote them, NaN where missing: what trees split. */
  numeric: Float64Array;
  numericWidth: number;
  /** [rows × sizes.length]: 0 is missing or unseen, i + 1 the i-th value. */
  codes: Int32Array;
  /** Values of each category. */
  sizes: readonly number[];
  /** [rows × denseWidth]: numbers scaled and filled, missing indicators, small categories as columns. */
  dense: Float32Array;
  denseWidth: number;
  /** How many columns at the front of `dense` are scaled numbers; the others are 0 or 1. */
  denseNumbers: number;
  /** [rows × embeddedSizes.length]: codes of the categories that have no columns in `dense`. */
  embedded: Int32Array;
  /** Values of each of those, the code 0 included. */
  embeddedSizes: readonly number[];
  /** n-grams of each text, and how many ids there are of each, 0 included. */
  text: readonly Ragged[];
  textSizes: readonly number[];
  /** Class of each row; undefined for regression. */
  labels?: ArrayLike<number>;
  /** Target of each row, mean 0 and standard deviation 1; undefined for classification. */
  targets?: ArrayLike<number>;
  /** Classes, or 1. */
  outputs: number;
  /**
   * For forecasts: places in `numeric` of those that need no model, and the mean and deviation by which targets were scaled, which they
   * are to be scaled by too.
   */
  forecasts?: { naive: number; smoothed: readonly number[]; mean: number; std: number };
  /** Weight of each row; all 1 when left out. */
  weights?: ArrayLike<number>;
}
