// The order in which an epoch meets its rows: chunks of neighbours, shuffled, then shuffled again within windows that fit into
// memory. It follows from the seed, the epoch and the content alone, whatever the machine and however much of it is in memory.
import { rng } from '../../base/index.ts';
import { sizeOf } from '../../onnx/index.ts';
import type { Preprocess } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';

/** Most bytes of a window's rows as a model takes them; below, all rows are one window. */
export const windowBytes = 256 * 1024 * 1024;
/** About the stored bytes of a chunk in its widest column. */
const chunkBytes = 4 * 1024 * 1024;
/** Chunks of a window at least, so that what lies sorted is mixed. */
const chunksInWindow = 8;

/** How a dataset is cut. */
export interface Cut {
  /** First row of each chunk, and the number of all rows at the end. */
  chunks: Uint32Array;
  /** Rows of a window, about. */
  windowRows: number;
}

/** Bytes that a row of the dataset takes as a model is given it, about. */
export function bytesOfRow(reader: DatasetReader, fitted: Preprocess): number {
  const { numeric, category, text, sequence = [], pictures = [], sounds = [] } = fitted;
  const figures = new Map(reader.shape.columns.map((column) => [column.name, column]));
  const letters = (name: string) => figures.get(name)?.length?.mean ?? 16;
  const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
  return (
    8 +
    12 * numeric.length +
    sum(category, ({ values }) => 8 + 4 * Math.min(values.length, 16)) +
    sum(text, ({ column, maxTokens }) => 8 * Math.min(maxTokens, letters(column) * 2)) +
    sum(sequence, ({ column, maxLength }) => 4 * Math.min(maxLength, letters(column) / 3)) +
    sum(pictures, ({ channels, height, width }) => sizeOf([channels, height, width])) +
    sum(sounds, ({ mels, frames }) => 4 * mels * frames)
  );
}

/** Cuts a dataset into chunks of neighbouring rows, each within one stored group. */
export function cutDataset(reader: DatasetReader, fitted: Preprocess, most = windowBytes): Cut {
  const windowRows = Math.max(1, Math.floor(most / bytesOfRow(reader, fitted)));
  const widest = reader.shape.columns.reduce(
    (greatest, { name, length, media }) =>
      Math.max(greatest, media?.bytes.mean ?? (reader.storage(name) === 'text' ? (length?.mean ?? 16) : 4)),
    4,
  );
  const rows = Math.max(1, Math.min(Math.floor(chunkBytes / widest), Math.floor(windowRows / chunksInWindow)));
  const starts: number[] = [];
  let first = 0;
  for (const group of reader.groups) {
    const pieces = Math.ceil(group / rows);
    for (let i = 0; i < pieces; i++) starts.push(first + Math.round((i * group) / pieces));
    first += group;
  }
  return { chunks: Uint32Array.from([...starts, reader.rows]), windowRows };
}

/** One epoch: places of the rows in their order, and how many of them each window has. */
export interface Epoch {
  places: Uint32Array;
  windows: Uint32Array;
}

/**
 * The epoch's order of the rows `rows[place]` (rising), `part` of them. Epoch 0 is the order of the rows themselves. One window
 * is shuffled as a whole.
 */
export function orderOf(
  rows: Uint32Array,
  part: Uint32Array,
  { chunks, windowRows }: Cut,
  seed: number,
  epoch: number,
): Epoch {
  const random = epoch === 0 ? undefined : rng(seed, 'order', epoch);
  if (part.length <= windowRows) {
    const places = part.slice();
    random?.shuffle(places);
    return { places, windows: Uint32Array.of(places.length) };
  }
  const own: Uint32Array[] = [];
  const sorted = part.slice().sort((a, b) => rows[a] - rows[b]);
  for (let c = 0, from = 0; c + 1 < chunks.length && from < sorted.length; c++) {
    let to = from;
    while (to < sorted.length && rows[sorted[to]] < chunks[c + 1]) to++;
    if (to > from) own.push(sorted.subarray(from, to));
    from = to;
  }
  random?.shuffle(own);
  const places = new Uint32Array(part.length);
  const windows: number[] = [];
  let [at, first] = [0, 0];
  const close = () => {
    random?.shuffle(places.subarray(first, at));
    windows.push(at - first);
    first = at;
  };
  for (const chunk of own) {
    if (at > first && at - first + chunk.length > windowRows) close();
    places.set(chunk, at);
    at += chunk.length;
  }
  if (at > first) close();
  return { places, windows: Uint32Array.from(windows) };
}
