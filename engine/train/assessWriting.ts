// The report of a model that writes, on texts that it never saw, by the very graph that is exported and served: how well it
// predicts their tokens, and how near what it writes by itself is to the true texts.
import { openWriting } from '../data/index.ts';
import { openWriter, writeTexts } from '../generate/index.ts';
import type { Graph } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile, type Program } from '../runtime/index.ts';
import { Fault, type TextTokens, type GenerationReport, type Preprocess } from '../schema/index.ts';
import type { RunFacts } from './report.ts';
import { bleu, chrF, exactMatch } from './textMetrics.ts';
import { openTokenCounter, type TokenSums } from './tokenFigures.ts';
import { predictedIn, type TextPairs, tokenFeeds, type TokenRows, tokenRows } from './tokenRows.ts';

/** Scores that one run may give: 128 MiB of them. */
const mostScores = 32 * 1024 * 1024;
/** Texts that are written for the report. */
const mostWritten = 500;

/** Runs the served graph over the texts and reports. Fault `bad_data` without any. */
export async function assessWriting(
  graph: Graph,
  preprocess: Preprocess & { generation: TextTokens },
  pairs: TextPairs,
  facts: Omit<RunFacts, 'loss'>,
  threads = 1,
): Promise<GenerationReport> {
  const { generation } = preprocess;
  if (pairs.written.length === 0)
    throw new Fault('bad_data', 'no text is left to test the model on; import more rows or pass a test file');
  const tokens = openWriting(generation);
  const program = await compile(graph, { threads });
  try {
    const rows = tokenRows(tokens, pairs, generation.maxLength - 1);
    const sums = await countTokens(program, graph, rows, generation.vocabulary, threads);
    const bytes = pairs.written.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const loss = sums.loss / sums.tokens;
    const figures = {
      rows: pairs.written.length,
      ...facts,
      loss,
      perplexity: Math.exp(loss),
      bitsPerByte: sums.loss / Math.LN2 / Math.max(1, bytes),
      tokenAccuracy: sums.hits / sums.tokens,
      tokens: sums.tokens,
    };
    if (!pairs.source) return { task: 'language-model', ...figures };
    const truth = pairs.written.slice(0, mostWritten);
    const writer = openWriter(program, graph.inputs);
    const found = await writeTexts(writer, tokens, generation, pairs.source.slice(0, mostWritten), {
      maxTokens: generation.maxLength,
    });
    const texts = found.map(({ text }) => text);
    return {
      task: 'text-to-text',
      ...figures,
      written: texts.length,
      exactMatch: exactMatch(texts, truth),
      chrF: chrF(texts, truth),
      bleu: bleu(texts, truth),
    };
  } finally {
    await program.dispose();
  }
}

/** Every token of the rows, each row read at once with an empty cache. */
async function countTokens(
  program: Program,
  graph: Graph,
  rows: TokenRows & { texts: Uint32Array },
  vocabulary: number,
  threads: number,
): Promise<TokenSums> {
  const counter = await openTokenCounter(threads);
  const order = Uint32Array.from(rows.texts, (_, row) => row).sort(
    (a, b) => predictedIn(rows, a) - predictedIn(rows, b),
  );
  try {
    for (let from = 0; from < order.length; ) {
      let to = from + 1;
      while (to < order.length && (to + 1 - from) * (predictedIn(rows, order[to]) + 8) * vocabulary <= mostScores) to++;
      const part = order.subarray(from, to);
      const { feeds, labels } = tokenFeeds(rows, part);
      const { logits } = await program.run({ ...feeds, ...withoutPast(graph, labels.dims) }, ['logits']);
      await counter.add(logits, labels, part.length);
      from = to;
    }
  } finally {
    await counter.dispose();
  }
  return counter.sums;
}

/** What the graph takes beside the tokens when nothing was read before: texts are padded behind, so that all of them may be seen. */
function withoutPast({ inputs }: Graph, [rows, width]: readonly number[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {
    attention_mask: tensor('int64', [rows, width], new BigInt64Array(rows * width).fill(1n)),
  };
  for (const { name, shape } of inputs) {
    if (name === 'keep') feeds[name] = tensor('int64', [1], [width]);
    if (name.startsWith('past_')) feeds[name] = tensor('float32', [rows, Number(shape[1]), 0, Number(shape[3])]);
  }
  return feeds;
}
