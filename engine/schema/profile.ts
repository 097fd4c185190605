// What is known of a dataset beyond the figures kept with it: distributions, and what its owner should know before training.
import { z } from 'zod';
import { task } from './columns.ts';
import { recipeStep } from './recipe.ts';

const bins = z.object({ edges: z.array(z.number()), counts: z.array(z.number().int()) });
const top = z.array(z.object({ value: z.string(), count: z.number().int() }));

export const columnProfile = z.object({
  name: z.string(),
  /** `image` and `audio` columns have figures of their own. */
  type: z.string(),
  missing: z.number().int(),
  /** Different values; approximate above 100,000. */
  distinct: z.number().int(),
  /** 0, 1, 5, 25, 50, 75, 95, 99 and 100 %. */
  quantiles: z.array(z.number()).optional(),
  mean: z.number().optional(),
  std: z.number().optional(),
  zeros: z.number().int().optional(),
  histogram: bins.extend({ log: z.boolean() }).optional(),
  top: top.optional(),
  /** Characters, for texts. */
  length: z.object({ quantiles: z.array(z.number()), histogram: bins }).optional(),
  /** Languages of texts by falling share (BCP 47), judged on a sample. */
  languages: z.array(z.object({ language: z.string(), share: z.number() })).optional(),
  /** Width and height in pixels, for images: the most frequent sizes. */
  sizes: z.array(z.object({ width: z.number().int(), height: z.number().int(), count: z.number().int() })).optional(),
});
export type ColumnProfile = z.infer<typeof columnProfile>;

/** How well one column alone predicts the target on rows that it was not fitted on. */
export const leak = z.object({
  column: z.string(),
  /**
   * `leak`: near-perfect, with enough rows to be sure of it, or the target by another name. `strong`: unusually good; a person
   * should say whether it is known at the time of a prediction.
   */
  level: z.enum(['leak', 'strong']),
  /** Share of the baseline's error that it takes away: (accuracy − majority) / (1 − majority), or R². */
  score: z.number(),
  /** Rows that it was scored on. */
  rows: z.number().int(),
  why: z.enum(['copy', 'mapping', 'missing', 'values', 'text']),
  message: z.string(),
});
export type Leak = z.infer<typeof leak>;

export const finding = z.object({
  code: z.enum([
    'leakage',
    'strong_column',
    'duplicates',
    'duplicates_across',
    'near_duplicates_across',
    'constant',
    'identifier',
    'empty',
    'mixed_types',
    'drift',
    'tiny_class',
    'imbalance',
    'missing_target',
    'conflicting_labels',
    'outliers',
  ]),
  severity: z.enum(['high', 'medium', 'low']),
  column: z.string().optional(),
  /** Figures behind the sentence, for interfaces that say it in their own words. */
  values: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  message: z.string(),
  /** A step that puts it right, where one does. */
  fix: recipeStep.optional(),
  /** Where leaving the column out of training puts it right. */
  ignore: z.string().optional(),
});
export type Finding = z.infer<typeof finding>;

export const profile = z.object({
  version: z.number().int(),
  sha256: z.string(),
  rows: z.number().int(),
  target: z.string().optional(),
  task: task.optional(),
  columns: z.array(columnProfile),
  /** Rows by class, falling; at most 100 classes. */
  classes: top.optional(),
  /** Rows that occur before, exactly and loosely (case, width, blanks and punctuation set aside). */
  duplicates: z.object({ exact: z.number().int(), loose: z.number().int() }),
  findings: z.array(finding),
  /** Seconds that it took. */
  seconds: z.number(),
});
export type Profile = z.infer<typeof profile>;
