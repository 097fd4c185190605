// What a finished run reports about its model, on rows it never trained on.
import { z } from 'zod';
import { forecasting } from './series.ts';

/** One class: the figures of scikit-learn's `classification_report`. */
export const classScore = z.object({
  label: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  support: z.number().int(),
});
export type ClassScore = z.infer<typeof classScore>;

/** A part of the test rows: where a column has a value (none: ''), or a number lies in a range. */
export const slice = z.object({
  column: z.string(),
  value: z.string(),
  rows: z.number().int(),
  /** Accuracy, or mean absolute error in the target's unit, and where 95 of 100 samples of such rows would have it. */
  score: z.number(),
  interval: z.tuple([z.number(), z.number()]),
});
export type Slice = z.infer<typeof slice>;

/** Parts that the model does worse on than on all test rows, the clearest first; left out where none were looked for. */
const slices = z.array(slice).optional();

const average = classScore.omit({ label: true });

const classification = {
  accuracy: z.number(),
  macroF1: z.number(),
  weightedF1: z.number(),
  macro: average,
  weighted: average,
  classes: z.array(classScore),
  /** `confusion[i][j]`: rows of class i predicted as class j, in the order of `classes`; empty above 200 classes. */
  confusion: z.array(z.array(z.number().int())),
  /** Area under the ROC curve; one against the rest, macro, for more than two classes. Absent when a class has no row. */
  rocAuc: z.number().optional(),
  slices,
  logLoss: z.number(),
  /** Reliability of the top class: ten equal bins of confidence, and expected calibration error (Naeini et al. 2015). */
  calibration: z.object({
    ece: z.number(),
    bins: z.array(z.object({ confidence: z.number(), accuracy: z.number(), count: z.number().int() })),
  }),
};

const regression = {
  slices,
  mae: z.number(),
  rmse: z.number(),
  r2: z.number(),
  /** Prediction minus truth: mean, standard deviation, quantiles (0, 5, 25, 50, 75, 95, 100 %) and a histogram. */
  residuals: z.object({
    mean: z.number(),
    std: z.number(),
    quantiles: z.array(z.number()),
    histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int()) }),
  }),
};

/** Token figures are of the true texts, each token predicted from the true ones before it. */
const generation = {
  /** e to the mean negative log-likelihood of a token. */
  perplexity: z.number(),
  /** The same per UTF-8 byte of text, in bits: comparable between tokenizers. */
  bitsPerByte: z.number(),
  /** Share of tokens that were the likeliest one. */
  tokenAccuracy: z.number(),
  /** Tokens counted, the ending ones included. */
  tokens: z.number().int(),
};

const translation = {
  ...generation,
  /** Texts that were written by greedy decoding and compared with the true ones. */
  written: z.number().int(),
  /** Share of them that were the true text, blanks at the ends aside. */
  exactMatch: z.number(),
  /** chrF2 (Popović 2015) over all written texts, character n-grams of 1 to 6, 0 to 100. */
  chrF: z.number(),
  /** BLEU (Papineni et al. 2002) of words and punctuation over all written texts, 0 to 100. */
  bleu: z.number(),
};

/** Figures of the first ten items that the model proposes to a user, against what the user took; means over users. */
const rankingFigures = z.object({
  /** Discounted gain of hits by rank over the best that could be (Järvelin & Kekäläinen 2002). */
  ndcg: z.number(),
  /** Share of what the user took that is among the ten. */
  recall: z.number(),
  /** One over the rank of the first hit, 0 for none. */
  mrr: z.number(),
});

const ranking = {
  ...rankingFigures.shape,
  users: z.number().int(),
  items: z.number().int(),
  /** Share of all items that were proposed to somebody. */
  coverage: z.number(),
  /** The same figures of the items that most users took, for everybody. */
  popularity: rankingFigures,
};

const anomaly = {
  /** Share of rows that the user holds for unusual, the error from which on rows are called so, and the share of test rows that are. */
  contamination: z.number(),
  threshold: z.number(),
  flagged: z.number(),
  /** Reconstruction errors of the test rows: quantiles (0, 5, 25, 50, 75, 95, 100 %) and a histogram of their logarithms to base 10. */
  errors: z.object({
    quantiles: z.array(z.number()),
    histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int()) }),
  }),
  /** How the columns share in the errors of the rows that were called unusual; greatest first. */
  columns: z.array(z.object({ column: z.string(), share: z.number() })),
  /** Against a column that says which rows are unusual, where one was named. */
  labels: z
    .object({
      column: z.string(),
      anomalous: z.string(),
      /** Test rows that are. */
      rows: z.number().int(),
      rocAuc: z.number().optional(),
      /** Average precision. */
      prAuc: z.number().optional(),
      precision: z.number(),
      recall: z.number(),
      f1: z.number(),
    })
    .optional(),
};

const shared = {
  rows: z.number().int(),
  loss: z.number(),
  /** Wall-clock of training, seconds. */
  seconds: z.number(),
  epochs: z.number().int(),
  bestEpoch: z.number().int(),
  steps: z.number().int(),
  /** SHA-256 of the trained weights in name order, hex. */
  weights: z.string(),
};

export const report = z.discriminatedUnion('task', [
  z.object({ task: z.literal('binary'), ...shared, ...classification }),
  z.object({ task: z.literal('multiclass'), ...shared, ...classification }),
  z.object({ task: z.literal('regression'), ...shared, ...regression }),
  z.object({ task: z.literal('text-to-text'), ...shared, ...translation }),
  z.object({ task: z.literal('language-model'), ...shared, ...generation }),
  z.object({ task: z.literal('ranking'), ...shared, ...ranking }),
  z.object({ task: z.literal('anomaly'), ...shared, ...anomaly }),
  z.object({ task: z.literal('forecasting'), ...shared, ...forecasting }),
]);
export type Report = z.infer<typeof report>;
export type ClassificationReport = Extract<Report, { accuracy: number }>;
export type RegressionReport = Extract<Report, { r2: number }>;
export type GenerationReport = Extract<Report, { perplexity: number }>;
export type RankingReport = Extract<Report, { ndcg: number }>;
export type AnomalyReport = Extract<Report, { contamination: number }>;
export type ForecastReport = Extract<Report, { mase: number }>;

/** The one figure that can stand for a whole report. */
export function leadOf(report: Report): { name: LeadName; value: number } {
  if ('accuracy' in report) return { name: 'accuracy', value: report.accuracy };
  if ('chrF' in report) return { name: 'exactMatch', value: report.exactMatch };
  if ('perplexity' in report) return { name: 'perplexity', value: report.perplexity };
  if (report.task === 'ranking') return { name: 'ndcg', value: report.ndcg };
  if (report.task === 'regression') return { name: 'r2', value: report.r2 };
  if (report.task === 'forecasting') return { name: 'mase', value: report.mase };
  const { flagged, labels } = report;
  return labels?.rocAuc === undefined ? { name: 'flagged', value: flagged } : { name: 'rocAuc', value: labels.rocAuc };
}
export type LeadName = 'accuracy' | 'r2' | 'mase' | 'ndcg' | 'rocAuc' | 'flagged' | 'exactMatch' | 'perplexity';

/** One live figure of a run. `step` counts optimiser steps from 1, `epoch` full passes. */
export const metricPoint = z.object({
  step: z.number().int(),
  epoch: z.number().int(),
  /** e.g. `train.loss`, `val.loss`, `val.accuracy`, `lr`. */
  name: z.string(),
  value: z.number(),
  at: z.number(),
});
export type MetricPoint = z.infer<typeof metricPoint>;

/** How far a run is; `leftMs` is the estimate of what remains. */
export const progress = z.object({
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  leftMs: z.number().optional(),
});
export type Progress = z.infer<typeof progress>;
