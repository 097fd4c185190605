// From a dataset and a request to everything a run needs before its first step: parts, preprocessing, rows in memory,
// candidates. Every choice that was left to us is made here and said in `reasons`.
import { type DatasetReader, encodeDataset, fitPreprocess, readTarget, splitRows } from '../data/index.ts';
import { type Layout, layoutOf, outputsOf } from '../models/index.ts';
import { Fault, type Preprocess, type Task, type TrainRequest } from '../schema/index.ts';
import { type Candidate, chooseCandidates } from './candidates.ts';
import { type ModelRows, modelRows } from './rows.ts';

/** Up to this many training rows, the chosen model is trained once more with the validation rows too. */
const rowsToRefit = 2000;

export interface Prepared {
  task: Task;
  preprocess: Preprocess;
  layout: Layout;
  outputs: number;
  /** Training, validation and (unless a test dataset was given) test rows, in that order. */
  data: ModelRows;
  train: Uint32Array;
  validation: Uint32Array;
  /** The rows to test on: of `data`, or of the test dataset. */
  test: { data: ModelRows; rows: Uint32Array };
  candidates: Candidate[];
  refit: boolean;
  reasons: string[];
}

const range = (from: number, count: number) => Uint32Array.from({ length: count }, (_, i) => from + i);

/** Splits, fits the preprocessing on the training part only, and encodes. Faults: `bad_target`, `bad_data`, `bad_request`. */
export async function prepareRun(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: TrainRequest,
): Promise<Prepared> {
  const target = readTarget(reader, request.target);
  const { task } = target;
  const parts = testReader ? { train: 0.9, validation: 0.1, test: 0 } : { train: 0.8, validation: 0.1, test: 0.1 };
  const split = splitRows({
    rows: reader.rows,
    seed: request.seed,
    parts,
    ...(target.labels ? { labels: target.labels } : {}),
    ...(target.targets ? { targets: target.targets } : {}),
  });
  const preprocess = fitPreprocess(reader, split.train, {
    target,
    ...(request.ignore ? { ignore: request.ignore } : {}),
  });
  const rows = new Uint32Array(split.train.length + split.validation.length + split.test.length);
  rows.set(split.train);
  rows.set(split.validation, split.train.length);
  rows.set(split.test, split.train.length + split.validation.length);
  const data = await modelRows(encodeDataset(reader, preprocess, rows), preprocess);
  const train = range(0, split.train.length);
  const validation = range(train.length, split.validation.length);
  const own = { data, rows: range(train.length + validation.length, split.test.length) };
  const test = testReader ? await testRows(testReader, preprocess) : own;
  const layout = layoutOf(preprocess);
  const { candidates, reasons } = chooseCandidates(request, layout, train.length);
  return {
    task,
    preprocess,
    layout,
    outputs: outputsOf(preprocess),
    data,
    train,
    validation,
    test,
    candidates,
    refit: request.epochs === undefined && train.length <= rowsToRefit,
    reasons,
  };
}

/** Every row of the test dataset whose target the model knows. */
async function testRows(
  reader: DatasetReader,
  preprocess: Preprocess,
): Promise<{ data: ModelRows; rows: Uint32Array }> {
  const data = await modelRows(encodeDataset(reader, preprocess, range(0, reader.rows)), preprocess);
  const known = (row: number) => (data.labels ? data.labels[row] >= 0 : !Number.isNaN(data.targets?.[row]));
  const rows = range(0, reader.rows).filter(known);
  if (rows.length === 0) {
    throw new Fault(
      'bad_target',
      'no row of the test dataset has a target that the training data knows; check its target column',
    );
  }
  return { data, rows };
}
