// Convolutions over the log-mel picture of a sound (Hershey et al. 2017; Kong et al. 2020 in small): blocks of 3 × 3 filters
// that halve time and pitch, then the mean and the greatest value over what is left.
import { usualSoundAugment } from '../data/index.ts';
import { convUnit } from './blocks/image.ts';
import { Fault } from '../schema/index.ts';
import type { Family } from './family.ts';
import { beside, dense, dropout, embed, embeddingWidth, openGraph } from './inputs.ts';

/** Convolutions over log-mel pictures of sound. */
export const audioCnn: Family = {
  name: 'audio-cnn',
  says: 'small filters over the log-mel picture of a sound: words, noises, voices of some seconds',
  suits: (layout) => (layout.sounds?.length ?? 0) > 0,
  wants: (hyper) => ({
    media: {
      sound: {
        rate: hyper['rate'] as number,
        mels: hyper['mels'] as number,
        ...((hyper['seconds'] as number) > 0 ? { seconds: hyper['seconds'] as number } : {}),
        ...(hyper['augment'] ? { augment: usualSoundAugment } : {}),
      },
    },
  }),
  hyper: {
    filters: { kind: 'list', default: [16, 32, 64], range: [1, 1024], most: 8, says: 'filters of each block' },
    hidden: {
      kind: 'integer',
      default: 64,
      range: [0, 4096],
      says: 'width of the layer behind the filters, 0 for none',
    },
    dropout: { kind: 'number', default: 0.3, range: [0, 0.9], says: 'share of the vectors dropped while training' },
    rate: { kind: 'integer', default: 16_000, range: [1000, 96_000], says: 'samples a second that are listened to' },
    seconds: {
      kind: 'number',
      default: 0,
      range: [0, 60],
      says: 'length that is listened to; 0 for the longest clip’s, at most 10',
    },
    mels: { kind: 'integer', default: 64, range: [8, 256], says: 'bands of pitch' },
    augment: {
      kind: 'switch',
      default: true,
      says: 'moves clips and hides stripes of time and pitch while training (Park et al. 2019)',
    },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('audio-cnn', layout, seed);
    const { g, inputs } = parts;
    if (inputs.sounds.length === 0) {
      throw new Fault('bad_request', 'model audio-cnn needs a column of sounds: import a folder or zip of audio files');
    }
    const share = hyper['dropout'] as number;
    const heard = inputs.sounds.map((sound, s) => {
      let x = sound;
      for (const [b, filters] of (hyper['filters'] as number[]).entries()) {
        for (let i = 0; i < 2; i++) x = convUnit(parts, x, filters, `sound_${s}.block_${b}.conv_${i}`, { kernel: 3 });
        const [mels, frames] = x.shape.slice(2).map(Number);
        if (Math.min(mels, frames) >= 2) x = g.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
      }
      // The mean over pitch, then over time both what is usual and what stands out.
      const overPitch = g.op('ReduceMean', [x], { axes: [2], keepdims: 0 });
      const usual = g.op('ReduceMean', [overPitch], { axes: [2], keepdims: 0 });
      return beside(parts, [usual, g.op('ReduceMax', [overPitch], { axes: [2], keepdims: 0 })]);
    });
    const others = [
      ...inputs.codes.map((codes, i) =>
        embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
      ),
      ...(inputs.dense ? [inputs.dense] : []),
    ];
    const hidden = hyper['hidden'] as number;
    let vector = dropout(parts, beside(parts, heard), share);
    if (hidden > 0) vector = dropout(parts, g.op('Relu', [dense(parts, vector, hidden, 'hidden', 'relu')]), share);
    g.output(dense(parts, beside(parts, [vector, ...others]), outputs, 'output', 'plain'), 'logits');
    return g.build();
  },
};
