// Fine-tuning: a pretrained model that was imported reads the texts, the image or the numbers of a row, a new head decides.
// The table's other columns stand beside what it read. What is trained: everything, low-rank updates, or the head alone.
import type { Graph, Value } from '../graph/index.ts';
import { Fault, type Hyper } from '../schema/index.ts';
import { imageHyper, imageLogits } from './blocks/image.ts';
import { textLogits } from './blocks/textHead.ts';
import type { Family } from './family.ts';
import { openGraph, type Parts } from './inputs.ts';
import type { Layout } from './layout.ts';
import { withLora } from './lora.ts';
import type { PretrainedBase } from './pretrained/base.ts';
import { freeze } from './pretrained/freeze.ts';
import { languageModelGraph, languageModelOf } from './pretrained/languageModel.ts';
import { readImage, readNumbers, readText } from './pretrained/reads.ts';
import { rowLogits } from './blocks/rowHead.ts';

/** Patterns of a list such as `bert.embeddings.*, bert.encoder.layer.0.*`. */
const patternsOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Leaves trainable what `tune` says. */
function tuned(graph: Graph, base: PretrainedBase, hyper: Hyper, seed: number): Graph {
  const body = new Set(base.about.parameters);
  switch (hyper['tune']) {
    case 'head':
      return freeze(
        graph,
        graph.parameters.filter((name) => body.has(name)),
      );
    case 'lora': {
      const targets = patternsOf(hyper['targets'] as string);
      const train = graph.parameters.filter((name) => !body.has(name));
      return withLora(graph, { rank: hyper['rank'] as number, alpha: hyper['alpha'] as number, targets, train, seed });
    }
    default: {
      const frozen = patternsOf(hyper['freeze'] as string);
      return frozen.length > 0 ? freeze(graph, frozen) : graph;
    }
  }
}

/** What a base reads, by what it takes: makes the logits. */
const heads: Readonly<
  Record<
    'text' | 'image' | 'table',
    (parts: Parts, base: PretrainedBase, layout: Layout, outputs: number, hyper: Hyper) => void
  >
> = {
  text(parts, base, layout, outputs, hyper) {
    const shared = new Map<string, Value>();
    textLogits(parts, layout, outputs, 'pretrained', hyper['headDropout'] as number, (tokens, _, name) =>
      readText(parts, base, tokens, hyper['pool'] as string, name, shared),
    );
  },
  image(parts, base, layout, outputs, hyper) {
    imageLogits(parts, layout, outputs, 'pretrained', hyper['headDropout'] as number, (picture) =>
      readImage(parts, base, picture, hyper),
    );
  },
  table(parts, base, layout, outputs, hyper) {
    rowLogits(parts, layout, outputs, hyper['headDropout'] as number, (numbers) =>
      readNumbers(parts, base, numbers, hyper['pool'] as string),
    );
  },
};

/** The base, which must be there. */
function named(base: PretrainedBase | undefined): PretrainedBase {
  if (base) return base;
  throw new Fault(
    'bad_request',
    'model pretrained needs a base: neutrino models import FOLDER or FILE.onnx, then --set base=NAME',
  );
}

export const pretrained: Family = {
  name: 'pretrained',
  says: 'a pretrained model (BERT, DistilBERT, RoBERTa, GPT-2, ViT, or any ONNX file) with a new head: the more so when rows are few',
  suits: (layout) => layout.base !== undefined,
  wants: (hyper) => ({
    texts: hyper['ngrams'] ? 'both' : 'sequence',
    sequence: { maxLength: hyper['length'] as number },
  }),
  hyper: {
    base: {
      kind: 'text',
      default: '',
      most: 200,
      says: 'name of the pretrained model: neutrino models import FOLDER or FILE.onnx',
    },
    tune: {
      kind: 'choice',
      default: 'all',
      choices: ['all', 'lora', 'head'],
      says: 'what is trained beside the head: all weights, low-rank updates, or nothing',
    },
    freeze: {
      kind: 'text',
      default: '',
      most: 2000,
      says: 'weights that stay as they are when all are tuned, such as bert.embeddings.*',
    },
    rank: { kind: 'integer', default: 8, range: [1, 512], log: true, says: 'inner width of low-rank updates' },
    alpha: { kind: 'number', default: 16, range: [0.01, 4096], log: true, says: 'low-rank updates weigh alpha / rank' },
    targets: {
      kind: 'text',
      default: '*',
      most: 2000,
      says: 'matrices that get low-rank updates, such as *.query.weight',
    },
    pool: {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'first', 'mean', 'last'],
      says: 'how a text’s positions become one vector',
    },
    numbers: {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'raw', 'standard'],
      says: 'how numbers and pixels reach the model: as the table has them, with mean 0 and deviation 1, or as its folder says',
    },
    image: imageHyper.image,
    headDropout: {
      kind: 'number',
      default: 0.1,
      range: [0, 0.9],
      says: 'share of the text’s vector dropped while training',
    },
    ngrams: {
      kind: 'switch',
      default: false,
      says: 'adds one weight an n-gram and output, tf-idf-weighted, to the logits',
    },
    length: { kind: 'integer', default: 128, range: [16, 8192], log: true, says: 'tokens of a text that are read' },
  },
  writer: ({ base }) => languageModelOf(named(base), true),
  build(layout, outputs, hyper, seed) {
    const base = named(layout.base);
    if (layout.generation) return languageModelGraph(base, hyper, seed);
    const { takes } = base.about;
    if (takes === 'tensors')
      throw new Fault('bad_request', 'the base was imported to be served as it is: import it again without --as-is');
    const parts = openGraph('pretrained', layout, seed);
    heads[takes](parts, base, layout, outputs, hyper);
    return tuned(parts.g.build(), base, hyper, seed);
  },
};
