// Rows that do not fit into memory, window by window: the window of the batch in hand and, read beside the steps, the next one.
// What order they come in is batches.ts's affair.
import { must } from '../base/index.ts';
import {
  decodedMediaRows,
  type DecodedRows,
  type Feed,
  type FedRows,
  placeOf,
  type Ragged,
  type Sequences,
} from '../data/index.ts';
import type { Preprocess } from '../schema/index.ts';
import type { MediaPart } from './mediaFeeds.ts';
import { type ModelRows, modelRows, type RowStream } from './rows.ts';

/** Windows of rows as a feed reads them. */
export function streamOf(feed: Pick<Feed, 'load'>, preprocess: Preprocess, seed: number): RowStream {
  const media = (blocks: DecodedRows[], rows: Uint32Array): { media?: MediaPart } => {
    const { pictures = [], sounds = [] } = preprocess;
    if (pictures.length + sounds.length === 0) return {};
    const shapes = {
      pictures: pictures.map(({ channels, height, width }) => [channels, height, width]),
      sounds: sounds.map(({ mels, frames }) => [1, mels, frames]),
    };
    return { media: { from: decodedMediaRows(preprocess, blocks, seed), rows, shapes } };
  };
  const blocks = new WeakMap<ModelRows, DecodedRows[]>();
  const made = (data: ModelRows, own: DecodedRows[], rows: Uint32Array): ModelRows => {
    const whole = { ...data, ...media(own, rows) };
    blocks.set(whole, own);
    return whole;
  };
  return {
    async load(rows) {
      const { encoded, pictures, sounds }: FedRows = await feed.load(rows);
      return made(await modelRows(encoded, preprocess), [{ rows, pictures, sounds }], rows);
    },
    gather(parts) {
      const rows = parts.flatMap(({ data, at }) => (data.media ? at.map((i) => data.media?.rows[i] ?? 0) : []));
      const own = parts.flatMap(({ data }) => blocks.get(data) ?? []);
      return made(joined(parts.map(({ data, at }) => selected(data, at))), own, Uint32Array.from(rows));
    },
  };
}

/** One window in memory. */
interface Window {
  /** Its places, rising. */
  places: Uint32Array;
  data: Promise<ModelRows>;
}

/** The windows of one epoch: places in their order, and where each window begins and ends in it. */
export interface EpochWindows {
  epoch: number;
  places: Uint32Array;
  /** Window of each place; −1 for places of other parts. */
  of: Int32Array;
  windows: Uint32Array[];
}

export interface WindowedRows {
  /** Brings the windows of the rows, begins on the next one, and lets go of others. */
  ready(rows: Uint32Array, epoch: number): Promise<void>;
  /** The rows, and where each of the places is among them; `ready` must have brought them. */
  pick(rows: Uint32Array, epoch: number): { data: ModelRows; at: Uint32Array };
}

/** Windows over a stream; `rows` are the dataset's rows of the places, `epochOf` their order. */
export function openWindows(
  stream: RowStream,
  rows: Uint32Array,
  epochOf: (epoch: number) => EpochWindows,
): WindowedRows {
  const held = new Map<string, Window>();
  const loaded = new Map<string, ModelRows>();
  const keyOf = ({ epoch, windows }: EpochWindows, w: number) => (windows.length === 1 ? 'all' : `${epoch}:${w}`);
  const open = (epoch: EpochWindows, w: number): Window => {
    const key = keyOf(epoch, w);
    let window = held.get(key);
    if (!window) {
      const places = epoch.windows[w].slice().sort();
      const data = stream.load(places.map((place) => rows[place]));
      window = { places, data };
      held.set(key, window);
      void data.then(
        (own) => held.has(key) && loaded.set(key, own),
        () => held.delete(key),
      );
    }
    return window;
  };
  const wantedBy = ({ of }: EpochWindows, batch: Uint32Array) =>
    [...new Set(batch.map((place) => of[place]))].sort((a, b) => a - b);
  return {
    async ready(batch, n) {
      const epoch = epochOf(n);
      const wanted = wantedBy(epoch, batch);
      const last = must(wanted.at(-1), 'a window');
      // The next one, or the first of the next epoch: an evaluation, epoch 0, is followed by another of its kind.
      const after: [EpochWindows, number] =
        last + 1 < epoch.windows.length ? [epoch, last + 1] : [n === 0 ? epoch : epochOf(n + 1), 0];
      const keys = new Set([...wanted.map((w) => keyOf(epoch, w)), keyOf(...after)]);
      for (const key of held.keys()) {
        if (keys.has(key)) continue;
        held.delete(key);
        loaded.delete(key);
      }
      await Promise.all(wanted.map((w) => open(epoch, w).data));
      open(...after);
    },
    pick(batch, n) {
      const epoch = epochOf(n);
      const parts = wantedBy(epoch, batch).map((w) => {
        const key = keyOf(epoch, w);
        return { w, places: must(held.get(key), 'a window').places, data: must(loaded.get(key), 'rows of a window') };
      });
      const [one, other] = parts;
      if (!other) return { data: one.data, at: batch.map((place) => placeOf(one.places, place)) };
      // A batch between two windows: its rows of both, put together.
      const at = new Uint32Array(batch.length);
      const own = parts.map(({ data }) => ({ data, at: [] as number[] }));
      let count = 0;
      for (const [i, part] of parts.entries()) {
        for (const [r, place] of batch.entries()) {
          if (epoch.of[place] !== part.w) continue;
          at[r] = count++;
          own[i].at.push(placeOf(part.places, place));
        }
      }
      return { data: stream.gather(own), at };
    },
  };
}

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array;

/** Rows of a row-major array. */
function taken<T extends Numbers>(from: T, width: number, at: readonly number[]): T {
  const out = new (from.constructor as new (length: number) => T)(at.length * width);
  for (const [k, row] of at.entries()) out.set(from.subarray(row * width, (row + 1) * width) as never, k * width);
  return out;
}

const lengthsAt = ({ offsets }: { offsets: Uint32Array }, at: readonly number[]) => {
  const starts = new Uint32Array(at.length + 1);
  for (const [k, row] of at.entries()) starts[k + 1] = starts[k] + offsets[row + 1] - offsets[row];
  return starts;
};

function sequenceAt(from: Sequences, at: readonly number[]): Sequences {
  const offsets = lengthsAt(from, at);
  const ids = new Int32Array(offsets[at.length]);
  for (const [k, row] of at.entries()) ids.set(from.ids.subarray(from.offsets[row], from.offsets[row + 1]), offsets[k]);
  return { offsets, ids };
}

function raggedAt(from: Ragged, at: readonly number[]): Ragged {
  const { offsets, ids } = sequenceAt(from, at);
  const weights = new Float32Array(ids.length);
  for (const [k, row] of at.entries())
    weights.set(from.weights.subarray(from.offsets[row], from.offsets[row + 1]), offsets[k]);
  return { offsets, ids, weights };
}

/** Some of the rows, without their files. */
function selected(data: ModelRows, at: readonly number[]): ModelRows {
  const { dense, denseWidth, embedded, embeddedWidth, text, sequence, labels, targets } = data;
  return {
    rows: at.length,
    dense: taken(dense, denseWidth, at),
    denseWidth,
    embedded: taken(embedded, embeddedWidth, at),
    embeddedWidth,
    text: text.map((own) => raggedAt(own, at)),
    sequence: sequence.map((own) => sequenceAt(own, at)),
    ...(labels ? { labels: taken(labels, 1, at) } : {}),
    ...(targets ? { targets: taken(targets, 1, at) } : {}),
  };
}

function chained<T extends Numbers>(parts: readonly T[]): T {
  const out = new (parts[0].constructor as new (length: number) => T)(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    out.set(part as never, at);
    at += part.length;
  }
  return out;
}

function chainedOffsets(parts: readonly { offsets: Uint32Array }[]): Uint32Array {
  const offsets = [0];
  for (const part of parts) {
    const base = offsets[offsets.length - 1];
    for (let r = 1; r < part.offsets.length; r++) offsets.push(base + part.offsets[r]);
  }
  return Uint32Array.from(offsets);
}

/** Rows of a few batches after each other. */
function joined(parts: readonly ModelRows[]): ModelRows {
  const [one] = parts;
  const of = <T>(pick: (part: ModelRows) => T): T[] => parts.map(pick);
  const { labels, targets } = one;
  return {
    ...one,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    dense: chained(of(({ dense }) => dense)),
    embedded: chained(of(({ embedded }) => embedded)),
    text: one.text.map((_, i) => {
      const own = of(({ text }) => text[i]);
      const [ids, weights] = [chained(own.map((part) => part.ids)), chained(own.map((part) => part.weights))];
      return { offsets: chainedOffsets(own), ids, weights };
    }),
    sequence: one.sequence.map((_, i) => {
      const own = of(({ sequence }) => sequence[i]);
      return { offsets: chainedOffsets(own), ids: chained(own.map((part) => part.ids)) };
    }),
    ...(labels ? { labels: chained(of((part) => part.labels ?? new Int32Array())) } : {}),
    ...(targets ? { targets: chained(of((part) => part.targets ?? new Float64Array())) } : {}),
  };
}
