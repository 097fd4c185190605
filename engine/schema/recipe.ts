// What may be done to a dataset, as data: steps that a person reads, a file keeps and a machine replays. data/recipe runs
// them; nothing here does.
import { z } from 'zod';
import { columnType } from './columns.ts';
import { maskKind, maskOptions } from './mask.ts';

/** Ways of making texts alike, done in this order. */
export const textForms = ['nfkc', 'strip_html', 'strip_control', 'lower', 'collapse', 'trim'] as const;
export const textForm = z.enum(textForms);

const name = z.string().min(1).max(1000);
const row = z.number().int().min(0);

/** One step; columns are named as they are called after the steps before it. */
export const recipeStep = z.discriminatedUnion('op', [
  z.object({ op: z.literal('rename'), column: name, to: name }),
  z.object({
    op: z.literal('cast'),
    column: name,
    type: columnType,
    /** What becomes of values that do not fit: the step is refused, or they count as missing. */
    invalid: z.enum(['refuse', 'missing']).default('refuse'),
  }),
  z.object({ op: z.literal('drop'), columns: z.array(name).min(1) }),
  z.object({
    op: z.literal('fill'),
    column: name,
    with: z.enum(['value', 'mean', 'median', 'mode']),
    /** For `value`. */
    value: z.union([z.string(), z.number()]).optional(),
  }),
  z.object({
    op: z.literal('clip'),
    column: name,
    min: z.number().optional(),
    max: z.number().optional(),
    /** Shares of the values below and above which they are clipped, in place of `min` and `max`. */
    quantiles: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]).optional(),
  }),
  z.object({
    op: z.literal('deduplicate'),
    /** Columns that make two rows the same; all but identifiers when left out. The first of them stays. */
    columns: z.array(name).min(1).optional(),
    /** Texts count as the same when they differ in case, width, blanks and punctuation only. */
    loose: z.boolean().default(false),
  }),
  z.object({
    op: z.literal('filter'),
    /** A condition of SQL over the columns; rows where it does not hold go. */
    where: z.string().min(1).max(20_000),
  }),
  z.object({
    op: z.literal('normalise'),
    column: name,
    forms: z.array(textForm).min(1).default(['nfkc', 'strip_control', 'collapse', 'trim']),
  }),
  z.object({
    op: z.literal('join'),
    /** Id of the other dataset, and the version that is meant, by its content. */
    dataset: z.string(),
    sha256: z.string().optional(),
    on: z.array(z.object({ left: name, right: name })).min(1),
    /** Its columns to take; all but the keys when left out. */
    columns: z.array(name).min(1).optional(),
    keep: z.enum(['all', 'matching']).default('all'),
  }),
  z.object({ op: z.literal('mask'), ...maskOptions.shape }),
  z.object({
    op: z.literal('label'),
    column: name,
    /** Row numbers from 0 as they are after the steps before; null takes a label away. */
    values: z.array(z.object({ row, value: z.string().nullable() })).min(1),
  }),
]);
export type RecipeStep = z.infer<typeof recipeStep>;
export type StepOf<O extends RecipeStep['op']> = Extract<RecipeStep, { op: O }>;

/** One content that a dataset has had: what it is, and how it came from which other. */
export const datasetVersion = z.object({
  version: z.number().int().min(1),
  /** SHA-256 over the content, hex. */
  sha256: z.string(),
  /** Object pack with the rows. */
  object: z.string(),
  rows: z.number().int(),
  columns: z.number().int(),
  /** The version that `steps` begin from; none for what was imported. */
  from: z.number().int().optional(),
  steps: z.array(recipeStep),
  at: z.number(),
});
export type DatasetVersion = z.infer<typeof datasetVersion>;

/** A recipe as it stands: what the present version is made by, and what was added since. */
export const recipeView = z.object({
  /** The present version, and the one that its steps begin from. */
  version: z.number().int(),
  base: z.number().int(),
  /** All steps, in order; the first `applied` of them made the present version when `clean` is true or none was taken back. */
  steps: z.array(recipeStep),
  /** Each step as a sentence. */
  says: z.array(z.string()),
  /** Whether the present version is what these steps make. */
  clean: z.boolean(),
  versions: z.array(datasetVersion),
});
export type RecipeView = z.infer<typeof recipeView>;

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What steps would make, before they are kept. */
export const recipePreview = z.object({
  before: z.number().int(),
  rows: z.number().int(),
  columns: z.array(z.object({ name: z.string(), type: columnType.optional() })),
  sample: z.array(z.array(cell)),
  /** What each step did: rows that it took away, cells that it changed. */
  did: z.array(z.object({ says: z.string(), rows: z.number().int(), cells: z.number().int() })),
});
export type RecipePreview = z.infer<typeof recipePreview>;

/** What masking would find in a column, on a sample of the user's own rows. */
export const sensitiveColumn = z.object({
  column: z.string(),
  /** Rows of the sample with a value. */
  looked: z.number().int(),
  kinds: z.array(
    z.object({
      kind: maskKind,
      /** Rows of the sample with a finding of this kind, and findings. */
      rows: z.number().int(),
      found: z.number().int(),
      /** Mean confidence of the findings, 0 to 1: the share of them that are expected to be right. */
      confidence: z.number(),
      /** Findings that were close to not being one, of all that were close to the line or over it. */
      doubtful: z.number().int(),
    }),
  ),
  /** Up to five texts and what would become of them. */
  examples: z.array(z.object({ before: z.string(), after: z.string() })),
});
export const sensitiveReport = z.object({
  rows: z.number().int(),
  sampled: z.number().int(),
  columns: z.array(sensitiveColumn),
});
export type SensitiveColumn = z.infer<typeof sensitiveColumn>;
export type SensitiveReport = z.infer<typeof sensitiveReport>;
