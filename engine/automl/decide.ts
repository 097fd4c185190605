// Which class is named: what is added to the logarithm of each class's share before the greatest wins, so that a metric is as good as
// it can be on held-out rows. For two classes it is a threshold. The shares themselves stay as they are.
import type { Metric } from '../schema/index.ts';
import { namedRows } from '../train/index.ts';

/** Offsets that are tried for a class, in the logarithm of its share. */
const reach = 4;
const tries = 81;
const rounds = 4;
/** Rounds over classes are left out where there are more of them. */
const mostClasses = 60;

/**
 * Offsets [classes] that make `metric` greatest over rows with these shares [n × k]; undefined where naming the likeliest is as good,
 * as it is for accuracy of calibrated shares.
 */
export function chooseDecision(
  metric: Metric,
  shares: ArrayLike<number>,
  truth: Int32Array,
  k: number,
): number[] | undefined {
  if (metric === 'accuracy' || truth.length === 0 || k > mostClasses) return undefined;
  const logs = Float64Array.from(shares, (share) => Math.log(Math.max(1e-30, share)));
  const offsets = new Float64Array(k);
  const score = metricOf(metric, truth, k);
  const start = score(namedRows(shares, k));
  let best = start;
  for (let round = 0; round < rounds; round++) {
    const before = best;
    // Of two classes only one need move: the other's offset would say the same.
    for (let c = k === 2 ? 1 : 0; c < k; c++) {
      const { named, lead } = withoutClass(logs, offsets, c, k);
      const at = (i: number) => offsets[c] + ((2 * i) / (tries - 1) - 1) * reach;
      const values = Array.from({ length: tries }, (_, i) => {
        const offset = at(i);
        return score(named.map((other, row) => (logs[row * k + c] + offset > lead[row] ? c : other)));
      });
      const top = Math.max(...values);
      if (top <= best + 1e-12) continue;
      // The middle of the longest stretch that is as good: an edge of it would be luck.
      offsets[c] = at(middleOf(values, top));
      best = top;
    }
    if (best <= before + 1e-12) break;
  }
  return best > start + 1e-12 ? [...offsets] : undefined;
}

/** What each row is named where one class is none of the choices, and the sum that won. */
function withoutClass(
  logs: Float64Array,
  offsets: Float64Array,
  out: number,
  k: number,
): { named: Int32Array; lead: Float64Array } {
  const lead = new Float64Array(logs.length / k).fill(Number.NEGATIVE_INFINITY);
  const named = new Int32Array(lead.length);
  for (let row = 0; row < lead.length; row++) {
    for (let c = 0; c < k; c++) {
      const sum = logs[row * k + c] + offsets[c];
      if (c === out || sum <= lead[row]) continue;
      lead[row] = sum;
      named[row] = c;
    }
  }
  return { named, lead };
}

/** Place in the middle of the longest run of the greatest value. */
function middleOf(values: readonly number[], top: number): number {
  let [from, length] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    let end = i;
    while (end < values.length && values[end] >= top - 1e-12) end++;
    if (end - i > length) [from, length] = [i, end - i];
    i = Math.max(i, end - 1);
  }
  return from + Math.floor((length - 1) / 2);
}

/** The metric of named classes: F1 is of the rarer of two classes and the mean over more. */
export function metricOf(metric: Metric, truth: Int32Array, k: number): (named: Int32Array) => number {
  const support = new Float64Array(k);
  for (const label of truth) support[label]++;
  const present = Array.from(support.keys()).filter((c) => support[c] > 0);
  const rarer = support[1] <= support[0] ? 1 : 0;
  return (named) => {
    const hits = new Float64Array(k);
    const called = new Float64Array(k);
    for (const [i, label] of truth.entries()) {
      called[named[i]]++;
      if (named[i] === label) hits[label]++;
    }
    if (metric === 'accuracy') return hits.reduce((a, b) => a + b, 0) / truth.length;
    if (metric === 'balanced-accuracy') return meanOver(present.map((c) => hits[c] / support[c]));
    const f1 = (c: number) => (2 * hits[c]) / Math.max(1, support[c] + called[c]);
    return k === 2 ? f1(rarer) : meanOver(present.map(f1));
  };
}

const meanOver = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
