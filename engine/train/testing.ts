// Runs a trained graph over rows it never saw and reports on it. Trains nothing.
import type { Graph } from '../graph/index.ts';
import { compile } from '../runtime/index.ts';
import type { Preprocess, Report } from '../schema/index.ts';
import { type Batches, openBatches } from './batches.ts';
import { classificationReport, regressionReport, type RunFacts } from './report.ts';
import type { ModelRows } from './rows.ts';

const batchSize = 256;

/** Logits [rows × outputs] in the order of the returned rows. */
async function logitsOf(
  graph: Graph,
  batches: Batches,
  threads: number,
): Promise<{ logits: Float32Array; rows: Uint32Array }> {
  const program = await compile(graph, { threads });
  try {
    const rows = new Uint32Array(batches.rows);
    const pieces: Float32Array[] = [];
    let done = 0;
    for (const part of batches.order(0)) {
      const batch = batches.make(part);
      const { logits } = await program.run(batch.feeds);
      const all = logits.data as Float32Array;
      pieces.push(all.slice(0, (all.length / batch.weights.data.length) * part.length));
      rows.set(part, done);
      done += part.length;
    }
    const logits = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      logits.set(piece, at);
      at += piece.length;
    }
    return { logits, rows };
  } finally {
    await program.dispose();
  }
}

/** Row-wise softmax in double precision, so that the probabilities of a row add up to 1 in the report. */
function softmaxRows(logits: Float32Array, width: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += width) {
    const row = logits.subarray(from, from + width);
    const most = row.reduce((a, b) => Math.max(a, b));
    let total = 0;
    for (let i = 0; i < width; i++) total += out[from + i] = Math.exp(row[i] - most);
    for (let i = 0; i < width; i++) out[from + i] /= total;
  }
  return out;
}

/** The report of a trained graph on the given rows of the data. */
export async function testReport(
  graph: Graph,
  preprocess: Preprocess,
  part: { data: ModelRows; rows: Uint32Array },
  facts: RunFacts,
  threads: number,
): Promise<Report> {
  const { data } = part;
  const { logits, rows } = await logitsOf(graph, openBatches(data, part.rows, { batchSize, seed: 0 }), threads);
  if (preprocess.task === 'regression') {
    const { mean = 0, std = 1 } = preprocess.target;
    const scaled = (value: number) => value * std + mean;
    const truth = Float64Array.from(rows, (row) => scaled(data.targets?.[row] ?? Number.NaN));
    return regressionReport(truth, Float64Array.from(logits, scaled), facts);
  }
  const truth = Int32Array.from(rows, (row) => data.labels?.[row] ?? 0);
  return classificationReport(
    preprocess.task,
    preprocess.classes,
    truth,
    softmaxRows(logits, preprocess.classes.length),
    facts,
  );
}
