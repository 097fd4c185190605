// What boosting minimises: gradients and hessians of each loss, where it starts, and how much of it is left on some rows.
import { type FitSpec, type Memory, pieceRows } from './memory.ts';

export type LossName = FitSpec['loss'];

/** Least hessian, so that sure rows still count. */
const least = 1e-16;

/** The job `gradients`: task t fills the rows of piece t for every output. */
export function gradientsOf(spec: FitSpec, { scores, labels, weights, gradients }: Memory): (task: number) => void {
  const { rows, outputs, quantile } = spec;
  const ends = (task: number) => [task * pieceRows, Math.min(rows, (task + 1) * pieceRows)] as const;
  const kinds: Record<LossName, (task: number) => void> = {
    squared(task) {
      const [from, to] = ends(task);
      for (let row = from; row < to; row++) {
        gradients[2 * row] = (scores[row] - labels[row]) * weights[row];
        gradients[2 * row + 1] = weights[row];
      }
    },
    quantile(task) {
      const [from, to] = ends(task);
      for (let row = from; row < to; row++) {
        gradients[2 * row] = (scores[row] > labels[row] ? 1 - quantile : -quantile) * weights[row];
        gradients[2 * row + 1] = weights[row];
      }
    },
    logistic(task) {
      const [from, to] = ends(task);
      for (let row = from; row < to; row++) {
        const p = 1 / (1 + Math.exp(-scores[row]));
        gradients[2 * row] = (p - labels[row]) * weights[row];
        gradients[2 * row + 1] = Math.max(least, p * (1 - p)) * weights[row];
      }
    },
    softmax(task) {
      const [from, to] = ends(task);
      const shares = new Float64Array(outputs);
      for (let row = from; row < to; row++) {
        let most = scores[row * outputs];
        for (let k = 1; k < outputs; k++) most = Math.max(most, scores[row * outputs + k]);
        let total = 0;
        for (let k = 0; k < outputs; k++) total += shares[k] = Math.exp(scores[row * outputs + k] - most);
        for (let k = 0; k < outputs; k++) {
          const p = shares[k] / total;
          const place = 2 * (k * rows + row);
          gradients[place] = (p - (labels[row] === k ? 1 : 0)) * weights[row];
          gradients[place + 1] = Math.max(least, 2 * p * (1 - p)) * weights[row];
        }
      }
    },
  };
  return kinds[spec.loss];
}

/** Scores that every row begins with. */
export function startOf({ loss, outputs, quantile }: FitSpec, memory: Memory, train: Uint32Array): Float32Array {
  const { labels, weights } = memory;
  const start = new Float32Array(outputs);
  if (loss === 'quantile') {
    start[0] = quantileOf(
      Float64Array.from(train, (row) => labels[row]),
      quantile,
    );
    return start;
  }
  const sums = new Float64Array(Math.max(2, outputs));
  let total = 0;
  for (const row of train) {
    total += weights[row];
    if (loss === 'softmax') sums[labels[row]] += weights[row];
    else sums[0] += labels[row] * weights[row];
  }
  const share = (sum: number) => Math.min(1 - 1e-6, Math.max(1e-6, sum / total));
  if (loss === 'softmax') start.set(start.map((_, k) => Math.log(share(sums[k]))));
  else start[0] = loss === 'logistic' ? Math.log(share(sums[0]) / (1 - share(sums[0]))) : sums[0] / total;
  return start;
}

/** Mean loss of rows under the scores so far. */
export function lossOf({ loss, outputs, quantile }: FitSpec, { scores, labels, weights }: Memory, rows: Uint32Array) {
  let [sum, total] = [0, 0];
  for (const row of rows) {
    const weight = weights[row];
    total += weight;
    sum += weight * rowLoss(loss, outputs, quantile, scores, row, labels[row]);
  }
  return total > 0 ? sum / total : 0;
}

function rowLoss(
  loss: LossName,
  outputs: number,
  quantile: number,
  scores: Float64Array,
  row: number,
  label: number,
): number {
  if (loss === 'logistic') {
    const margin = label > 0.5 ? scores[row] : -scores[row];
    return margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin));
  }
  if (loss === 'squared') return (scores[row] - label) ** 2;
  if (loss === 'quantile') {
    const error = label - scores[row];
    return error > 0 ? quantile * error : (quantile - 1) * error;
  }
  let most = scores[row * outputs];
  for (let k = 1; k < outputs; k++) most = Math.max(most, scores[row * outputs + k]);
  let sum = 0;
  for (let k = 0; k < outputs; k++) sum += Math.exp(scores[row * outputs + k] - most);
  return Math.log(sum) + most - scores[row * outputs + label];
}

/** Linearly interpolated quantile; sorts in place. */
export function quantileOf(values: Float64Array, q: number): number {
  if (values.length === 0) return 0;
  values.sort();
  const at = (values.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.min(values.length - 1, low + 1);
  return values[low] + (values[high] - values[low]) * (at - low);
}
