// Curves over kept scores: ROC, precision over recall and reliability of each class against the rest, thinned for drawing. Pure.
import type { ClassCurve, OutcomeCurves } from '../schema/index.ts';
import type { Outcomes } from '../train/index.ts';

/** Classes that get curves, and points of quantities, at most. */
const mostCurves = 20;
const mostPoints = 1000;
/** Points of a curve that are nearer than this to the one before say nothing more to an eye. */
const apart = 1 / 128;

type Point = [number, number];

/** The curves of outcomes; `labels` are the classes in their order. */
export function curvesOf(outcomes: Outcomes, labels: readonly string[]): OutcomeCurves {
  const { classes, of, rows, truth, scores } = outcomes;
  const kept = rows.length;
  if (classes === 0) {
    const every = Math.max(1, Math.ceil(kept / mostPoints));
    const points = Array.from(
      { length: Math.ceil(kept / every) },
      (_, i): Point => [truth[i * every], scores[i * every]],
    );
    return { kept, of, curves: [], points };
  }
  const support = new Uint32Array(classes);
  for (const label of truth) support[label]++;
  const wanted =
    classes === 2
      ? [1]
      : Array.from(support.keys())
          .sort((a, b) => support[b] - support[a])
          .slice(0, mostCurves)
          .sort((a, b) => a - b);
  const curves = wanted.map((label) =>
    curveOf(
      labels[label] ?? String(label),
      Float64Array.from(rows, (_, i) => scores[i * classes + label]),
      Uint8Array.from(truth, (value) => (value === label ? 1 : 0)),
    ),
  );
  return { kept, of, curves, points: [] };
}

function curveOf(label: string, scores: Float64Array, isOf: Uint8Array): ClassCurve {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  const positives = isOf.reduce((sum, one) => sum + one, 0);
  const negatives = isOf.length - positives;
  const roc: Point[] = [[0, 0]];
  const pr: Point[] = [];
  let [hits, misses] = [0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at]];
    for (; at < order.length && scores[order[at]] === score; at++) {
      if (isOf[order[at]]) hits++;
      else misses++;
    }
    roc.push([misses / negatives, hits / positives]);
    pr.push([hits / positives, hits / (hits + misses)]);
  }
  const isDrawn = positives > 0 && negatives > 0;
  return {
    label,
    support: positives,
    roc: isDrawn ? fewer(roc) : [],
    pr: isDrawn ? fewer(pr) : [],
    ...(isDrawn ? areasOf(roc, pr) : {}),
    calibration: reliability(scores, isOf),
  };
}

/** Area under the ROC curve, ties counted half, and average precision (scikit-learn's `average_precision_score`). */
function areasOf(roc: Point[], pr: Point[]): { auc: number; ap: number } {
  const steps = roc.slice(1).map(([x, y], i) => ((x - roc[i][0]) * (y + roc[i][1])) / 2);
  const gains = pr.map(([recall, precision], i) => (recall - (pr[i - 1]?.[0] ?? 0)) * precision);
  return { auc: steps.reduce((sum, step) => sum + step, 0), ap: gains.reduce((sum, gain) => sum + gain, 0) };
}

/** The corners of a curve that can be told apart, its ends included; to three digits behind the point. */
function fewer(points: Point[]): Point[] {
  const kept: Point[] = [];
  for (const [i, [x, y]] of points.entries()) {
    const before = kept.at(-1);
    const near = before && Math.abs(before[0] - x) + Math.abs(before[1] - y) < apart;
    if (near && i < points.length - 1) continue;
    kept.push([x, y]);
  }
  return kept.map(([x, y]) => [Math.round(x * 1e4) / 1e4, Math.round(y * 1e4) / 1e4]);
}

function reliability(scores: Float64Array, isOf: Uint8Array): ClassCurve['calibration'] {
  const bins = Array.from({ length: 10 }, () => ({ confidence: 0, accuracy: 0, count: 0 }));
  for (const [i, score] of scores.entries()) {
    const bin = bins[Math.min(9, Math.floor(score * 10))];
    bin.confidence += score;
    bin.accuracy += isOf[i];
    bin.count++;
  }
  return bins.map(({ confidence, accuracy, count }) => ({
    confidence: count > 0 ? confidence / count : 0,
    accuracy: count > 0 ? accuracy / count : 0,
    count,
  }));
}
