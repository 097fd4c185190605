// Runs a program over a part of the rows without training, and says how good it is.
import type { Batches } from './batches.ts';
import { accuracyOf, argmaxRows, r2Of } from './metrics.ts';
import type { TrainingProgram } from './program.ts';
import { evaluateRanking } from './rankingRows.ts';
import type { ModelRows } from './rows.ts';
import { evaluateTokens } from './tokenFigures.ts';

export interface PartEvaluation {
  /** Mean training loss over the part. */
  loss: number;
  /** Accuracy, R², or NDCG. */
  score: number;
  /** [rows × outputs] in the order of `rows`. */
  logits: Float32Array;
  rows: Uint32Array;
  /** Loss of each of the rows, where logits are too many to keep. */
  losses?: Float64Array;
}

/** Evaluates every row of the batches once. */
export async function evaluatePart(
  program: TrainingProgram,
  batches: Batches,
  data: ModelRows,
): Promise<PartEvaluation> {
  if (data.tokens) {
    const empty = { logits: new Float32Array(0), rows: new Uint32Array(0) };
    return { ...(await evaluateTokens(program, batches)), ...empty };
  }
  if (data.ranking) return { ...(await evaluateRanking(program, batches, data)), logits: new Float32Array(0) };
  let lossSum = 0;
  let weightSum = 0;
  const rows = new Uint32Array(batches.rows);
  let logits = new Float32Array(0);
  let done = 0;
  for (const part of batches.order(0)) {
    await batches.ready(part, 0);
    const batch = batches.make(part);
    const out = await program.evaluate(batch.feeds, batch.labels, batch.weights);
    lossSum += out.lossSum;
    weightSum += out.weightSum;
    const width = out.logits.data.length / batch.weights.data.length;
    if (logits.length === 0) logits = new Float32Array(rows.length * width);
    logits.set((out.logits.data as Float32Array).subarray(0, part.length * width), done * width);
    rows.set(part, done);
    done += part.length;
  }
  return { loss: lossSum / weightSum, score: scoreOf(logits, rows, data), logits, rows };
}

function scoreOf(logits: Float32Array, rows: Uint32Array, data: ModelRows): number {
  const { labels, targets, errors } = data;
  // What is left of the variance of standardised numbers, whose mean is 0.
  if (errors !== undefined) return 1 - squares(logits) / squares(rowsOf(data, rows));
  if (targets)
    return r2Of(
      Float64Array.from(rows, (row) => targets[row]),
      logits,
    );
  const truth = Int32Array.from(rows, (row) => labels?.[row] ?? 0);
  return accuracyOf(truth, argmaxRows(logits, logits.length / rows.length));
}

const squares = (values: Float32Array): number =>
  Math.max(
    1e-30,
    values.reduce((sum, value) => sum + value * value, 0),
  );

function rowsOf({ dense, denseWidth }: ModelRows, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * denseWidth);
  for (const [i, row] of rows.entries())
    out.set(dense.subarray(row * denseWidth, (row + 1) * denseWidth), i * denseWidth);
  return out;
}

/** Loss of every row of an evaluation by row number: negative log-likelihood, or (mean) squared error. */
export function rowLosses({ logits, rows, losses }: PartEvaluation, data: ModelRows): Map<number, number> {
  if (losses) return new Map(Array.from(rows, (row, i) => [row, losses[i]]));
  const { labels, targets, errors } = data;
  const width = logits.length / Math.max(1, rows.length);
  return new Map(
    Array.from(rows, (row, i) => {
      if (errors !== undefined) return [row, squares(logits.subarray(i * width, (i + 1) * width)) / width];
      if (targets) return [row, (logits[i] - targets[row]) ** 2];
      const own = logits.subarray(i * width, (i + 1) * width);
      const most = own.reduce((a, b) => Math.max(a, b));
      const total = own.reduce((sum, value) => sum + Math.exp(value - most), 0);
      return [row, Math.log(total) + most - own[labels?.[row] ?? 0]];
    }),
  );
}
