// What a client sends (rows as objects, or bare texts) as the raw inputs of a model's graph. Refuses what the model could
// only misunderstand, naming the input and the column. The training twin is encode.ts.
import { type Tensor, tensor } from '../onnx/index.ts';
import { Fault, type PredictInput, type Preprocess } from '../schema/index.ts';
import { batchText } from './batch.ts';
import type { Ragged } from './encoded.ts';
import { batchSequences, openSequenceEncoder, packSequences, type SequenceEncoder } from './sequence.ts';
import { openTextEncoder, type TextEncoder } from './textEncoder.ts';
import { readCategory, readNumber, readText } from './values.ts';

/** Names of the raw inputs of a graph, fixed across families. */
export const inputNames = {
  numeric: 'numeric',
  category: 'category',
  textIds: (i: number) => `text_${i}_ids`,
  textWeights: (i: number) => `text_${i}_weights`,
  textTokens: (i: number) => `text_${i}_tokens`,
  image: (i: number) => `image_${i}`,
  audio: (i: number) => `audio_${i}`,
};

/** What is compiled once for a preprocess: text encoders and names. */
interface Compiled {
  encoders: TextEncoder[];
  readers: SequenceEncoder[];
  features: Set<string>;
  known: Set<string>;
  /** Features that any object seems to have (`constructor`). */
  inherited: string[];
}
const compiled = new WeakMap<Preprocess, Compiled>();

function compile(fitted: Preprocess): Compiled {
  let made = compiled.get(fitted);
  if (!made) {
    const { numeric, category, text, sequence = [], pictures = [], sounds = [] } = fitted;
    const features = [...numeric, ...category, ...text, ...sequence, ...pictures, ...sounds].map(
      ({ column }) => column,
    );
    const inherited = features.filter((name) => name in Object.prototype);
    made = {
      encoders: fitted.text.map(openTextEncoder),
      readers: (fitted.sequence ?? []).map(openSequenceEncoder),
      features: new Set(features),
      inherited,
      known: new Set([...features, ...fitted.columns.map(({ name }) => name)]),
    };
    compiled.set(fitted, made);
  }
  return made;
}

/**
 * Encodes inputs: `numeric` float64 [n, k] (NaN where missing), `category` string [n, c] ('' where missing), and for text i
 * `text_i_ids` int64 and `text_i_weights` float32 [n, L], or for a text read word by word `text_i_tokens` int64 [n, L]; inputs that the model does not have are left out. Throws `bad_input`.
 */
export function encodeInputs(fitted: Preprocess, inputs: readonly PredictInput[]): Record<string, Tensor> {
  const own = compile(fitted);
  const rows = inputs.map((input, i) => asRow(fitted, own, input, i));
  const where = (i: number, column: string) => `inputs[${i}].${column}`;
  const n = rows.length;
  const feeds: Record<string, Tensor> = {};
  const { numeric, category, text } = fitted;
  if (numeric.length > 0) {
    const values = new Float64Array(n * numeric.length);
    for (const [i, row] of rows.entries()) {
      for (const [j, input] of numeric.entries()) {
        values[i * numeric.length + j] = readNumber(input, row[input.column], where(i, input.column));
      }
    }
    feeds[inputNames.numeric] = tensor('float64', [n, numeric.length], values);
  }
  if (category.length > 0) {
    const values = rows.flatMap((row, i) =>
      category.map((input) => readCategory(input, row[input.column], where(i, input.column))),
    );
    feeds[inputNames.category] = tensor('string', [n, category.length], values);
  }
  for (const [j, input] of text.entries()) {
    const ragged = encodeTexts(
      own.encoders[j],
      rows.map((row, i) => readText(row[input.column], where(i, input.column))),
    );
    const { ids, weights, width } = batchText(
      ragged,
      rows.map((_, i) => i),
    );
    feeds[inputNames.textIds(j)] = tensor('int64', [n, width], ids);
    feeds[inputNames.textWeights(j)] = tensor('float32', [n, width], weights);
  }
  for (const [j, { column }] of (fitted.sequence ?? []).entries()) {
    const read = rows.map((row, i) => own.readers[j](readText(row[column], where(i, column))));
    const { ids, width } = batchSequences(
      packSequences(read),
      rows.map((_, i) => i),
    );
    feeds[inputNames.textTokens(j)] = tensor('int64', [n, width], ids);
  }
  return feeds;
}

function encodeTexts(encoder: TextEncoder, texts: readonly (string | null)[]): Ragged {
  const offsets = new Uint32Array(texts.length + 1);
  let ids = new Int32Array(texts.length * 256);
  let weights = new Float32Array(texts.length * 256);
  for (const [i, text] of texts.entries()) {
    const count = encoder.encode(text);
    const end = offsets[i] + count;
    if (end > ids.length) {
      const [oldIds, oldWeights] = [ids, weights];
      ids = new Int32Array(end * 2);
      weights = new Float32Array(end * 2);
      ids.set(oldIds);
      weights.set(oldWeights);
    }
    ids.set(encoder.ids.subarray(0, count), offsets[i]);
    weights.set(encoder.weights.subarray(0, count), offsets[i]);
    offsets[i + 1] = end;
  }
  return { offsets, ids, weights };
}

function asRow(
  fitted: Preprocess,
  { features, inherited, known }: Compiled,
  input: PredictInput,
  i: number,
): Record<string, unknown> {
  if (typeof input === 'string') {
    const [only, another] = features;
    const isText = fitted.numeric.length + fitted.category.length === 0;
    if (isText && only !== undefined && another === undefined) return { [only]: input };
    throw new Fault(
      'bad_input',
      `inputs[${i}] is a text, but the model takes rows with ${list(features)}. Send {"column": value, …}.`,
    );
  }
  const names = Object.keys(input);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Fault(
      'bad_input',
      `inputs[${i}] has columns that the model does not know: ${list(unknown)}. It takes ${list(features)}.`,
    );
  }
  if (!names.some((name) => features.has(name))) {
    throw new Fault('bad_input', `inputs[${i}] has none of the columns that the model takes: ${list(features)}.`);
  }
  return inherited.length === 0 ? input : Object.assign(Object.create(null) as Record<string, unknown>, input);
}

function list(names: Iterable<string>): string {
  const all = [...names];
  return all.slice(0, 12).join(', ') + (all.length > 12 ? ` and ${all.length - 12} more` : '');
}
