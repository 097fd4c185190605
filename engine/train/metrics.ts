// Figures of predictions against truth, equal to scikit-learn's. Plain arithmetic in float64 over row-major arrays.
import type { ClassificationReport, RegressionReport } from '../schema/index.ts';

/** First index of the greatest value in each row. */
export function argmaxRows(values: ArrayLike<number>, classes: number): Int32Array {
  const out = new Int32Array(values.length / classes);
  for (let i = 0; i < out.length; i++) {
    let best = 0;
    for (let j = 1; j < classes; j++) if (values[i * classes + j] > values[i * classes + best]) best = j;
    out[i] = best;
  }
  return out;
}

/** The class that is named in each row: the greatest logarithm of a share and offset, or the likeliest. */
export function namedRows(shares: ArrayLike<number>, classes: number, offsets?: ArrayLike<number>): Int32Array {
  if (!offsets) return argmaxRows(shares, classes);
  const sums = Float64Array.from(shares, (share, i) => Math.log(Math.max(1e-30, share)) + offsets[i % classes]);
  return argmaxRows(sums, classes);
}

/** Share of equal entries. */
export function accuracyOf(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let hits = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] === predicted[i]) hits++;
  return truth.length === 0 ? 0 : hits / truth.length;
}

/** Area under the ROC curve of scores for a yes-or-no truth, ties counted half (Mann–Whitney); undefined with one class only. */
export function areaUnderCurve(isPositive: (row: number) => boolean, scores: Float64Array): number | undefined {
  const order = Float64Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let tiedPositives = 0;
    while (end < order.length && scores[order[end]] === scores[order[start]]) {
      if (isPositive(order[end])) tiedPositives++;
      end++;
    }
    rankSum += (tiedPositives * (start + end + 1)) / 2;
    positives += tiedPositives;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean over positives of the precision at each one's score (scikit-learn's average_precision_score); undefined without any. */
export function averagePrecision(isPositive: (row: number) => boolean, scores: Float64Array): number | undefined {
  const order = Float64Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  let [seen, hits, sum] = [0, 0, 0];
  while (seen < order.length) {
    const score = scores[order[seen]];
    let own = 0;
    while (seen < order.length && scores[order[seen]] === score) if (isPositive(order[seen++])) own++;
    hits += own;
    sum += (own * hits) / seen;
  }
  return hits === 0 ? undefined : sum / hits;
}

/** ROC AUC of the second class, or the unweighted mean of one against the rest; undefined when a class has no row. */
export function rocAuc(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number | undefined {
  const column = (j: number) => Float64Array.from({ length: truth.length }, (_, i) => probabilities[i * classes + j]);
  if (classes === 2) return areaUnderCurve((i) => truth[i] === 1, column(1));
  let sum = 0;
  for (let j = 0; j < classes; j++) {
    const area = areaUnderCurve((i) => truth[i] === j, column(j));
    if (area === undefined) return undefined;
    sum += area;
  }
  return sum / classes;
}

/** Mean negative log-likelihood; probabilities are clipped to the float64 epsilon, then rows rescaled to sum 1. */
export function logLoss(truth: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    let total = 0;
    for (let j = 0; j < classes; j++) total += clipped(probabilities[i * classes + j]);
    sum -= Math.log(clipped(probabilities[i * classes + truth[i]]) / total);
  }
  return truth.length === 0 ? 0 : sum / truth.length;
}

const clipped = (p: number) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p));

/** Reliability of the top class in ten bins of confidence, closed on the right (Guo et al. 2017), and the expected calibration error. */
export function calibrationOf(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): ClassificationReport['calibration'] {
  const bins = Array.from({ length: 10 }, () => ({ confidence: 0, accuracy: 0, count: 0 }));
  const top = argmaxRows(probabilities, classes);
  for (let i = 0; i < top.length; i++) {
    const confidence = probabilities[i * classes + top[i]];
    const bin = bins[Math.min(9, Math.max(0, Math.ceil(confidence * 10) - 1))];
    bin.confidence += confidence;
    bin.accuracy += top[i] === truth[i] ? 1 : 0;
    bin.count++;
  }
  let ece = 0;
  for (const bin of bins) {
    if (bin.count === 0) continue;
    ece += Math.abs(bin.accuracy - bin.confidence) / top.length;
    bin.confidence /= bin.count;
    bin.accuracy /= bin.count;
  }
  return { ece, bins };
}

/** Standard errors on either side that hold 95 of 100 samples. */
const z95 = 1.96;

/** Where 95 of 100 samples of `n` rows would have a share (Wilson 1927). */
export function wilson(share: number, n: number): [number, number] {
  const middle = (share + z95 ** 2 / (2 * n)) / (1 + z95 ** 2 / n);
  const half = (z95 * Math.sqrt((share * (1 - share)) / n + z95 ** 2 / (4 * n * n))) / (1 + z95 ** 2 / n);
  return [middle - half, middle + half];
}

/** Coefficient of determination; for a constant truth 1 when every prediction is right, else 0, as scikit-learn does. */
export function r2Of(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const mean = meanOf(truth);
  let residual = 0;
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    residual += (truth[i] - predicted[i]) ** 2;
    total += (truth[i] - mean) ** 2;
  }
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

/** Arithmetic mean, 0 of none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return values.length === 0 ? 0 : sum / values.length;
}

/** Linearly interpolated quantile of sorted values (NumPy's default). */
export function quantile(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return 0;
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Counts in equal bins over the range, the last closed on both sides (NumPy's `histogram`). */
export function histogram(sorted: Float64Array, bins: number): { edges: number[]; counts: number[] } {
  let low = sorted[0] ?? 0;
  let high = sorted.at(-1) ?? 0;
  if (low === high) {
    low -= 0.5;
    high += 0.5;
  }
  const width = (high - low) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + width * i));
  const counts = Array<number>(bins).fill(0);
  for (const value of sorted) {
    let bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
    if (value < edges[bin]) bin--;
    else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return { edges, counts };
}

type RegressionScores = Pick<RegressionReport, 'mae' | 'rmse' | 'r2' | 'residuals'>;

/** Errors of a regression in the target's own unit; residuals are prediction minus truth. */
export function regressionScores(truth: ArrayLike<number>, predicted: ArrayLike<number>): RegressionScores {
  const residuals = Float64Array.from(truth, (value, i) => predicted[i] - value).sort();
  const mean = meanOf(residuals);
  return {
    mae: meanOf(residuals.map(Math.abs)),
    rmse: Math.sqrt(meanOf(residuals.map((r) => r * r))),
    r2: r2Of(truth, predicted),
    residuals: {
      mean,
      std: Math.sqrt(meanOf(residuals.map((r) => (r - mean) ** 2))),
      quantiles: [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((q) => quantile(residuals, q)),
      histogram: histogram(residuals, 20),
    },
  };
}
