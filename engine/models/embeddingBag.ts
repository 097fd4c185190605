// Embedding bag: every word and character n-gram has a vector, a text is their tf-idf-weighted sum (Joulin et al. 2017,
// "Bag of Tricks for Efficient Text Classification"), and the table's other columns stand beside it.
import { Fault } from '../schema/index.ts';
import type { Family } from './family.ts';
import { bag, beside, dense, dropout, embed, embeddingWidth, openGraph } from './inputs.ts';

export const embeddingBag: Family = {
  name: 'embedding-bag',
  says: 'vectors of word and character n-grams, summed: texts, with or without other columns',
  suits: (layout) => layout.texts.length > 0,
  hyper: {
    width: { kind: 'integer', default: 64, range: [1, 1024], log: true, says: 'length of an n-gram’s vector' },
    hidden: { kind: 'list', default: [], range: [1, 4096], most: 4, says: 'width of each hidden layer behind the sum' },
    dropout: {
      kind: 'number',
      default: 0.2,
      range: [0, 0.9],
      says: 'share of the summed vector dropped while training',
    },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('embedding-bag', layout, seed);
    const { g, inputs } = parts;
    if (inputs.texts.length === 0) {
      throw new Fault('bad_request', 'model embedding-bag needs a text column: use linear or mlp for tables');
    }
    const width = hyper['width'] as number;
    const share = hyper['dropout'] as number;
    const vectors = [
      ...inputs.texts.map((text, i) => bag(parts, text, layout.texts[i], width, `text_${i}`, 1 / Math.sqrt(width))),
      ...inputs.codes.map((codes, i) =>
        embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
      ),
      ...(inputs.dense ? [inputs.dense] : []),
    ];
    let x = dropout(parts, beside(parts, vectors), share);
    for (const [i, columns] of (hyper['hidden'] as number[]).entries()) {
      x = dropout(parts, g.op('Relu', [dense(parts, x, columns, `hidden_${i}`, 'relu')]), share);
    }
    g.output(dense(parts, x, outputs, 'output', 'plain'), 'logits');
    return g.build();
  },
};
