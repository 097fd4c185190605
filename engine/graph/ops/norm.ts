// Normalisations.
import type { InferContext, OpTable } from '../rule.ts';

/** A scale or bias must be one number a channel. */
function perChannel(c: InferContext, inputs: readonly number[]): void {
  const channels = c.input(0).shape[1];
  for (const i of inputs) {
    const { shape } = c.input(i);
    if (shape.length !== 1 || shape[0] !== channels)
      c.fail(`input ${i} has shape [${shape.join(',')}] for ${channels} channels`);
  }
}

export const normOps: OpTable = {
  BatchNormalization: {
    inputs: [5, 5],
    outputs: [1, 3],
    attributes: { epsilon: 'float', momentum: 'float', training_mode: 'int' },
    infer: (c) => {
      perChannel(c, [1, 2, 3, 4]);
      const { dtype, shape } = c.input(0);
      return [{ dtype, shape }, c.input(3), c.input(4)];
    },
  },
  InstanceNormalization: {
    inputs: [3, 3],
    attributes: { epsilon: 'float' },
    infer: (c) => {
      perChannel(c, [1, 2]);
      return [{ dtype: c.input(0).dtype, shape: c.input(0).shape }];
    },
  },
  LayerNormalization: {
    inputs: [2, 3],
    outputs: [1, 3],
    attributes: { axis: 'int', epsilon: 'float', stash_type: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const axis = c.axis(c.int('axis', -1), shape.length);
      const kept = shape.map((dim, i) => (i < axis ? dim : 1));
      return [
        { dtype, shape },
        { dtype: 'float32', shape: kept },
        { dtype: 'float32', shape: kept },
      ];
    },
  },
};
