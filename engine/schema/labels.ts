// The labelling table: rows that want a person's eye, what was said about them, and who said it.
import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A row to label. */
export const labelRow = z.object({
  /** Number of the row in the present version, from 0. */
  row: z.number().int(),
  /** Its label now: what was set since counts. */
  label: z.string().nullable(),
  /** Set by a person since the present version was made. */
  edited: z.boolean(),
  /** What the model says, and how sure it is (its probability). */
  predicted: z.string().optional(),
  confidence: z.number().optional(),
  cells: z.record(z.string(), cell),
});
export type LabelRow = z.infer<typeof labelRow>;

export const labelPage = z.object({
  column: z.string(),
  /** Labels there are, by falling count. */
  labels: z.array(z.string()),
  version: z.number().int(),
  rows: z.array(labelRow),
  /** Rows that match, of `scanned` rows that were looked at, of all. */
  total: z.number().int(),
  scanned: z.number().int(),
  of: z.number().int(),
  /** Labels set that no version holds yet. */
  pending: z.number().int(),
});
export type LabelPage = z.infer<typeof labelPage>;

export const labelQuery = z.object({
  /** The column that holds labels; the dataset's target when left out. */
  column: z.string().optional(),
  /** `missing`: rows without a label; `unsure`: those the model is least sure of; `disagree`: those it would label otherwise, surest first. */
  show: z.enum(['missing', 'unsure', 'disagree', 'all']).default('missing'),
  /** Model that scores the rows: id, name or name@version. */
  model: z.string().optional(),
  /** With a model: only rows whose label it is less sure of than this. */
  below: z.coerce.number().min(0).max(1).optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const labelRequest = z.object({
  column: z.string().optional(),
  /** Null takes a label away. */
  values: z
    .array(z.object({ row: z.number().int().min(0), value: z.string().min(1).max(1000).nullable() }))
    .min(1)
    .max(10_000),
});

/** One row's label as somebody set it. */
export const labelEdit = z.object({
  row: z.number().int(),
  column: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Version that the row's number is of. */
  version: z.number().int(),
  by: z.string(),
  at: z.number(),
  applied: z.boolean(),
});
export type LabelEdit = z.infer<typeof labelEdit>;
