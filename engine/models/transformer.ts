// Transformer encoder of texts (Vaswani et al. 2017), pre-norm, with learned positions; a text is the mean of its words.
import type { Value } from '../graph/index.ts';
import { Fault } from '../schema/index.ts';
import { encoderLayer } from './blocks/attention.ts';
import { layerNorm } from './blocks/layers.ts';
import { textHyper, textLogits, textWants } from './blocks/textHead.ts';
import { lowest, meanOverWords, words } from './blocks/words.ts';
import type { Family } from './family.ts';
import { normal } from './initial.ts';
import { dropout, openGraph, type Parts } from './inputs.ts';

/** The first rows of the table of positions, as many as the text is long: [length, width]. */
function positions({ g, seed }: Parts, tokens: Value, most: number, width: number, name: string): Value {
  const table = g.parameter(`${name}.table`, normal(seed, name, [most, width], 0.02));
  const length = g.op('Squeeze', [g.op('Shape', [tokens], { start: 1, end: 2 }), g.ints([0])]);
  return g.op('Gather', [table, g.op('Range', [g.ints(0), length, g.ints(1)])], { axis: 0 });
}

export const transformer: Family = {
  name: 'transformer',
  says: 'every word looks at every other: texts where distant words decide together',
  suits: (layout) => layout.sequences.length > 0,
  wants: textWants,
  hyper: {
    width: {
      kind: 'integer',
      default: 64,
      range: [8, 1024],
      log: true,
      says: 'length of a word’s vector; a multiple of `heads`',
    },
    layers: { kind: 'integer', default: 2, range: [1, 24], says: 'layers' },
    heads: { kind: 'integer', default: 4, range: [1, 32], says: 'attentions side by side' },
    inner: { kind: 'integer', default: 128, range: [8, 8192], log: true, says: 'width of the feed-forward part' },
    dropout: { kind: 'number', default: 0.2, range: [0, 0.9], says: 'share dropped in every layer while training' },
    headDropout: {
      kind: 'number',
      default: 0.3,
      range: [0, 0.9],
      says: 'share of the text’s vector dropped while training',
    },
    wordDropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share of words left out while training' },
    ...textHyper,
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('transformer', layout, seed);
    const { g } = parts;
    const [width, heads, share] = [hyper['width'] as number, hyper['heads'] as number, hyper['dropout'] as number];
    if (width % heads !== 0)
      throw new Fault('bad_request', `hyper-parameter "width" (${width}) must be a multiple of "heads" (${heads})`);
    const options = { heads, inner: hyper['inner'] as number, dropout: share };
    textLogits(
      parts,
      layout,
      outputs,
      'transformer',
      hyper['headDropout'] as number,
      (tokens, sequence, name) => {
        const wordOptions = { width, std: 0.1, wordDropout: hyper['wordDropout'] as number };
        const { x: read, mask } = words(parts, tokens, sequence, `${name}.words`, wordOptions);
        const placed = g.op('Add', [read, positions(parts, tokens, sequence.length + 15, width, `${name}.positions`)]);
        const hidden = g.op('Sub', [
          g.constant(1),
          g.op('Unsqueeze', [g.op('Squeeze', [mask, g.ints([2])]), g.ints([1, 2])]),
        ]);
        const bias = g.op('Mul', [hidden, g.constant(lowest)]);
        let x = dropout(parts, placed, share);
        for (let i = 0; i < (hyper['layers'] as number); i++)
          x = encoderLayer(parts, x, bias, `${name}.layer_${i}`, options);
        return meanOverWords(parts, layerNorm(parts, x, `${name}.norm`), mask);
      },
      hyper['ngrams'] as number,
    );
    return g.build();
  },
};
