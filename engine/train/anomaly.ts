// Anomalies: an autoencoder learns what rows are like and its errors on validation rows say what is unusual. A column that
// marks unusual rows, where one is named, is read for the report (and to leave them out, if asked), never as an input.
import {
  type DatasetReader,
  type EncodedRows,
  encodeDataset,
  fitPreprocess,
  nearest,
  splitRows,
} from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { errorColumns, families, layoutOf, mostOneHot, outputsOf, settleHyper } from '../models/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import {
  type AnomalyReport,
  type AnomalyScale,
  Fault,
  type Preprocess,
  type TrainRequest,
  networkOf,
} from '../schema/index.ts';
import { chooseCandidates } from './candidates.ts';
import { areaUnderCurve, averagePrecision, histogram, meanOf, quantile } from './metrics.ts';
import type { Prepared, Setup } from './prepare.ts';
import type { RunFacts } from './report.ts';
import { modelRows } from './rows.ts';

/** Share of the validation rows that the tail of the scores is told by, and the steps of rank below it. */
const tailShare = 0.05;
const steps = 200;

/** Which rows are unusual by the user's own column: 1, 0, or −1 where it says nothing. */
interface Marked {
  label: NonNullable<AnomalyScale['label']>;
  rows: Int32Array;
}

/** Splits, fits and encodes for an autoencoder. Faults: `bad_target`, `bad_data`, `bad_request`. */
export async function prepareAnomaly(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: TrainRequest,
): Promise<Setup> {
  const asked = networkOf(request.model);
  const model = asked === 'auto' ? 'autoencoder' : asked;
  const hyper = settleHyper(families[model], request.hyper);
  const marked = markedRows(reader, request.target, String(hyper['anomalous']));
  const split = splitRows({
    rows: reader.rows,
    seed: request.seed,
    parts: testReader ? { train: 0.9, validation: 0.1, test: 0 } : { train: 0.8, validation: 0.1, test: 0.1 },
    ...(marked ? { labels: marked.rows.map((mark) => Math.max(0, mark)) } : {}),
  });
  const isLearned = (row: number) => !(hyper['clean'] && marked?.rows[row] === 1);
  const [train, validation] = [split.train.filter(isLearned), split.validation.filter(isLearned)];
  const preprocess = fitPreprocess(reader, train, {
    target: { column: marked?.label.column ?? '', task: 'anomaly', classes: [] },
    ...(request.ignore ? { ignore: request.ignore } : {}),
    categories: mostOneHot,
    texts: 'none',
  });
  const layout = layoutOf(preprocess);
  preprocess.anomaly = {
    columns: errorColumns(preprocess, layout),
    contamination: hyper['contamination'] as number,
    ...(marked ? { label: marked.label } : {}),
  };
  const rows = new Uint32Array([...train, ...validation]);
  const data = await modelRows(encodeDataset(reader, preprocess, rows), preprocess);
  const places = Uint32Array.from(rows, (_, i) => i);
  const prepared: Prepared = {
    preprocess,
    layout,
    data: { ...data, errors: outputsOf(preprocess) },
    train: places.subarray(0, train.length),
    validation: places.subarray(train.length),
  };
  const { candidates, reasons } = chooseCandidates({ ...request, model }, layout, train.length, outputsOf(preprocess));
  if (marked) reasons.push(`${marked.label.column} is read for the report only: ${marked.label.anomalous} is unusual`);
  if (hyper['clean']) reasons.push(`${rows.length} rows are left to learn from without those that are marked`);
  return {
    rows: prepared,
    refit: null,
    candidates,
    reasons,
    counts: {
      train: train.length,
      validation: validation.length,
      test: testReader?.rows ?? split.test.length,
    },
    encodeTest(fitted) {
      const tested = testReader ?? reader;
      const own = testReader ? Uint32Array.from({ length: testReader.rows }, (_, i) => i) : split.test;
      const { column, anomalous } = marked?.label ?? { column: '', anomalous: '' };
      const isThere = marked !== undefined && tested.shape.columns.some(({ name }) => name === column);
      const labels = isThere ? marksOf(tested.texts(column), anomalous) : undefined;
      const encoded = encodeDataset(tested, fitted, own);
      return labels ? { ...encoded, labels: Int32Array.from(own, (row) => labels[row]) } : encoded;
    },
  };
}

/** The marks of a column; its rarest value is unusual when none is named. */
function markedRows(reader: DatasetReader, name: string | undefined, wanted: string): Marked | undefined {
  if (name === undefined) {
    if (wanted === '') return undefined;
    throw new Fault('bad_request', `"anomalous" says which value of the target is unusual: name it with --target`);
  }
  const known = reader.shape.columns.map((column) => column.name);
  if (!known.includes(name)) {
    const [near] = nearest(name, known);
    throw new Fault(
      'bad_target',
      `There is no column ${JSON.stringify(name)}.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
    );
  }
  const texts = reader.texts(name);
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  if (counts.size < 2) {
    throw new Fault('bad_target', `Column ${JSON.stringify(name)} has only one value and marks no row as unusual.`);
  }
  const [rarest] = [...counts].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1))[0];
  const anomalous = wanted === '' ? rarest : wanted;
  if (!counts.has(anomalous)) {
    throw new Fault(
      'bad_target',
      `Column ${JSON.stringify(name)} has no value ${JSON.stringify(anomalous)}. It has: ${[...counts.keys()].slice(0, 12).join(', ')}`,
    );
  }
  return { label: { column: name, anomalous }, rows: marksOf(texts, anomalous) };
}

const marksOf = (texts: readonly (string | null)[], anomalous: string): Int32Array =>
  Int32Array.from(texts, (text) => (text === null ? -1 : Number(text === anomalous)));

/** Share of the mean variance of errors that is added to each place's: what is always restored exactly does not rule alone. */
const floor = 0.05;

/** The rows with the scale of errors that a trained graph makes on them: spreads of all rows, ranks of the validation rows. */
export async function withScale(rows: Prepared, graph: Graph): Promise<Prepared> {
  const { preprocess, train, validation } = rows;
  const { anomaly } = preprocess;
  if (!anomaly) throw new Fault('internal', 'only anomalies have a scale');
  if (validation.length === 0) throw new Fault('bad_data', 'no validation row is left to tell what is usual; add rows');
  const width = outputsOf(preprocess);
  const spreads = new Float64Array(width);
  const held = new Float32Array(validation.length * width);
  const program = await compile(graph, { threads: 1 });
  try {
    const errorsOf = async (part: Uint32Array) =>
      (await program.run({ dense: denseOf(rows, part) }, ['logits'])).logits.data as Float32Array;
    for (const [, part] of partsOf(train)) {
      const errors = await errorsOf(part);
      for (let at = 0; at < errors.length; at++) spreads[at % width] += errors[at] ** 2 / train.length;
    }
    for (const [start, part] of partsOf(validation)) held.set(await errorsOf(part), start * width);
  } finally {
    await program.dispose();
  }
  const mean = meanOf(spreads);
  const weights = spreads.map((spread) => 1 / Math.max(1e-12, spread + floor * mean));
  const errors = Float64Array.from(validation, (_, row) => {
    let sum = 0;
    for (let place = 0; place < width; place++) sum += weights[place] * held[row * width + place] ** 2;
    return sum / width;
  }).sort();
  const from = quantile(errors, 1 - tailShare);
  const excess = meanOf(errors.filter((error) => error > from).map((error) => error - from));
  const scale = {
    weights: Array.from(weights, (weight) => weight / width),
    threshold: quantile(errors, 1 - anomaly.contamination),
    quantiles: Array.from({ length: steps }, (_, i) => quantile(errors, ((1 - tailShare) * (i + 1)) / steps)),
    tail: { from, share: tailShare, mean: Math.max(excess, from * 1e-3, 1e-12) },
  };
  return { ...rows, preprocess: { ...preprocess, anomaly: { ...anomaly, scale } } };
}

const rowsPerRun = 1024;

function* partsOf(rows: Uint32Array): Generator<readonly [start: number, part: Uint32Array]> {
  for (let start = 0; start < rows.length; start += rowsPerRun) yield [start, rows.subarray(start, start + rowsPerRun)];
}

function denseOf({ data: { dense, denseWidth } }: Prepared, rows: Uint32Array): Tensor {
  const out = new Float32Array(rows.length * denseWidth);
  for (const [i, row] of rows.entries())
    out.set(dense.subarray(row * denseWidth, (row + 1) * denseWidth), i * denseWidth);
  return tensor('float32', [rows.length, denseWidth], out);
}

/** What the served graph gave for test rows. */
export interface Judged {
  error: ArrayLike<number>;
  /** [rows × named] names and shares of the columns that an answer names. */
  columns: readonly string[];
  shares: ArrayLike<number>;
}

/** Report of judged rows; `labels` as `encodeTest` gives them. */
export function anomalyReport(
  preprocess: Preprocess,
  { labels }: EncodedRows,
  judged: Judged,
  facts: Omit<RunFacts, 'loss'>,
): AnomalyReport {
  const { anomaly } = preprocess;
  if (!anomaly?.scale) throw new Fault('internal', 'errors have no scale');
  const { contamination, label, scale } = anomaly;
  const errors = Float64Array.from(judged.error);
  if (errors.length === 0) throw new Fault('bad_data', 'no row is left to test the model on; import more rows');
  const sorted = errors.slice().sort();
  const isFlagged = (row: number) => errors[row] > scale.threshold;
  const flagged = Array.from(errors.keys()).filter(isFlagged);
  const named = judged.columns.length / errors.length;
  const shares = new Map<string, number>();
  for (const row of flagged) {
    for (let i = row * named; i < (row + 1) * named; i++) {
      shares.set(judged.columns[i], (shares.get(judged.columns[i]) ?? 0) + judged.shares[i] / flagged.length);
    }
  }
  return {
    task: 'anomaly',
    rows: errors.length,
    loss: meanOf(errors),
    ...facts,
    contamination,
    threshold: scale.threshold,
    flagged: flagged.length / errors.length,
    errors: {
      quantiles: [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((q) => quantile(sorted, q)),
      histogram: histogram(
        sorted.map((error) => Math.log10(Math.max(error, 1e-12))),
        20,
      ),
    },
    columns: [...shares]
      .map(([column, share]) => ({ column, share }))
      .sort((a, b) => b.share - a.share)
      .slice(0, 20),
    ...(labels && label ? { labels: againstLabels(label, labels, errors, isFlagged) } : {}),
  };
}

function againstLabels(
  label: NonNullable<AnomalyScale['label']>,
  labels: Int32Array,
  errors: Float64Array,
  isFlagged: (row: number) => boolean,
): AnomalyReport['labels'] {
  const known = Uint32Array.from(labels.keys()).filter((row) => labels[row] >= 0);
  const own = Float64Array.from(known, (row) => errors[row]);
  const isUnusual = (i: number) => labels[known[i]] === 1;
  const count = (test: (row: number) => boolean) => known.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0);
  const unusual = count((row) => labels[row] === 1);
  const called = count(isFlagged);
  const hits = count((row) => labels[row] === 1 && isFlagged(row));
  const [precision, recall] = [called > 0 ? hits / called : 0, unusual > 0 ? hits / unusual : 0];
  const rocAuc = areaUnderCurve(isUnusual, own);
  return {
    ...label,
    rows: unusual,
    ...(rocAuc === undefined ? {} : { rocAuc, prAuc: averagePrecision(isUnusual, own) }),
    precision,
    recall,
    f1: hits > 0 ? (2 * precision * recall) / (precision + recall) : 0,
  };
}
