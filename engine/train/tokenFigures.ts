// How well texts' tokens are predicted, from the scores of every position: by a small graph, since scores are many.
import { graphBuilder } from '../graph/index.ts';
import type { Tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import type { Batches } from './batches.ts';
import type { TrainingProgram } from './program.ts';

/** Sums over tokens. */
export interface TokenSums {
  tokens: number;
  /** Negative log-likelihood, nats. */
  loss: number;
  /** Tokens that were the likeliest one. */
  hits: number;
}

export interface TokenCounter {
  /** Adds the tokens of one batch: `logits` [rows, length, vocabulary], `labels` as of `tokenFeeds`, the first `count` rows. */
  add(logits: Tensor, labels: Tensor, count: number): Promise<void>;
  readonly sums: TokenSums;
  dispose(): Promise<void>;
}

/** TensorProto.DataType of what Cast makes. */
const float32 = 1;

/** Compiles the counting of right tokens. */
export async function openTokenCounter(threads = 1): Promise<TokenCounter> {
  const g = graphBuilder('tokens');
  const logits = g.input('logits', 'float32', ['batch', 'length', 'vocabulary']);
  const labels = g.input('labels', 'int64', ['batch', 'length']);
  const known = g.op('Cast', [g.op('GreaterOrEqual', [labels, g.ints(0)])], { to: float32 });
  const places = g.op('Unsqueeze', [g.op('Max', [labels, g.ints(0)]), g.ints([2])]);
  const own = g.op('Squeeze', [g.op('GatherElements', [logits, places], { axis: 2 }), g.ints([2])]);
  const all = g.op('ReduceLogSumExp', [logits], { axes: [2], keepdims: 0 });
  g.output(g.op('Mul', [g.op('Sub', [all, own]), known]), 'losses');
  const likeliest = g.op('ArgMax', [logits], { axis: 2, keepdims: 0 });
  g.output(g.op('Cast', [g.op('Equal', [likeliest, labels])], { to: float32 }), 'hits');
  g.output(known, 'known');
  const program = await compile(g.build(), { threads });
  const sums: TokenSums = { tokens: 0, loss: 0, hits: 0 };
  return {
    sums,
    async add(scores, wanted, count) {
      const out = await program.run({ logits: scores, labels: wanted });
      const [losses, hits, counted] = ['losses', 'hits', 'known'].map((name) => out[name].data as Float32Array);
      const end = (losses.length / scores.dims[0]) * count;
      for (let i = 0; i < end; i++) {
        sums.loss += losses[i];
        sums.hits += hits[i];
        sums.tokens += counted[i];
      }
    },
    dispose: () => program.dispose(),
  };
}

/** Mean loss of a token, and the share of tokens predicted, over every row of the batches. */
export async function evaluateTokens(
  program: TrainingProgram,
  batches: Batches,
): Promise<{ loss: number; score: number }> {
  const counter = await openTokenCounter();
  try {
    for (const part of batches.order(0)) {
      const { feeds, labels } = batches.make(part);
      await counter.add((await program.predict(feeds))['logits'], labels, part.length);
    }
  } finally {
    await counter.dispose();
  }
  const { tokens, loss, hits } = counter.sums;
  return { loss: loss / Math.max(1, tokens), score: hits / Math.max(1, tokens) };
}
