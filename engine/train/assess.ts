// The report on rows that the model never saw: they go through the very graph that is exported and served.
import type { EncodedRows } from '../data/index.ts';
import { batchSequences, batchText, inputNames } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import { Fault, type Preprocess, type Report } from '../schema/index.ts';
import { anomalyReport, type Judged } from './anomaly.ts';
import { assessWriting } from './assessWriting.ts';
import { mediaFeeds, type WithMedia } from './mediaFeeds.ts';
import { logLoss, namedRows } from './metrics.ts';
import type { Outcomes } from './outcomes.ts';
import { rankingReport } from './ranking.ts';
import { classificationReport, regressionReport, type RunFacts } from './report.ts';
import { rowsThatFit, sizesOf } from './room.ts';
import { worstSlices } from './slices.ts';

/** Rows of one run at most, and what its values may take. */
const rowsPerRun = 512;
const bytesPerRun = 128 * 2 ** 20;

/** Runs the served graph over encoded rows whose target is known, and reports; `keep` is given what was said of each, by places in `encoded`. */
export async function assess(
  graph: Graph,
  preprocess: Preprocess,
  encoded: WithMedia,
  facts: Omit<RunFacts, 'loss'>,
  threads = 1,
  keep?: (outcomes: Outcomes) => void,
): Promise<Report> {
  if (preprocess.anomaly) {
    const judged = await judge(graph, preprocess, encoded, threads);
    return anomalyReport(preprocess, encoded, judged, facts);
  }
  const { generation } = preprocess;
  if (generation && encoded.texts)
    return assessWriting(graph, { ...preprocess, generation }, encoded.texts, facts, threads);
  if (preprocess.ranking) return rankingReport(encoded, await propose(graph, preprocess, encoded, threads), facts);
  const { labels, targets } = encoded;
  const known = Uint32Array.from({ length: encoded.rows }, (_, row) => row).filter((row) =>
    labels ? labels[row] >= 0 : !Number.isNaN(targets?.[row]),
  );
  if (known.length === 0) {
    throw new Fault(
      'bad_target',
      `No test row has a target that the training data knows. Check column ${JSON.stringify(preprocess.target.column)} of the test data.`,
    );
  }
  const wanted = labels ? 'probabilities' : 'prediction';
  const width = labels ? preprocess.classes.length : 1;
  const out = new Float64Array(known.length * width);
  const program = await compile(graph, { threads });
  const { blocks = { size: known.length, load: async () => encoded } } = encoded;
  try {
    for (let first = 0; first < known.length; first += blocks.size) {
      const places = known.subarray(first, first + blocks.size);
      const block = await blocks.load(places);
      // What was loaded are these rows alone; what was held is all.
      const own = block === encoded ? places : places.map((_, i) => i);
      const media = await block.media?.();
      const feedsOf = (rows: Uint32Array) => ({
        ...servedFeeds(preprocess, block, rows),
        ...(media ? mediaFeeds(media, rows) : {}),
      });
      const sizes = sizesOf(graph.inputs, feedsOf(own.subarray(0, rowsPerRun)));
      const atOnce = rowsThatFit(graph, sizes, bytesPerRun, rowsPerRun);
      for (let from = 0; from < own.length; from += atOnce) {
        const feeds = feedsOf(own.subarray(from, from + atOnce));
        const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
        out.set((await program.run(used, [wanted]))[wanted].data as Float32Array, (first + from) * width);
      }
    }
  } finally {
    await program.dispose();
  }
  /** Rows that come in blocks are not all here to be parted. */
  const slicesOf = (scores: Float64Array, isShare: boolean) =>
    encoded.blocks ? {} : { slices: worstSlices(preprocess, encoded, known, scores, isShare) };
  if (labels) {
    const truth = Int32Array.from(known, (row) => labels[row]);
    const task = preprocess.task === 'binary' ? 'binary' : 'multiclass';
    const { classes, decision } = preprocess;
    const named = namedRows(out, width, decision);
    keep?.({
      classes: width,
      of: known.length,
      rows: known,
      truth: Float64Array.from(truth),
      named: Uint32Array.from(named),
      scores: out,
    });
    const hits = Float64Array.from(truth, (label, i) => Number(named[i] === label));
    const report = classificationReport(
      task,
      classes,
      truth,
      out,
      { ...facts, loss: logLoss(truth, out, width) },
      decision,
    );
    return { ...report, ...slicesOf(hits, true) };
  }
  const truth = Float64Array.from(known, (row) => targets?.[row] ?? 0);
  keep?.({ classes: 0, of: known.length, rows: known, truth, named: new Uint32Array(0), scores: out });
  const { std = 1 } = preprocess.target;
  const loss = truth.reduce((sum, value, i) => sum + ((out[i] - value) / std) ** 2, 0) / truth.length;
  const errors = Float64Array.from(truth, (value, i) => Math.abs(out[i] - value));
  return { ...regressionReport(truth, out, { ...facts, loss }), ...slicesOf(errors, false) };
}

/** Errors of all rows, and the columns that answers name. */
async function judge(graph: Graph, preprocess: Preprocess, encoded: EncodedRows, threads: number): Promise<Judged> {
  const out = { error: new Float32Array(encoded.rows), columns: [] as string[], shares: [] as number[] };
  const program = await compile(graph, { threads });
  try {
    for (let from = 0; from < encoded.rows; from += rowsPerRun) {
      const rows = Uint32Array.from({ length: Math.min(rowsPerRun, encoded.rows - from) }, (_, i) => from + i);
      const { error, columns, shares } = await program.run(servedFeeds(preprocess, encoded, rows));
      out.error.set(error.data as Float32Array, from);
      for (const name of columns.data as string[]) out.columns.push(name);
      for (const share of shares.data as Float32Array) out.shares.push(share);
    }
  } finally {
    await program.dispose();
  }
  return out;
}

/** The items that each row's user is shown, best first. */
async function propose(
  graph: Graph,
  preprocess: Preprocess,
  encoded: EncodedRows,
  threads: number,
): Promise<string[][]> {
  const out: string[][] = [];
  const program = await compile(graph, { threads });
  try {
    for (let from = 0; from < encoded.rows; from += rowsPerRun) {
      const rows = Uint32Array.from({ length: Math.min(rowsPerRun, encoded.rows - from) }, (_, i) => from + i);
      const { items } = await program.run(servedFeeds(preprocess, encoded, rows), ['items']);
      const [, top] = items.dims;
      for (let i = 0; i < rows.length; i++) out.push((items.data as string[]).slice(i * top, (i + 1) * top));
    }
  } finally {
    await program.dispose();
  }
  return out;
}

/** Raw inputs as a client's would be: categories as their text, '' where missing or unknown. */
export function servedFeeds(preprocess: Preprocess, encoded: EncodedRows, rows: Uint32Array): Record<string, Tensor> {
  const { numeric, category } = preprocess;
  const [k, c] = [numeric.length, category.length];
  const feeds: Record<string, Tensor> = {};
  const numbers = new Float64Array(rows.length * k);
  for (const [i, row] of rows.entries()) numbers.set(encoded.numeric.subarray(row * k, (row + 1) * k), i * k);
  const values = Array.from(rows).flatMap((row) =>
    category.map((input, j) => input.values[encoded.codes[row * c + j] - 1] ?? ''),
  );
  if (k > 0) feeds[inputNames.numeric] = tensor('float64', [rows.length, k], numbers);
  if (c > 0) feeds[inputNames.category] = tensor('string', [rows.length, c], values);
  for (const [i, ragged] of encoded.text.entries()) {
    const { ids, weights, width } = batchText(ragged, rows);
    feeds[inputNames.textIds(i)] = tensor('int64', [rows.length, width], ids);
    feeds[inputNames.textWeights(i)] = tensor('float32', [rows.length, width], weights);
  }
  for (const [i, sequence] of encoded.sequence.entries()) {
    const { ids, width } = batchSequences(sequence, rows);
    feeds[inputNames.textTokens(i)] = tensor('int64', [rows.length, width], ids);
  }
  return feeds;
}
