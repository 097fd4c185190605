// FT-Transformer (Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data"): every column becomes a token,
// a Transformer lets them look at each other, and a token of no column gathers the answer.
import type { Value } from '../graph/index.ts';
import { Fault } from '../schema/index.ts';
import { selfAttention } from './blocks/attention.ts';
import { sharedToken, slice } from './blocks/image.ts';
import { affine, layerNorm } from './blocks/layers.ts';
import type { Family } from './family.ts';
import { uniform, zeros } from './initial.ts';
import { bag, dropout, embed, openGraph, type Parts } from './inputs.ts';
import type { Layout } from './layout.ts';
import { tensor } from '../onnx/index.ts';

/** Numbers as tokens [batch, k, width]: bias + value · weight, and a vector more where the value was missing. */
function numberTokens(parts: Parts, layout: Layout, values: Value, width: number, bound: number): Value {
  const { g, seed } = parts;
  const { numeric, indicated } = layout.parts;
  const vectors = (name: string) =>
    g.parameter(`numbers.${name}`, uniform(seed, `numbers.${name}`, [numeric, width], bound));
  const column = (x: Value) => g.op('Unsqueeze', [x, g.ints([2])]);
  const scaled = g.op('Mul', [column(slice(parts, values, 0, numeric)), vectors('weight')]);
  const tokens = g.op('Add', [scaled, vectors('bias')]);
  if (indicated.length === 0) return tokens;
  const missing = slice(parts, values, numeric, numeric + indicated.length);
  const places = new Float32Array(indicated.length * numeric);
  for (const [i, place] of indicated.entries()) places[i * numeric + place] = 1;
  const spread = g.op('MatMul', [missing, g.constant(tensor('float32', [indicated.length, numeric], places))]);
  return g.op('Add', [tokens, g.op('Mul', [column(spread), vectors('missing')])]);
}

/** Categories of few values, which stand as one column a value; all zeros is missing or unseen. */
function smallTokens(parts: Parts, layout: Layout, values: Value, width: number, bound: number): Value[] {
  const { g, seed } = parts;
  let at = layout.parts.numeric + layout.parts.indicated.length;
  return layout.parts.oneHot.map((count, i) => {
    const own = slice(parts, values, at, at + count);
    at += count;
    const name = `small_${i}`;
    const table = g.parameter(`${name}.table`, uniform(seed, name, [count, width], bound));
    const none = g.parameter(`${name}.missing`, uniform(seed, `${name}.missing`, [1, width], bound));
    const isNone = g.op('Sub', [g.constant(1), g.op('ReduceSum', [own, g.ints([1])], { keepdims: 1 })]);
    const token = g.op('Add', [g.op('MatMul', [own, table]), g.op('Mul', [isNone, none])]);
    return g.op('Unsqueeze', [g.op('Add', [token, g.parameter(`${name}.bias`, zeros([width]))]), g.ints([1])]);
  });
}

function tokensOf(parts: Parts, layout: Layout, width: number): Value[] {
  const { g, inputs } = parts;
  // As the paper's code starts its tokenizer: uniform within 1/√width.
  const bound = 1 / Math.sqrt(width);
  const alone = (x: Value) => g.op('Unsqueeze', [x, g.ints([1])]);
  return [
    ...(inputs.dense && layout.parts.numeric > 0 ? [numberTokens(parts, layout, inputs.dense, width, bound)] : []),
    ...(inputs.dense ? smallTokens(parts, layout, inputs.dense, width, bound) : []),
    ...inputs.codes.map((codes, i) =>
      alone(embed(parts, codes, layout.embedded[i], width, `category_${i}`, bound / Math.sqrt(3))),
    ),
    ...inputs.texts.map((text, i) => alone(bag(parts, text, layout.texts[i], width, `text_${i}`, bound))),
  ];
}

export const ftTransformer: Family = {
  name: 'ft-transformer',
  says: 'columns that look at each other: tables whose columns decide together',
  suits: (layout) => layout.dense + layout.embedded.length > 0,
  hyper: {
    width: {
      kind: 'integer',
      default: 64,
      range: [8, 1024],
      log: true,
      says: 'length of a column’s vector; a multiple of `heads`',
    },
    layers: { kind: 'integer', default: 2, range: [1, 12], says: 'layers' },
    heads: { kind: 'integer', default: 4, range: [1, 32], says: 'attentions side by side' },
    factor: { kind: 'number', default: 4 / 3, range: [0.5, 8], says: 'how much wider the feed-forward part is inside' },
    attentionDropout: {
      kind: 'number',
      default: 0.2,
      range: [0, 0.9],
      says: 'share of attention dropped while training',
    },
    dropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share dropped inside the feed-forward part' },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('ft-transformer', layout, seed);
    const { g } = parts;
    const [width, heads] = [hyper['width'] as number, hyper['heads'] as number];
    if (width % heads !== 0)
      throw new Fault('bad_request', `hyper-parameter "width" (${width}) must be a multiple of "heads" (${heads})`);
    const tokens = tokensOf(parts, layout, width);
    if (tokens.length === 0)
      throw new Fault('bad_request', 'model ft-transformer needs columns of numbers or categories');
    const inner = Math.max(1, Math.round(width * (hyper['factor'] as number)));
    let x = g.op('Concat', [sharedToken(parts, tokens[0], width, 'answer'), ...tokens], { axis: 1 });
    for (let i = 0; i < (hyper['layers'] as number); i++) {
      const name = `layer_${i}`;
      const attention = { heads, dropout: hyper['attentionDropout'] as number };
      // The first normalisation hurts (the paper, section 3.3): tokens come as they are.
      const read = i === 0 ? x : layerNorm(parts, x, `${name}.norm_0`);
      x = g.op('Add', [x, selfAttention(parts, read, null, `${name}.attention`, attention)]);
      // ReGLU (Shazeer 2020).
      const both = affine(parts, layerNorm(parts, x, `${name}.norm_1`), 2 * inner, `${name}.inner`, 'torch');
      const [value, gate] = g.ops('Split', [both], { axis: 2 }, 2);
      const gated = dropout(parts, g.op('Mul', [value, g.op('Relu', [gate])]), hyper['dropout'] as number);
      x = g.op('Add', [x, affine(parts, gated, width, `${name}.outer`, 'torch')]);
    }
    const answer = g.op('Gather', [x, g.ints(0)], { axis: 1 });
    const last = g.op('Relu', [layerNorm(parts, answer, 'norm')]);
    g.output(affine(parts, last, outputs, 'output', 'torch'), 'logits');
    return g.build();
  },
};
