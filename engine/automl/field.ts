// The rows that a search works on: parts, folds and one preprocessing, in memory. The test part is encoded only when the model is
// there, and nothing is fitted on it.
import { rng } from '../base/index.ts';
import { type ClassicRows } from '../classic/index.ts';
import {
  type DatasetReader,
  type EncodedRows,
  encodeDataset,
  fitPreprocess,
  foldDataset,
  readTarget,
  type SeriesColumns,
  splitDataset,
} from '../data/index.ts';
import { type Layout, layoutOf, outputsOf } from '../models/index.ts';
import { Fault, type Preprocess, type SeriesSpec, taskAsked, type TrainRequest } from '../schema/index.ts';
import { type ForecastTest, type ModelRows, modelRows } from '../train/index.ts';
import { noFold } from './runner.ts';
import { openSeriesField } from './seriesField.ts';

export interface Field {
  preprocess: Preprocess;
  layout: Layout;
  rows: ClassicRows;
  /** The same rows as networks take them. */
  data: ModelRows;
  /** Fold of each row, or `noFold`. */
  folds: Uint8Array;
  /** Whether folds follow each other in time: each is held against a model of those before it. */
  isOrdered: boolean;
  foldCount: number;
  /** Rows held back while one model alone is trained, and the others. */
  train: Uint32Array;
  validation: Uint32Array;
  counts: { train: number; validation: number; test: number };
  encodeTest(): EncodedRows;
  /** Numbers of those rows in their dataset; all rows in order when left out. */
  tested?: Uint32Array;
  /** For forecasts: rows are steps ahead of windows, and the test part is windows. */
  series?: {
    spec: SeriesSpec;
    columns: SeriesColumns;
    /** Step ahead of each row, from 0. */
    ahead: Uint16Array;
    test: ForecastTest;
    /** The test part as rows, `targets` in units of the window. */
    encodeTest(): Promise<EncodedRows>;
  };
}

/** Most n-grams of a text that get weights of their own. */
const vocabulary = 200_000;

/** Rows up to which so many folds are made; one fold alone is a holdout. */
const foldCounts: readonly (readonly [rows: number, folds: number])[] = [
  [30_000, 5],
  [Number.POSITIVE_INFINITY, 3],
];

/** Splits off the test part, fits the preprocessing on the rest, encodes it. Faults as `prepareRun`. */
export async function openField(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: Pick<TrainRequest, 'target' | 'task' | 'forecast' | 'seed' | 'ignore' | 'scaling' | 'split'> &
    Partial<Pick<TrainRequest, 'model'>>,
): Promise<Field> {
  const asked = { model: 'auto' as const, ...request };
  if (taskAsked(asked) === 'forecasting') return openSeriesField(reader, testReader, asked);
  const target = readTarget(reader, request.target);
  const split = splitDataset(reader, target, request.seed, request.split, testReader !== undefined);
  const all = new Uint32Array([...split.train, ...split.validation]).sort();
  const preprocess = fitPreprocess(reader, all, {
    target,
    ...(request.ignore ? { ignore: request.ignore } : {}),
    ...(request.scaling ? { scaling: request.scaling } : {}),
    text: { size: vocabulary },
  });
  const encoded = encodeDataset(reader, preprocess, all);
  const data = await modelRows(encoded, preprocess);
  const layout = layoutOf(preprocess);
  const rows = classicRows(encoded, data, preprocess, layout);
  const held = new Set(split.validation);
  const places = Uint32Array.from(all, (_, i) => i);
  const by = request.split?.by ?? 'stratified';
  const most = request.split?.folds ?? foldCounts.find(([rowCount]) => all.length <= rowCount)?.[1] ?? 3;
  /** Groups and times part the folds as they part the test rows off; with fewer groups than folds there are fewer folds. */
  const foldsAsked = (count: number): { folds: Uint8Array; foldCount: number } => {
    if (by !== 'group' && by !== 'time') return { folds: foldsOf(rows, count, request.seed), foldCount: count };
    const isOurs = new Set(all);
    const masked = {
      ...(target.labels ? { labels: target.labels.map((label, row) => (isOurs.has(row) ? label : -1)) } : {}),
      ...(target.targets
        ? { targets: target.targets.map((value, row) => (isOurs.has(row) ? value : Number.NaN)) }
        : {}),
    };
    try {
      const asked = foldDataset(reader, masked, request.seed, count, request.split);
      const places = new Map(Array.from(all, (row, i) => [row, i]));
      const folds = new Uint8Array(all.length).fill(noFold);
      for (const [fold, { test }] of asked.entries()) for (const row of test) folds[places.get(row) ?? 0] = fold;
      return { folds, foldCount: count };
    } catch (error) {
      if (count <= 2 || !(error instanceof Fault) || error.code !== 'bad_data') throw error;
      return foldsAsked(count - 1);
    }
  };
  return {
    preprocess,
    layout,
    rows,
    data,
    ...foldsAsked(most),
    isOrdered: by === 'time',
    train: places.filter((i) => !held.has(all[i])),
    validation: places.filter((i) => held.has(all[i])),
    counts: {
      train: split.train.length,
      validation: split.validation.length,
      test: testReader?.rows ?? split.test.length,
    },
    ...(testReader ? {} : { tested: split.test }),
    encodeTest: () =>
      testReader
        ? encodeDataset(
            testReader,
            preprocess,
            Uint32Array.from({ length: testReader.rows }, (_, i) => i),
          )
        : encodeDataset(reader, preprocess, split.test),
  };
}

/** Encoded rows as classic models take them. */
export function classicRows(
  encoded: EncodedRows,
  data: ModelRows,
  preprocess: Preprocess,
  layout: Layout,
): ClassicRows {
  return {
    rows: encoded.rows,
    numeric: encoded.numeric,
    numericWidth: preprocess.numeric.length,
    codes: encoded.codes,
    sizes: preprocess.category.map(({ values }) => values.length),
    dense: data.dense,
    denseWidth: data.denseWidth,
    denseNumbers: layout.parts.numeric,
    embedded: Int32Array.from(data.embedded, Number),
    embeddedSizes: layout.embedded,
    text: encoded.text,
    textSizes: layout.texts,
    outputs: outputsOf(preprocess),
    ...(data.labels ? { labels: data.labels } : {}),
    ...(data.targets ? { targets: data.targets } : {}),
  };
}

/** Deals rows to folds so that every fold has its share of each class, or of each range of the target. */
export function foldsOf({ rows, labels, targets = [] }: ClassicRows, count: number, seed: number): Uint8Array {
  const random = rng(seed, 'folds');
  const order = random.shuffle(Array.from({ length: rows }, (_, i) => i));
  const by = labels ?? targets;
  order.sort((a, b) => by[a] - by[b]);
  const folds = new Uint8Array(rows);
  for (let start = 0; start < rows; start += count) {
    const deal = random.shuffle(Array.from({ length: count }, (_, i) => i));
    for (let i = start; i < Math.min(rows, start + count); i++) folds[order[i]] = deal[i - start];
  }
  return folds;
}
