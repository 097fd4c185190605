// Stored rows as the raw inputs of a model's graph, for training and testing. The serving twin is inputs.ts; a test holds
// the two to the same bits.
import { Fault, type Preprocess, type SequenceInput, type TextInput } from '../schema/index.ts';
import { partOf } from './dates.ts';
import type { EncodedRows, Ragged } from './encoded.ts';
import { textsOf } from './fit.ts';
import type { DatasetReader } from './reader.ts';
import { openSequenceEncoder, packSequences, type SequenceEncoder, type Sequences } from './sequence.ts';
import { readKnownTarget } from './targetRows.ts';
import { openTextEncoder, type TextEncoder } from './textEncoder.ts';
import { readCategory, readNumber } from './values.ts';

/** Encodes the given rows, in the given order; messages count rows from `first`. Throws `bad_data` naming columns that the dataset lacks, `bad_input` for values of another kind. */
export function encodeDataset(reader: DatasetReader, fitted: Preprocess, rows: Uint32Array, first = 0): EncodedRows {
  const types = new Map(reader.shape.columns.map(({ name, type }) => [name, type]));
  const lacking = [...fitted.numeric, ...fitted.category, ...fitted.text, ...(fitted.sequence ?? [])]
    .map(({ column }) => column)
    .filter((name) => !types.has(name));
  if (lacking.length > 0) {
    throw new Fault(
      'bad_data',
      `The dataset lacks columns that the model takes: ${[...new Set(lacking)].join(', ')}. Add them, or leave them out of training.`,
    );
  }
  const target = readKnownTarget(reader, fitted, first);
  return {
    rows: rows.length,
    numeric: encodeNumeric(reader, fitted, rows, types, first),
    codes: encodeCodes(reader, fitted, rows, types),
    text: fitted.text.map((input) => encodeTexts(reader, input.column, textEncoderOf(input), rows)),
    sequence: (fitted.sequence ?? []).map((input) => encodeWords(reader, input, rows)),
    ...(target.labels ? { labels: Int32Array.from(rows, (row) => target.labels?.[row] ?? -1) } : {}),
    ...(target.targets ? { targets: Float64Array.from(rows, (row) => target.targets?.[row] ?? Number.NaN) } : {}),
  };
}

const textEncoders = new WeakMap<TextInput, TextEncoder>();
const sequenceEncoders = new WeakMap<SequenceInput, SequenceEncoder>();
/** Compiled once: windows of a feed come one after the other. */
const textEncoderOf = (input: TextInput): TextEncoder => keptIn(textEncoders, input, openTextEncoder);
const sequenceEncoderOf = (input: SequenceInput): SequenceEncoder =>
  keptIn(sequenceEncoders, input, openSequenceEncoder);

function keptIn<K extends object, V>(kept: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = kept.get(key);
  if (value === undefined) kept.set(key, (value = make(key)));
  return value;
}

type Types = ReadonlyMap<string, string>;

function encodeNumeric(
  reader: DatasetReader,
  { numeric }: Preprocess,
  rows: Uint32Array,
  types: Types,
  first: number,
): Float64Array {
  const out = new Float64Array(rows.length * numeric.length);
  let held: { column: string; values: Float64Array } | undefined;
  for (const [j, input] of numeric.entries()) {
    const stored = input.part === 'value' ? 'number' : 'date';
    if (types.get(input.column) === stored) {
      if (held?.column !== input.column) held = { column: input.column, values: reader.numbers(input.column) };
      const part = partOf[input.part];
      for (let r = 0; r < rows.length; r++) out[r * numeric.length + j] = part(held.values[rows[r]]);
      continue;
    }
    const texts = reader.texts(input.column);
    for (let r = 0; r < rows.length; r++) {
      out[r * numeric.length + j] = readNumber(
        input,
        texts[rows[r]],
        `Row ${first + rows[r] + 1}: ${JSON.stringify(input.column)}`,
      );
    }
  }
  return out;
}

function encodeCodes(reader: DatasetReader, { category }: Preprocess, rows: Uint32Array, types: Types): Int32Array {
  const out = new Int32Array(rows.length * category.length);
  for (const [j, input] of category.entries()) {
    const known = new Map(input.values.map((value, i) => [value, i + 1]));
    const codeOf = (text: string) => known.get(readCategory(input, text, input.column)) ?? 0;
    const type = types.get(input.column);
    if (type === 'category' || type === 'boolean') {
      const { codes, values } = reader.codes(input.column);
      const translated = Int32Array.from([0, ...values.map(codeOf)]);
      for (let r = 0; r < rows.length; r++) out[r * category.length + j] = translated[codes[rows[r]]];
      continue;
    }
    const texts = reader.texts(input.column);
    for (let r = 0; r < rows.length; r++) {
      const text = texts[rows[r]];
      out[r * category.length + j] = text === null ? 0 : codeOf(text);
    }
  }
  return out;
}

function encodeWords(reader: DatasetReader, input: SequenceInput, rows: Uint32Array): Sequences {
  const encoder = sequenceEncoderOf(input);
  const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => rows[a] - rows[b]);
  const found = Array<number[]>(rows.length);
  let k = 0;
  for (const text of textsOf(reader, input.column, rows.slice().sort())) found[order[k++]] = encoder(text);
  return packSequences(found);
}

function encodeTexts(reader: DatasetReader, column: string, encoder: TextEncoder, rows: Uint32Array): Ragged {
  // Groups are read once, in their order; the rows then take the places that were asked for.
  const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => rows[a] - rows[b]);
  const counts = new Uint32Array(rows.length);
  const found: { ids: Int32Array; weights: Float32Array }[] = [];
  let k = 0;
  for (const text of textsOf(reader, column, rows.slice().sort())) {
    const count = encoder.encode(text);
    found.push({ ids: encoder.ids.slice(0, count), weights: encoder.weights.slice(0, count) });
    counts[order[k++]] = count;
  }
  const offsets = new Uint32Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) offsets[r + 1] = offsets[r] + counts[r];
  const ids = new Int32Array(offsets[rows.length]);
  const weights = new Float32Array(offsets[rows.length]);
  for (const [place, grams] of found.entries()) {
    ids.set(grams.ids, offsets[order[place]]);
    weights.set(grams.weights, offsets[order[place]]);
  }
  return { offsets, ids, weights };
}
