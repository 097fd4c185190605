// Decoder-only language model: a pre-norm Transformer (Radford et al. 2019) with rotary positions (Su et al. 2021), whose word
// table also scores words. One builder makes the form that trains and the one with a cache that writes.
import { type Graph, graphBuilder } from '../graph/index.ts';
import { Fault, type Hyper } from '../schema/index.ts';
import { layerNorm } from './blocks/layers.ts';
import {
  joinBefore,
  lookBack,
  placesOf,
  scoreWords,
  thinkOver,
  turnsOf,
  wordTable,
  wordVectors,
} from './blocks/writing.ts';
import type { Family, HyperTable } from './family.ts';
import { dropout, type Parts } from './inputs.ts';
import type { Layout } from './layout.ts';

/** A graph without the inputs of tables. */
export function openWriter(name: string, seed: number): Parts {
  return {
    g: graphBuilder(name),
    inputs: { dense: null, codes: [], texts: [], tokens: [], pictures: [], sounds: [] },
    seed,
  };
}

/** What a family that writes needs of the data; throws `bad_request` where the data is for another task. */
export function generationOf({ generation }: Layout, family: string) {
  if (generation) return generation;
  throw new Fault('bad_request', `model ${family} writes texts: train it with --task language-model or text-to-text`);
}

/** Settings that all families that write have. */
export function writerHyper(vocabulary: number, length: number) {
  return {
    vocabulary: {
      kind: 'integer',
      default: vocabulary,
      range: [300, 200_000],
      log: true,
      says: 'tokens of the byte-pair tokenizer that is made of the training texts',
    },
    length: {
      kind: 'integer',
      default: length,
      range: [8, 8192],
      log: true,
      says: 'most tokens of a text; longer ones of a language model are read in pieces',
    },
  } as const satisfies HyperTable;
}

/** Width of a head; throws `bad_request` where the width does not divide into even heads. */
export function headSize(hyper: Hyper): number {
  const [width, heads] = [hyper['width'] as number, hyper['heads'] as number];
  if (width % (2 * heads) === 0) return width / heads;
  throw new Fault('bad_request', `hyper-parameter "width" (${width}) must be a multiple of twice "heads" (${heads})`);
}

function build(layout: Layout, hyper: Hyper, seed: number, cache: boolean): Graph {
  const { vocabulary, maxLength } = generationOf(layout, 'decoder');
  const parts = openWriter('decoder', seed);
  const { g } = parts;
  const [width, layers, share] = [hyper['width'] as number, hyper['layers'] as number, hyper['dropout'] as number];
  const options = { heads: hyper['heads'] as number, inner: hyper['inner'] as number, dropout: share, layers, cache };
  const size = headSize(hyper);
  const ids = g.input('input_ids', 'int64', ['batch', 'length']);
  const mask = cache ? g.input('attention_mask', 'int64', ['batch', '(past+length)']) : null;
  const places = placesOf(parts, ids, mask);
  const turns = turnsOf(parts, places, maxLength, size);
  const table = wordTable(parts, vocabulary, width);
  let x = wordVectors(parts, table, ids);
  const joined = hyper['joined'] as number;
  if (joined > 0) x = joinBefore(parts, x, places, joined, cache);
  x = dropout(parts, x, share);
  for (let i = 0; i < layers; i++) {
    x = lookBack(parts, x, places.bias, turns, i, options);
    x = thinkOver(parts, x, `layer_${i}.feed`, options);
  }
  scoreWords(parts, dropout(parts, layerNorm(parts, x, 'norm'), share), table, cache);
  return g.build();
}

/** A Transformer decoder that writes on. */
export const decoder: Family = {
  name: 'decoder',
  says: 'a language model that goes on with a text, trained from nothing on a column of texts',
  tasks: ['language-model'],
  suits: (layout) => layout.generation !== undefined && layout.generation.source === undefined,
  hyper: {
    width: {
      kind: 'integer',
      default: 256,
      range: [8, 4096],
      log: true,
      says: 'length of a token’s vector; a multiple of twice `heads`',
    },
    layers: { kind: 'integer', default: 4, range: [1, 48], says: 'layers' },
    heads: { kind: 'integer', default: 4, range: [1, 64], says: 'attentions side by side' },
    inner: { kind: 'integer', default: 1024, range: [8, 16_384], log: true, says: 'width of the feed-forward part' },
    joined: {
      kind: 'integer',
      default: 2,
      range: [0, 8],
      says: 'tokens before it that each token is joined with at once; attention finds the others',
    },
    dropout: { kind: 'number', default: 0.2, range: [0, 0.9], says: 'share dropped in every layer while training' },
    ...writerHyper(4000, 256),
  },
  build: (layout, _outputs, hyper, seed) => build(layout, hyper, seed, false),
  writer: (layout, hyper) => build(layout, hyper, 0, true),
};
