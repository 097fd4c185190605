// Some rows of a stored dataset, decrypted and encoded as a model takes them, without reading the others: what a window of a
// feed is filled with.
import { bytesOf } from '../../base/index.ts';
import type { PictureInput, Preprocess, SoundInput } from '../../schema/index.ts';
import { encodeDataset } from '../encode.ts';
import type { EncodedRows, Ragged } from '../encoded.ts';
import { inParallel, keptPlanes, pictureDecoder, soundDecoder } from '../media/mediaRows.ts';
import type { DatasetReader } from '../reader.ts';
import type { Sequences } from '../sequence.ts';
import type { Scratch } from './scratch.ts';

/** Rows of a feed, in the order in which they were asked for. */
export interface FedRows {
  encoded: EncodedRows;
  /** [rows × channels × height × width], one for each of `preprocess.pictures`. */
  pictures: Uint8Array[];
  /** [rows × mels × frames], one for each of `preprocess.sounds`. */
  sounds: Float32Array[];
}

/** Files decoded once and kept: in memory as far as they fit, then in a sealed file, where there is one. */
export interface Kept {
  /** Bytes that may still be kept in memory. */
  left: number;
  /** Values of a row by column. */
  values: Map<string, Uint8Array | Float32Array>;
  scratch?: Scratch | undefined;
}

export const keepUpTo = (bytes: number, scratch?: Scratch): Kept => ({ left: bytes, values: new Map(), scratch });

/** Rows further apart than this are read apart. */
const mostGap = 512;

/** Reads the given rows (rising row numbers of the dataset). Faults as `encodeDataset`, and `bad_data` for files that do not decode. */
export async function loadRows(
  reader: DatasetReader,
  fitted: Preprocess,
  rows: Uint32Array,
  kept: Kept = keepUpTo(0),
): Promise<FedRows> {
  const parts: EncodedRows[] = [];
  for (let from = 0; from < rows.length; ) {
    let to = from + 1;
    while (to < rows.length && rows[to] - rows[to - 1] <= mostGap) to++;
    const first = rows[from];
    const own = rows.slice(from, to).map((row) => row - first);
    parts.push(encodeDataset(sliceOf(reader, first, rows[to - 1] + 1), fitted, own, first));
    from = to;
  }
  const encoded = parts.length === 1 ? parts[0] : joined(parts);
  const { pictures = [], sounds = [] } = fitted;
  return {
    encoded,
    pictures: await Promise.all(pictures.map((input) => decodePictures(reader, input, rows, kept))),
    sounds: await Promise.all(sounds.map((input) => decodeSounds(reader, input, rows, kept))),
  };
}

async function decodePictures(
  reader: DatasetReader,
  input: PictureInput,
  rows: Uint32Array,
  kept: Kept,
): Promise<Uint8Array> {
  const size = input.channels * input.height * input.width;
  const out = new Uint8Array(rows.length * size);
  const decode = pictureDecoder(input, (row) => reader.media(input.column, row));
  const left: number[] = [];
  for (const [r, row] of rows.entries()) {
    const planes = keptPlanes(reader, input, row);
    if (planes) out.set(planes, r * size);
    else left.push(r);
  }
  await decodeInto(out, size, rows, left, input.column, decode, kept);
  return out;
}

async function decodeSounds(
  reader: DatasetReader,
  input: SoundInput,
  rows: Uint32Array,
  kept: Kept,
): Promise<Float32Array> {
  const size = input.mels * input.frames;
  const out = new Float32Array(rows.length * size);
  const decode = soundDecoder(input, (row) => reader.media(input.column, row));
  await decodeInto(out, size, rows, [...rows.keys()], input.column, decode, kept);
  return out;
}

/** Decodes the rows at these places of `rows`. */
function decodeInto(
  out: Uint8Array | Float32Array,
  size: number,
  rows: Uint32Array,
  places: readonly number[],
  column: string,
  decode: (row: number) => Promise<Uint8Array | Float32Array>,
  kept: Kept,
): Promise<void> {
  return inParallel(places, async (r) => {
    const key = `${rows[r]} ${column}`;
    const known = kept.values.get(key);
    if (known) return out.set(known, r * size);
    const sealed = kept.scratch?.get(key);
    if (sealed) return bytesOf(out).set(sealed, r * size * out.BYTES_PER_ELEMENT);
    const values = await decode(rows[r]);
    out.set(values, r * size);
    if (kept.left < values.byteLength) return kept.scratch?.put(key, values);
    kept.left -= values.byteLength;
    kept.values.set(key, values);
    return undefined;
  });
}

/** Rows [first, last) of a dataset as a dataset. */
function sliceOf(reader: DatasetReader, first: number, last: number): DatasetReader {
  const range = (from = 0, to = last - first): [number, number] => [first + from, Math.min(last, first + to)];
  return {
    ...reader,
    rows: last - first,
    groups: [last - first],
    numbers: (column, from, to) => reader.numbers(column, ...range(from, to)),
    codes: (column, from, to) => reader.codes(column, ...range(from, to)),
    texts: (column, from, to) => reader.texts(column, ...range(from, to)),
    media: (column, row) => reader.media(column, first + row),
    pixels: (column, row) => reader.pixels(column, first + row),
    textBytes: (column, from, to) => reader.textBytes(column, ...range(from, to)),
    preview: (offset, limit) => reader.preview(first + offset, Math.min(limit, last - first - offset)),
    close: () => undefined,
  };
}

function joined(parts: readonly EncodedRows[]): EncodedRows {
  const [one] = parts;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const { labels, targets } = one;
  return {
    rows,
    numeric: chained(
      Float64Array,
      parts.map(({ numeric }) => numeric),
    ),
    codes: chained(
      Int32Array,
      parts.map(({ codes }) => codes),
    ),
    text: one.text.map((_, i) => joinRagged(parts.map(({ text }) => text[i]))),
    sequence: one.sequence.map((_, i) => joinSequences(parts.map(({ sequence }) => sequence[i]))),
    ...(labels
      ? {
          labels: chained(
            Int32Array,
            parts.map((part) => part.labels ?? new Int32Array()),
          ),
        }
      : {}),
    ...(targets
      ? {
          targets: chained(
            Float64Array,
            parts.map((part) => part.targets ?? new Float64Array()),
          ),
        }
      : {}),
  };
}

type Numbers = Float64Array | Int32Array | Float32Array;

function chained<T extends Numbers>(kind: new (length: number) => T, parts: readonly T[]): T {
  const out = new kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function joinOffsets(parts: readonly { offsets: Uint32Array }[]): Uint32Array {
  const offsets = new Uint32Array(1 + parts.reduce((sum, part) => sum + part.offsets.length - 1, 0));
  let at = 0;
  for (const part of parts) {
    const base = offsets[at];
    for (let r = 1; r < part.offsets.length; r++) offsets[++at] = base + part.offsets[r];
  }
  return offsets;
}

function joinRagged(parts: readonly Ragged[]): Ragged {
  return {
    offsets: joinOffsets(parts),
    ids: chained(
      Int32Array,
      parts.map(({ ids }) => ids),
    ),
    weights: chained(
      Float32Array,
      parts.map(({ weights }) => weights),
    ),
  };
}

function joinSequences(parts: readonly Sequences[]): Sequences {
  return {
    offsets: joinOffsets(parts),
    ids: chained(
      Int32Array,
      parts.map(({ ids }) => ids),
    ),
  };
}
