// How rows are parted into those to train on, to choose by, and to test on.
import { z } from 'zod';

export const splitKinds = ['stratified', 'random', 'group', 'time'] as const;

export const splitSpec = z.object({
  /**
   * `stratified`: alike classes, or ranges of the target, in every part. `group`: rows with the same value of `column` stay
   * together. `time`: the test rows come after all others by `column`.
   */
  by: z.enum(splitKinds).default('stratified'),
  /** The column of groups or of times. */
  column: z.string().optional(),
  /** Shares of the rows. */
  validation: z.number().gt(0).lt(0.5).default(0.1),
  test: z.number().gt(0).lt(0.5).default(0.1),
  /** Folds that a search tries its candidates on; as many as the rows allow when left out. */
  folds: z.number().int().min(2).max(20).optional(),
});
export type SplitSpec = z.infer<typeof splitSpec>;

/** A split to look at: parts as training has them, or so many folds. */
export const splitAsk = splitSpec.extend({
  validation: z.coerce.number().gt(0).lt(0.5).default(0.1),
  test: z.coerce.number().gt(0).lt(0.5).default(0.1),
  /** The column to predict; the guessed one when left out. */
  target: z.string().optional(),
  folds: z.coerce.number().int().min(2).max(100).optional(),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
});
export type SplitAsk = z.infer<typeof splitAsk>;

export const splitView = z.object({
  target: z.string(),
  seed: z.number().int(),
  parts: z.array(
    z.object({
      name: z.string(),
      rows: z.number().int(),
      classes: z.array(z.object({ value: z.string(), count: z.number().int() })).optional(),
    }),
  ),
  /** Part of each row, its place in `parts`; −1 for rows without a target. */
  of: z.array(z.number().int()),
});
export type SplitView = z.infer<typeof splitView>;
