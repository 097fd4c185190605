// Ragged texts as the rectangles that a graph takes. Padding has id 0 and weight 0, which no sum feels.
import type { Ragged } from './encoded.ts';

/** A batch of one text column, row-major [rows, width]. */
export interface TextBatch {
  ids: BigInt64Array;
  weights: Float32Array;
  width: number;
}

/**
 * Gathers the given rows of a ragged column. The width is that of the longest row, at least 1, or the one asked for when it is
 * greater. Rows beyond the end of `rows` up to `height` are padding (a short last batch).
 */
export function batchText(ragged: Ragged, rows: ArrayLike<number>, width = 1, height = rows.length): TextBatch {
  const { offsets, ids, weights } = ragged;
  let most = Math.max(1, width);
  for (let r = 0; r < rows.length; r++) most = Math.max(most, offsets[rows[r] + 1] - offsets[rows[r]]);
  const wide = new BigInt64Array(height * most);
  // Ids are small and positive: writing their low words spares a BigInt each (all our machines are little-endian).
  const low = new Int32Array(wide.buffer);
  const batch = new Float32Array(height * most);
  for (let r = 0; r < rows.length; r++) {
    const [from, to] = [offsets[rows[r]], offsets[rows[r] + 1]];
    batch.set(weights.subarray(from, to), r * most);
    let at = 2 * r * most;
    for (let k = from; k < to; k++, at += 2) low[at] = ids[k];
  }
  return { ids: wide, weights: batch, width: most };
}
