// Batches of a part of the rows, in an order that only seed and epoch decide, so that a resumed run meets the same ones.
// The last batch is filled up with rows of weight 0; texts of like length go together and are padded to a bucket's width.
import { rng } from '../base/index.ts';
import { batchSequences, batchText, inputNames } from '../data/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { signedLabels } from './leastSquares.ts';
import { mediaFeeds } from './mediaFeeds.ts';
import { rankingBatch } from './rankingRows.ts';
import type { ModelRows } from './rows.ts';
import { type Shift, shiftImages } from './shift.ts';
import { tokenFeeds } from './tokenRows.ts';

export interface Batch {
  feeds: Record<string, Tensor>;
  labels: Tensor;
  /** float32 [batch]: 1, or 0 for padding. */
  weights: Tensor;
  /** Rows of the data in this batch, padding left out. */
  rows: Uint32Array;
}

export interface Batches {
  /** Rows in all. */
  readonly rows: number;
  /** Batches of one pass. */
  readonly count: number;
  /** Rows of each batch of an epoch, counted from 1; epoch 0 is the fixed order for evaluation. */
  order(epoch: number): Uint32Array[];
  /** Rows of a batch, padding included. */
  readonly size: number;
  /** In an epoch of training, images are moved as that epoch has it. Filled up to `width` rows; to `size` when left out. */
  make(rows: Uint32Array, epoch?: number, width?: number): Batch;
}

export interface BatchOptions {
  batchSize: number;
  seed: number;
  /** Number of classes, when labels are to be one ±1 a class instead of a class index. */
  signed?: number;
  shift?: Shift;
}

/** Batches that are sorted by length together, so that a batch pads little and still mixes. */
const pool = 16;
/** Text widths are multiples of this, so that few shapes occur. */
const widthStep = 16;

/** Batches over the given rows of the data. */
export function openBatches(data: ModelRows, part: Uint32Array, options: BatchOptions): Batches {
  const { batchSize, seed, signed, shift } = options;
  const size = Math.max(1, Math.min(batchSize, part.length));
  const count = Math.ceil(part.length / size);
  const texts = [
    ...data.text,
    ...data.sequence,
    ...(data.tokens ? [data.tokens.ids] : []),
    ...(data.tokens?.source ? [data.tokens.source] : []),
  ];
  const tokens = (row: number) => texts.reduce((sum, { offsets }) => sum + offsets[row + 1] - offsets[row], 0);
  const byLength = (rows: Uint32Array) => rows.sort((a, b) => tokens(a) - tokens(b) || a - b);
  const cut = (rows: Uint32Array) =>
    Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.subarray(i * size, (i + 1) * size));
  return {
    rows: part.length,
    count,
    order(epoch) {
      const rows = part.slice();
      if (epoch === 0) return cut(texts.length > 0 ? byLength(rows) : rows);
      const random = rng(seed, 'order', epoch);
      random.shuffle(rows);
      if (texts.length === 0) return cut(rows);
      for (let from = 0; from < rows.length; from += pool * size) byLength(rows.subarray(from, from + pool * size));
      return random.shuffle(cut(rows));
    },
    size,
    make(rows, epoch, width = size) {
      if (data.ranking) {
        const users = (places: Uint32Array) => featureFeeds(data, places);
        return rankingBatch(data.ranking, rows, width, users, epoch ? { seed, epoch } : null);
      }
      const batch = makeBatch(data, rows, width, signed, epoch);
      const dense = batch.feeds['dense']?.data as Float32Array | undefined;
      if (shift && epoch && dense) shiftImages(dense, data.denseWidth, rows, shift, seed, epoch);
      return batch;
    },
  };
}

function makeBatch(data: ModelRows, rows: Uint32Array, size: number, signed?: number, epoch?: number): Batch {
  const filled = new Uint32Array(size).fill(rows[0]);
  filled.set(rows);
  if (data.tokens) return { ...tokenFeeds(data.tokens, filled), weights: rowWeights(size, rows.length), rows };
  return {
    feeds: { ...featureFeeds(data, filled), ...(data.media ? mediaFeeds(data.media, filled, epoch) : {}) },
    labels: labelsOf(data, filled, signed),
    weights: rowWeights(size, rows.length),
    rows,
  };
}

/** What a model's graph takes of the given rows. */
function featureFeeds(data: ModelRows, filled: Uint32Array): Record<string, Tensor> {
  const size = filled.length;
  const feeds: Record<string, Tensor> = {};
  if (data.denseWidth > 0)
    feeds['dense'] = tensor('float32', [size, data.denseWidth], picked(data.dense, data.denseWidth, filled));
  if (data.embeddedWidth > 0)
    feeds['embedded'] = tensor('int64', [size, data.embeddedWidth], picked(data.embedded, data.embeddedWidth, filled));
  for (const [i, text] of data.text.entries()) {
    const longest = filled.reduce((most, row) => Math.max(most, text.offsets[row + 1] - text.offsets[row]), 1);
    const { ids, weights, width } = batchText(text, filled, Math.ceil(longest / widthStep) * widthStep);
    feeds[inputNames.textIds(i)] = tensor('int64', [size, width], ids);
    feeds[inputNames.textWeights(i)] = tensor('float32', [size, width], weights);
  }
  for (const [i, sequence] of data.sequence.entries()) {
    const { ids, width } = batchSequences(sequence, filled);
    feeds[inputNames.textTokens(i)] = tensor('int64', [size, width], ids);
  }
  return feeds;
}

/** 1 for the rows of a batch, 0 for what fills it up. */
const rowWeights = (size: number, rows: number): Tensor =>
  tensor('float32', [size], new Float32Array(size).fill(1, 0, rows));

function labelsOf({ labels, targets, errors }: ModelRows, rows: Uint32Array, signed?: number): Tensor {
  if (errors !== undefined) return tensor('float32', [rows.length, errors]);
  if (!labels) {
    const values = Float32Array.from(rows, (row) => targets?.[row] ?? 0);
    return tensor('float32', [rows.length, 1], values);
  }
  if (signed !== undefined) return tensor('float32', [rows.length, signed], signedLabels(labels, rows, signed));
  const classes = BigInt64Array.from(rows, (row) => BigInt(labels[row]));
  return tensor('int64', [rows.length], classes);
}

function picked<T extends Float32Array | BigInt64Array>(from: T, width: number, rows: Uint32Array): T {
  const out = new (from.constructor as new (length: number) => T)(rows.length * width);
  for (const [at, row] of rows.entries()) out.set(from.subarray(row * width, (row + 1) * width) as never, at * width);
  return out;
}
