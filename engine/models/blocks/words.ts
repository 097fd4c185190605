// Texts read word by word: vectors of words without their padding, and one vector made of all of a text's.
import type { Value } from '../../graph/index.ts';
import { normal } from '../initial.ts';
import { dropout, type Parts } from '../inputs.ts';
import type { SequenceLayout } from '../layout.ts';
import { float32 } from './layers.ts';

/** A text as [batch, length, width]; `mask` float32 [batch, length, 1] is 1 for words and 0 for padding. */
export interface Words {
  x: Value;
  mask: Value;
  /** int64 [batch, length]. */
  tokens: Value;
}

export interface WordOptions {
  width: number;
  /** Standard deviation of a word's vector at the start. */
  std: number;
  /** Share of words left out while training (Iyyer et al. 2015). */
  wordDropout: number;
}

/** Looks words up; padding, and while training a share of the words, are vectors of zeros. */
export function words(
  parts: Parts,
  tokens: Value,
  { rows }: SequenceLayout,
  name: string,
  { width, std, wordDropout }: WordOptions,
): Words {
  const { g, seed } = parts;
  const table = g.parameter(`${name}.table`, normal(seed, name, [rows, width], std));
  const isWord = g.op('Cast', [g.op('Greater', [tokens, g.ints(0)])], { to: float32 });
  const mask = g.op('Unsqueeze', [isWord, g.ints([2])]);
  const kept = wordDropout > 0 ? g.op('Unsqueeze', [dropout(parts, isWord, wordDropout), g.ints([2])]) : mask;
  return { x: g.op('Mul', [g.op('Gather', [table, tokens], { axis: 0 }), kept]), mask, tokens };
}

/** Mean over the words of a text: [batch, width]; zeros for a text without any. */
export function meanOverWords({ g }: Parts, x: Value, mask: Value): Value {
  const sum = g.op('ReduceSum', [g.op('Mul', [x, mask]), g.ints([1])], { keepdims: 0 });
  const count = g.op('ReduceSum', [mask, g.ints([1])], { keepdims: 0 });
  return g.op('Div', [sum, g.op('Max', [count, g.constant(1)])]);
}

/** Greatest finite float32 below 0: what padding counts as where the greatest value or a share is sought. */
export const lowest = -3.4028234663852886e38;

/** Greatest value over the words of a text: [batch, width]; zeros for a text without any. */
export function maxOverWords({ g }: Parts, x: Value, mask: Value): Value {
  const isPadding = g.op('Equal', [mask, g.constant(0)]);
  const greatest = g.op('ReduceMax', [g.op('Where', [isPadding, g.constant(lowest), x])], { axes: [1], keepdims: 0 });
  const any = g.op('ReduceMax', [mask], { axes: [1], keepdims: 0 });
  return g.op('Where', [g.op('Equal', [any, g.constant(0)]), g.constant(0), greatest]);
}
