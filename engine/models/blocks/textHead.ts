// What families that read texts have in common: their inputs, and the way from a text's vector to logits. Beside the text
// stand the table's other columns, and n-grams with weights of their own ("wide and deep", Cheng et al. 2016).
import type { Value } from '../../graph/index.ts';
import { Fault, type Hyper } from '../../schema/index.ts';
import { zeros } from '../initial.ts';
import type { HyperTable, Wants } from '../family.ts';
import { bag, beside, dense, dropout, embed, embeddingWidth, type Parts } from '../inputs.ts';
import type { Layout, SequenceLayout } from '../layout.ts';

/** Hyper-parameters of every family that reads texts. */
export const textHyper = {
  ngrams: {
    kind: 'switch',
    default: true,
    says: 'adds one weight an n-gram and output, tf-idf-weighted, to the logits',
  },
  vocabulary: {
    kind: 'integer',
    default: 30_000,
    range: [100, 1_000_000],
    log: true,
    says: 'most words with a vector of their own',
  },
  length: { kind: 'integer', default: 256, range: [8, 8192], log: true, says: 'words of a text that are read' },
} as const satisfies HyperTable;

export const textWants = (hyper: Hyper): Wants => ({
  texts: hyper['ngrams'] ? 'both' : 'sequence',
  sequence: { size: hyper['vocabulary'] as number, maxLength: hyper['length'] as number },
});

/**
 * Lets n-grams' weights, which are met seldom and start at nothing, go as far in a step as if their learning rate were this
 * many times the network's.
 */
const gain = 4;

/** Reads each text by `read` and makes logits of what comes out, the other columns and the n-grams. */
export function textLogits(
  parts: Parts,
  layout: Layout,
  outputs: number,
  family: string,
  share: number,
  read: (tokens: Value, words: SequenceLayout, name: string) => Value,
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
  const logits = dense(parts, dropout(parts, beside(parts, vectors), share), outputs, 'output', 'plain');
  if (inputs.texts.length === 0) return g.output(logits, 'logits');
  const bags = inputs.texts.map(({ ids, weights }, i) => {
    const text = { ids, weights: g.op('Mul', [weights, g.constant(gain)]) };
    return bag(parts, text, layout.texts[i], outputs, `ngrams_${i}`, 0);
  });
  const wide = g.op('Add', [
    bags.length === 1 ? bags[0] : g.op('Sum', bags),
    g.parameter('ngrams.bias', zeros([outputs])),
  ]);
  g.output(inTurn(parts, logits, wide), 'logits');
}

/**
 * The sum of two opinions; while training each sample hears one of them only, doubled. So each learns to be right by
 * itself (Neverova et al. 2015, ModDrop), and what is served is the mean of two models that err differently.
 */
function inTurn({ g }: Parts, deep: Value, wide: Value): Value {
  const ones = g.op('Expand', [
    g.constant([1]),
    g.op('Concat', [g.op('Shape', [deep], { start: 0, end: 1 }), g.ints([1])], { axis: 0 }),
  ]);
  // 0 or 2 while training, 1 otherwise.
  const turn = g.op('Dropout', [ones, g.constant(0.5)]);
  return g.op('Add', [g.op('Mul', [deep, turn]), g.op('Mul', [wide, g.op('Sub', [g.constant(2), turn])])]);
}
