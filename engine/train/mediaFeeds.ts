// Image and sound files of rows as a model's graph takes them. All rows of a run are decoded before its first step; what they
// take is bounded, with advice.
import { type DatasetReader, type EncodedRows, inputNames, type MediaRows, openMediaRows } from '../data/index.ts';
import { sizeOf, type Tensor, tensor } from '../onnx/index.ts';
import { Fault, type Preprocess } from '../schema/index.ts';

/** Files of some rows: `rows` are their numbers in `from`. */
export interface MediaPart {
  from: MediaRows;
  rows: Uint32Array;
  shapes: { pictures: number[][]; sounds: number[][] };
}

/** Most bytes of decoded files, where nothing else is said. */
const mostHeld = 1.5 * 2 ** 30;

/** Decodes the files of the given rows of a dataset; undefined where the model takes none. Throws `bad_data`, `out_of_memory`. */
export async function mediaPart(
  reader: DatasetReader,
  preprocess: Preprocess,
  rows: Uint32Array,
  seed: number,
  most = mostHeld,
): Promise<MediaPart | undefined> {
  const { pictures = [], sounds = [] } = preprocess;
  if (pictures.length + sounds.length === 0) return undefined;
  const shapes = {
    pictures: pictures.map(({ channels, height, width }) => [channels, height, width]),
    sounds: sounds.map(({ mels, frames }) => [1, mels, frames]),
  };
  const sizes = [...shapes.pictures.map(sizeOf), ...shapes.sounds.map((dims) => 4 * sizeOf(dims))];
  const bytes = rows.length * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > most) {
    throw new Fault(
      'out_of_memory',
      `${rows.length} files take ${Math.ceil(bytes / 2 ** 20)} MiB as the model sees them; make them smaller: --set image=[64,64], or seconds and mels for sounds`,
    );
  }
  const from = openMediaRows(reader, preprocess, { memory: most, seed });
  await from.prepare(rows);
  return { from, rows, shapes };
}

/** The inputs `image_i` and `audio_i` of the given places; changed as training has it in an epoch. */
export function mediaFeeds(
  { from, rows, shapes }: MediaPart,
  places: Uint32Array,
  epoch?: number,
): Record<string, Tensor> {
  const taken = from.take(
    places.map((place) => rows[place]),
    epoch,
  );
  const feeds: Record<string, Tensor> = {};
  for (const [i, data] of taken.pictures.entries())
    feeds[inputNames.image(i)] = tensor('uint8', [places.length, ...shapes.pictures[i]], data);
  for (const [i, data] of taken.sounds.entries())
    feeds[inputNames.audio(i)] = tensor('float32', [places.length, ...shapes.sounds[i]], data);
  return feeds;
}

/** Test rows whose files are decoded when they are assessed. */
export type WithMedia = EncodedRows & {
  media?: () => Promise<MediaPart | undefined>;
  /** Rows that are not held, by their places (rising), so many at once. */
  blocks?: { size: number; load(places: Uint32Array): Promise<WithMedia> };
};
