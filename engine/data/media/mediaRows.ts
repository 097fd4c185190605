// Images and sound of a dataset as the tensors that a model takes, decoded when they are wanted and kept as far as memory
// goes. The serving twin is mediaInputs.ts; a test holds the two to the same bits.
import { Fault, type PictureInput, type Preprocess, type SoundInput } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { audioSamples } from './audio.ts';
import { augmentImage, augmentSound } from './augment.ts';
import { imagePixels } from './image.ts';
import { planesFor } from './small.ts';
import { openSpectrum, type Spectrum } from './spectrum.ts';

/** Tensors of one batch: the inputs `image_i` and `audio_i` of `preprocess.ts`, row-major. */
export interface MediaBatch {
  /** [rows × channels × height × width], one for each of `preprocess.pictures`. */
  pictures: Uint8Array[];
  /** [rows × mels × frames], one for each of `preprocess.sounds`. */
  sounds: Float32Array[];
}

export interface MediaRows {
  /** Decodes the rows that are not here yet, several at once. Call it for the next batch while this one is computed. */
  prepare(rows: ArrayLike<number>): Promise<void>;
  /** The rows, which must have been prepared since they were last taken; changed as the inputs' `augment` has it when `epoch` is given. */
  take(rows: ArrayLike<number>, epoch?: number): MediaBatch;
  /** Bytes of decoded rows that are kept. */
  readonly kept: number;
}

export interface MediaOptions {
  /** Most bytes of decoded rows to keep; rows beyond it are decoded each time they are wanted. */
  memory: number;
  /** Of the changes while training. */
  seed: number;
}

/** Files decoded at once: sharp works on the threads of libuv, of which there are four. */
export const atOnce = 4;

/** One decoded value of a row. */
type Decode = (row: number) => Promise<Uint8Array | Float32Array>;

/** Opens the image and sound columns of a dataset for a fitted preprocessing. Row numbers are those of the dataset. */
export function openMediaRows(
  reader: DatasetReader,
  fitted: Pick<Preprocess, 'pictures' | 'sounds'>,
  { memory, seed }: MediaOptions,
): MediaRows {
  const { pictures = [], sounds = [] } = fitted;
  const of = (column: string) => (row: number) => reader.media(column, row);
  const decoders: Decode[] = [
    ...pictures.map((input): Decode => {
      const decode = pictureDecoder(input, of(input.column));
      return async (row) => keptPlanes(reader, input, row) ?? decode(row);
    }),
    ...sounds.map((input) => soundDecoder(input, of(input.column))),
  ];
  const sizes = [...pictures.map(pixelsOf), ...sounds.map((input) => 4 * input.mels * input.frames)];
  const rowBytes = sizes.reduce((sum, size) => sum + size, 0);
  const most = Math.floor(memory / Math.max(1, rowBytes));
  const kept = new Map<number, (Uint8Array | Float32Array)[]>();
  const passing = new Map<number, (Uint8Array | Float32Array)[]>();

  return {
    get kept() {
      return kept.size * rowBytes;
    },
    async prepare(rows) {
      const wanted = [...new Set(Array.from(rows))]
        .filter((row) => !kept.has(row) && !passing.has(row))
        .sort((a, b) => a - b);
      await inParallel(wanted, async (row) => {
        const values: (Uint8Array | Float32Array)[] = [];
        for (const decode of decoders) values.push(await decode(row));
        if (kept.size < most) kept.set(row, values);
        else passing.set(row, values);
      });
    },
    take(rows, epoch) {
      const batch = batchOf(fitted, seed, rows, (row) => kept.get(row) ?? passing.get(row), epoch);
      for (let r = 0; r < rows.length; r++) passing.delete(rows[r]);
      return batch;
    },
  };
}

/** Rows that were decoded elsewhere, with what of them feeds each input: values of row after row. */
export interface DecodedRows {
  /** Row numbers of the dataset, rising. */
  rows: Uint32Array;
  pictures: Uint8Array[];
  sounds: Float32Array[];
}

/** The decoded rows of some blocks as rows that may be taken. */
export function decodedMediaRows(
  fitted: Pick<Preprocess, 'pictures' | 'sounds'>,
  blocks: readonly DecodedRows[],
  seed: number,
): MediaRows {
  const { pictures = [], sounds = [] } = fitted;
  const valuesOf = (row: number) => {
    for (const block of blocks) {
      const at = placeOf(block.rows, row);
      if (at < 0) continue;
      const part = <T extends Uint8Array | Float32Array>(values: T, size: number) =>
        values.subarray(at * size, (at + 1) * size);
      return [
        ...pictures.map((input, i) => part(block.pictures[i], pixelsOf(input))),
        ...sounds.map((input, i) => part(block.sounds[i], input.mels * input.frames)),
      ];
    }
    return undefined;
  };
  return {
    kept: blocks.reduce(
      (sum, { pictures, sounds }) =>
        sum + [...pictures, ...sounds].reduce((all, { byteLength }) => all + byteLength, 0),
      0,
    ),
    prepare: async () => undefined,
    take: (rows, epoch) => batchOf(fitted, seed, rows, valuesOf, epoch),
  };
}

/** Place of a number in a rising list, −1 where it is not in it. */
export function placeOf(rising: Uint32Array, wanted: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rising[middle] === wanted) return middle;
    if (rising[middle] < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function batchOf(
  { pictures = [], sounds = [] }: Pick<Preprocess, 'pictures' | 'sounds'>,
  seed: number,
  rows: ArrayLike<number>,
  valuesOf: (row: number) => (Uint8Array | Float32Array)[] | undefined,
  epoch?: number,
): MediaBatch {
  const batch: MediaBatch = {
    pictures: pictures.map((input) => new Uint8Array(rows.length * pixelsOf(input))),
    sounds: sounds.map((input) => new Float32Array(rows.length * input.mels * input.frames)),
  };
  for (let r = 0; r < rows.length; r++) {
    const values = valuesOf(rows[r]);
    if (!values) throw new Fault('internal', `row ${rows[r]} was taken before it was prepared`);
    for (const [i, input] of pictures.entries()) {
      const size = pixelsOf(input);
      const own = batch.pictures[i].subarray(r * size, (r + 1) * size);
      own.set(values[i]);
      if (epoch) augmentImage(own, input, seed, epoch, rows[r]);
    }
    for (const [i, input] of sounds.entries()) {
      const size = input.mels * input.frames;
      const own = batch.sounds[i].subarray(r * size, (r + 1) * size);
      own.set(values[pictures.length + i]);
      if (epoch) augmentSound(own, input, seed, epoch, rows[r]);
    }
  }
  return batch;
}

/** Numbers of one image. */
const pixelsOf = ({ channels, height, width }: PictureInput): number => channels * height * width;

/** What the import kept of a row's image, where that is what the model takes. */
export function keptPlanes(reader: DatasetReader, input: PictureInput, row: number): Uint8Array | undefined {
  const small = reader.pixels(input.column, row);
  return small && planesFor(small, input);
}

/** Whether files have to be decoded for some of a few rows, spread evenly: then a first epoch takes as long as that does. */
export function needsDecoding(
  reader: DatasetReader,
  { pictures = [], sounds = [] }: Pick<Preprocess, 'pictures' | 'sounds'>,
  rows: Uint32Array,
): boolean {
  const looked = Array.from({ length: Math.min(rows.length, 20) }, (_, i) => rows[Math.floor((i * rows.length) / 20)]);
  return (
    sounds.length > 0 || pictures.some((input) => looked.some((row) => keptPlanes(reader, input, row) === undefined))
  );
}

/** A missing image is the mean, which the graph makes 0. */
export function pictureDecoder(input: PictureInput, read: (row: number) => Uint8Array | null): Decode {
  const plane = input.height * input.width;
  return async (row) => {
    const bytes = read(row);
    if (bytes) return imagePixels(bytes, input);
    const pixels = new Uint8Array(pixelsOf(input));
    for (let c = 0; c < input.channels; c++) pixels.fill(Math.round(input.mean[c]), c * plane, (c + 1) * plane);
    return pixels;
  };
}

const spectra = new WeakMap<SoundInput, Spectrum>();

/** A missing clip is the mean, which the graph makes 0. */
export function soundDecoder(input: SoundInput, read: (row: number) => Uint8Array | null): Decode {
  let spectrum = spectra.get(input);
  if (!spectrum) spectra.set(input, (spectrum = openSpectrum(input)));
  const compiled = spectrum;
  const length = Math.min(compiled.samples, Math.round(input.rate * input.seconds));
  return async (row) => {
    const bytes = read(row);
    if (!bytes) return new Float32Array(input.mels * input.frames).fill(input.mean);
    return compiled.of(await audioSamples(bytes, input.rate, length));
  };
}

/** Runs `work` over the items, `atOnce` at a time, in their order of beginning. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
