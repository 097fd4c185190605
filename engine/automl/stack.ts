// Stacking (Wolpert 1992): a linear model over the members' held-out answers, in place of their mean where it loses less on folds that
// it was not fitted on. Each class weighs its own members; weights are held near the mean's, so that few rows change little.
import { type ClassicRows, minimise } from '../classic/index.ts';
import { type CrossPart, crossParts, isBetter } from './calibrate.ts';
import { hitsOf, lossesOf, softmaxOf } from './scores.ts';

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
 * A stack of members' held-out terms [rows × outputs] each, or undefined where their mean, whose answers are given, is not beaten by
 * more than two standard errors of the difference, or names as many rows right. `folds` are those of `rows`.
 */
export function chooseStack(
  terms: readonly Float64Array[],
  shares: readonly number[],
  mean: ArrayLike<number>,
  rows: Uint32Array,
  folds: ArrayLike<number>,
  truth: Truth,
): Stack | undefined {
  if (terms.length < 2) return undefined;
  const parts = crossParts(folds, mostRows);
  if (parts.length < 2) return undefined;
  const judged = parts.flatMap(({ held }) => Array.from(held));
  const right = (answers: ArrayLike<number>) => {
    const hits = truth.labels ? hitsOf(answers, rows, truth) : new Float64Array(rows.length);
    return judged.reduce((sum, i) => sum + hits[i], 0);
  };
  const leastRight = right(mean);
  let best: { pull: number; losses: Float64Array } | undefined;
  const means = lossesOf(mean, rows, truth);
  for (const pull of pulls) {
    const answers = new Float64Array(rows.length * truth.outputs);
    for (const part of parts) answer(terms, shares, rows, part, truth, pull, answers);
    const losses = lossesOf(answers, rows, truth);
    const isRight = !truth.labels || right(answers) > leastRight;
    if (isRight && isBetter(losses, best?.losses ?? means, parts, 2)) best = { pull, losses };
  }
  if (!best) return undefined;
  // What the parts judge by are all rows, or the sample of them.
  const places = Uint32Array.from(judged).sort();
  return fitStack(terms, shares, rows, places, truth, best.pull);
}

/** Fills in what a stack that was fitted on the other folds answers for the held rows. */
function answer(
  terms: readonly Float64Array[],
  shares: readonly number[],
  rows: Uint32Array,
  { fit, held }: CrossPart,
  truth: Truth,
  pull: number,
  answers: Float64Array,
): void {
  const k = truth.outputs;
  const stack = fitStack(terms, shares, rows, fit, truth, pull);
  const own = terms.map((values) => {
    const out = new Float64Array(held.length * k);
    for (const [i, place] of held.entries()) out.set(values.subarray(place * k, (place + 1) * k), i * k);
    return out;
  });
  const logits = stacked(stack, own);
  const said = truth.labels ? softmaxOf(logits, k) : logits;
  for (const [i, place] of held.entries()) answers.set(said.subarray(i * k, (i + 1) * k), place * k);
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
