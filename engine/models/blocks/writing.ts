// What models that write texts are made of, over [batch, length, width]: attention that looks back only, keys and values kept
// from the tokens before, word tables that also score words. Without a cache it is the form that trains.
import type { Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import { normal } from '../initial.ts';
import { dropout, type Parts } from '../inputs.ts';
import { affine, float32, gelu, layerNorm, widthOf } from './layers.ts';
import { lowest } from './words.ts';

export interface WriterOptions {
  heads: number;
  /** Width between the two products of the feed-forward part. */
  inner: number;
  /** Share dropped of attention weights, and of what each part adds. */
  dropout: number;
  /** Layers of the whole model: what a layer adds starts the smaller, the more there are (Radford et al. 2019). */
  layers: number;
  /**
   * Takes keys and values of the tokens before as inputs `past_*` and gives those of all tokens as outputs `present_*`, so that
   * another token costs one position.
   */
  cache: boolean;
}

/** int64 scalar: the size of an axis. */
export function sizeOf({ g }: Parts, x: Value, axis: number): Value {
  return g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 }), g.ints([0])]);
}

/** Where the tokens of `ids` stand. */
export interface Places {
  /** Place of each token in its text: int64 [length], or [batch, length] with a cache, where texts may be padded in front. */
  places: Value;
  /** Added to scores: 0 where a token may look, else `lowest`. */
  bias: Value;
  /** Where each token stands among all, padding and those in the cache counted: int64 [length]. */
  queries: Value;
}

/**
 * Places of tokens behind those in the cache. With a cache `mask` (int64 [batch, past + length]) hides padding in front;
 * without, texts are padded behind, which nobody before looks at.
 */
export function placesOf(parts: Parts, ids: Value, mask: Value | null): Places {
  const { g } = parts;
  const length = sizeOf(parts, ids, 1);
  const fresh = g.op('Range', [g.ints(0), length, g.ints(1)]);
  const all = mask ? sizeOf(parts, mask, 1) : length;
  const queries = mask ? g.op('Add', [fresh, g.op('Sub', [all, length])]) : fresh;
  const keys = mask ? g.op('Range', [g.ints(0), all, g.ints(1)]) : fresh;
  const columns = g.op('Unsqueeze', [queries, g.ints([1])]);
  const reached = g.op('Cast', [g.op('GreaterOrEqual', [columns, g.op('Unsqueeze', [keys, g.ints([0])])])], {
    to: float32,
  });
  const seen = mask
    ? g.op('Mul', [reached, g.op('Cast', [g.op('Unsqueeze', [mask, g.ints([1, 2])])], { to: float32 })])
    : reached;
  const bias = g.op('Mul', [g.op('Sub', [g.constant(1), seen]), g.constant(lowest)]);
  if (!mask) return { places: fresh, bias, queries };
  const counted = g.op('Sub', [g.op('CumSum', [mask, g.ints(1)]), g.ints(1)]);
  const own = g.op('Gather', [g.op('Max', [counted, g.ints(0)]), queries], { axis: 1 });
  return { places: g.assume(own, ids.shape), bias, queries };
}

/** Cosines and sines of rotary positions (Su et al. 2021) for heads of `size`: each [(batch, 1,) length, size / 2]. */
export interface Turns {
  cos: Value;
  sin: Value;
}

export function turnsOf({ g }: Parts, { places }: Places, most: number, size: number): Turns {
  const half = size / 2;
  const table = (of: (angle: number) => number) => {
    const data = new Float32Array(most * half);
    for (let at = 0; at < most; at++)
      for (let k = 0; k < half; k++) data[at * half + k] = of(at / 10_000 ** (k / half));
    const rows = g.op('Gather', [g.constant(tensor('float32', [most, half], data)), places]);
    return places.shape.length === 2 ? g.op('Unsqueeze', [rows, g.ints([1])]) : rows;
  };
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Pairs (i, i + size / 2) of each head turned by their place's angles. */
function turned({ g }: Parts, x: Value, { cos, sin }: Turns): Value {
  const [a, b] = g.ops('Split', [x], { axis: 3 }, 2);
  const left = g.op('Sub', [g.op('Mul', [a, cos]), g.op('Mul', [b, sin])]);
  const right = g.op('Add', [g.op('Mul', [b, cos]), g.op('Mul', [a, sin])]);
  return g.op('Concat', [left, right], { axis: 3 });
}

/** [batch, length, width] as [batch, heads, length, width / heads]. */
export function splitHeads({ g }: Parts, x: Value, heads: number): Value {
  return g.op('Transpose', [g.op('Reshape', [x, g.ints([0, 0, heads, widthOf(x) / heads])])], { perm: [0, 2, 1, 3] });
}

/** `x` [batch, heads, length, size] behind what the cache has under that name; without a cache `x` itself. */
export function remembered({ g }: Parts, x: Value, cache: boolean, name: string, past: string): Value {
  if (!cache) return x;
  const before = g.input(`past_${name}`, 'float32', ['batch', x.shape[1], past, x.shape[3]]);
  const all = g.op('Concat', [before, x], { axis: 2 });
  g.output(all, `present_${name}`);
  return all;
}

/** Scaled dot-product attention of split queries over split keys and values, and its output layer: [batch, length, width]. */
export function attendTo(
  parts: Parts,
  q: Value,
  k: Value,
  v: Value,
  bias: Value | null,
  name: string,
  options: WriterOptions,
): Value {
  const { g } = parts;
  const size = widthOf(q);
  const asked = g.op('Mul', [q, g.constant(1 / Math.sqrt(size))]);
  const scores = g.op('MatMul', [asked, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  const shares = g.op('Softmax', [bias ? g.op('Add', [scores, bias]) : scores], { axis: -1 });
  const mixed = g.op('MatMul', [dropout(parts, shares, options.dropout), v]);
  const width = size * options.heads;
  const joined = g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints([0, 0, width])]);
  return adding(parts, joined, width, `${name}.output`, options);
}

/** A layer whose result is added to what runs through: `x @ weight + bias`. */
function adding({ g, seed }: Parts, x: Value, width: number, name: string, { layers }: WriterOptions): Value {
  const inputs = widthOf(x);
  const start = normal(seed, name, [inputs, width], 1 / Math.sqrt(2 * layers * inputs));
  const product = g.op('MatMul', [x, g.parameter(`${name}.weight`, start)]);
  return g.op('Add', [product, g.parameter(`${name}.bias`, tensor('float32', [width]))]);
}

/** x + attention of every token over itself and those before; `turns` tells the places, where nothing else did. */
export function lookBack(
  parts: Parts,
  x: Value,
  bias: Value,
  turns: Turns | null,
  layer: number,
  options: WriterOptions,
): Value {
  const { g } = parts;
  const { heads, cache } = options;
  const width = widthOf(x);
  const name = `layer_${layer}.attention`;
  const read = affine(parts, layerNorm(parts, x, `layer_${layer}.norm_0`), 3 * width, `${name}.read`, 'plain');
  const [asks, v] = g.ops('Split', [read, g.ints([2 * width, width])], { axis: 2 }, 2);
  const both = splitHeads(parts, asks, 2 * heads);
  const [q, k] = g.ops('Split', [turns ? turned(parts, both, turns) : both], { axis: 1 }, 2);
  const keys = remembered(parts, k, cache, `key_${layer}`, 'past');
  const values = remembered(parts, splitHeads(parts, v, heads), cache, `value_${layer}`, 'past');
  return g.op('Add', [x, dropout(parts, attendTo(parts, q, keys, values, bias, name, options), options.dropout)]);
}

/**
 * x + what each of the `count` tokens before adds, by a matrix of its own. Which few tokens follow each other is most of what
 * little data teaches, and attention is slow to find them (So et al. 2021 put a causal convolution there).
 */
export function joinBefore(parts: Parts, x: Value, { places, queries }: Places, count: number, cache: boolean): Value {
  const { g, seed } = parts;
  const width = widthOf(x);
  const one = g.ints([1]);
  const all = cache ? g.op('Squeeze', [remembered(parts, g.op('Unsqueeze', [x, one]), true, 'word', 'past'), one]) : x;
  let sum = x;
  for (let k = 1; k <= count; k++) {
    const before = g.op('Gather', [all, g.op('Max', [g.op('Sub', [queries, g.ints(k)]), g.ints(0)])], { axis: 1 });
    const isThere = g.op('Cast', [g.op('GreaterOrEqual', [places, g.ints(k)])], { to: float32 });
    const own = g.op('Mul', [before, g.op('Unsqueeze', [isThere, g.ints([-1])])]);
    const weight = normal(seed, `before_${k}`, [width, width], 0.5 / Math.sqrt(width));
    sum = g.op('Add', [sum, g.op('MatMul', [own, g.parameter(`before_${k}.weight`, weight)])]);
  }
  return sum;
}

/** x + two products with GELU between, position by position. */
export function thinkOver(parts: Parts, x: Value, name: string, options: WriterOptions): Value {
  const { g } = parts;
  const inner = gelu(
    parts,
    affine(parts, layerNorm(parts, x, `${name}.norm`), options.inner, `${name}.inner`, 'plain'),
  );
  return g.op('Add', [x, dropout(parts, adding(parts, inner, widthOf(x), `${name}.outer`, options), options.dropout)]);
}

/** A table of words [vocabulary, width] that embeds them and scores them (Press & Wolf 2017). */
export function wordTable({ g, seed }: Parts, vocabulary: number, width: number): Value {
  return g.parameter('words.table', normal(seed, 'words', [vocabulary, width], 1 / Math.sqrt(width)));
}

/** Words as vectors of about unit size an element. */
export function wordVectors({ g }: Parts, table: Value, ids: Value): Value {
  return g.op('Mul', [g.op('Gather', [table, ids]), g.constant(Math.sqrt(widthOf(table)))]);
}

/**
 * Output `logits` [batch, kept, vocabulary]: scores of every word at each position, or with a cache at the last `keep` (input
 * int64 [1]) of them, since all of a long prompt's would be large and are not needed.
 */
export function scoreWords(parts: Parts, x: Value, table: Value, cache: boolean): void {
  const { g } = parts;
  const [vocabulary, width] = table.shape as number[];
  const kept = cache ? lastOf(parts, x) : x;
  if (cache) g.output(kept, 'last_hidden_state');
  const flat = g.op('Gemm', [g.op('Reshape', [kept, g.ints([-1, width])]), table, null], { transB: 1 });
  const lead = g.op('Shape', [kept], { start: 0, end: 2 });
  const logits = g.op('Reshape', [flat, g.op('Concat', [lead, g.ints([vocabulary])], { axis: 0 })]);
  g.output(logits, 'logits');
}

/** The last `keep` positions, an input. */
export function lastOf(parts: Parts, x: Value): Value {
  const { g } = parts;
  const keep = g.op('Squeeze', [g.input('keep', 'int64', [1]), g.ints([0])]);
  const length = sizeOf(parts, x, 1);
  const places = g.op('Range', [g.op('Sub', [length, keep]), length, g.ints(1)]);
  return g.op('Gather', [x, places], { axis: 1 });
}
