// What a finished run reports about its model, on rows it never trained on.
import { z } from 'zod';

/** One class: the figures of scikit-learn's `classification_report`. */
export const classScore = z.object({
  label: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  support: z.number().int(),
});
export type ClassScore = z.infer<typeof classScore>;

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
  logLoss: z.number(),
  /** Reliability of the top class: ten equal bins of confidence, and expected calibration error (Naeini et al. 2015). */
  calibration: z.object({
    ece: z.number(),
    bins: z.array(z.object({ confidence: z.number(), accuracy: z.number(), count: z.number().int() })),
  }),
};

const regression = {
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
]);
export type Report = z.infer<typeof report>;
export type ClassificationReport = Extract<Report, { accuracy: number }>;
export type RegressionReport = Extract<Report, { r2: number }>;

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
