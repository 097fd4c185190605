// What a dataset looks like: its columns, their types and the figures kept about each.
import { z } from 'zod';
import { maskOptions } from './mask.ts';

/** Types that a column of text can be given; whether it holds images or sound is seen, not chosen. */
export const cellTypes = ['number', 'category', 'text', 'boolean', 'date', 'identifier'] as const;
export const mediaTypes = ['image', 'audio'] as const;
export const columnTypes = [...cellTypes, ...mediaTypes] as const;
export const columnType = z.enum(columnTypes);
export type ColumnType = z.infer<typeof columnType>;
export type CellType = (typeof cellTypes)[number];

/** Least, mean and greatest. */
const spread = z.object({ min: z.number(), mean: z.number(), max: z.number() });

/** What the files of an image or audio column are. */
export const mediaFigures = z.object({
  /** Files by format, such as `png` or `wav`. */
  formats: z.record(z.string(), z.number().int()),
  /** Channels that occur, and how many files have them. */
  channels: z.record(z.string(), z.number().int()),
  /** Bytes of a file. */
  bytes: spread,
  /** Pixels, for images, as a viewer shows them (after the turn that the camera noted). */
  width: spread.optional(),
  height: spread.optional(),
  /** Length, and samples a second that occur, for sound. */
  seconds: spread.optional(),
  rates: z.record(z.string(), z.number().int()).optional(),
});
export type MediaFigures = z.infer<typeof mediaFigures>;

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
  /** For columns of images and sound. */
  media: mediaFigures.optional(),
});
export type Column = z.infer<typeof column>;

/**
 * What is learned. `text-to-text` and `language-model` write texts: another text for one that is read, or what follows a
 * beginning; `ranking` tells which items a user takes next, `anomaly` how unusual a row is, `forecasting` how a series goes on.
 */
export const tasks = [
  'binary',
  'multiclass',
  'regression',
  'text-to-text',
  'language-model',
  'ranking',
  'anomaly',
  'forecasting',
] as const;
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

/** What a file or folder can be read as, and what a dataset can be written as. `texts`, `images` and `audio` are folders or zips. */
export const importFormats = [
  'csv',
  'jsonl',
  'json',
  'parquet',
  'arrow',
  'xlsx',
  'sqlite',
  'texts',
  'images',
  'audio',
] as const;
export const importFormat = z.enum(importFormats);
export type ImportFormat = z.infer<typeof importFormat>;

/** What a dataset can be written as; `zip` is for those of images and sound. */
export const exportFormats = ['csv', 'jsonl', 'json', 'parquet', 'arrow', 'xlsx', 'sqlite', 'zip'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Encodings of text files, by their WHATWG labels (latin-1 is windows-1252). */
export const encodings = [
  'utf-8',
  'utf-16',
  'latin-1',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'iso-8859-2',
  'iso-8859-15',
  'koi8-r',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
] as const;

/** How a file is read. Everything left out is detected. */
export const importOptions = z.object({
  format: importFormat.optional(),
  delimiter: z.string().min(1).max(4).optional(),
  /** The character around values that hold a delimiter. */
  quote: z.enum(['"', "'"]).optional(),
  encoding: z.enum(encodings).optional(),
  header: z.boolean().optional(),
  /** What stands before the decimals of numbers in text; `,` makes `.`, blanks and apostrophes thousands marks, and the other way round. */
  decimal: z.enum(['.', ',']).optional(),
  /** Sheet of a workbook, or table of an SQLite file. */
  table: z.string().min(1).max(200).optional(),
  /** Column types that override detection. */
  types: z.record(z.string(), z.enum(cellTypes)).optional(),
  /** Masks texts before anything is stored. */
  mask: maskOptions.optional(),
});
export type ImportOptions = z.infer<typeof importOptions>;
