// Graph fragments that families share: the layout's inputs, tables for categories and texts, dense layers.
import { type GraphBuilder, graphBuilder, type Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { kaiming, normal, xavier, zeros } from './initial.ts';
import type { Layout } from './layout.ts';

/** The layout's inputs; those of no width are left out. */
export interface Inputs {
  dense: Value | null;
  /** int64 [batch] for each embedded category. */
  codes: Value[];
  texts: { ids: Value; weights: Value }[];
  /** int64 [batch, L] for each text that is read word by word; 0 pads. */
  tokens: Value[];
  /** float32 [batch, channels, height, width] and [batch, 1, mels, frames] of each column of files, standardised. */
  pictures: Value[];
  sounds: Value[];
}

export interface Parts {
  g: GraphBuilder;
  inputs: Inputs;
  seed: number;
}

export function openGraph(name: string, layout: Layout, seed: number): Parts {
  const g = graphBuilder(name);
  const dense = layout.dense > 0 ? g.input('dense', 'float32', ['batch', layout.dense]) : null;
  const width = layout.embedded.length;
  const embedded = width > 0 ? g.input('embedded', 'int64', ['batch', width]) : null;
  const codes = embedded ? layout.embedded.map((_, i) => g.op('Gather', [embedded, g.ints(i)], { axis: 1 })) : [];
  const texts = layout.texts.map((_, i) => ({
    ids: g.input(`text_${i}_ids`, 'int64', ['batch', `tokens_${i}`]),
    weights: g.input(`text_${i}_weights`, 'float32', ['batch', `tokens_${i}`]),
  }));
  const tokens = layout.sequences.map((_, i) => g.input(`text_${i}_tokens`, 'int64', ['batch', `words_${i}`]));
  const scaled = (x: Value, mean: readonly number[], std: readonly number[]) => {
    const each = (values: readonly number[]) => g.constant(tensor('float32', [1, values.length, 1, 1], values));
    return g.op('Div', [g.op('Sub', [x, each(mean)]), each(std)]);
  };
  const pictures = (layout.pictures ?? []).map(({ channels, height, width: across, mean, std }, i) =>
    scaled(g.op('Cast', [g.input(`image_${i}`, 'uint8', ['batch', channels, height, across])], { to: 1 }), mean, std),
  );
  const sounds = (layout.sounds ?? []).map(({ mels, frames, mean, std }, i) =>
    scaled(g.input(`audio_${i}`, 'float32', ['batch', 1, mels, frames]), [mean], [std]),
  );
  return { g, inputs: { dense, codes, texts, tokens, pictures, sounds }, seed };
}

/** `x @ weight + bias` to `width` columns; weights start for a ReLU, for nothing, or at zero. */
export function dense(
  { g, seed }: Parts,
  x: Value,
  width: number,
  name: string,
  start: 'relu' | 'plain' | 'zero',
): Value {
  const shape = [Number(x.shape[1]), width] as const;
  const weight = { relu: kaiming, plain: xavier, zero: () => zeros(shape) }[start](seed, name, shape);
  const product = g.op('MatMul', [x, g.parameter(`${name}.weight`, weight)]);
  return g.op('Add', [product, g.parameter(`${name}.bias`, zeros([width]))]);
}

/** Row of a category's table: [batch, width]. */
export function embed({ g, seed }: Parts, codes: Value, rows: number, width: number, name: string, std: number): Value {
  const table = g.parameter(`${name}.table`, normal(seed, name, [rows, width], std));
  return g.op('Gather', [table, codes], { axis: 0 });
}

/**
 * Weighted sum of the rows of a text's n-grams (Joulin et al. 2017): [batch, width]. Padding weighs 0. A table that is `fixed`
 * is none of the graph's parameters.
 */
export function bag(
  { g, seed }: Parts,
  text: Inputs['texts'][number],
  rows: number,
  width: number,
  name: string,
  std: number,
  fixed = false,
): Value {
  const table = g[fixed ? 'buffer' : 'parameter'](
    `${name}.table`,
    std === 0 ? zeros([rows, width]) : normal(seed, name, [rows, width], std),
  );
  const vectors = g.op('Gather', [table, text.ids], { axis: 0 });
  const weights = g.op('Unsqueeze', [text.weights, g.ints([1])]);
  return g.op('Squeeze', [g.op('MatMul', [weights, vectors]), g.ints([1])]);
}

/** Width of a category's vectors by the number of its values (fastai's rule of thumb). */
export function embeddingWidth(rows: number): number {
  return Math.min(50, Math.round(1.6 * rows ** 0.56));
}

/** Drops a share of the elements while training, seeded by run, step and sample. */
export function dropout({ g }: Parts, x: Value, share: number): Value {
  return share > 0 ? g.op('Dropout', [x, g.constant(share)]) : x;
}

/** Side by side; one value stays as it is. */
export function beside({ g }: Parts, values: readonly Value[]): Value {
  return values.length === 1 ? values[0] : g.op('Concat', values, { axis: 1 });
}
