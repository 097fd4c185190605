// Whether a run's rows are held in memory or read window by window while it trains, and either way. What order they are met in
// does not depend on it.
import {
  bytesOfRow,
  type Cut,
  cutDataset,
  type DatasetReader,
  encodeDataset,
  loadRows,
  openFeed,
  orderOf,
  type TargetRows,
  windowBytes,
} from '../data/index.ts';
import type { PackGrant, Preprocess } from '../schema/index.ts';
import { mediaPart, type WithMedia } from './mediaFeeds.ts';
import { type ModelRows, modelRows, type RowOrder } from './rows.ts';
import { streamOf } from './stream.ts';

/** What the rows may take. */
export interface Feeding {
  /** The dataset's pack, for a thread that reads it; without it rows are read in this one. */
  pack?: PackGrant;
  /** Most bytes of rows to hold. */
  memory: number;
  /** Most bytes of a window; for tests. */
  window?: number;
}

/** Share of a run's memory that its rows may take. */
const shareForRows = 0.4;

/** How a run with so much memory is fed; one window is always held. */
export const feedingOf = (pack: PackGrant, memory: number): Feeding => ({
  pack,
  memory: Math.max(windowBytes, memory * shareForRows),
});

/** Rows of a part of a dataset, ready to be cut into batches, and some training rows to begin from where not all are held. */
export async function feedRows(
  reader: DatasetReader,
  preprocess: Preprocess,
  target: TargetRows,
  rows: Uint32Array,
  train: number,
  seed: number,
  feeding: Feeding | undefined,
): Promise<{ data: ModelRows; sample?: ModelRows }> {
  const bytes = bytesOfRow(reader, preprocess) * rows.length;
  const cut = cutDataset(reader, preprocess, feeding?.window);
  const order = rows.length > cut.windowRows ? { order: orderIn(reader, preprocess, rows, cut) } : {};
  if (!feeding || bytes <= feeding.memory || !order.order) {
    const encoded = await modelRows(encodeDataset(reader, preprocess, rows), preprocess);
    const media = await mediaPart(reader, preprocess, rows, seed, feeding?.memory);
    return { data: { ...encoded, ...order, ...(media ? { media } : {}) } };
  }
  const feed = feeding.pack
    ? openFeed({ pack: feeding.pack, preprocess, memory: Math.max(0, feeding.memory - 3 * windowBytes) })
    : { load: (wanted: Uint32Array) => loadRows(reader, preprocess, wanted) };
  const stream = streamOf(feed, preprocess, seed);
  const places = Uint32Array.from({ length: train }, (_, i) => i);
  const { places: first, windows } = orderOf(rows, places, cut, seed, 1);
  const chosen = first
    .slice(0, windows[0])
    .map((place) => rows[place])
    .sort();
  const { mean = 0, std = 1 } = preprocess.target;
  const { labels, targets } = target;
  const none = { dense: new Float32Array(0), embedded: new BigInt64Array(0), text: [], sequence: [] };
  return {
    data: {
      rows: rows.length,
      ...none,
      denseWidth: 0,
      embeddedWidth: 0,
      ...(labels ? { labels: Int32Array.from(rows, (row) => labels[row]) } : {}),
      ...(targets ? { targets: Float64Array.from(rows, (row) => (targets[row] - mean) / std) } : {}),
      ...order,
      stream,
    },
    sample: await stream.load(chosen),
  };
}

function orderIn(reader: DatasetReader, { text, sequence = [] }: Preprocess, rows: Uint32Array, cut: Cut): RowOrder {
  const columns = [...text, ...sequence].map(({ column }) => column);
  if (columns.length === 0) return { cut, rows };
  const lengths = new Float64Array(rows.length);
  for (const column of columns) {
    const own = reader.textBytes(column);
    for (const [place, row] of rows.entries()) lengths[place] += own[row];
  }
  return { cut, rows, lengths };
}

/** Rows to test on: encoded whole where that is held, else block by block when they are looked at. */
export function testRows(
  reader: DatasetReader,
  preprocess: Preprocess,
  rows: Uint32Array,
  seed: number,
  feeding: Feeding | undefined,
): WithMedia {
  const each = bytesOfRow(reader, preprocess);
  const encode = (own: Uint32Array): WithMedia => {
    const encoded = encodeDataset(reader, preprocess, own);
    const media = () => mediaPart(reader, preprocess, own, seed);
    return preprocess.pictures || preprocess.sounds ? { ...encoded, media } : encoded;
  };
  if (!feeding || each * rows.length <= feeding.memory) return encode(rows);
  const size = Math.max(1, Math.floor((feeding.window ?? windowBytes) / each));
  const { labels, targets } = encodeDataset(reader, targetOnly(preprocess), rows);
  return {
    rows: rows.length,
    numeric: new Float64Array(0),
    codes: new Int32Array(0),
    text: [],
    sequence: [],
    ...(labels ? { labels } : {}),
    ...(targets ? { targets } : {}),
    blocks: { size, load: async (wanted) => encode(wanted.map((place) => rows[place])) },
  };
}

const targetOnly = (preprocess: Preprocess): Preprocess => ({
  ...preprocess,
  numeric: [],
  category: [],
  text: [],
  sequence: [],
});
