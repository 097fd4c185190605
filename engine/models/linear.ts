// Linear model: one weight a feature and output. With texts it is logistic regression over n-grams.
import { Fault } from '../schema/index.ts';
import type { Family } from './family.ts';
import { zeros } from './initial.ts';
import { bag, dense, embed, openGraph } from './inputs.ts';

export const linear: Family = {
  name: 'linear',
  says: 'one weight a feature: quick, hard to overfit, the one to beat on small tables',
  suits: () => true,
  hyper: {},
  build(layout, outputs, _hyper, seed) {
    const parts = openGraph('linear', layout, seed);
    const { g, inputs } = parts;
    // Zeros are the best start of a convex problem: no draw of weights changes the result.
    const terms = [
      ...(inputs.dense ? [dense(parts, inputs.dense, outputs, 'linear', 'zero')] : []),
      ...inputs.codes.map((codes, i) => embed(parts, codes, layout.embedded[i], outputs, `category_${i}`, 0)),
      ...inputs.texts.map((text, i) => bag(parts, text, layout.texts[i], outputs, `text_${i}`, 0)),
    ];
    if (terms.length === 0) throw new Fault('bad_data', 'there is no column to learn from: check the ignored columns');
    const sum = terms.length === 1 ? terms[0] : g.op('Sum', terms);
    g.output(inputs.dense ? sum : g.op('Add', [sum, g.parameter('linear.bias', zeros([outputs]))]), 'logits');
    return g.build();
  },
};
