// Small models that write, with weights from a seed: enough to hold decoding to what it promises.
import { openWriter, type Writer } from '../../../engine/generate/index.ts';
import { families, type Layout, settleHyper, writerGraph } from '../../../engine/models/index.ts';
import type { Graph } from '../../../engine/graph/index.ts';
import { compile, type Program } from '../../../engine/runtime/index.ts';

export const vocabulary = 24;
export const end = 0;

const small = { width: 16, layers: 2, heads: 2, inner: 32, dropout: 0 };

export interface Sample {
  /** The form that trains, and the one that writes, with the same weights. */
  plain: Graph;
  cached: Graph;
  program: Program;
  writer: Writer;
}

/** A decoder, or an encoder-decoder, that says nothing sensible but always the same. */
export async function sampleWriter(name: 'decoder' | 'seq2seq', seed: number, maxLength = 40): Promise<Sample> {
  const generation = {
    column: 't',
    vocabulary,
    maxLength,
    start: 0,
    end,
    framed: true,
    ...(name === 'seq2seq' ? { source: { column: 's', maxLength } } : {}),
  };
  const layout: Layout = {
    dense: 0,
    parts: { numeric: 0, indicated: [], oneHot: [] },
    embedded: [],
    texts: [],
    sequences: [],
    image: null,
    generation,
  };
  const family = families[name];
  const hyper = settleHyper(family, small);
  const plain = louder(family.build(layout, vocabulary, hyper, seed));
  const cached = family.writer?.(layout, hyper);
  if (!cached) throw new Error(`${name} has no form with a cache`);
  const graph = writerGraph(cached, plain);
  const program = await compile(graph);
  return { plain, cached: graph, program, writer: openWriter(program, graph.inputs) };
}

/** Weights that make some tokens much likelier than others, as training does. */
function louder(graph: Graph): Graph {
  const table = graph.initializers.get('words.table');
  if (!table) throw new Error('no table of words');
  const data = (table.data as Float32Array).map((value) => value * 4);
  return { ...graph, initializers: new Map([...graph.initializers, ['words.table', { ...table, data }]]) };
}
