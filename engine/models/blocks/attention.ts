// Pre-norm Transformer layers (Vaswani et al. 2017; Xiong et al. 2020) over [batch, length, width].
import type { Value } from '../../graph/index.ts';
import { dropout, type Parts } from '../inputs.ts';
import { affine, gelu, layerNorm, widthOf } from './layers.ts';

export interface EncoderOptions {
  heads: number;
  /** Width between the two products of the feed-forward part. */
  inner: number;
  /** Share dropped of attention weights, and of what each part adds. */
  dropout: number;
}

/** [batch, length, width] as [batch, heads, length, width / heads]. */
function split({ g }: Parts, x: Value, heads: number): Value {
  return g.op('Transpose', [g.op('Reshape', [x, g.ints([0, 0, heads, widthOf(x) / heads])])], { perm: [0, 2, 1, 3] });
}

/** Scaled dot-product attention of every position over all; `bias` [batch, 1, 1, length] is added to the scores. */
export function selfAttention(
  parts: Parts,
  x: Value,
  bias: Value | null,
  name: string,
  options: Pick<EncoderOptions, 'heads' | 'dropout'>,
): Value {
  const { g } = parts;
  const { heads } = options;
  const width = widthOf(x);
  const [q, k, v] = ['query', 'key', 'value'].map((part) =>
    split(parts, affine(parts, x, width, `${name}.${part}`, 'plain'), heads),
  );
  const asked = g.op('Mul', [q, g.constant(1 / Math.sqrt(width / heads))]);
  const scores = g.op('MatMul', [asked, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const shares = g.op('Softmax', [bias ? g.op('Add', [scores, bias]) : scores], { axis: -1 });
  const mixed = g.op('MatMul', [dropout(parts, shares, options.dropout), v]);
  const joined = g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints([0, 0, width])]);
  return affine(parts, joined, width, `${name}.output`, 'plain');
}

/** One layer: x + attention(norm(x)), then the same of two products with GELU between. */
export function encoderLayer(parts: Parts, x: Value, bias: Value | null, name: string, options: EncoderOptions): Value {
  const { g } = parts;
  const mixed = selfAttention(parts, layerNorm(parts, x, `${name}.norm_0`), bias, `${name}.attention`, options);
  const read = g.op('Add', [x, dropout(parts, mixed, options.dropout)]);
  const inner = gelu(
    parts,
    affine(parts, layerNorm(parts, read, `${name}.norm_1`), options.inner, `${name}.inner`, 'plain'),
  );
  const outer = affine(parts, dropout(parts, inner, options.dropout), widthOf(x), `${name}.outer`, 'plain');
  return g.op('Add', [read, dropout(parts, outer, options.dropout)]);
}
