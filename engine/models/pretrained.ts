// Fine-tuning: a pretrained model that was imported reads the texts, a new head decides. The table's other columns stand
// beside what it read. What is trained: everything, low-rank updates, or the head alone.
import type { Graph, Value } from '../graph/index.ts';
import { Fault, type Hyper } from '../schema/index.ts';
import { textLogits } from './blocks/textHead.ts';
import type { Family } from './family.ts';
import { openGraph, type Parts } from './inputs.ts';
import { withLora } from './lora.ts';
import type { PretrainedBase } from './pretrained/base.ts';
import { freeze } from './pretrained/freeze.ts';
import { float32 } from './pretrained/layers.ts';
import { splice } from './pretrained/splice.ts';
import { type Pooling, pooled } from './pretrained/withHead.ts';

/** TensorProto.DataType of what Cast makes. */
const int64 = 7;

/** The vector of a text: [batch, width]. Tokens are ids shifted by one, 0 pads. */
function read(
  { g }: Parts,
  base: PretrainedBase,
  tokens: Value,
  pool: string,
  name: string,
  shared: Map<string, Value>,
): Value {
  const { output, pool: own } = base.about;
  const present = g.op('Greater', [tokens, g.ints(0)]);
  const ids = g.op('Max', [g.op('Sub', [tokens, g.ints(1)]), g.ints(0)]);
  const feeds = { input_ids: ids, attention_mask: g.op('Cast', [present], { to: int64 }) };
  const values = splice(g, base.graph, feeds, name, shared);
  const chosen = pool === 'auto' ? output : 'last_hidden_state';
  const x = values.get(chosen);
  if (!x) throw new Fault('corrupt', `the pretrained model has no output "${chosen}"; import it again`);
  return pooled(g, x, pool === 'auto' ? own : (pool as Pooling), () => g.op('Cast', [present], { to: float32 }));
}

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

export const pretrained: Family = {
  name: 'pretrained',
  says: 'a pretrained model (BERT, DistilBERT, RoBERTa, GPT-2) with a new head: texts, the more so when rows are few',
  suits: (layout) => layout.base !== undefined && layout.sequences.length > 0,
  wants: (hyper) => ({
    texts: hyper['ngrams'] ? 'both' : 'sequence',
    sequence: { maxLength: hyper['length'] as number },
  }),
  hyper: {
    base: { kind: 'text', default: '', most: 200, says: 'name of the pretrained model: neutrino models import FOLDER' },
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
  build(layout, outputs, hyper, seed) {
    const { base } = layout;
    if (!base)
      throw new Fault(
        'bad_request',
        'model pretrained needs a base: neutrino models import FOLDER, then --set base=NAME',
      );
    if (base.about.takes !== 'text')
      throw new Fault('bad_request', `the base ${base.about.architecture} reads images: choose one that reads texts`);
    const parts = openGraph('pretrained', layout, seed);
    const shared = new Map<string, Value>();
    textLogits(parts, layout, outputs, 'pretrained', hyper['headDropout'] as number, (tokens, _, name) =>
      read(parts, base, tokens, hyper['pool'] as string, name, shared),
    );
    return tuned(parts.g.build(), base, hyper, seed);
  },
};
