// From a dataset and a request to everything a run needs before its first step: parts, preprocessing, rows in memory,
// candidates. Every choice that was left to us is made here and said in `reasons`.
import { type DatasetReader, fitMedia, fitPreprocess, needsDecoding, readTarget, splitDataset } from '../data/index.ts';
import {
  families,
  type Layout,
  layoutOf,
  outputsOf,
  type PretrainedBase,
  settleHyper,
  type Wants,
} from '../models/index.ts';
import { Fault, type Preprocess, taskAsked, type TrainRequest, networkOf } from '../schema/index.ts';
import { prepareAnomaly } from './anomaly.ts';
import { type Candidate, chooseCandidates } from './candidates.ts';
import { prepareWriting } from './prepareWriting.ts';
import { prepareRanking } from './ranking.ts';
import { type Feeding, feedRows, testRows } from './feeding.ts';
import type { WithMedia } from './mediaFeeds.ts';
import type { ModelRows } from './rows.ts';

/** Up to this many training rows, the chosen model is trained once more with the validation rows too. */
const rowsToRefit = 20_000;
/** Most n-grams of a text that get weights of their own. */
const vocabulary = 200_000;

/** Rows in memory and how a model takes them. */
export interface Prepared {
  /** Fitted on the rows to train on. */
  preprocess: Preprocess;
  layout: Layout;
  data: ModelRows;
  /** Row numbers in `data`. */
  train: Uint32Array;
  validation: Uint32Array;
  /** Where the rows do not fit into memory: some training rows that do, to begin from. */
  sample?: Prepared;
}

/** A run that is ready to start. */
export interface Setup {
  rows: Prepared;
  /** All training and validation rows as training rows; null when the data is large or the run must not take it twice. */
  refit: (() => Promise<Prepared>) | null;
  candidates: Candidate[];
  reasons: string[];
  counts: { train: number; validation: number; test: number };
  /** The rows to test on, of this dataset or of the test dataset; some of the latter may have an unknown target. */
  encodeTest(preprocess: Preprocess): WithMedia;
  /** Numbers of those rows in their dataset, where answers are kept by row; all rows in order when left out. */
  tested?: Uint32Array;
}

/** How the model that was asked for takes texts and pixels. */
function wants({ model, hyper }: TrainRequest, base?: PretrainedBase): Wants {
  const named = networkOf(model);
  const family = named === 'auto' ? undefined : families[named];
  const settled = family ? settleHyper(family, hyper) : {};
  const asked = family?.wants?.(settled) ?? {};
  if (!base) return asked;
  const { takes, image } = base.about;
  if (takes === 'text') {
    return { ...asked, sequence: { ...asked.sequence, ...readerOf(base, asked.sequence?.maxLength) } };
  }
  // What a folder says of pixels is about pixels as they are; a table's model was made for its numbers as they are.
  const isRaw =
    settled['numbers'] === 'raw' || (settled['numbers'] === 'auto' && (takes === 'table' || Boolean(image)));
  return { ...(takes === 'image' ? { image: settled['image'] as number[] } : {}), raw: isRaw };
}

/** Texts are read as the pretrained model reads them, and no further than it has positions. */
function readerOf({ about, tokenizer }: PretrainedBase, length = Number.POSITIVE_INFINITY) {
  if (!tokenizer || about.maxLength === undefined) {
    throw new Fault(
      'bad_data',
      'the pretrained model has no tokenizer: import it again with tokenizer.json or vocab.txt beside it',
    );
  }
  return { tokenizer, maxLength: Math.min(length, about.maxLength) };
}

const range = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

/** Columns of files are what the data is about: where the family is left to us, it is one that sees or hears. */
function withFileFamily(request: TrainRequest, { shape }: DatasetReader): TrainRequest {
  if (request.model !== 'auto' || taskAsked(request)) return request;
  const has = (type: 'image' | 'audio') =>
    shape.columns.some((column) => column.type === type && !request.ignore?.includes(column.name));
  return has('audio') ? { ...request, model: 'audio-cnn' } : has('image') ? { ...request, model: 'cnn' } : request;
}

/** Splits, fits the preprocessing on the training part only, and encodes, or opens what feeds the rows. Faults: `bad_target`, `bad_data`, `bad_request`. */
export async function prepareRun(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  asked: TrainRequest,
  base?: PretrainedBase,
  feeding?: Feeding,
): Promise<Setup> {
  const request = withFileFamily(asked, reader);
  if (taskAsked(request) === 'ranking') return prepareRanking(reader, testReader, request);
  if (taskAsked(request) === 'anomaly') return prepareAnomaly(reader, testReader, request);
  const task = taskAsked(request);
  if (task === 'forecasting') {
    throw new Fault(
      'bad_request',
      `a series is forecast by a search (--model auto with --budget or --trials), by boosting, glm, knn, forests, smoothing or seasonal-naive, on the processor, not by ${request.model}`,
    );
  }
  if (task === 'text-to-text' || task === 'language-model')
    return prepareWriting(reader, testReader, request, task, base);
  const target = readTarget(reader, request.target);
  const split = splitDataset(reader, target, request.seed, request.split, testReader !== undefined);
  const take = async (train: Uint32Array, validation: Uint32Array): Promise<Prepared> => {
    const { media, ...asks } = wants(request, base);
    const ignore = [...(request.ignore ?? []), target.column];
    const files = media && (await fitMedia(reader, train, { ...media, ignore }));
    // Where there are image files, no columns are taken for pixels.
    const { image: _pixels, ...others } = asks;
    const wanted = files && files.pictures.length > 0 ? others : asks;
    const preprocess = fitPreprocess(reader, train, {
      target,
      ...(request.ignore ? { ignore: request.ignore } : {}),
      ...(request.scaling ? { scaling: request.scaling } : {}),
      text: { size: vocabulary },
      ...wanted,
      ...(files ? { media: files } : {}),
    });
    const rows = new Uint32Array([...train, ...validation]);
    const { data, sample } = await feedRows(reader, preprocess, target, rows, train.length, request.seed, feeding);
    const places = range(rows.length);
    const layout = { ...layoutOf(preprocess), ...(base ? { base } : {}) };
    const own = { preprocess, layout, data, train: places.subarray(0, train.length) };
    const some = sample && { data: sample, train: range(sample.rows), validation: new Uint32Array(0) };
    return {
      ...own,
      validation: places.subarray(train.length),
      ...(some ? { sample: { ...own, ...some } } : {}),
    };
  };
  const rows = await take(split.train, split.validation);
  const { candidates, reasons } = chooseCandidates(
    request,
    rows.layout,
    split.train.length,
    outputsOf(rows.preprocess),
  );
  if (asked.model !== request.model) reasons.push(`${request.model}, because the rows are files`);
  if (rows.data.stream && needsDecoding(reader, rows.preprocess, split.train))
    reasons.push(
      'the files do not fit into memory: the first epoch waits for their decoding, later ones read what it kept',
    );
  const all = new Uint32Array([...split.train, ...split.validation]).sort();
  // A second pass of a pretrained model costs more than a tenth more rows bring.
  const isSmall = split.train.length <= rowsToRefit && !base;
  if (isSmall) reasons.push('trained once more on training and validation rows for as many epochs as were best');
  return {
    rows,
    refit: isSmall ? () => take(all, new Uint32Array(0)) : null,
    candidates,
    reasons,
    counts: {
      train: split.train.length,
      validation: split.validation.length,
      test: testReader?.rows ?? split.test.length,
    },
    ...(testReader ? {} : { tested: split.test }),
    encodeTest(preprocess) {
      const [tested, own] = testReader ? [testReader, range(testReader.rows)] : [reader, split.test];
      return testRows(tested, preprocess, own, request.seed, feeding);
    },
  };
}
