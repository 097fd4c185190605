// Text classification by least squares: classes are coded as ±1 and every class is a linear regression over n-grams, which
// is as good as a support vector machine (Rifkin & Klautau 2004, "In Defense of One-Vs-All Classification"). The start is
// naive Bayes (Wang & Manning 2012), the end a temperature that turns scores into probabilities (Guo et al. 2017).
import type { Graph } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import type { Prepared } from './prepare.ts';

/** Added to every count of the naive Bayes start. */
const smoothing = 0.3;
/** Share of a naive Bayes log-ratio that is a good first guess of a ±1 score. */
const share = 0.5;

/** Class of a row as one ±1 a class, row-major. */
export function signedLabels(labels: ArrayLike<number>, rows: Uint32Array, classes: number): Float32Array {
  const out = new Float32Array(rows.length * classes).fill(-1);
  for (const [i, row] of rows.entries()) if (labels[row] >= 0) out[i * classes + labels[row]] = 1;
  return out;
}

/** The linear family's graph whose text tables start from complement naive Bayes (Rennie et al. 2003) of the training rows. */
export function naiveBayesStart(graph: Graph, { data, train }: Prepared): Graph {
  const { labels } = data;
  const initializers = new Map(graph.initializers);
  if (!labels) return graph;
  for (const [i, { offsets, ids, weights }] of data.text.entries()) {
    const table = initializers.get(`text_${i}.table`);
    if (!table) continue;
    const [grams, classes] = table.dims;
    const counts = new Float64Array(grams * classes);
    for (const row of train) {
      for (let at = offsets[row]; at < offsets[row + 1]; at++) counts[ids[at] * classes + labels[row]] += weights[at];
    }
    initializers.set(`text_${i}.table`, tensor('float32', [grams, classes], complementLogRatios(counts, classes)));
  }
  const bias = initializers.get('linear.bias');
  if (bias) initializers.set('linear.bias', tensor('float32', bias.dims, meanLabels(labels, train, bias.data.length)));
  return { ...graph, initializers };
}

/** −log of each n-gram's share among the other classes, centred over classes; row 0 pads and stays 0. */
function complementLogRatios(counts: Float64Array, classes: number): Float32Array {
  const totals = new Float64Array(classes);
  const others = new Float64Array(counts.length);
  for (let start = 0; start < counts.length; start += classes) {
    let all = 0;
    for (let c = 0; c < classes; c++) all += counts[start + c];
    for (let c = 0; c < classes; c++) totals[c] += others[start + c] = all - counts[start + c] + smoothing;
  }
  const out = new Float32Array(counts.length);
  for (let start = classes; start < counts.length; start += classes) {
    let mean = 0;
    for (let c = 0; c < classes; c++) mean -= Math.log(others[start + c] / totals[c]) / classes;
    for (let c = 0; c < classes; c++) out[start + c] = share * (-Math.log(others[start + c] / totals[c]) - mean);
  }
  return out;
}

/** Mean of the ±1 codes: what a score is when nothing is known. */
function meanLabels(labels: Int32Array, train: Uint32Array, classes: number): Float32Array {
  const out = new Float32Array(classes).fill(-1);
  for (const row of train) out[labels[row]] += 2 / train.length;
  return out;
}

/** Scores are of the order of 1; this is how sharp a softmax of them usually has to be, and how sure of that we are. */
const usual = { log: Math.log(4), spread: 0.5 };

/**
 * The factor by which scores `[rows × classes]` must be multiplied before a softmax, of least negative log-likelihood with a
 * log-normal prior, so that few rows, or rows that are all right, do not make it boundless. Golden-section search.
 */
export function fitTemperature(scores: Float32Array, truth: ArrayLike<number>, classes: number): number {
  const loss = (log: number): number => {
    const factor = Math.exp(log);
    let sum = (log - usual.log) ** 2 / (2 * usual.spread ** 2);
    for (let i = 0; i < truth.length; i++) {
      const row = scores.subarray(i * classes, (i + 1) * classes);
      const most = row.reduce((a, b) => Math.max(a, b));
      const total = row.reduce((all, score) => all + Math.exp(factor * (score - most)), 0);
      sum += Math.log(total) - factor * (row[truth[i]] - most);
    }
    return sum;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [usual.log - 3, usual.log + 3];
  for (let i = 0; i < 40; i++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/** Weights of a linear graph that gives its scores times the factor. */
export function scaledWeights(weights: ReadonlyMap<string, Tensor>, factor: number): Map<string, Tensor> {
  if (factor === 1) return new Map(weights);
  return new Map(
    [...weights].map(([name, value]) => [
      name,
      { ...value, data: (value.data as Float32Array).map((weight) => weight * factor) },
    ]),
  );
}
