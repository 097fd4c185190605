// The report of a finished run, from its predictions on rows that it never trained on. Shapes are schema/report.ts.
import { assert } from '../base/index.ts';
import { type ClassificationReport, Fault, type RegressionReport, type Report } from '../schema/index.ts';
import { confusionMatrix, confusionScores } from './confusion.ts';
import { calibrationOf, logLoss, namedRows, regressionScores, rocAuc } from './metrics.ts';

/** Above it no confusion matrix is kept: it grows with the square, and a list of runs carries it. */
const mostConfusion = 200;

/** What the run itself adds to a report: how long it took and what came out. */
export type RunFacts = Pick<Report, 'loss' | 'seconds' | 'epochs' | 'bestEpoch' | 'steps' | 'weights'>;

/** Report of class probabilities `[rows, classes]` against true class numbers; `decision` as preprocess.json has it. */
export function classificationReport(
  task: ClassificationReport['task'],
  labels: readonly string[],
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  facts: RunFacts,
  decision?: readonly number[],
): ClassificationReport {
  const k = labels.length;
  assert(probabilities.length === truth.length * k, 'a probability for every row and class');
  needRows(truth);
  const predicted = namedRows(probabilities, k, decision);
  const { accuracy, classes, macro, weighted } = confusionScores(truth, predicted, labels);
  const auc = rocAuc(truth, probabilities, k);
  return {
    task,
    rows: truth.length,
    ...facts,
    accuracy,
    macroF1: macro.f1,
    weightedF1: weighted.f1,
    macro,
    weighted,
    classes,
    confusion: k <= mostConfusion ? confusionMatrix(truth, predicted, k) : [],
    ...(auc === undefined ? {} : { rocAuc: auc }),
    logLoss: logLoss(truth, probabilities, k),
    calibration: calibrationOf(truth, probabilities, k),
  };
}

/** Report of predicted against true quantities, both in the target's own unit. */
export function regressionReport(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  facts: RunFacts,
): RegressionReport {
  assert(predicted.length === truth.length, 'a prediction for every row');
  needRows(truth);
  return { task: 'regression', rows: truth.length, ...facts, ...regressionScores(truth, predicted) };
}

function needRows(truth: ArrayLike<number>): void {
  if (truth.length === 0)
    throw new Fault('bad_data', 'no row is left to test the model on; import more rows or pass a test file');
}

/** Headline figures of a report by name, for lists and manifests. */
export function headline(report: Report): Record<string, number> {
  if (report.task === 'regression') return { r2: report.r2, rmse: report.rmse, mae: report.mae };
  if (report.task === 'anomaly') {
    const { flagged, threshold, labels } = report;
    const { rocAuc: area, prAuc = 0 } = labels ?? {};
    return { ...(area === undefined ? {} : { rocAuc: area, prAuc }), flagged, threshold };
  }
  if (report.task === 'forecasting') {
    const { mase, smape, rmse, mae } = report;
    return { mase, smape, rmse, mae };
  }
  if (report.task === 'ranking') return { ndcg: report.ndcg, recall: report.recall, mrr: report.mrr };
  if ('perplexity' in report) {
    const { perplexity, tokenAccuracy, bitsPerByte } = report;
    const tokens = { perplexity, tokenAccuracy, bitsPerByte };
    if (!('chrF' in report)) return tokens;
    return { exactMatch: report.exactMatch, chrF: report.chrF, bleu: report.bleu, ...tokens };
  }
  const { accuracy, macroF1, logLoss: loss, rocAuc: auc } = report;
  return { accuracy, macroF1, logLoss: loss, ...(auc === undefined ? {} : { rocAuc: auc }) };
}
