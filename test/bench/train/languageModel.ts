// A decoder trained from nothing beside an interpolated Kneser-Ney trigram (Chen & Goodman 1999) of the same tokens, on held-out
// package descriptions; and writing with a cache beside writing without one.
//   npm run -s bench -- train/languageModel   (or: node test/bench/train/languageModel.ts [texts] [epochs] [request as JSON])
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type DatasetReader, openWriting } from '../../../engine/data/index.ts';
import { openCursor, openWriter } from '../../../engine/generate/index.ts';
import { families, writerGraph } from '../../../engine/models/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { Fault, type TextTokens, type TrainRequest, trainRequest } from '../../../engine/schema/index.ts';
import { assess, prepareRun, runTraining } from '../../../engine/train/index.ts';

/** A dataset of one column of texts, in memory. */
function readerOf(texts: readonly string[]): DatasetReader {
  const column = { name: 'text', type: 'text' as const, missing: 0, distinct: texts.length };
  const refuse = () => {
    throw new Fault('internal', 'only texts are read here');
  };
  return {
    shape: { rows: texts.length, columns: [{ ...column, length: { mean: 400, max: 4000 } }], warnings: [] },
    rows: texts.length,
    groups: [texts.length],
    texts: () => [...texts],
    numbers: refuse,
    codes: refuse,
    files: refuse,
    dateFormat: () => undefined,
    preview: refuse,
    close: () => undefined,
  } as unknown as DatasetReader;
}

type Counts = Map<string, Map<number, number>>;

/** Perplexity of `test` by an interpolated Kneser-Ney model of n-grams of `train`; discounts by counts of counts. */
function kneserNey(train: readonly number[][], test: readonly number[][], order: number, vocabulary: number): number {
  const add = (counts: Counts, context: string, token: number, n: number) => {
    const held = counts.get(context) ?? new Map<number, number>();
    held.set(token, (held.get(token) ?? 0) + n);
    counts.set(context, held);
  };
  // Counts of the longest n-grams; of shorter ones, how many different tokens stand before them.
  const levels: Counts[] = Array.from({ length: order }, () => new Map());
  for (const row of train)
    for (let i = 1; i < row.length; i++)
      add(levels[order - 1], row.slice(Math.max(0, i - order + 1), i).join(), row[i], 1);
  for (let k = order - 2; k >= 0; k--) {
    for (const [context, next] of levels[k + 1]) {
      const shorter = context.split(',').slice(1).join();
      for (const token of next.keys()) add(levels[k], shorter, token, 1);
    }
  }
  const discounts = levels.map((level) => {
    const [once, twice] = [0, 0].map((_, i) =>
      [...level.values()].reduce((sum, next) => sum + [...next.values()].filter((n) => n === i + 1).length, 0),
    );
    return once / Math.max(1, once + 2 * twice);
  });
  const probability = (k: number, context: readonly number[], token: number): number => {
    const lower = k === 0 ? 1 / vocabulary : probability(k - 1, context.slice(1), token);
    const next = levels[k].get(context.slice(context.length - k).join());
    if (!next) return lower;
    let all = 0;
    for (const n of next.values()) all += n;
    const discount = discounts[k];
    return Math.max(0, (next.get(token) ?? 0) - discount) / all + ((discount * next.size) / all) * lower;
  };
  let [loss, tokens] = [0, 0];
  for (const row of test)
    for (let i = 1; i < row.length; i++) {
      const context = row.slice(Math.max(0, i - order + 1), i);
      loss -= Math.log(probability(Math.min(order - 1, context.length), context, row[i]));
      tokens++;
    }
  return Math.exp(loss / tokens);
}

/** Milliseconds to write `count` tokens greedily behind a prompt, and the tokens. */
async function timed(write: () => Promise<number[]>): Promise<{ ms: number; ids: number[] }> {
  const began = performance.now();
  const ids = await write();
  return { ms: performance.now() - began, ids };
}

/** Small enough for a few minutes of four cores. */
const usual: Partial<TrainRequest> = {
  batchSize: 8,
  learningRate: 3e-3,
  hyper: { width: 128, layers: 2, inner: 384, vocabulary: 400, length: 192, dropout: 0.05 },
};

export async function languageModel(count = 1200, epochs = 6, asked: Partial<TrainRequest> = usual): Promise<object> {
  const file = join(import.meta.dirname, '..', '..', '..', 'resources', 'samples', 'package-topics.csv');
  const rows = parse<{ text: string }>(readFileSync(file), { columns: true, bom: true });
  const reader = readerOf(rows.slice(0, count).map(({ text }) => text));
  const request = trainRequest.parse({ dataset: 'd', model: 'decoder', seed: 1, epochs, ...asked });
  const setup = await prepareRun(reader, undefined, request);
  const threads = Math.min(4, availableParallelism());
  const began = performance.now();
  const result = await runTraining(
    { ...setup, device: 'cpu', threads, seed: 1 },
    {
      metrics: (points) => {
        for (const { name, epoch, value } of points)
          if (name === 'val.loss') process.stderr.write(`epoch ${epoch}: perplexity ${Math.exp(value).toFixed(2)}\n`);
      },
    },
  );
  const seconds = (performance.now() - began) / 1000;
  const { preprocess, layout } = result.rows;
  const family = families.decoder;
  const cached = family.writer?.(layout, result.candidate.hyper);
  if (!cached) throw new Error('the decoder has no form with a cache');
  const graph = writerGraph(cached, result.graph);
  const facts = { seconds, epochs, bestEpoch: result.bestEpoch, steps: result.steps, weights: '' };
  const encoded = setup.encodeTest(preprocess);
  const report = await assess(graph, preprocess, encoded, facts, threads);
  const generation = preprocess.generation as TextTokens;
  const tokens = openWriting(generation);
  const data = setup.rows.data.tokens;
  if (!data || !('perplexity' in report)) throw new Error('no tokens');
  const { offsets, ids } = data.ids;
  const learned = Array.from(setup.rows.train, (row) => [...ids.subarray(offsets[row], offsets[row + 1])]);
  const held = (encoded.texts?.written ?? []).map((text) => tokens.whole(text));
  const [bigram, trigram, fourgram] = [2, 3, 4].map((order) => kneserNey(learned, held, order, generation.vocabulary));

  // Greedy, without stopping, by both forms of the graph.
  const wanted = Math.min(128, generation.maxLength - 16);
  const prompt = tokens.beginning('This package contains');
  const [quick, plain] = [await compile(graph, { threads: 1 }), await compile(result.graph, { threads: 1 })];
  const best = (scores: Float32Array) => scores.reduce((at, value, i) => (value > scores[at] ? i : at), 0);
  const withCache = async () => {
    const cursor = await openCursor(openWriter(quick, graph.inputs), [{ ids: prompt }]);
    const out = [best(cursor.logits)];
    while (out.length < wanted) {
      await cursor.step([out.at(-1) ?? 0]);
      out.push(best(cursor.logits));
    }
    return out;
  };
  const without = async () => {
    const all = [...prompt];
    while (all.length < prompt.length + wanted) {
      const feeds = { input_ids: tensor('int64', [1, all.length], BigInt64Array.from(all, BigInt)) };
      const { logits } = await plain.run(feeds);
      all.push(best((logits.data as Float32Array).slice(-generation.vocabulary)));
    }
    return all.slice(prompt.length);
  };
  await withCache();
  const [a, b] = [await timed(withCache), await timed(without)];
  await quick.dispose();
  await plain.dispose();
  return {
    texts: count,
    trainTokens: learned.reduce((sum, row) => sum + row.length - 1, 0),
    vocabulary: generation.vocabulary,
    hyper: result.candidate.hyper,
    seconds: Math.round(seconds),
    perplexity: report.perplexity,
    bitsPerByte: report.bitsPerByte,
    tokenAccuracy: report.tokenAccuracy,
    trigram,
    bigram,
    fourgram,
    ratio: trigram / report.perplexity,
    writing: {
      tokens: wanted,
      cachedMs: a.ms,
      uncachedMs: b.ms,
      ratio: b.ms / a.ms,
      same: a.ids.join() === b.ids.join(),
      text: tokens.decode(a.ids).slice(0, 200),
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , texts, epochs, asked] = process.argv;
  const figures = await languageModel(
    texts ? Number(texts) : undefined,
    epochs ? Number(epochs) : undefined,
    asked ? (JSON.parse(asked) as Partial<TrainRequest>) : undefined,
  );
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}
