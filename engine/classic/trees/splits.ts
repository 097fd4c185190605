// The best split of a node by one feature, from its histogram: numbers at an edge, categories as a set in the order of their
// mean gradient (Fisher 1958; exact for convex losses), missing values on the side that gains more. Keeps constraints.
import { missingBin } from './bins.ts';
import { type FitSpec, foundWidth, histWidth, type Memory, setWords, totalWidth } from './memory.ts';

/** Added to a category's hessian before means are compared, so that rare ones do not stand at the ends by chance. */
const smoothing = 10;
/** Most categories of the smaller side. */
const mostListed = 64;

/** Answers a function that finds the best split of a slot by a feature and writes it into `found` and `sets`. */
export function openSplitFinder(
  { features, lambda, minChildWeight, minGain, monotone }: FitSpec,
  { hist, totals, found, sets, binCounts, categorical, directions }: Memory,
): (slot: number, feature: number) => void {
  const list = new Int32Array(256);
  const means = new Float64Array(256);

  /** Twice the loss that a leaf of these sums takes away, its value held between bounds. */
  const score = (g: number, h: number, low: number, high: number): number => {
    if (!monotone) return (g * g) / (h + lambda);
    const value = Math.min(high, Math.max(low, -g / (h + lambda)));
    return -(2 * g * value + (h + lambda) * value * value);
  };

  return (slot, feature) => {
    const base = (slot * features + feature) * histWidth;
    const bins = binCounts[feature];
    const node = slot * totalWidth;
    const [g, h, low, high] = [totals[node], totals[node + 1], totals[node + 2], totals[node + 3]];
    const own = slot * features + feature;
    const out = own * foundWidth;
    const missingG = hist[base + 2 * missingBin];
    const missingH = hist[base + 2 * missingBin + 1];
    const whole = score(g, h, low, high);
    const direction = monotone ? directions[feature] : 0;
    let best = 2 * minGain + 1e-9;
    let [bestBin, bestMissing, bestG, bestH] = [-2, 0, 0, 0];

    const gainOf = (leftG: number, leftH: number): number => {
      const [rightG, rightH] = [g - leftG, h - leftH];
      if (leftH < minChildWeight || rightH < minChildWeight) return -1;
      if (direction !== 0) {
        const left = Math.min(high, Math.max(low, -leftG / (leftH + lambda)));
        const right = Math.min(high, Math.max(low, -rightG / (rightH + lambda)));
        if ((right - left) * direction < 0) return -1;
      }
      return score(leftG, leftH, low, high) + score(rightG, rightH, low, high) - whole;
    };
    const consider = (bin: number, missing: number, leftG: number, leftH: number) => {
      const gain = gainOf(leftG, leftH);
      if (gain > best) {
        best = gain;
        bestBin = bin;
        bestMissing = missing;
        bestG = leftG;
        bestH = leftH;
      }
    };

    if (categorical[feature] === 0) {
      let [leftG, leftH] = [0, 0];
      const isMissing = missingH > 1e-12;
      // With nothing missing the last edge would leave the right side empty.
      const end = isMissing ? bins : bins - 1;
      for (let bin = 0; bin < end; bin++) {
        const hessian = hist[base + 2 * bin + 1];
        leftG += hist[base + 2 * bin];
        leftH += hessian;
        if (hessian === 0) continue;
        consider(bin, 0, leftG, leftH);
        if (isMissing) consider(bin, 1, leftG + missingG, leftH + missingH);
      }
      // What was never missing here goes with the greater part.
      if (bestBin >= 0 && !isMissing) bestMissing = bestH > h - bestH ? 1 : 0;
    } else {
      let count = 0;
      for (let bin = 0; bin < bins; bin++) {
        const hessian = hist[base + 2 * bin + 1];
        if (hessian <= 1e-12) continue;
        list[count++] = bin;
        means[bin] = hist[base + 2 * bin] / (hessian + smoothing);
      }
      if (missingH > 1e-12) {
        list[count++] = missingBin;
        means[missingBin] = missingG / (missingH + smoothing);
      }
      const ranked = list.subarray(0, count).sort((a, b) => means[a] - means[b] || a - b);
      let prefix = 0;
      for (const side of [0, 1]) {
        let [sumG, sumH] = [0, 0];
        for (let i = 0; i + 1 < count && i < mostListed; i++) {
          const bin = ranked[side === 0 ? i : count - 1 - i];
          sumG += hist[base + 2 * bin];
          sumH += hist[base + 2 * bin + 1];
          const before = best;
          consider(-1, 0, sumG, sumH);
          if (best !== before) prefix = side === 0 ? i + 1 : -(i + 1);
        }
      }
      if (bestBin === -1) {
        sets.fill(0, own * setWords, (own + 1) * setWords);
        for (let i = 0; i < Math.abs(prefix); i++) {
          const bin = ranked[prefix > 0 ? i : count - 1 - i];
          if (bin === missingBin) bestMissing = 1;
          else sets[own * setWords + (bin >> 5)] |= 1 << (bin & 31);
        }
      }
    }
    found[out] = bestBin === -2 ? 0 : best;
    found[out + 1] = bestBin;
    found[out + 2] = bestMissing;
    found[out + 3] = bestG;
    found[out + 4] = bestH;
  };
}
