// Autoencoder (Hinton & Salakhutdinov 2006) for anomalies: a table's row is squeezed through a few numbers and restored; what
// cannot be restored is unusual. Answers errors, not restored rows; what an error means is anomalyHead.ts.
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { gelu } from './blocks/layers.ts';
import type { Family } from './family.ts';
import { dense, dropout, openGraph } from './inputs.ts';
import type { Layout } from './layout.ts';

/** Standardised numbers are cut here, so that one wild value does not rule the training. */
const farthest = 10;

/** Weight of each place of `dense` in an error: the four parts of a date count as one number. */
function placeWeights({ dense: width, parts }: Layout): Float32Array {
  const weights = new Float32Array(width).fill(1);
  weights.set(parts.shares ?? []);
  return weights;
}

/** Rows through a narrow middle and back: what comes back badly is unusual. */
export const autoencoder: Family = {
  name: 'autoencoder',
  says: 'restores rows from a few numbers and tells which cannot be restored: unusual rows of a table, with or without labels',
  suits: (layout) => layout.dense > 0,
  tasks: ['anomaly'],
  hyper: {
    hidden: {
      kind: 'list',
      default: [64],
      range: [1, 4096],
      most: 6,
      says: 'width of each layer before the narrowest',
    },
    code: {
      kind: 'integer',
      default: 0,
      range: [0, 1024],
      says: 'numbers that a row is squeezed into; 0 for a third of its columns',
    },
    noise: {
      kind: 'number',
      default: 0.4,
      range: [0, 0.9],
      says: 'share of a row’s numbers hidden while training (Vincent et al. 2008)',
    },
    contamination: {
      kind: 'number',
      default: 0.05,
      range: [0.0001, 0.5],
      says: 'share of rows that are held for unusual: it decides from which error on a row is called so',
    },
    anomalous: {
      kind: 'text',
      default: '',
      most: 1000,
      says: 'value of the target that marks unusual rows, for the report; the rarest when empty',
    },
    clean: {
      kind: 'switch',
      default: false,
      says: 'train only on rows that the target does not mark as unusual',
    },
  },
  build(layout, outputs, hyper, seed) {
    const parts = openGraph('autoencoder', { ...layout, embedded: [], texts: [], sequences: [] }, seed);
    const { g, inputs } = parts;
    if (!inputs.dense) throw new Fault('bad_request', 'model autoencoder needs number or category columns');
    const bound = (value: number) => g.constant(value);
    const row = g.op('Clip', [inputs.dense, bound(-farthest), bound(farthest)]);
    const hidden = hyper['hidden'] as number[];
    const code = (hyper['code'] as number) || Math.max(1, Math.round(outputs / 3));
    const layer = (x: typeof row, width: number, name: string) => gelu(parts, dense(parts, x, width, name, 'plain'));
    let x = dropout(parts, row, hyper['noise'] as number);
    for (const [i, width] of hidden.entries()) x = layer(x, width, `encoder_${i}`);
    x = dense(parts, x, code, 'code', 'plain');
    for (const [i, width] of hidden.toReversed().entries()) x = layer(x, width, `decoder_${i}`);
    const restored = dense(parts, x, outputs, 'restored', 'plain');
    const roots = placeWeights(layout).map(Math.sqrt);
    const scale = g.constant(tensor('float32', [1, outputs], roots));
    g.output(g.op('Mul', [g.op('Sub', [restored, row]), scale]), 'logits');
    return g.build();
  },
};
