// ResNet for tables (Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data"): normalised, widened,
// narrowed and added to what was there, block by block.
import { Fault } from '../schema/index.ts';
import { batchNorm } from './blocks/image.ts';
import { affine } from './blocks/layers.ts';
import type { Family } from './family.ts';
import { bag, beside, dropout, embed, embeddingWidth, openGraph } from './inputs.ts';

export const tabularResnet: Family = {
  name: 'tabular-resnet',
  says: 'deep layers with shortcuts: tables of some thousands of rows and more',
  suits: (layout) => layout.dense + layout.embedded.length > 0,
  hyper: {
    width: { kind: 'integer', default: 128, range: [8, 2048], log: true, says: 'length of a row’s vector' },
    layers: { kind: 'integer', default: 2, range: [1, 16], says: 'blocks' },
    factor: { kind: 'number', default: 2, range: [1, 8], says: 'how much wider a block is inside' },
    dropout: { kind: 'number', default: 0.25, range: [0, 0.9], says: 'share dropped inside a block while training' },
    residualDropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share dropped of what a block adds' },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('tabular-resnet', layout, seed);
    const { g, inputs } = parts;
    const width = hyper['width'] as number;
    const columns = [
      ...(inputs.dense ? [inputs.dense] : []),
      ...inputs.codes.map((codes, i) =>
        embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
      ),
      ...inputs.texts.map((text, i) => bag(parts, text, layout.texts[i], 64, `text_${i}`, 1 / 8)),
    ];
    if (columns.length === 0)
      throw new Fault('bad_request', 'model tabular-resnet needs columns of numbers or categories');
    let x = affine(parts, beside(parts, columns), width, 'input', 'torch');
    for (let i = 0; i < (hyper['layers'] as number); i++) {
      const name = `block_${i}`;
      const wide = affine(
        parts,
        batchNorm(parts, x, `${name}.norm`),
        Math.round(width * (hyper['factor'] as number)),
        `${name}.wide`,
        'torch',
      );
      const open = dropout(parts, g.op('Relu', [wide]), hyper['dropout'] as number);
      const added = dropout(
        parts,
        affine(parts, open, width, `${name}.narrow`, 'torch'),
        hyper['residualDropout'] as number,
      );
      x = g.op('Add', [x, added]);
    }
    const last = g.op('Relu', [batchNorm(parts, x, 'norm')]);
    g.output(affine(parts, last, outputs, 'output', 'torch'), 'logits');
    return g.build();
  },
};
