// Fits `preprocess.json` on the training rows of a dataset: which columns feed the model, how, and the figures it needs.
// Looks at no row outside those it is given.
import {
  type Column,
  dateParts,
  Fault,
  type FeatureSpec,
  type ImageInput,
  type NumericInput,
  type NumericPart,
  type Preprocess,
  type RunPlan,
} from '../schema/index.ts';
import { partOf } from './dates.ts';
import { findImage, type ImageColumns } from './imageColumns.ts';
import type { DatasetReader } from './reader.ts';
import { fitPieces, fitSequence, type SequenceOptions } from './sequence.ts';
import { nearest } from './target.ts';
import type { TargetRows } from './targetRows.ts';
import { fitVocabulary, type VocabularyOptions } from './vocabulary.ts';

/** What a text feeds: weights of n-grams, words in their order, both, or nothing. */
export type TextForm = 'bag' | 'sequence' | 'both' | 'none';

export interface FitOptions {
  target: TargetRows;
  /** Columns to leave out. */
  ignore?: readonly string[];
  /** `bag` when left out. */
  texts?: TextForm;
  text?: VocabularyOptions;
  sequence?: SequenceOptions;
  /** Height, width and maybe channels of the image whose pixels are columns, or none of them to find it by their names. */
  image?: readonly number[];
  /** Numbers by mean and deviation, or by rank (as `knots` have it); `standard` when left out. */
  scaling?: 'standard' | 'quantile';
  /** Numbers and pixels as the table has them, not with mean 0 and deviation 1: for a model that knows them so. */
  raw?: boolean;
  /** Image and sound inputs, as `fitMedia` fits them; their columns are left out when this is. */
  media?: Pick<Preprocess, 'pictures' | 'sounds'>;
  /** Most values of a category with a code of their own. */
  categories?: number;
}

export const defaultCategories = 1000;
/** Rarer categories share the code of unseen ones in tables of this many rows: so that this code is learned too. */
const rowsForRare = 1000;
/** Documents that a vocabulary is chosen from, spread evenly over the training rows. */
const mostDocuments = 100_000;

/** Fits on `rows` (rising row numbers). Throws `bad_request` for unknown columns in `ignore`, `bad_data` when nothing is left to learn from. */
export function fitPreprocess(reader: DatasetReader, rows: Uint32Array, options: FitOptions): Preprocess {
  const { columns } = reader.shape;
  const { target, ignore = [] } = options;
  for (const name of ignore) {
    if (columns.some((column) => column.name === name)) continue;
    const [near] = nearest(
      name,
      columns.map((column) => column.name),
    );
    throw new Fault(
      'bad_request',
      `There is no column ${JSON.stringify(name)} to ignore.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
    );
  }
  const fitted: Preprocess = {
    format: 'neutrino-preprocess',
    formatVersion: 1,
    task: target.task,
    target: { column: target.column, ...(target.targets ? moments(target.targets, rows) : {}) },
    classes: target.classes,
    numeric: [],
    category: [],
    text: [],
    columns: columns.map(({ name, type }) => ({ name, type })),
    ignored: [],
  };
  const offered = columns.filter(({ name }) => name !== target.column && !ignore.includes(name));
  const given = withPieces(reader, rows, offered, options);
  const image = options.image && findImage(offered, options.image);
  const pixels = new Set(image?.columns);
  for (const column of columns) {
    if (column.name === target.column) continue;
    if (pixels.has(column.name)) continue;
    const why = ignore.includes(column.name) ? 'left out by request' : fitColumn(reader, rows, column, given, fitted);
    if (why) fitted.ignored.push({ column: column.name, why });
  }
  if (image) {
    fitted.image = fitImage(reader, rows, image, fitted);
    if (options.raw) fitted.numeric = fitted.numeric.map(asGiven);
  }
  const { pictures = [], sounds = [] } = options.media ?? {};
  if (pictures.length > 0) fitted.pictures = pictures;
  if (sounds.length > 0) fitted.sounds = sounds;
  if (fitted.numeric.length + fitted.category.length + textsIn(fitted) + pictures.length + sounds.length === 0) {
    throw new Fault(
      'bad_data',
      `Beside the target ${JSON.stringify(target.column)} no column says anything about a row. Add columns, or ignore fewer.`,
    );
  }
  return fitted;
}

/** With the pieces that texts are cut into, where they are to be learned. */
function withPieces(
  reader: DatasetReader,
  rows: Uint32Array,
  offered: readonly Column[],
  options: FitOptions,
): FitOptions {
  const { texts = 'bag', sequence: { tokens = 'words', ...sequence } = {} } = options;
  const own = offered.filter(({ type }) => type === 'text');
  if (tokens === 'words' || sequence.tokenizer || own.length === 0 || texts === 'bag' || texts === 'none')
    return options;
  const chosen = spreadOver(rows, mostDocuments);
  function* documents() {
    for (const { name } of own) for (const text of textsOf(reader, name, chosen)) if (text !== null) yield text;
  }
  return { ...options, sequence: { ...sequence, tokenizer: fitPieces(documents(), { ...sequence, tokens }) } };
}

/** Up to `most` of the rows, evenly over them. */
function spreadOver(rows: Uint32Array, most: number): Uint32Array {
  const step = Math.max(1, rows.length / most);
  return Uint32Array.from({ length: Math.min(rows.length, most) }, (_, i) => rows[Math.floor(i * step)]);
}

/** Adds what the column feeds; answers why when it feeds nothing. */
function fitColumn(
  reader: DatasetReader,
  rows: Uint32Array,
  column: Column,
  options: FitOptions,
  into: Preprocess,
): string | undefined {
  if (column.missing === reader.rows) return 'no values';
  switch (column.type) {
    case 'identifier':
      return 'identifier';
    case 'number':
    case 'date': {
      const inputs = fitNumeric(reader, rows, column, options.raw ? 'standard' : options.scaling);
      into.numeric.push(...(options.raw ? inputs.map(asGiven) : inputs));
      return inputs.length > 0 ? undefined : 'the same value everywhere';
    }
    case 'image':
    case 'audio': {
      const { pictures = [], sounds = [] } = options.media ?? {};
      const taken = [...pictures, ...sounds].some((input) => input.column === column.name);
      return taken ? undefined : `the model takes no ${column.type === 'image' ? 'images' : 'sound'}`;
    }
    case 'text':
      if (options.texts === 'none') return 'the model reads no texts';
      return fitText(reader, rows, column.name, options, into) ? undefined : 'no word occurs twice';
    default: {
      const values = fitCategory(reader, rows, column.name, options.categories ?? defaultCategories);
      if (values.kinds < 2) return 'the same value everywhere';
      into.category.push({ column: column.name, boolean: column.type === 'boolean', values: values.values });
      return undefined;
    }
  }
}

function fitNumeric(
  reader: DatasetReader,
  rows: Uint32Array,
  { name, type }: Column,
  scaling: FitOptions['scaling'],
): NumericInput[] {
  const all = reader.numbers(name);
  const parts: readonly NumericPart[] = type === 'date' ? dateParts : ['value'];
  const format = reader.dateFormat(name);
  return parts.flatMap((part) => {
    const values = Float64Array.from(rows, (row) => partOf[part](all[row]));
    const present = values.filter((value) => !Number.isNaN(value)).sort();
    const figures = momentsOf(present);
    if (figures.std === undefined) return [];
    const { mean, std } = figures;
    const [fill, missing] = [middleOf(present), rows.length - present.length];
    const knots = scaling === 'quantile' && part === 'value' ? knotsOf(present) : undefined;
    return [
      { column: name, part, ...(format ? { format } : {}), mean, std, fill, missing, ...(knots ? { knots } : {}) },
    ];
  });
}

/** Knots of a quantile scale at most. */
const mostKnots = 33;

/** Values at equal steps of rank, each once; undefined for what has too few values to have ranks. */
function knotsOf(rising: Float64Array): number[] | undefined {
  const at = (i: number) => rising[Math.round((i * (rising.length - 1)) / (mostKnots - 1))];
  const knots = [...new Set(Array.from({ length: mostKnots }, (_, i) => at(i)))];
  return knots.length >= 3 ? knots : undefined;
}

function fitCategory(
  reader: DatasetReader,
  rows: Uint32Array,
  name: string,
  most: number,
): { values: string[]; kinds: number } {
  const { codes, values } = reader.codes(name);
  const counts = new Uint32Array(values.length + 1);
  for (const row of rows) counts[codes[row]]++;
  const least = rows.length >= rowsForRare ? 2 : 1;
  const seen = values.map((value, i) => ({ value, count: counts[i + 1] })).filter(({ count }) => count > 0);
  const kept = seen
    .filter(({ count }) => count >= least)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { values: kept.slice(0, most).map(({ value }) => value), kinds: seen.length + (counts[0] > 0 ? 1 : 0) };
}

/** Adds the forms in which the text feeds the model; false when it has no words to learn. */
function fitText(
  reader: DatasetReader,
  rows: Uint32Array,
  name: string,
  { texts = 'bag', text, sequence }: FitOptions,
  into: Preprocess,
): boolean {
  const chosen = spreadOver(rows, mostDocuments);
  const bag = texts === 'sequence' ? undefined : fitVocabulary(name, textsOf(reader, name, chosen), text);
  const words = texts === 'bag' ? undefined : fitSequence(name, textsOf(reader, name, chosen), sequence);
  if (bag && bag.idf.length > 0) into.text.push(bag);
  const reads = words !== undefined && (words.tokenizer !== undefined || words.words.length > 0);
  if (reads) into.sequence = [...(into.sequence ?? []), words];
  return reads || (bag?.idf.length ?? 0) > 0;
}

const asGiven = (input: NumericInput): NumericInput => ({ ...input, mean: 0, std: 1 });

/** Adds the pixels to the numeric inputs, scaled by the figures of their channel, so that they stay comparable. */
function fitImage(reader: DatasetReader, rows: Uint32Array, image: ImageColumns, into: Preprocess): ImageInput {
  const { height, width, channels, columns } = image;
  const first = into.numeric.length;
  for (let channel = 0; channel < channels; channel++) {
    const own = columns.slice(channel * height * width, (channel + 1) * height * width);
    let [count, sum, squares] = [0, 0, 0];
    const pixels = own.map((column) => {
      const all = reader.numbers(column);
      const present = Float64Array.from(rows, (row) => all[row]).filter((value) => !Number.isNaN(value));
      count += present.length;
      for (const value of present) {
        sum += value;
        squares += value * value;
      }
      return { column, missing: rows.length - present.length, fill: middleOf(present.sort()) };
    });
    const mean = count > 0 ? sum / count : 0;
    const spread = Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean));
    const std = spread > Math.abs(mean) * 1e-12 ? spread : 1;
    into.numeric.push(...pixels.map((pixel) => ({ ...pixel, part: 'value' as const, mean, std })));
  }
  return { height, width, channels, first };
}

const textsIn = ({ text, sequence = [] }: Preprocess): number => text.length + sequence.length;

/** Median of sorted values, 0 of none. */
function middleOf(sorted: Float64Array): number {
  if (sorted.length === 0) return 0;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Texts of the given rows (rising), group by group, so that never more than a group is in memory. */
export function* textsOf(reader: DatasetReader, name: string, rows: Uint32Array): Generator<string | null> {
  let first = 0;
  let at = 0;
  for (const size of reader.groups) {
    const last = first + size;
    if (at < rows.length && rows[at] < last) {
      const texts = reader.texts(name, first, last);
      for (; at < rows.length && rows[at] < last; at++) yield texts[rows[at] - first];
    }
    first = last;
  }
}

function moments(targets: Float64Array, rows: Uint32Array): { mean: number; std?: number } {
  return momentsOf(Float64Array.from(rows, (row) => targets[row]).filter((value) => !Number.isNaN(value)));
}

/** Mean and population standard deviation in two passes; no `std` where nothing varies. */
function momentsOf(values: Float64Array): { mean: number; std: number } | { mean: number; std?: undefined } {
  if (values.length === 0) return { mean: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return std > Math.abs(mean) * 1e-12 && Number.isFinite(std) ? { mean, std } : { mean };
}

/** The user's columns that feed the model, in the order in which they feed each input. */
export function featureSpecs(fitted: Preprocess): FeatureSpec[] {
  const type = new Map(fitted.columns.map((column) => [column.name, column.type]));
  const spec = (as: FeatureSpec['as']) => (input: { column: string }) => ({
    column: input.column,
    type: type.get(input.column) ?? 'text',
    as,
  });
  const { generation, series, target } = fitted;
  if (generation) return [generation.source ?? generation].map(spec('text'));
  if (series) {
    const numbers = [{ column: series.time }, target].map(spec('numeric'));
    return series.series === undefined ? numbers : [...numbers, spec('category')({ column: series.series })];
  }
  // A text may feed its n-grams, its words, or both; it is one column of the user's.
  const texts = new Set([...fitted.text, ...(fitted.sequence ?? [])].map(({ column }) => column));
  return [
    ...fitted.numeric.map(spec('numeric')),
    ...fitted.category.map(spec('category')),
    ...[...texts].map((column) => ({ column })).map(spec('text')),
    ...(fitted.pictures ?? []).map(spec('image')),
    ...(fitted.sounds ?? []).map(spec('audio')),
  ];
}

/** What a run's plan says of the user's columns: each once, in the form that it feeds first. */
export function plannedFeatures(fitted: Preprocess): RunPlan['features'] {
  const seen = new Set<string>();
  return featureSpecs(fitted)
    .filter(({ column }) => !seen.has(column) && seen.add(column))
    .map(({ column, as }) => ({ column, as }));
}
