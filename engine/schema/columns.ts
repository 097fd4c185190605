// What a dataset looks like: its columns, their types and the figures kept about each.
import { z } from 'zod';

export const columnTypes = ['number', 'category', 'text', 'boolean', 'date', 'identifier'] as const;
export const columnType = z.enum(columnTypes);
export type ColumnType = z.infer<typeof columnType>;

/** One column. Numbers and dates (ms since 1970, UTC) carry quantities; categories and booleans carry their values by falling count. */
export const column = z.object({
  name: z.string(),
  type: columnType,
  /** Rows without a value. */
  missing: z.number().int(),
  /** Different values, missing not counted; approximate above 100,000. */
  distinct: z.number().int(),
  min: z.number().optional(),
  max: z.number().optional(),
  mean: z.number().optional(),
  std: z.number().optional(),
  /** 0, 25, 50, 75 and 100 %. */
  quantiles: z.array(z.number()).optional(),
  /** Most frequent values, at most 50, by falling count. */
  top: z.array(z.object({ value: z.string(), count: z.number().int() })).optional(),
  /** Characters, for text: mean and greatest. */
  length: z.object({ mean: z.number(), max: z.number() }).optional(),
});
export type Column = z.infer<typeof column>;

export const tasks = ['binary', 'multiclass', 'regression'] as const;
export const task = z.enum(tasks);
export type Task = z.infer<typeof task>;

/** Something about the data that the user should know before training. */
export const warning = z.object({
  code: z.string(),
  column: z.string().optional(),
  message: z.string(),
});
export type Warning = z.infer<typeof warning>;

/** Figures of a whole dataset. */
export const datasetShape = z.object({
  rows: z.number().int(),
  columns: z.array(column),
  /** The column a person most likely wants to predict, guessed from names, types and position. */
  target: z.string().optional(),
  warnings: z.array(warning).default([]),
});
export type DatasetShape = z.infer<typeof datasetShape>;

/** How a file is read. Everything left out is detected. */
export const importOptions = z.object({
  format: z.enum(['csv', 'jsonl']).optional(),
  delimiter: z.string().min(1).max(4).optional(),
  encoding: z.enum(['utf-8', 'latin-1', 'utf-16']).optional(),
  header: z.boolean().optional(),
  /** Column types that override detection. */
  types: z.record(z.string(), columnType).optional(),
});
export type ImportOptions = z.infer<typeof importOptions>;
