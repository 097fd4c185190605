// What a model's graph takes: widths of its inputs, as the preprocessing gives them. The one place that decides which
// categories become columns of their own and which are embedded.
import { sequenceSize } from '../data/index.ts';
import type { CategoryInput, ImageShape, PictureInput, Preprocess, SoundInput, TextTokens } from '../schema/index.ts';
import type { PretrainedBase } from './pretrained/base.ts';

/** Categories with at most this many values become one column a value; greater ones are embedded. */
export const mostOneHot = 32;

/**
 * The inputs of a model's graph: `dense` float32 [batch, dense], `embedded` int64 [batch, embedded.length], for each text
 * `text_i_ids`, `text_i_weights` [batch, L], and for each text read word by word `text_i_tokens` [batch, L].
 */
export interface Layout {
  dense: number;
  /** What `dense` is made of, in this order. */
  parts: DenseParts;
  /** Rows of each embedded category's table: its values, and row 0 for missing or unseen. */
  embedded: number[];
  /** Rows of each text's table: its n-grams, and row 0 for padding. */
  texts: number[];
  sequences: SequenceLayout[];
  /** Pixels within `dense`, channel by channel, from the place `first` on; null where no columns are an image. */
  image: (ImageShape & { first: number }) | null;
  /** Columns of image files, as `image_i` uint8 [batch, channels, height, width], and of sounds, as `audio_i` float32 [batch, 1, mels, frames]. */
  pictures?: Pick<PictureInput, 'height' | 'width' | 'channels' | 'mean' | 'std'>[];
  sounds?: Pick<SoundInput, 'mels' | 'frames' | 'mean' | 'std'>[];
  /** For models that write texts: their tokens. */
  generation?: Omit<TextTokens, 'tokenizer'>;
  /** The items that are ranked, for users that the rest of the layout is about; the first embedded category is the user. */
  items?: ItemSide;
  /** The pretrained model to begin from, where one was named. */
  base?: PretrainedBase;
}

export interface DenseParts {
  /** Scaled numbers. */
  numeric: number;
  /** Place of the number that each missing indicator is about. */
  indicated: number[];
  /** Values of each small category, one column each. */
  oneHot: number[];
  /** Share of its column that each scaled number is; left out where every column has one. */
  shares?: number[];
}

/** All items, by their features. */
export interface ItemSide {
  layout: Layout;
  count: number;
  /** [items × layout.dense] and [items × layout.embedded.length], row-major. */
  dense: Float32Array;
  embedded: BigInt64Array;
  /** For each text [items × width], padded with 0. */
  texts: { ids: BigInt64Array; weights: Float32Array; width: number }[];
}

export interface SequenceLayout {
  /** Rows of the table: its words, row 1 for unknown ones, and row 0 for padding. */
  rows: number;
  /** Most tokens of a text. */
  length: number;
}

/** Places in `preprocess.category` of the columns with few values, and of the others. */
export function categoriesBySize(category: readonly CategoryInput[]): { small: number[]; large: number[] } {
  const places = category.map((_, i) => i);
  const isSmall = ({ values, embed }: CategoryInput) => !embed && values.length <= mostOneHot;
  return { small: places.filter((i) => isSmall(category[i])), large: places.filter((i) => !isSmall(category[i])) };
}

/** Places in `preprocess.numeric` of the columns that were missing somewhere in the training part. */
export function indicated(preprocess: Preprocess): number[] {
  return preprocess.numeric.flatMap((input, i) => (input.missing > 0 ? [i] : []));
}

export function layoutOf(preprocess: Preprocess): Layout {
  const { small, large } = categoriesBySize(preprocess.category);
  const { numeric } = preprocess;
  const inputs = new Map<string, number>();
  for (const { column } of numeric) inputs.set(column, (inputs.get(column) ?? 0) + 1);
  const shares = numeric.map(({ column }) => 1 / (inputs.get(column) ?? 1));
  const parts: DenseParts = {
    numeric: numeric.length,
    indicated: indicated(preprocess),
    oneHot: small.map((i) => preprocess.category[i].values.length),
    ...(shares.some((share) => share < 1) ? { shares } : {}),
  };
  return {
    dense: parts.numeric + parts.indicated.length + parts.oneHot.reduce((sum, width) => sum + width, 0),
    parts,
    embedded: large.map((i) => preprocess.category[i].values.length + 1),
    texts: preprocess.text.map((text) => text.words.length + text.chars.length + 1),
    sequences: (preprocess.sequence ?? []).map((input) => ({
      rows: sequenceSize(input),
      length: input.maxLength,
    })),
    image: preprocess.image ?? null,
    ...(preprocess.pictures ? { pictures: preprocess.pictures } : {}),
    ...(preprocess.sounds ? { sounds: preprocess.sounds } : {}),
    ...(preprocess.generation ? { generation: preprocess.generation } : {}),
  };
}
