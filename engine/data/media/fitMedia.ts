// Fits how a model takes the image and sound columns of a dataset: their size, and the mean and spread of what comes out.
// Looks at no row outside those it is given.
import { must } from '../../base/index.ts';
import type { Column, ImageAugment, PictureInput, SoundAugment, SoundInput } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { inParallel, keptPlanes, pictureDecoder, soundDecoder } from './mediaRows.ts';

export interface MediaFitOptions {
  /** Columns to leave out. */
  ignore?: readonly string[];
  image?: {
    /** Height and width that the model takes; chosen from the files when left out. */
    size?: readonly [number, number];
    /** 1 or 3; as the files have it when left out. */
    channels?: 1 | 3;
    fit?: PictureInput['fit'];
    /** Changes while training; none when left out. */
    augment?: ImageAugment;
  };
  sound?: {
    rate?: number;
    /** The longest clip's, at most 10, when left out. */
    seconds?: number;
    window?: number;
    hop?: number;
    mels?: number;
    augment?: SoundAugment;
  };
}

/** Changes that suit most photographs; digits and letters want `flip: false`. */
export const usualImageAugment: ImageAugment = { flip: true, shift: 0.1, turn: 10, light: 0.15 };
/** Two stripes each way, as SpecAugment's LD policy has it. */
export const usualSoundAugment: SoundAugment = { timeMasks: 2, timeShare: 0.15, bandMasks: 2, bands: 8, shift: 0.1 };

/** Files that mean and spread are taken from, spread evenly over the training rows. */
const mostFitted = 500;
/** Longest side that is chosen unasked. */
const greatestSide = 96;

/** The `pictures` and `sounds` of a preprocessing, for its training rows (rising). Throws `bad_data` for files that do not decode. */
export async function fitMedia(
  reader: DatasetReader,
  rows: Uint32Array,
  { ignore = [], image = {}, sound = {} }: MediaFitOptions = {},
): Promise<{ pictures: PictureInput[]; sounds: SoundInput[] }> {
  const offered = reader.shape.columns.filter(({ name, missing }) => !ignore.includes(name) && missing < reader.rows);
  const step = Math.max(1, rows.length / mostFitted);
  const chosen = Array.from({ length: Math.min(rows.length, mostFitted) }, (_, i) => rows[Math.floor(i * step)]);
  const pictures: PictureInput[] = [];
  const sounds: SoundInput[] = [];
  for (const column of offered) {
    if (column.type !== 'image' && column.type !== 'audio') continue;
    const present = chosen.filter((row) => reader.media(column.name, row) !== null);
    const read = (row: number) => reader.media(column.name, row);
    if (column.type === 'image') {
      const raw = pictureOf(column, image);
      const decode = pictureDecoder(raw, read);
      const own = Array.from({ length: raw.channels }, () => moments());
      const plane = raw.height * raw.width;
      await inParallel(present, async (row) => {
        const pixels = keptPlanes(reader, raw, row) ?? (await decode(row));
        for (const [c, figures] of own.entries()) figures.add(pixels.subarray(c * plane, (c + 1) * plane));
      });
      pictures.push({ ...raw, mean: own.map((figures) => figures.mean()), std: own.map((figures) => figures.std()) });
    }
    if (column.type === 'audio') {
      const raw = soundOf(column, sound);
      const decode = soundDecoder(raw, read);
      const own = moments();
      await inParallel(present, async (row) => own.add(await decode(row)));
      sounds.push({ ...raw, mean: own.mean(), std: own.std() });
    }
  }
  return { pictures, sounds };
}

function pictureOf({ name, media }: Column, options: NonNullable<MediaFitOptions['image']>): PictureInput {
  const { width, height, channels } = must(media, 'figures of images');
  const grey = Object.keys(channels).every((count) => Number(count) <= 2);
  const [w, h] = [width?.mean ?? 1, height?.mean ?? 1];
  const scale = Math.min(1, greatestSide / Math.max(w, h));
  const [tall, wide] = options.size ?? [Math.max(1, Math.round(h * scale)), Math.max(1, Math.round(w * scale))];
  const count = options.channels ?? (grey ? 1 : 3);
  return {
    column: name,
    height: tall,
    width: wide,
    channels: count,
    fit: options.fit ?? 'cover',
    mean: Array<number>(count).fill(128),
    std: Array<number>(count).fill(64),
    ...(options.augment ? { augment: options.augment } : {}),
  };
}

function soundOf({ name, media }: Column, options: NonNullable<MediaFitOptions['sound']>): SoundInput {
  const { rate = 16_000, window = 512, hop = 256, mels = 64 } = options;
  const seconds =
    options.seconds ?? Math.min(10, Math.max(window / rate, must(media, 'figures of clips').seconds?.max ?? 1));
  const frames = 1 + Math.max(0, Math.floor((rate * seconds - window) / hop));
  return {
    column: name,
    rate,
    seconds,
    window,
    hop,
    mels,
    frames,
    mean: 0,
    std: 1,
    ...(options.augment ? { augment: options.augment } : {}),
  };
}

/** Mean and population standard deviation; whole sums of pixels do not depend on the order in which files are decoded. */
function moments() {
  const parts: { count: number; sum: number; squares: number }[] = [];
  const total = (of: (part: (typeof parts)[number]) => number) =>
    parts
      .map(of)
      .sort((a, b) => a - b)
      .reduce((sum, value) => sum + value, 0);
  const self = {
    add(values: ArrayLike<number>) {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        sum += values[i];
        squares += values[i] * values[i];
      }
      parts.push({ count: values.length, sum, squares });
    },
    mean: () =>
      total(({ sum }) => sum) /
      Math.max(
        1,
        total(({ count }) => count),
      ),
    std() {
      const mean = self.mean();
      const variance =
        total(({ squares }) => squares) /
          Math.max(
            1,
            total(({ count }) => count),
          ) -
        mean * mean;
      return variance > 1e-12 ? Math.sqrt(variance) : 1;
    },
  };
  return self;
}
