// Layers that the architectures share, over [batch, length, width] values. Names of weights are their callers' matter.
import type { GraphBuilder, Value } from '../../graph/index.ts';
import type { Weights } from './weights.ts';

/** A network under construction. */
export interface Stack {
  g: GraphBuilder;
  weights: Weights;
  /** Scales every dropout share: 1 for those of config.json, 0 for none. */
  dropout: number;
  /** Shapes [batch, length, width] by width, made once. */
  shapes: Map<number, Value>;
  /** int64 [2]: batch and length. */
  lead: Value;
}

export function openStack(g: GraphBuilder, weights: Weights, lead: Value, dropout: number): Stack {
  return { g, weights, lead, dropout, shapes: new Map() };
}

/** Greatest finite float32 below 0: what masked scores get, as in PyTorch's `finfo.min`. */
export const lowest = -3.4028234663852886e38;

const widthOf = (x: Value): number => Number(x.shape.at(-1));

function shapeWith(s: Stack, width: number): Value {
  const made = s.shapes.get(width) ?? s.g.op('Concat', [s.lead, s.g.ints([width])], { axis: 0 });
  s.shapes.set(width, made);
  return made;
}

/** One product over all positions at once. */
function affine(s: Stack, x: Value, weight: Value, bias: Value | null, out: number, transB: 0 | 1): Value {
  const { g } = s;
  const gemm = (rows: Value) => g.op('Gemm', [rows, weight, bias], transB ? { transB } : {});
  if (x.shape.length === 2) return gemm(x);
  return g.op('Reshape', [gemm(g.op('Reshape', [x, g.ints([-1, widthOf(x)])])), shapeWith(s, out)]);
}

/** PyTorch's Linear: `name.weight` [out, in], `name.bias` [out] where it has one. */
export function dense(s: Stack, x: Value, name: string, out: number, bias = true): Value {
  const weight = s.weights.take(`${name}.weight`, [out, widthOf(x)]);
  return affine(s, x, weight, bias ? s.weights.take(`${name}.bias`, [out]) : null, out, 1);
}

/** GPT-2's Conv1D, a Linear whose weight lies the other way: `name.weight` [in, out]. */
export function dense1d(s: Stack, x: Value, name: string, out: number): Value {
  const weight = s.weights.take(`${name}.weight`, [widthOf(x), out]);
  return affine(s, x, weight, s.weights.take(`${name}.bias`, [out]), out, 0);
}

/** Scores of every word by a table that also embeds them: x·tableᵀ (+ bias). */
export function unembed(s: Stack, x: Value, table: Value, bias: Value | null): Value {
  return affine(s, x, table, bias, Number(table.shape[0]), 1);
}

export function norm(s: Stack, x: Value, name: string, epsilon: number): Value {
  const width = widthOf(x);
  const [scale, shift] = [s.weights.take(`${name}.weight`, [width]), s.weights.take(`${name}.bias`, [width])];
  return s.g.op('LayerNormalization', [x, scale, shift], { axis: -1, epsilon });
}

export function embedding(s: Stack, ids: Value, name: string, rows: number, width: number): Value {
  return s.g.op('Gather', [s.weights.take(`${name}.weight`, [rows, width]), ids]);
}

/** Drops a share while training; nothing in what is served. */
export function dropout(s: Stack, x: Value, share: number): Value {
  const p = share * s.dropout;
  return p > 0 ? s.g.op('Dropout', [x, s.g.constant(p)]) : x;
}

export interface Attention {
  heads: number;
  /** Added to the scores; null where everybody sees everything. */
  bias: Value | null;
  /** Share of attention weights dropped. */
  dropped: number;
  /** False leaves scores unscaled. */
  scaled?: boolean;
}

/** [batch, length, width] as [batch, heads, length, width / heads]. */
export function splitHeads({ g }: Stack, x: Value, heads: number): Value {
  return g.op('Transpose', [g.op('Reshape', [x, g.ints([0, 0, heads, widthOf(x) / heads])])], { perm: [0, 2, 1, 3] });
}

/** Scaled dot-product attention (Vaswani et al. 2017) of split queries over split keys and values: [batch, length, width]. */
export function attend(
  s: Stack,
  q: Value,
  k: Value,
  v: Value,
  { heads, bias, dropped, scaled = true }: Attention,
): Value {
  const { g } = s;
  const size = widthOf(q);
  const asked = scaled ? g.op('Mul', [q, g.constant(1 / Math.sqrt(size))]) : q;
  const scores = g.op('MatMul', [asked, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const shares = g.op('Softmax', [bias ? g.op('Add', [scores, bias]) : scores], { axis: -1 });
  const mixed = g.op('MatMul', [dropout(s, shares, dropped), v]);
  return g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints([0, 0, heads * size])]);
}

/** Where `mask` (int64 [batch, length], 1 for tokens) hides positions: 0 or `lowest`, [batch, 1, 1, length]. */
export function paddingBias(g: GraphBuilder, mask: Value): Value {
  const seen = g.op('Cast', [g.op('Unsqueeze', [mask, g.ints([1, 2])])], { to: float32 });
  return g.op('Mul', [g.op('Sub', [g.constant(1), seen]), g.constant(lowest)]);
}

/** One position of each row: [batch, width]. */
export function positionOf({ g }: Stack, x: Value, at: number): Value {
  return g.op('Gather', [x, g.ints(at)], { axis: 1 });
}

/** int64 scalar: the size of an axis. */
export function sizeOfAxis(g: GraphBuilder, x: Value, axis: number): Value {
  return g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 }), g.ints([0])]);
}

/** TensorProto.DataType of what Cast makes. */
export const float32 = 1;
