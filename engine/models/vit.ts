// Vision Transformer (Dosovitskiy et al. 2021): an image cut into patches, each a word with a learned place, read by a
// Transformer encoder; the image is the mean of its patches (Beyer et al. 2022).
import { Fault } from '../schema/index.ts';
import { encoderLayer } from './blocks/attention.ts';
import { hasImage, imageHyper, imageLogits, imageShift, imageWants } from './blocks/image.ts';
import { affine, layerNorm } from './blocks/layers.ts';
import type { Family } from './family.ts';
import { normal } from './initial.ts';
import { dropout, openGraph } from './inputs.ts';

/** Most patches that are chosen unasked. */
const fewPatches = 64;

/** The smallest patch that divides the image into few patches. */
function patchOf(height: number, width: number): number {
  const fits = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
    (side) => height % side === 0 && width % side === 0,
  );
  return fits.find((side) => (height * width) / side ** 2 <= fewPatches) ?? fits.at(-1) ?? 1;
}

export const vit: Family = {
  name: 'vit',
  says: 'patches that look at each other: images, where there are many of them',
  suits: hasImage,
  wants: imageWants,
  shift: imageShift,
  hyper: {
    patch: { kind: 'integer', default: 0, range: [0, 512], says: 'side of a patch in pixels; 0 chooses one' },
    width: {
      kind: 'integer',
      default: 64,
      range: [8, 1024],
      log: true,
      says: 'length of a patch’s vector; a multiple of `heads`',
    },
    layers: { kind: 'integer', default: 4, range: [1, 24], says: 'layers' },
    heads: { kind: 'integer', default: 4, range: [1, 32], says: 'attentions side by side' },
    inner: { kind: 'integer', default: 128, range: [8, 8192], log: true, says: 'width of the feed-forward part' },
    dropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share dropped in every layer while training' },
    ...imageHyper,
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('vit', layout, seed);
    const { g } = parts;
    const [width, heads, share] = [hyper['width'] as number, hyper['heads'] as number, hyper['dropout'] as number];
    if (width % heads !== 0)
      throw new Fault('bad_request', `hyper-parameter "width" (${width}) must be a multiple of "heads" (${heads})`);
    imageLogits(parts, layout, outputs, 'vit', share, (picture) => {
      const [channels, high, wide] = picture.shape.slice(1).map(Number);
      const side = (hyper['patch'] as number) || patchOf(high, wide);
      if (high % side !== 0 || wide % side !== 0)
        throw new Fault('bad_request', `an image of ${high} × ${wide} does not cut into patches of ${side} × ${side}`);
      const patches = (high / side) * (wide / side);
      // Cut by reshaping, not by a strided convolution: one product over all patches, right on every runtime.
      const tiles = g.op('Reshape', [picture, g.ints([0, channels, high / side, side, wide / side, side])]);
      const patch = g.op('Transpose', [tiles], { perm: [0, 2, 4, 1, 3, 5] });
      const flat = g.op('Reshape', [patch, g.ints([0, patches, channels * side * side])]);
      const words = affine(parts, flat, width, 'patches', 'plain');
      const places = g.parameter('positions', normal(seed, 'positions', [patches, width], 0.02));
      let x = dropout(parts, g.op('Add', [words, places]), share);
      const options = { heads, inner: hyper['inner'] as number, dropout: share };
      for (let i = 0; i < (hyper['layers'] as number); i++) x = encoderLayer(parts, x, null, `layer_${i}`, options);
      return g.op('ReduceMean', [layerNorm(parts, x, 'norm')], { axes: [1], keepdims: 0 });
    });
    return g.build();
  },
};
