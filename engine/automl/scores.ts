// Losses and scores of held-out logits, calibration by one temperature, and how sure a score is. Pure arithmetic.
import type { ClassicRows } from '../classic/index.ts';
import { wilson } from '../train/index.ts';

type Truth = Pick<ClassicRows, 'labels' | 'targets' | 'outputs'>;

/** Probabilities [n × k] of logits times a factor. */
export function softmaxOf(logits: ArrayLike<number>, k: number, factor = 1): Float64Array {
  const out = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += k) {
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < k; c++) most = Math.max(most, logits[start + c] * factor);
    let total = 0;
    for (let c = 0; c < k; c++) total += out[start + c] = Math.exp(logits[start + c] * factor - most);
    for (let c = 0; c < k; c++) out[start + c] /= total;
  }
  return out;
}

const leastShare = 1e-7;

/** Loss of each row: negative log-likelihood of probabilities, or squared error. */
export function lossesOf(
  answers: ArrayLike<number>,
  rows: Uint32Array,
  { labels, targets, outputs }: Truth,
): Float64Array {
  return Float64Array.from(rows, (row, i) =>
    labels
      ? -Math.log(Math.max(leastShare, answers[i * outputs + labels[row]]))
      : (answers[i] - (targets?.[row] ?? 0)) ** 2,
  );
}

/** What the score of each row is: right or wrong, or squared error. */
export function hitsOf(answers: ArrayLike<number>, rows: Uint32Array, truth: Truth): Float64Array {
  const { labels, outputs } = truth;
  if (!labels) return lossesOf(answers, rows, truth);
  return Float64Array.from(rows, (row, i) => {
    let best = 0;
    for (let c = 1; c < outputs; c++) if (answers[i * outputs + c] > answers[i * outputs + best]) best = c;
    return Number(best === labels[row]);
  });
}

/** Standard errors on either side that hold 95 of 100 samples. */
const z95 = 1.96;

/** Accuracy, or R² (by the spread of the squared errors), and where 95 of 100 samples of such rows would have it. */
export function scoreOf(
  answers: ArrayLike<number>,
  rows: Uint32Array,
  truth: Truth,
): { score: number; interval: [number, number] } {
  const hits = hitsOf(answers, rows, truth);
  const n = Math.max(1, hits.length);
  const mean = meanOf(hits);
  if (truth.labels) return { score: mean, interval: wilson(mean, n) };
  const { targets } = truth;
  const spread = varianceOf(Float64Array.from(rows, (row) => targets?.[row] ?? 0));
  const half = (z95 * Math.sqrt(varianceOf(hits) / n)) / spread;
  const score = 1 - mean / spread;
  return { score, interval: [score - half, score + half] };
}

/** Factor on logits that makes them likeliest (Guo et al. 2017), by golden section over its logarithm. */
export function temperatureOf(logits: ArrayLike<number>, rows: Uint32Array, truth: Truth): number {
  const { labels, outputs } = truth;
  if (!labels) return 1;
  const loss = (log: number) => meanOf(lossesOf(softmaxOf(logits, outputs, Math.exp(log)), rows, truth));
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.05), Math.log(20)];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  for (let i = 0; i < 18; i++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - ratio * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + ratio * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Mean of the values; NaN for none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return values.length > 0 ? sum / values.length : 0;
}

function varianceOf(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.max(1e-12, meanOf(values.map((value) => (value - mean) ** 2)));
}
