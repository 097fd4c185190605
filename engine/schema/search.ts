// What a search tells of itself: its trials, what it put together, and what the model looks at.
import { z } from 'zod';
import { hyper, metric, modelKind } from './plan.ts';

/** One tried configuration. */
export const trialRow = z.object({
  id: z.number().int(),
  family: modelKind,
  hyper,
  why: z.string(),
  state: z.enum(['finished', 'stopped', 'failed']),
  /** Folds that were done. */
  folds: z.number().int(),
  /** Mean loss of held-out rows, calibrated; smaller is better. */
  loss: z.number(),
  /** Accuracy or R² of held-out rows, and where 95 of 100 samples of them would have it. */
  score: z.number(),
  interval: z.tuple([z.number(), z.number()]),
  /** Of one fold, ms. */
  fitMs: z.number(),
  predictMs: z.number(),
  /** Numbers that were learned. */
  size: z.number().int(),
  error: z.string().optional(),
});
export type TrialRow = z.infer<typeof trialRow>;

/** The leaderboard of a search, best first, and how it ended. */
export const searchSummary = z.object({
  /** Trials that ended; `rows` holds the best 60 of them. */
  trials: z.number().int(),
  rows: z.array(trialRow).max(60),
  /** What the model is made of, once it is chosen: trials and their weights. */
  members: z.array(z.object({ id: z.number().int(), weight: z.number() })),
  /** Of the ensemble on held-out rows. */
  score: z.number().optional(),
  interval: z.tuple([z.number(), z.number()]).optional(),
  /** How the members' answers become one, and what the class that is named was chosen for where it is not accuracy. */
  mix: z
    .object({
      by: z.enum(['mean', 'stack']),
      calibration: z.enum(['temperature', 'scaling', 'isotonic']),
      metric: metric.optional(),
      /** Share of the second of two classes from which on it is named. */
      threshold: z.number().optional(),
    })
    .optional(),
  /** How much the score on test rows falls when a column is shuffled. */
  importance: z.array(z.object({ column: z.string(), drop: z.number(), spread: z.number() })).default([]),
  /** What the model answers on average where a column has a value: a number, or the share of each class. */
  dependence: z
    .array(z.object({ column: z.string(), at: z.array(z.number()), answers: z.array(z.array(z.number())) }))
    .default([]),
  /** For a search that was done again: trials that were, and those of them with the very same loss. */
  replay: z.object({ run: z.string(), trials: z.number().int(), same: z.number().int() }).optional(),
  /** Columns that may give the target away, found before the search. */
  leaks: z.array(z.string()).default([]),
});
export type SearchSummary = z.infer<typeof searchSummary>;
