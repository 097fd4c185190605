// What a model's graph takes: widths of its inputs, as the preprocessing gives them. The one place that decides which
// categories become columns of their own and which are embedded.
import type { CategoryInput, Preprocess } from '../schema/index.ts';

/** Categories with at most this many values become one column a value; greater ones are embedded. */
export const mostOneHot = 32;

/** The inputs of a model's graph: `dense` float32 [batch, dense], `embedded` int64 [batch, embedded.length], and for each text `text_i_ids`, `text_i_weights` [batch, L]. */
export interface Layout {
  dense: number;
  /** Rows of each embedded category's table: its values, and row 0 for missing or unseen. */
  embedded: number[];
  /** Rows of each text's table: its n-grams, and row 0 for padding. */
  texts: number[];
}

/** Places in `preprocess.category` of the columns with few values, and of the others. */
export function categoriesBySize(category: readonly CategoryInput[]): { small: number[]; large: number[] } {
  const places = category.map((_, i) => i);
  return {
    small: places.filter((i) => category[i].values.length <= mostOneHot),
    large: places.filter((i) => category[i].values.length > mostOneHot),
  };
}

/** Places in `preprocess.numeric` of the columns that were missing somewhere in the training part. */
export function indicated(preprocess: Preprocess): number[] {
  return preprocess.numeric.flatMap((input, i) => (input.missing > 0 ? [i] : []));
}

export function layoutOf(preprocess: Preprocess): Layout {
  const { small, large } = categoriesBySize(preprocess.category);
  const oneHot = small.reduce((sum, i) => sum + preprocess.category[i].values.length, 0);
  return {
    dense: preprocess.numeric.length + indicated(preprocess).length + oneHot,
    embedded: large.map((i) => preprocess.category[i].values.length + 1),
    texts: preprocess.text.map((text) => text.words.length + text.chars.length + 1),
  };
}
