// Stacking (Wolpert 1992): a linear model over the members' held-out answers, in place of their mean where it loses less on folds that
// it was not fitted on. Each class weighs its own members; weights are held near the mean's, so that few rows change little.
import { type ClassicRows, minimise } from '../classic/index.ts';
import { type CrossPart, crossParts, isBetter } from './calibrate.ts';
import { lossesOf, softmaxOf } from './scores.ts';

/** Logits of a row: sum over members of weight × logarithm of the calibrated share (or × number), and an offset. */
export interface Stack {
  /** [members × outputs] */
  weights: number[];
  /** [outputs] */
  offsets: number[];
}

type Truth = Pick<ClassicRows, 'labels' | 'targets' | 'outputs'>;

/** Pulls towards the mean's weights that are tried, as if by so many rows. */
const pulls = [300, 30];
/** Rows that it is fitted on and judged by, at most. */
const mostRows = 4000;
const steps = 60;

/** Logits [n × outputs] from members' logarithms of shares, or numbers, [n × outputs] each. */
export function stacked({ weights, offsets }: Stack, terms: readonly ArrayLike<number>[]): Float64Array {
  const k = offsets.length;
  return Float64Array.from(terms[0], (_, i) =>
    terms.reduce((sum, own, m) => sum + weights[m * k + (i % k)] * own[i], offsets[i % k]),
  );
}

/**
 * A stack of members' held-out terms [rows × outputs] each, or undefined where their mean, whose losses are given by row, is not
 * beaten by more than one standard error of the difference. `folds` are those of `rows`.
 */
export function chooseStack(
  terms: readonly Float64Array[],
  shares: readonly number[],
  mean: Float64Array,
  rows: Uint32Array,
  folds: ArrayLike<number>,
  truth: Truth,
): Stack | undefined {
  if (terms.length < 2) return undefined;
  const parts = crossParts(folds, mostRows);
  if (parts.length < 2) return undefined;
  let best: { pull: number; losses: Float64Array } | undefined;
  for (const pull of pulls) {
    const losses = new Float64Array(rows.length);
    for (const part of parts) judge(terms, shares, rows, part, truth, pull, losses);
    if (isBetter(losses, best?.losses ?? mean, parts)) best = { pull, losses };
  }
  if (!best) return undefined;
  // What the parts judge by are all rows, or the sample of them.
  const places = Uint32Array.from(parts.flatMap(({ held }) => Array.from(held))).sort();
  return fitStack(terms, shares, rows, places, truth, best.pull);
}

function judge(
  terms: readonly Float64Array[],
  shares: readonly number[],
  rows: Uint32Array,
  { fit, held }: CrossPart,
  truth: Truth,
  pull: number,
  losses: Float64Array,
): void {
  const k = truth.outputs;
  const stack = fitStack(terms, shares, rows, fit, truth, pull);
  const own = terms.map((values) => {
    const out = new Float64Array(held.length * k);
    for (const [i, place] of held.entries()) out.set(values.subarray(place * k, (place + 1) * k), i * k);
    return out;
  });
  const logits = stacked(stack, own);
  const answers = truth.labels ? softmaxOf(logits, k) : logits;
  const heldRows = held.map((place) => rows[place]);
  for (const [i, loss] of lossesOf(answers, heldRows, truth).entries()) losses[held[i]] = loss;
}

/** The likeliest weights over some places of the rows, or those of least squares. */
function fitStack(
  terms: readonly Float64Array[],
  shares: readonly number[],
  rows: Uint32Array,
  places: Uint32Array,
  { labels, targets, outputs: k }: Truth,
  pull: number,
): Stack {
  const m = terms.length;
  const n = Math.max(1, places.length);
  const logits = new Float64Array(k);
  const evaluate = (w: Float64Array, slope: Float64Array): number => {
    slope.fill(0);
    let sum = 0;
    for (const place of places) {
      for (let c = 0; c < k; c++) {
        logits[c] = w[m * k + c];
        for (let j = 0; j < m; j++) logits[c] += w[j * k + c] * terms[j][place * k + c];
      }
      const row = rows[place];
      if (labels) {
        const own = softmaxOf(logits, k);
        sum -= Math.log(Math.max(1e-300, own[labels[row]])) / n;
        own[labels[row]] -= 1;
        logits.set(own);
      } else {
        logits[0] -= targets?.[row] ?? 0;
        sum += (0.5 * logits[0] ** 2) / n;
      }
      for (let c = 0; c < k; c++) {
        const error = logits[c] / n;
        slope[m * k + c] += error;
        for (let j = 0; j < m; j++) slope[j * k + c] += error * terms[j][place * k + c];
      }
    }
    for (let i = 0; i < (m + 1) * k; i++) {
      const own = w[i] - (i < m * k ? shares[Math.floor(i / k)] : 0);
      sum += (0.5 * pull * own * own) / n;
      slope[i] += (pull * own) / n;
    }
    return sum;
  };
  const start = Float64Array.from({ length: (m + 1) * k }, (_, i) => (i < m * k ? shares[Math.floor(i / k)] : 0));
  const { point } = minimise(evaluate, start, { iterations: steps });
  return { weights: [...point.subarray(0, m * k)], offsets: [...point.subarray(m * k)] };
}
