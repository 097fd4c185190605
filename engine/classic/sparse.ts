// All features of rows side by side as one sparse matrix: scaled columns, embedded categories, n-grams, in this order.
import type { ClassicRows } from './rows.ts';

export interface Sparse {
  features: number;
  /** Row i holds ids and values from offsets[i] up to offsets[i + 1]. */
  offsets: Uint32Array;
  ids: Int32Array;
  values: Float32Array;
}

/** The given rows, in the given order. */
export function sparseRows(data: ClassicRows, rows: Uint32Array): Sparse {
  const { dense, denseWidth, embedded, embeddedSizes, text, textSizes } = data;
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    let count = embeddedSizes.length;
    for (let j = row * denseWidth; j < (row + 1) * denseWidth; j++) if (dense[j] !== 0) count++;
    for (const grams of text) count += grams.offsets[row + 1] - grams.offsets[row];
    offsets[i + 1] = offsets[i] + count;
  }
  const ids = new Int32Array(offsets[rows.length]);
  const values = new Float32Array(offsets[rows.length]);
  let at = 0;
  for (const row of rows) {
    for (let j = 0; j < denseWidth; j++) {
      const value = dense[row * denseWidth + j];
      if (value === 0) continue;
      ids[at] = j;
      values[at++] = value;
    }
    let base = denseWidth;
    for (const [j, size] of embeddedSizes.entries()) {
      ids[at] = base + embedded[row * embeddedSizes.length + j];
      values[at++] = 1;
      base += size;
    }
    for (const [j, grams] of text.entries()) {
      for (let k = grams.offsets[row]; k < grams.offsets[row + 1]; k++) {
        ids[at] = base + grams.ids[k];
        values[at++] = grams.weights[k];
      }
      base += textSizes[j];
    }
  }
  const features = denseWidth + [...embeddedSizes, ...textSizes].reduce((sum, size) => sum + size, 0);
  return { features, offsets, ids, values };
}
