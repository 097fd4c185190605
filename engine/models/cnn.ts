// Small convolutional network (LeCun et al. 1998, in the form of Simonyan & Zisserman 2015): blocks of 3 × 3 filters with
// batch normalisation, each block half as large and with more filters.
import { convUnit, hasImage, imageHyper, imageLogits, imageShift, imageWants } from './blocks/image.ts';
import type { Family } from './family.ts';
import { dense, dropout, openGraph } from './inputs.ts';

export const cnn: Family = {
  name: 'cnn',
  says: 'small filters in blocks of shrinking size: images of some ten to a hundred pixels a side',
  suits: hasImage,
  wants: imageWants,
  shift: imageShift,
  hyper: {
    filters: { kind: 'list', default: [32, 64], range: [1, 1024], most: 8, says: 'filters of each block' },
    depth: { kind: 'integer', default: 2, range: [1, 8], says: 'convolutions of a block' },
    hidden: {
      kind: 'integer',
      default: 128,
      range: [0, 4096],
      says: 'width of the layer behind the filters, 0 for none',
    },
    dropout: { kind: 'number', default: 0.3, range: [0, 0.9], says: 'share of the vectors dropped while training' },
    ...imageHyper,
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('cnn', layout, seed);
    const { g } = parts;
    const share = hyper['dropout'] as number;
    const [depth, hidden] = [hyper['depth'] as number, hyper['hidden'] as number];
    imageLogits(parts, layout, outputs, 'cnn', share, (picture) => {
      let x = picture;
      for (const [b, filters] of (hyper['filters'] as number[]).entries()) {
        for (let i = 0; i < depth; i++) x = convUnit(parts, x, filters, `block_${b}.conv_${i}`, { kernel: 3 });
        const [height, width] = x.shape.slice(2).map(Number);
        if (Math.min(height, width) >= 2) x = g.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
      }
      const flat = g.op('Flatten', [x]);
      if (hidden === 0) return flat;
      return g.op('Relu', [dense(parts, dropout(parts, flat, share), hidden, 'hidden', 'relu')]);
    });
    return g.build();
  },
};
