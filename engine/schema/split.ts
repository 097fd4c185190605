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
});
export type SplitSpec = z.infer<typeof splitSpec>;
