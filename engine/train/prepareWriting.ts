// From a dataset and a request to a run that learns to write texts: which columns, the tokenizer, rows of tokens. The rest of
// a run (loop, checkpoints, report) is as for any other.
import { type DatasetReader, fitBytePairs, nearest, openWriting, splitRows } from '../data/index.ts';
import { families, generationOf, layoutOf, outputsOf, type PretrainedBase, settleHyper } from '../models/index.ts';
import {
  type Column,
  Fault,
  type TextTokens,
  type Preprocess,
  type Task,
  type TrainRequest,
  networkOf,
} from '../schema/index.ts';
import { chooseCandidates } from './candidates.ts';
import type { Setup } from './prepare.ts';
import { type TextPairs, tokenRows } from './tokenRows.ts';

/** The token that begins and ends every text. */
const endOfText = '<|endoftext|>';
/** Texts that a tokenizer is made of, spread evenly over the training rows. */
const mostTexts = 50_000;
/** Tokens of a batch, padding aside, where the user does not say how many rows it has. */
const tokensOfBatch = 2048;
const mostRowsOfBatch = 64;

export type WritingTask = Extract<Task, 'text-to-text' | 'language-model'>;
const usual: Record<WritingTask, 'seq2seq' | 'decoder'> = { 'text-to-text': 'seq2seq', 'language-model': 'decoder' };

/** The columns that a run writes and reads; column types do not matter, since any cell is a text too. */
function columnsOf(
  reader: DatasetReader,
  task: WritingTask,
  { target, ignore = [] }: TrainRequest,
): { written: string; source?: string } {
  const { columns } = reader.shape;
  const find = (name: string): Column => {
    const found = columns.find((column) => column.name === name);
    if (found) return found;
    const names = columns.map((column) => column.name);
    const near = nearest(name, names);
    throw new Fault(
      'bad_target',
      `There is no column ${JSON.stringify(name)}. ${near.length > 0 ? `Did you mean ${near.map((n) => JSON.stringify(n)).join(' or ')}?` : `Columns: ${names.slice(0, 12).join(', ')}.`}`,
    );
  };
  for (const name of ignore) find(name);
  const offered = columns.filter(({ name }) => !ignore.includes(name) && name !== target);
  /** The longest texts, or the only column whatever it holds. */
  const longest = (of: readonly Column[]): Column | undefined =>
    of.filter(({ type }) => type === 'text').sort((a, b) => (b.length?.mean ?? 0) - (a.length?.mean ?? 0))[0] ??
    (of.length === 1 ? of[0] : undefined);
  if (task === 'language-model') {
    const written = target === undefined ? longest(offered) : find(target);
    if (written) return { written: written.name };
    throw new Fault('bad_target', 'No column holds texts. Name the one to learn from with --target.');
  }
  if (target === undefined)
    throw new Fault('bad_target', 'Name the column of the texts to write with --target; another one is what is read.');
  const written = find(target).name;
  const source = longest(offered);
  if (source) return { written, source: source.name };
  throw new Fault(
    'bad_target',
    `Beside ${JSON.stringify(target)} no one column is the text to read. Leave all but one out with --ignore.`,
  );
}

/** The texts of the rows; those without one of the two are left out. */
function pairsOf(reader: DatasetReader, { written, source }: { written: string; source?: string }) {
  const [own, read] = [reader.texts(written), source === undefined ? undefined : reader.texts(source)];
  const present = Uint32Array.from(own, (_, row) => row).filter((row) => own[row] !== null && read?.[row] !== null);
  const pick = (rows: Uint32Array): TextPairs => ({
    written: Array.from(rows, (row) => own[row] ?? ''),
    ...(read ? { source: Array.from(rows, (row) => read[row] ?? '') } : {}),
  });
  return { present, pick };
}

/** Ids and tokenizer: the pretrained model's own, or one made of the training texts. */
function tokensFor(
  pairs: TextPairs,
  hyper: Record<string, unknown>,
  base: PretrainedBase | undefined,
): Pick<TextTokens, 'tokenizer' | 'vocabulary' | 'start' | 'end' | 'framed' | 'maxLength'> {
  const length = hyper['length'] as number;
  if (base) return generationOf(base, length);
  const texts = pairs.source ? [...pairs.written, ...pairs.source] : pairs.written;
  const step = Math.max(1, texts.length / mostTexts);
  const chosen = Array.from({ length: Math.min(texts.length, mostTexts) }, (_, i) => texts[Math.floor(i * step)]);
  const tokenizer = fitBytePairs(chosen, { size: hyper['vocabulary'] as number, special: [endOfText] });
  const vocabulary = Object.keys(tokenizer.model.vocab).length;
  return { tokenizer: { ...tokenizer }, vocabulary, start: 0, end: 0, framed: true, maxLength: length };
}

/** Rows of a batch whose rows have so many tokens. */
const usualBatch = (tokens: number): number =>
  Math.max(4, Math.min(mostRowsOfBatch, 2 ** Math.round(Math.log2(tokensOfBatch / tokens))));

/** Splits, makes or takes the tokenizer, and reads the texts. Faults: `bad_target`, `bad_data`, `bad_request`. */
export function prepareWriting(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: TrainRequest,
  task: WritingTask,
  base?: PretrainedBase,
): Setup {
  const asked = networkOf(request.model);
  const model = asked === 'auto' ? usual[task] : asked;
  const family = families[model];
  if (!family.writer || !(family.tasks ?? [task]).includes(task))
    throw new Fault('bad_request', `model ${model} does not learn ${task}: use ${usual[task]}`);
  const columns = columnsOf(reader, task, request);
  const own = pairsOf(reader, columns);
  const split = splitRows({
    rows: own.present.length,
    seed: request.seed,
    parts: testReader ? { train: 0.9, validation: 0.1, test: 0 } : { train: 0.8, validation: 0.1, test: 0.1 },
  });
  const part = (rows: Uint32Array) => own.pick(rows.map((place) => own.present[place]));
  const [train, validation, held] = [part(split.train), part(split.validation), part(split.test)];
  const hyper = settleHyper(family, request.hyper);
  const tokens = tokensFor(train, hyper, base);
  const generation: TextTokens = {
    ...tokens,
    column: columns.written,
    ...(columns.source === undefined ? {} : { source: { column: columns.source, maxLength: tokens.maxLength } }),
  };
  const used = new Set(Object.values(columns));
  const preprocess: Preprocess = {
    format: 'neutrino-preprocess',
    formatVersion: 1,
    task,
    target: { column: columns.written },
    classes: [],
    numeric: [],
    category: [],
    text: [],
    generation,
    columns: reader.shape.columns.map(({ name, type }) => ({ name, type })),
    ignored: reader.shape.columns
      .filter(({ name }) => !used.has(name))
      .map(({ name }) => ({
        column: name,
        why: request.ignore?.includes(name) ? 'left out by request' : 'not a text to read or write',
      })),
  };
  const both: TextPairs = {
    written: [...train.written, ...validation.written],
    ...(train.source && validation.source ? { source: [...train.source, ...validation.source] } : {}),
  };
  const { texts, ...rows } = tokenRows(openWriting(generation), both, generation.maxLength - 1);
  const places = Uint32Array.from(texts, (_, row) => row);
  const cut = texts.findIndex((text) => text >= train.written.length);
  const learned = places.subarray(0, cut < 0 ? places.length : cut);
  const layout = { ...layoutOf(preprocess), ...(base ? { base } : {}) };
  const mean = rows.ids.ids.length / Math.max(1, places.length);
  const batchSize = request.batchSize ?? usualBatch(mean);
  const outputs = outputsOf(preprocess);
  const { candidates, reasons } = chooseCandidates({ ...request, model, batchSize }, layout, learned.length, outputs);
  reasons.push(
    base
      ? `its own tokenizer reads the texts: ${rows.ids.ids.length} tokens in ${places.length} rows`
      : `a byte-pair tokenizer of ${generation.vocabulary} tokens was made of the training texts: ${rows.ids.ids.length} tokens in ${places.length} rows`,
  );
  return {
    rows: {
      preprocess,
      layout,
      data: {
        rows: places.length,
        dense: new Float32Array(0),
        denseWidth: 0,
        embedded: new BigInt64Array(0),
        embeddedWidth: 0,
        text: [],
        sequence: [],
        tokens: rows,
      },
      train: learned,
      validation: places.subarray(learned.length),
    },
    refit: null,
    candidates,
    reasons,
    counts: {
      train: split.train.length,
      validation: split.validation.length,
      test: testReader?.rows ?? split.test.length,
    },
    encodeTest: () => {
      const test = testReader && pairsOf(testReader, columns);
      const texts = test ? test.pick(test.present) : held;
      return {
        rows: texts.written.length,
        numeric: new Float64Array(0),
        codes: new Int32Array(0),
        text: [],
        sequence: [],
        texts,
      };
    },
  };
}
