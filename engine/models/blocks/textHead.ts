// What families that read texts have in common: their inputs, and the way from a text's vector to logits. Beside the text
// stand the table's other columns, and n-grams with weights of their own ("wide and deep", Cheng et al. 2016).
import { type TokenKind, tokenKinds } from '../../data/index.ts';
import type { Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import { Fault, type Hyper } from '../../schema/index.ts';
import { zeros } from '../initial.ts';
import type { HyperTable, Wants } from '../family.ts';
import { bag, beside, dense, dropout, embed, embeddingWidth, type Parts } from '../inputs.ts';
import type { Layout, SequenceLayout } from '../layout.ts';

/** Hyper-parameters of every family that reads texts. */
export const textHyper = {
  ngrams: {
    kind: 'number',
    default: 0.65,
    range: [0, 0.95],
    says: 'share of a linear model of word and character n-grams in what is served; 0 for the network alone',
  },
  words: {
    kind: 'choice',
    default: 'latent',
    choices: ['latent', 'random'],
    says: 'how words’ vectors start: by the company that words keep in the training texts, or anyhow',
  },
  vocabulary: {
    kind: 'integer',
    default: 30_000,
    range: [100, 1_000_000],
    log: true,
    says: 'most words with a vector of their own',
  },
  length: { kind: 'integer', default: 256, range: [8, 8192], log: true, says: 'words of a text that are read' },
  tokens: {
    kind: 'choice',
    default: 'words',
    choices: tokenKinds,
    says: 'what a text is cut into: words, or byte pairs or word pieces learned from the training texts',
  },
} as const satisfies HyperTable;

export const textWants = (hyper: Hyper): Wants => ({
  texts: (hyper['ngrams'] as number) > 0 ? 'both' : 'sequence',
  sequence: {
    size: hyper['vocabulary'] as number,
    maxLength: hyper['length'] as number,
    tokens: hyper['tokens'] as TokenKind,
  },
});

/**
 * Reads each text by `read` and makes logits of what comes out and the other columns; n-grams have the share `ngrams` in
 * what is served.
 */
export function textLogits(
  parts: Parts,
  layout: Layout,
  outputs: number,
  family: string,
  dropped: number,
  read: (tokens: Value, words: SequenceLayout, name: string) => Value,
  ngrams = 0,
): void {
  const { g, inputs } = parts;
  if (inputs.tokens.length === 0)
    throw new Fault('bad_request', `model ${family} needs a text column: use mlp for tables`);
  const vectors = [
    ...inputs.tokens.map((tokens, i) => read(tokens, layout.sequences[i], `text_${i}`)),
    ...inputs.codes.map((codes, i) =>
      embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
    ),
    ...(inputs.dense ? [inputs.dense] : []),
  ];
  const logits = dense(parts, dropout(parts, beside(parts, vectors), dropped), outputs, 'output', 'plain');
  if (inputs.texts.length === 0 || ngrams === 0) return g.output(logits, 'logits');
  const bags = inputs.texts.map((text, i) => bag(parts, text, layout.texts[i], outputs, `text_${i}`, 0, true));
  const sum = bags.length === 1 ? bags[0] : g.op('Sum', bags);
  const wide = g.op('Add', [sum, g.buffer('ngrams.bias', zeros([outputs]))]);
  // The network's own logits while it trains, the weighted mean of both when served.
  const part = g.op('Mul', [whenServed(parts), g.constant(ngrams)]);
  g.output(g.op('Add', [logits, g.op('Mul', [part, g.op('Sub', [wide, logits])])]), 'logits');
}

/** 1 where the graph is served or evaluated, 0 while it trains: dropout makes 1 of 1, or 0 or 2. */
function whenServed({ g }: Parts): Value {
  const t = g.op('Dropout', [g.constant(tensor('float32', [1, 1], [1])), g.constant(0.5)]);
  return g.op('Mul', [t, g.op('Sub', [g.constant(2), t])]);
}
