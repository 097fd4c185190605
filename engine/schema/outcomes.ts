// What a model said of each row of its test part, as the API tells it: curves over the scores, and the rows themselves.
import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const point = z.tuple([z.number(), z.number()]);

/** One class against the rest. Points are thinned to what an eye can tell apart. */
export const classCurve = z.object({
  label: z.string(),
  /** Kept test rows of the class. */
  support: z.number().int(),
  /** False positive rate, true positive rate; from [0, 0] to [1, 1]. Empty, as `pr`, when the kept rows are all or none of the class. */
  roc: z.array(point),
  /** Recall, precision; from the strictest threshold on. */
  pr: z.array(point),
  /** Area under the ROC curve and average precision; absent in that case. */
  auc: z.number().optional(),
  ap: z.number().optional(),
  /** Reliability of the class's score: mean score and share of rows that are of the class, in ten equal bins. */
  calibration: z.array(z.object({ confidence: z.number(), accuracy: z.number(), count: z.number().int() })),
});
export type ClassCurve = z.infer<typeof classCurve>;

/** Scores on the test part: curves for classes, [truth, prediction] for quantities. */
export const outcomeCurves = z.object({
  /** Test rows whose scores were kept, evenly thinned where there were many, and all test rows. */
  kept: z.number().int(),
  of: z.number().int(),
  /** The second class alone where there are two; the largest twenty where there are more. */
  curves: z.array(classCurve),
  points: z.array(point),
});
export type OutcomeCurves = z.infer<typeof outcomeCurves>;

/** Which of the judged rows are wanted; without a class, those that were judged wrongly. */
export const judgedQuery = z.object({
  truth: z.string().optional(),
  predicted: z.string().optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Test rows and what was said of them: those that the model was surest of being wrong about first. */
export const judgedRows = z.object({
  /** Where the rows are from. */
  dataset: z.object({ id: z.string(), name: z.string(), version: z.number().int().optional() }),
  columns: z.array(z.string()),
  rows: z.array(
    z.object({
      /** Number of the row in the dataset, from 0. */
      row: z.number().int(),
      truth: z.union([z.string(), z.number()]),
      predicted: z.union([z.string(), z.number()]),
      /** Score of the predicted class. */
      confidence: z.number().optional(),
      cells: z.array(cell),
    }),
  ),
  total: z.number().int(),
  kept: z.number().int(),
  of: z.number().int(),
});
export type JudgedRows = z.infer<typeof judgedRows>;
