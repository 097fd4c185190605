// TextCNN (Kim 2014, "Convolutional Neural Networks for Sentence Classification"): filters over runs of words, each
// reporting its strongest match in the text.
import { textHyper, textLogits, textWants } from './blocks/textHead.ts';
import { words } from './blocks/words.ts';
import type { Family } from './family.ts';
import { uniform } from './initial.ts';
import { beside, dropout, openGraph } from './inputs.ts';

export const textCnn: Family = {
  name: 'textcnn',
  says: 'filters over runs of words: texts where phrases decide',
  suits: (layout) => layout.sequences.length > 0,
  wants: textWants,
  hyper: {
    width: { kind: 'integer', default: 64, range: [8, 1024], log: true, says: 'length of a word’s vector' },
    filters: { kind: 'integer', default: 64, range: [4, 1024], log: true, says: 'filters of each width' },
    widths: { kind: 'list', default: [3, 4, 5], range: [1, 15], most: 8, says: 'words that a filter spans' },
    dropout: {
      kind: 'number',
      default: 0.5,
      range: [0, 0.9],
      says: 'share of the filters’ reports dropped while training',
    },
    embeddingDropout: {
      kind: 'number',
      default: 0,
      range: [0, 0.9],
      says: 'share of the numbers of words’ vectors dropped while training',
    },
    wordDropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share of words left out while training' },
    ...textHyper,
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('textcnn', layout, seed);
    const { g } = parts;
    const width = hyper['width'] as number;
    const filters = hyper['filters'] as number;
    textLogits(
      parts,
      layout,
      outputs,
      'textcnn',
      hyper['dropout'] as number,
      (tokens, sequence, name) => {
        const options = { width, std: 0.1, wordDropout: hyper['wordDropout'] as number };
        const read = words(parts, tokens, sequence, `${name}.words`, options);
        const x = g.op('Transpose', [dropout(parts, read.x, hyper['embeddingDropout'] as number)], { perm: [0, 2, 1] });
        const mask = g.op('Transpose', [read.mask], { perm: [0, 2, 1] });
        const pooled = (hyper['widths'] as number[]).map((span, i) => {
          const bound = 1 / Math.sqrt(width * span);
          const kernel = g.parameter(
            `${name}.filter_${i}.weight`,
            uniform(seed, `${name}.filter_${i}`, [filters, width, span], bound),
          );
          const bias = g.parameter(
            `${name}.filter_${i}.bias`,
            uniform(seed, `${name}.filter_${i}.bias`, [filters], bound),
          );
          const pads = [Math.floor((span - 1) / 2), Math.ceil((span - 1) / 2)];
          const found = g.op('Relu', [g.op('Conv', [x, kernel, bias], { kernel_shape: [span], pads })]);
          // What stands on padding counts as 0, which no report is below.
          return g.op('ReduceMax', [g.op('Mul', [found, mask])], { axes: [2], keepdims: 0 });
        });
        return beside(parts, pooled);
      },
      hyper['ngrams'] as number,
    );
    return g.build();
  },
};
