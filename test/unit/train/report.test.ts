// Reports against the figures that scikit-learn gives for the same predictions (test/fixtures/make_metrics.py).
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { classificationReport, regressionReport } from '../../../engine/train/report.ts';
import { report as reportSchema } from '../../../engine/schema/index.ts';

interface Scores {
  precision: number;
  recall: number;
  'f1-score': number;
  support: number;
}
interface ClassificationCase {
  classes: number;
  truth: number[];
  probabilities: number[];
  report: Record<string, Scores | number>;
  confusion: number[][];
  rocAuc: number | null;
  logLoss: number;
}
interface RegressionCase {
  truth: number[];
  predicted: number[];
  mae: number;
  rmse: number;
  r2: number;
  residuals: Record<string, unknown>;
}
const cases = JSON.parse(readFileSync(new URL('../../fixtures/metrics.json', import.meta.url), 'utf8')) as {
  classification: Record<string, ClassificationCase>;
  regression: Record<string, RegressionCase>;
};
const facts = { loss: 0.5, seconds: 1, epochs: 3, bestEpoch: 2, steps: 30, weights: '00' };

/** Every number rounded to 10 places, so that whole values compare. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === 'number' ? Math.round(item * 1e10) / 1e10 : item,
  );
const scores = (value: Scores | number | undefined) => {
  const none = { precision: 0, recall: 0, 'f1-score': 0, support: 0 };
  const { 'f1-score': f1, ...rest } = typeof value === 'object' ? value : none;
  return { ...rest, f1 };
};

describe('a classification report', () => {
  test.each(Object.entries(cases.classification))('equals scikit-learn: %s', (_, given) => {
    const labels = Array.from({ length: given.classes }, (__, i) => String(i));
    const task = given.classes === 2 ? 'binary' : 'multiclass';
    const made = classificationReport(task, labels, given.truth, given.probabilities, facts);
    const { calibration, ...rest } = made;
    expect(rounded(rest)).toEqual(
      rounded({
        task,
        rows: given.truth.length,
        ...facts,
        accuracy: given.report['accuracy'],
        macroF1: scores(given.report['macro avg']).f1,
        weightedF1: scores(given.report['weighted avg']).f1,
        macro: scores(given.report['macro avg']),
        weighted: scores(given.report['weighted avg']),
        classes: labels.map((label) => ({ label, ...scores(given.report[label]) })),
        confusion: given.confusion,
        ...(given.rocAuc === null ? {} : { rocAuc: given.rocAuc }),
        logLoss: given.logLoss,
      }),
    );
    expect(calibration.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(given.truth.length);
    expect(reportSchema.parse(made)).toEqual(made);
  });

  test('says how far confidence is from accuracy', () => {
    // Four rows at confidence 0.8 of which two are right, one at 1 that is right.
    const truth = [0, 0, 1, 1, 0];
    const probabilities = [0.8, 0.2, 0.8, 0.2, 0.8, 0.2, 0.8, 0.2, 1, 0];
    const { calibration } = classificationReport('binary', ['no', 'yes'], truth, probabilities, facts);
    expect(calibration.ece).toBeCloseTo((4 / 5) * 0.3, 12);
    expect(calibration.bins[7]).toEqual({ confidence: 0.8, accuracy: 0.5, count: 4 });
    expect(calibration.bins[9]).toEqual({ confidence: 1, accuracy: 1, count: 1 });
  });

  test('of thousands of classes stays small: no confusion matrix, and the scores of each', () => {
    const labels = Array.from({ length: 5000 }, (_, i) => String(i));
    const probabilities = new Float32Array(3 * labels.length);
    for (const [row, predicted] of [7, 7, 4999].entries()) probabilities[row * labels.length + predicted] = 1;
    const made = classificationReport('multiclass', labels, [7, 8, 4999], probabilities, facts);
    expect([made.accuracy, made.confusion]).toEqual([2 / 3, []]);
    expect(made.classes[7]).toEqual({ label: '7', precision: 0.5, recall: 1, f1: 2 / 3, support: 1 });
  });

  test('refuses to report on no rows', () => {
    expect(() => classificationReport('binary', ['a', 'b'], [], [], facts)).toThrow(/no row is left/);
  });
});

describe('a regression report', () => {
  test.each(Object.entries(cases.regression))('equals scikit-learn and NumPy: %s', (_, given) => {
    const { truth, predicted, ...expected } = given;
    const made = regressionReport(truth, predicted, facts);
    expect(rounded(made)).toEqual(rounded({ task: 'regression', rows: truth.length, ...facts, ...expected }));
    expect(reportSchema.parse(made)).toEqual(made);
  });

  test('has one histogram bin with all rows when every error is the same', () => {
    const { residuals, r2 } = regressionReport([3, 3, 3], [4, 4, 4], facts);
    expect(residuals.histogram.counts.reduce((a, b) => a + b)).toBe(3);
    expect(residuals.histogram.edges.at(0)).toBe(0.5);
    expect(r2).toBe(0);
  });
});
