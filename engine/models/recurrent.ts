// Recurrent readers of texts: GRU (Cho et al. 2014) and LSTM (Hochreiter & Schmidhuber 1997), in both directions
// (Schuster & Paliwal 1997), layer on layer. Padding after a text's end changes no state.
import type { Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { textHyper, textLogits, textWants } from './blocks/textHead.ts';
import { maxOverWords, meanOverWords, words } from './blocks/words.ts';
import type { Family } from './family.ts';
import { uniform } from './initial.ts';
import { beside, dropout, openGraph, type Parts } from './inputs.ts';

interface Cell {
  op: 'GRU' | 'LSTM';
  gates: number;
  /** Place of the gate that can hold the state still, and what it must be for that: GRU's update 1, LSTM's input 0. */
  still: readonly [gate: number, sign: 1 | -1];
  attributes: Record<string, number>;
}

/** A gate's argument that saturates it in float32: σ(±shut) is 1 or 0. */
const shut = 1e4;

/** One weight a gate and unit of the input that says "padding": only the holding gate listens. */
function holding({ gates, still: [gate, sign] }: Cell, hidden: number, directions: number) {
  const one = new Float32Array(gates * hidden).fill(sign * shut, gate * hidden, (gate + 1) * hidden);
  const all = new Float32Array(directions * one.length);
  for (let d = 0; d < directions; d++) all.set(one, d * one.length);
  return tensor('float32', [directions, gates * hidden, 1], all);
}

/**
 * A layer over [time, batch, width]: all outputs [time, batch, 2·hidden]. Weights start uniform within 1/√hidden, as
 * PyTorch's do. `padding` float32 [time, batch, 1] is 1 after a text's end; there a state stays as it is, so the backward
 * direction begins at the last word with zeros.
 */
function layer(parts: Parts, x: Value, padding: Value, cell: Cell, hidden: number, name: string): Value {
  const { g, seed } = parts;
  const { op, gates, attributes } = cell;
  const width = Number(x.shape[2]);
  const bound = 1 / Math.sqrt(hidden);
  const weight = (part: string, dims: number[]) =>
    g.parameter(`${name}.${part}`, uniform(seed, `${name}.${part}`, dims, bound));
  const own = weight('input', [2, gates * hidden, width]);
  const w = g.op('Concat', [own, g.constant(holding(cell, hidden, 2))], { axis: 2 });
  const r = weight('state', [2, gates * hidden, hidden]);
  const b = weight('bias', [2, 2 * gates * hidden]);
  const fed = g.op('Concat', [x, padding], { axis: 2 });
  const y = g.op(op, [fed, w, r, b], { hidden_size: hidden, direction: 'bidirectional', ...attributes });
  // [time, 2, batch, hidden]
  return g.op('Reshape', [g.op('Transpose', [y], { perm: [0, 2, 1, 3] }), g.ints([0, 0, 2 * hidden])]);
}

function family(name: 'gru' | 'lstm', says: string, cell: Cell): Family {
  return {
    name,
    says,
    suits: (layout) => layout.sequences.length > 0,
    wants: textWants,
    hyper: {
      width: { kind: 'integer', default: 64, range: [8, 1024], log: true, says: 'length of a word’s vector' },
      hidden: { kind: 'integer', default: 64, range: [4, 1024], log: true, says: 'state of each direction' },
      layers: { kind: 'integer', default: 1, range: [1, 4], says: 'layers, each over what the one below read' },
      dropout: {
        kind: 'number',
        default: 0.5,
        range: [0, 0.9],
        says: 'share of the text’s vector dropped while training',
      },
      embeddingDropout: {
        kind: 'number',
        default: 0.2,
        range: [0, 0.9],
        says: 'share of the numbers of words’ vectors dropped while training',
      },
      wordDropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share of words left out while training' },
      ...textHyper,
    },
    build(layout, outputs, hyper, seed) {
      const parts = openGraph(name, layout, seed);
      const { g } = parts;
      textLogits(
        parts,
        layout,
        outputs,
        name,
        hyper['dropout'] as number,
        (tokens, sequence, text) => {
          const options = { width: hyper['width'] as number, std: 0.1, wordDropout: hyper['wordDropout'] as number };
          const read = words(parts, tokens, sequence, `${text}.words`, options);
          const padding = g.op('Transpose', [g.op('Sub', [g.constant(1), read.mask])], { perm: [1, 0, 2] });
          let x = g.op('Transpose', [dropout(parts, read.x, hyper['embeddingDropout'] as number)], { perm: [1, 0, 2] });
          for (let i = 0; i < (hyper['layers'] as number); i++) {
            x = layer(parts, x, padding, cell, hyper['hidden'] as number, `${text}.layer_${i}`);
          }
          const states = g.op('Transpose', [x], { perm: [1, 0, 2] });
          return beside(parts, [maxOverWords(parts, states, read.mask), meanOverWords(parts, states, read.mask)]);
        },
        hyper['ngrams'] as number,
      );
      return g.build();
    },
  };
}

export const gru = family('gru', 'reads a text in both directions with gated units: texts where order decides', {
  op: 'GRU',
  gates: 3,
  still: [0, 1],
  attributes: { linear_before_reset: 1 },
});

export const lstm = family('lstm', 'reads a text in both directions with memory cells: texts where order decides', {
  op: 'LSTM',
  gates: 4,
  still: [0, -1],
  attributes: {},
});
