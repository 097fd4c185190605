// Multi-layer perceptron over the table's columns: layers of ReLU with dropout.
import { Fault } from '../schema/index.ts';
import type { Family } from './family.ts';
import { beside, dense, dropout, embed, embeddingWidth, openGraph } from './inputs.ts';

export const mlp: Family = {
  name: 'mlp',
  says: 'fully connected layers: numbers and categories whose effects are not additive',
  suits: (layout) => layout.dense + layout.embedded.length > 0,
  hyper: {
    hidden: { kind: 'list', default: [128, 64], range: [1, 4096], most: 8, says: 'width of each hidden layer' },
    dropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share of hidden values dropped while training' },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('mlp', layout, seed);
    const { g, inputs } = parts;
    const vectors = inputs.codes.map((codes, i) =>
      embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
    );
    const columns = [...(inputs.dense ? [inputs.dense] : []), ...vectors];
    if (columns.length === 0) {
      throw new Fault('bad_request', 'model mlp needs a number or category column: use model embedding-bag for texts');
    }
    let x = beside(parts, columns);
    for (const [i, width] of (hyper['hidden'] as number[]).entries()) {
      x = dropout(parts, g.op('Relu', [dense(parts, x, width, `hidden_${i}`, 'relu')]), hyper['dropout'] as number);
    }
    g.output(dense(parts, x, outputs, 'output', 'plain'), 'logits');
    return g.build();
  },
};
