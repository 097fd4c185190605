// Histograms of gradients by bin: [bins × (gradient, hessian)], missing values last. Several features at once, since a row's
// number and gradient are read once for all of them.
import { missingBin } from './bins.ts';

/** Zeroes a feature's histogram of so many bins from `base` on. */
export function clear(hist: Float64Array, base: number, bins: number): void {
  hist.fill(0, base, base + 2 * bins);
  hist[base + 2 * missingBin] = 0;
  hist[base + 2 * missingBin + 1] = 0;
}

/** Makes a node's histogram of its parent's, in place, by taking its sibling's away. */
export function subtract(hist: Float64Array, parent: number, sibling: number, bins: number): void {
  for (let i = 0; i < 2 * bins; i++) hist[parent + i] -= hist[sibling + i];
  hist[parent + 2 * missingBin] -= hist[sibling + 2 * missingBin];
  hist[parent + 2 * missingBin + 1] -= hist[sibling + 2 * missingBin + 1];
}

/** Adds gradient and hessian of rows `from` to `to` of an order to the bins of one feature. */
export function accumulate(
  hist: Float64Array,
  base: number,
  bins: Uint8Array,
  column: number,
  order: Uint32Array,
  ordered: Float32Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const place = base + (bins[column + order[i]] << 1);
    hist[place] += ordered[2 * i];
    hist[place + 1] += ordered[2 * i + 1];
  }
}

/** The same for two features in one pass over the rows. */
export function accumulate2(
  hist: Float64Array,
  baseA: number,
  baseB: number,
  bins: Uint8Array,
  columnA: number,
  columnB: number,
  order: Uint32Array,
  ordered: Float32Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const row = order[i];
    const gradient = ordered[2 * i];
    const hessian = ordered[2 * i + 1];
    const a = baseA + (bins[columnA + row] << 1);
    hist[a] += gradient;
    hist[a + 1] += hessian;
    const b = baseB + (bins[columnB + row] << 1);
    hist[b] += gradient;
    hist[b + 1] += hessian;
  }
}

/** The same for four. */
export function accumulate4(
  hist: Float64Array,
  baseA: number,
  baseB: number,
  baseC: number,
  baseD: number,
  bins: Uint8Array,
  columnA: number,
  columnB: number,
  columnC: number,
  columnD: number,
  order: Uint32Array,
  ordered: Float32Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const row = order[i];
    const gradient = ordered[2 * i];
    const hessian = ordered[2 * i + 1];
    const a = baseA + (bins[columnA + row] << 1);
    hist[a] += gradient;
    hist[a + 1] += hessian;
    const b = baseB + (bins[columnB + row] << 1);
    hist[b] += gradient;
    hist[b + 1] += hessian;
    const c = baseC + (bins[columnC + row] << 1);
    hist[c] += gradient;
    hist[c + 1] += hessian;
    const d = baseD + (bins[columnD + row] << 1);
    hist[d] += gradient;
    hist[d + 1] += hessian;
  }
}
