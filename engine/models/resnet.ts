// Residual network (He et al. 2016, "Deep Residual Learning", the form for small images): stages of basic blocks, each
// stage half as large as the one before, and the mean over the picture.
import type { Value } from '../graph/index.ts';
import {
  batchNorm,
  conv,
  convUnit,
  hasImage,
  imageHyper,
  imageLogits,
  imageShift,
  imageWants,
  meanOverPicture,
} from './blocks/image.ts';
import type { Family } from './family.ts';
import { openGraph, type Parts } from './inputs.ts';

/** Two convolutions beside a shortcut, which is a 1 × 1 convolution where the shape changes (option B). */
function block(parts: Parts, x: Value, filters: number, stride: number, name: string): Value {
  const { g } = parts;
  const inner = convUnit(parts, x, filters, `${name}.conv_0`, { kernel: 3, stride });
  const outer = batchNorm(parts, conv(parts, inner, filters, `${name}.conv_1`, { kernel: 3 }), `${name}.conv_1.norm`);
  const same = stride === 1 && x.shape[1] === filters;
  const past = same
    ? x
    : batchNorm(parts, conv(parts, x, filters, `${name}.shortcut`, { kernel: 1, stride }), `${name}.shortcut.norm`);
  return g.op('Relu', [g.op('Add', [outer, past])]);
}

export const resnet: Family = {
  name: 'resnet',
  says: 'deep filters with shortcuts: images, where there are some thousands of them',
  suits: hasImage,
  wants: imageWants,
  shift: imageShift,
  hyper: {
    filters: { kind: 'list', default: [32, 64, 128], range: [1, 2048], most: 6, says: 'filters of each stage' },
    blocks: { kind: 'integer', default: 1, range: [1, 16], says: 'blocks of a stage' },
    dropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share of the vector dropped while training' },
    ...imageHyper,
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('resnet', layout, seed);
    imageLogits(parts, layout, outputs, 'resnet', hyper['dropout'] as number, (picture) => {
      const stages = hyper['filters'] as number[];
      let x = convUnit(parts, picture, stages[0] ?? 1, 'stem', { kernel: 3 });
      for (const [s, filters] of stages.entries()) {
        for (let b = 0; b < (hyper['blocks'] as number); b++) {
          x = block(parts, x, filters, s > 0 && b === 0 ? 2 : 1, `stage_${s}.block_${b}`);
        }
      }
      return meanOverPicture(parts, x);
    });
    return parts.g.build();
  },
};
