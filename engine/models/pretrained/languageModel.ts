// A pretrained decoder as the language model that it is: its word table scores words again. Built anew from its weights, in the
// form that trains and in the one with a cache.
import { type Graph, graphBuilder, type Value } from '../../graph/index.ts';
import { Fault, type TextTokens, type Hyper } from '../../schema/index.ts';
import { withLora } from '../lora.ts';
import type { PretrainedBase } from './base.ts';
import { freeze } from './freeze.ts';
import { pretrainedOf } from './read.ts';
import { splice } from './splice.ts';

/** The graph from `input_ids` (and what a cache holds) to `logits`. Fault `bad_request` for a base that writes no texts. */
export function languageModelOf({ about, graph }: PretrainedBase, cache: boolean): Graph {
  const { architecture, config, parameters } = about;
  if (architecture !== 'gpt2')
    throw new Fault(
      'bad_request',
      `a base of type ${architecture} writes no texts: begin from a GPT-2, or use decoder`,
    );
  if (!config)
    throw new Fault('bad_request', 'this base was imported before language models were: import its folder again');
  const tensors = new Map(
    parameters.flatMap((name) => {
      const value = graph.initializers.get(name);
      return value ? [[name, value] as const] : [];
    }),
  );
  const folder = { config: { ...config, architectures: ['GPT2LMHeadModel'] }, tensors, tokenizer: {} };
  return pretrainedOf(folder, cache ? { cache: true, last: true } : {}).graph;
}

/** The token that begins and ends texts, as GPT-2 was trained with it. */
const endOfText = '<|endoftext|>';

/** The tokens of a base that writes, at most `most` of them a text. Fault `bad_data` where its folder had none for it. */
export function generationOf(
  { about, tokenizer, graph }: PretrainedBase,
  most = Number.POSITIVE_INFINITY,
): Omit<TextTokens, 'column' | 'source'> {
  if (!tokenizer || about.maxLength === undefined)
    throw new Fault('bad_data', 'the pretrained model has no tokenizer: import its folder again with vocab.json in it');
  const id = tokenizer.added_tokens.find(({ content }) => content === endOfText)?.id;
  if (id === undefined)
    throw new Fault('bad_data', `the pretrained model's tokenizer has no ${endOfText} to end a text with`);
  const table = graph.initializers.get(about.parameters.find((name) => name.endsWith('wte.weight')) ?? '');
  return {
    tokenizer: { ...tokenizer },
    vocabulary: table?.dims[0] ?? id + 1,
    start: id,
    end: id,
    framed: true,
    maxLength: Math.min(most, about.maxLength),
  };
}

/** Whether a folder's model can be served as the language model that it is. */
export function canWrite(base: PretrainedBase): boolean {
  const { about, tokenizer } = base;
  return (
    about.architecture === 'gpt2' &&
    about.maxLength !== undefined &&
    tokenizer?.added_tokens.some(({ content }) => content === endOfText) === true
  );
}

/** TensorProto.DataType of what Cast makes. */
const int64 = 7;

/** The form that trains, padded behind: only what `tune` says is trained. */
export function languageModelGraph(base: PretrainedBase, hyper: Hyper, seed: number): Graph {
  const g = graphBuilder('pretrained');
  const ids = g.input('input_ids', 'int64', ['batch', 'length']);
  const present = g.op('Cast', [g.op('GreaterOrEqual', [ids, g.ints(0)])], { to: int64 });
  const shared = new Map<string, Value>();
  const feeds = { input_ids: ids, attention_mask: present };
  const { logits } = Object.fromEntries(splice(g, languageModelOf(base, false), feeds, 'base', shared));
  g.output(logits, 'logits');
  const graph = g.build();
  const named = (text: unknown) =>
    String(text)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  switch (hyper['tune']) {
    case 'head':
      // The word table is the head.
      return freeze(
        graph,
        graph.parameters.filter((name) => !/(^|\.)(wte|ln_f)\./.test(name)),
      );
    case 'lora':
      return withLora(graph, {
        rank: hyper['rank'] as number,
        alpha: hyper['alpha'] as number,
        targets: named(hyper['targets']),
        seed,
      });
    default:
      return named(hyper['freeze']).length > 0 ? freeze(graph, named(hyper['freeze'])) : graph;
  }
}
