// Batches of a part of the rows, in an order that only seed and epoch decide, so that a resumed run meets the same ones.
// The last batch is filled up with rows of weight 0; texts of like length go together and are padded to a bucket's width.
import { must, rng } from '../base/index.ts';
import { batchSequences, batchText, inputNames, orderOf } from '../data/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { signedLabels } from './leastSquares.ts';
import { mediaFeeds } from './mediaFeeds.ts';
import { rankingBatch } from './rankingRows.ts';
import type { ModelRows } from './rows.ts';
import { type Shift, shiftImages } from './shift.ts';
import { type EpochWindows, openWindows } from './stream.ts';
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
  /** Brings rows that are not in memory: to be awaited before `make` of a batch of the epoch's order, or of part of it. */
  ready(rows: Uint32Array, epoch: number): Promise<void>;
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
  const lengths = data.order?.lengths;
  const tokens = lengths
    ? (row: number) => lengths[row]
    : (row: number) => texts.reduce((sum, { offsets }) => sum + offsets[row + 1] - offsets[row], 0);
  const byLength = (rows: Uint32Array) => rows.sort((a, b) => tokens(a) - tokens(b) || a - b);
  const cut = (rows: Uint32Array) =>
    Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.subarray(i * size, (i + 1) * size));
  const known = new Map<number, EpochWindows>();
  /** The windows of an epoch; those of two are remembered. */
  const windowOf = (epoch: number): EpochWindows => {
    let found = known.get(epoch);
    if (!found) {
      found = windowsOf(data, part, seed, epoch);
      for (const old of known.keys()) if (old !== 0 && Math.abs(old - epoch) > 1) known.delete(old);
      known.set(epoch, found);
    }
    return found;
  };
  const windows = data.stream && openWindows(data.stream, must(data.order, 'an order').rows, windowOf);
  /** As `order` below, but nothing leaves its window; a batch between two of them has rows of both. */
  const orderInWindows = ({ places, windows: own }: EpochWindows, epoch: number): Uint32Array[] => {
    if (!lengths) return cut(places);
    const rows = places.slice();
    const random = rng(seed, 'batches', epoch);
    const span = epoch === 0 ? rows.length : pool * size;
    let first = 0;
    for (const { length } of own) {
      const last = first + length;
      for (let from = first; from < last; from += span) byLength(rows.subarray(from, Math.min(last, from + span)));
      first = last;
    }
    const batches = cut(rows);
    if (epoch === 0) return batches;
    let end = 0;
    for (const { length } of own) {
      const [from, to] = [Math.ceil(end / size), Math.floor((end + length) / size)];
      end += length;
      // The last batch may be short and stays where it is.
      if (to > from) batches.splice(from, to - from, ...random.shuffle(batches.slice(from, to)));
    }
    return batches;
  };
  const moved = (batch: Batch, rows: Uint32Array, width: number, epoch?: number): Batch => {
    const dense = batch.feeds['dense']?.data as Float32Array | undefined;
    if (shift && epoch && dense) shiftImages(dense, width, rows, shift, seed, epoch);
    return batch;
  };
  return {
    rows: part.length,
    count,
    order(epoch) {
      if (data.order) return orderInWindows(windowOf(epoch), epoch);
      const rows = part.slice();
      if (epoch === 0) return cut(texts.length > 0 ? byLength(rows) : rows);
      const random = rng(seed, 'order', epoch);
      random.shuffle(rows);
      if (texts.length === 0) return cut(rows);
      for (let from = 0; from < rows.length; from += pool * size) byLength(rows.subarray(from, from + pool * size));
      return random.shuffle(cut(rows));
    },
    size,
    ready: async (rows, epoch) => windows?.ready(rows, epoch),
    make(rows, epoch, width = size) {
      if (windows) {
        const { data: own, at } = windows.pick(rows, epoch ?? 0);
        return { ...moved(makeBatch(own, at, width, signed, epoch), rows, own.denseWidth, epoch), rows };
      }
      if (data.ranking) {
        const users = (places: Uint32Array) => featureFeeds(data, places);
        return rankingBatch(data.ranking, rows, width, users, epoch ? { seed, epoch } : null);
      }
      return moved(makeBatch(data, rows, width, signed, epoch), rows, data.denseWidth, epoch);
    },
  };
}

/** Windows of an epoch; rows that are in memory and one window only are not asked for. */
function windowsOf({ order, rows }: ModelRows, part: Uint32Array, seed: number, epoch: number): EpochWindows {
  const { cut, rows: of } = must(order, 'an order');
  const { places, windows: lengths } = orderOf(of, part, cut, seed, epoch);
  const windows: Uint32Array[] = [];
  const window = new Int32Array(rows).fill(-1);
  let first = 0;
  for (const [w, length] of lengths.entries()) {
    const own = places.subarray(first, (first += length));
    for (const place of own) window[place] = w;
    windows.push(own);
  }
  return { epoch, places, of: window, windows };
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
