// Encoder-decoder Transformer (Vaswani et al. 2017), pre-norm, learned positions, one word table for what is read and what is
// written. With a cache the one graph does both: it reads a text when it is given one, and takes what reading it gave
// (`past_cross_*`) when it is given none.
import type { Graph, Value } from '../graph/index.ts';
import type { Hyper } from '../schema/index.ts';
import { encoderLayer } from './blocks/attention.ts';
import { affine, float32, layerNorm } from './blocks/layers.ts';
import { lowest } from './blocks/words.ts';
import {
  attendTo,
  lookBack,
  placesOf,
  remembered,
  scoreWords,
  sizeOf,
  splitHeads,
  thinkOver,
  type WriterOptions,
  wordTable,
  wordVectors,
} from './blocks/writing.ts';
import { generationOf, headSize, openWriter, writerHyper } from './decoder.ts';
import type { Family } from './family.ts';
import { normal } from './initial.ts';
import { dropout, type Parts } from './inputs.ts';
import type { Layout } from './layout.ts';

/** Vectors of learned places added to words. */
function placed({ g, seed }: Parts, x: Value, places: Value, most: number, width: number, name: string): Value {
  const table = g.parameter(`${name}.places`, normal(seed, `${name}.places`, [most, width], 0.1));
  return g.op('Add', [x, g.op('Gather', [table, places])]);
}

/** 0 where `mask` (int64 [batch, length]) is 1, else `lowest`: [batch, 1, 1, length]. */
function hiding({ g }: Parts, mask: Value): Value {
  const seen = g.op('Cast', [g.op('Unsqueeze', [mask, g.ints([1, 2])])], { to: float32 });
  return g.op('Mul', [g.op('Sub', [g.constant(1), seen]), g.constant(lowest)]);
}

/** What the decoder looks at of the text that was read: keys and values of each layer, and what to hide. */
interface Source {
  keys: Value[];
  values: Value[];
  bias: Value;
}

function read(parts: Parts, layout: Layout, hyper: Hyper, table: Value, options: WriterOptions): Source {
  const { g } = parts;
  const width = hyper['width'] as number;
  const most = generationOf(layout, 'seq2seq').source?.maxLength ?? 1;
  const ids = g.input('source_ids', 'int64', ['batch', 'source']);
  const mask = g.input('source_mask', 'int64', ['batch', options.cache ? '(past_source+source)' : 'source']);
  // A text is masked as a whole when it is read; once it is in the cache, what is read here is empty.
  const own = options.cache ? lastColumns(parts, mask, ids) : mask;
  const bias = hiding(parts, own);
  const places = g.op('Range', [g.ints(0), sizeOf(parts, ids, 1), g.ints(1)]);
  let x = dropout(parts, placed(parts, wordVectors(parts, table, ids), places, most, width, 'source'), options.dropout);
  for (let i = 0; i < (hyper['encoderLayers'] as number); i++)
    x = encoderLayer(parts, x, bias, `source.layer_${i}`, options);
  const memory = layerNorm(parts, x, 'source.norm');
  const made = (part: string) =>
    Array.from({ length: options.layers }, (_, i) => {
      const split = splitHeads(parts, affine(parts, memory, width, `layer_${i}.cross.${part}`, 'plain'), options.heads);
      return remembered(parts, split, options.cache, `cross_${part}_${i}`, 'past_source');
    });
  return { keys: made('key'), values: made('value'), bias: options.cache ? hiding(parts, mask) : bias };
}

/** The last columns of the mask, as many as there are ids. */
function lastColumns(parts: Parts, mask: Value, ids: Value): Value {
  const { g } = parts;
  const length = sizeOf(parts, ids, 1);
  const from = g.op('Sub', [sizeOf(parts, mask, 1), length]);
  return g.op('Gather', [mask, g.op('Add', [g.op('Range', [g.ints(0), length, g.ints(1)]), from])], { axis: 1 });
}

function build(layout: Layout, hyper: Hyper, seed: number, cache: boolean): Graph {
  const { vocabulary, maxLength } = generationOf(layout, 'seq2seq');
  const parts = openWriter('seq2seq', seed);
  const { g } = parts;
  headSize(hyper);
  const [width, layers, share] = [hyper['width'] as number, hyper['layers'] as number, hyper['dropout'] as number];
  const options = { heads: hyper['heads'] as number, inner: hyper['inner'] as number, dropout: share, layers, cache };
  const table = wordTable(parts, vocabulary, width);
  const source = read(parts, layout, hyper, table, options);
  const ids = g.input('input_ids', 'int64', ['batch', 'length']);
  const mask = cache ? g.input('attention_mask', 'int64', ['batch', '(past+length)']) : null;
  const { places, bias } = placesOf(parts, ids, mask);
  let x = placed(parts, wordVectors(parts, table, ids), places, maxLength, width, 'written');
  x = dropout(parts, x, share);
  for (let i = 0; i < layers; i++) {
    x = lookBack(parts, x, bias, null, i, options);
    const name = `layer_${i}.cross`;
    const asked = affine(parts, layerNorm(parts, x, `${name}.norm`), width, `${name}.query`, 'plain');
    const q = splitHeads(parts, asked, options.heads);
    const found = attendTo(parts, q, source.keys[i], source.values[i], source.bias, name, options);
    x = g.op('Add', [x, dropout(parts, found, share)]);
    x = thinkOver(parts, x, `layer_${i}.feed`, options);
  }
  scoreWords(parts, layerNorm(parts, x, 'norm'), table, cache);
  return g.build();
}

/** A Transformer that reads one text and writes another. */
export const seq2seq: Family = {
  name: 'seq2seq',
  says: 'reads one text and writes another: translation, normalisation, summaries; wants thousands of pairs',
  tasks: ['text-to-text'],
  suits: (layout) => layout.generation?.source !== undefined,
  hyper: {
    width: {
      kind: 'integer',
      default: 128,
      range: [8, 4096],
      log: true,
      says: 'length of a token’s vector; a multiple of twice `heads`',
    },
    encoderLayers: { kind: 'integer', default: 2, range: [1, 24], says: 'layers that read' },
    layers: { kind: 'integer', default: 2, range: [1, 24], says: 'layers that write' },
    heads: { kind: 'integer', default: 4, range: [1, 64], says: 'attentions side by side' },
    inner: { kind: 'integer', default: 512, range: [8, 16_384], log: true, says: 'width of the feed-forward part' },
    dropout: { kind: 'number', default: 0.1, range: [0, 0.9], says: 'share dropped in every layer while training' },
    ...writerHyper(1000, 128),
  },
  build: (layout, _outputs, hyper, seed) => build(layout, hyper, seed, false),
  writer: (layout, hyper) => build(layout, hyper, 0, true),
};
