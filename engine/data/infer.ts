// What a column holds, decided from figures and a sample of its values. Pure: asks no database, reads no file.
import type { CellType } from '../schema/index.ts';
import type { Known } from './formats/loader.ts';

/** What the sample of a column suggests testing on all its values. */
export interface Hint {
  number: boolean;
  /** How numbers are written: 1234.5, or 1.234,5, or 1,234.5. */
  marks: 'plain' | 'comma' | 'grouped';
  boolean: boolean;
  /** Date formats (strptime; `iso` is ISO 8601) that fit the sample. */
  dates: string[];
  /** The source says what it holds: nothing is to be concluded from spellings. */
  known?: true;
  /** Means over the sample: words (every CJK character is one) and characters. */
  words: number;
  length: number;
}

const numberLike = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
const commaLike = /^\s*[+-]?(\d+|\d{1,3}([. '’\u00a0\u202f]\d{3})+)(,\d+)?\s*$/;
const groupedLike = /^\s*[+-]?\d{1,3}([, '’\u00a0\u202f]\d{3})+(\.\d+)?\s*$/;

/** The first way of writing that nine of ten values have; `comma` says which of the last two comes first. */
function marksOf(
  share: (test: (text: string) => boolean) => number,
  comma: boolean | undefined,
): Hint['marks'] | undefined {
  const ways: [Hint['marks'], (text: string) => boolean][] = [
    ['plain', (text) => numberLike.test(text)],
    ['grouped', (text) => numberLike.test(text) || groupedLike.test(text)],
    ['comma', (text) => commaLike.test(text)],
  ];
  const [plain, grouped, commas] = ways;
  const order = comma === true ? [commas] : comma === false ? [plain, grouped] : [plain, commas, grouped];
  // Points alone are no decimal commas: 1.5 must not become 15.
  return order.find(([, test]) => share(test) >= 0.9)?.[0];
}

const truths = new Map([
  ['true', true],
  ['t', true],
  ['yes', true],
  ['y', true],
  ['false', false],
  ['f', false],
  ['no', false],
  ['n', false],
]);

/** Whether a spelling means yes or no; undefined when it is neither. */
export const truthOf = (text: string): boolean | undefined => truths.get(text.trim().toLowerCase());

const dateForms: readonly { pattern: RegExp; formats: string[] }[] = [
  {
    pattern: /^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?$/,
    formats: ['iso'],
  },
  { pattern: /^\d{1,2}\/\d{1,2}\/\d{4}$/, formats: ['%d/%m/%Y', '%m/%d/%Y'] },
  { pattern: /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d{2}$/, formats: ['%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M'] },
  { pattern: /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d{2}:\d{2}$/, formats: ['%d/%m/%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S'] },
  { pattern: /^\d{1,2}-\d{1,2}-\d{4}$/, formats: ['%d-%m-%Y', '%m-%d-%Y'] },
  { pattern: /^\d{1,2}\.\d{1,2}\.\d{4}$/, formats: ['%d.%m.%Y'] },
  { pattern: /^\d{1,2}[- ][A-Za-z]{3}[- ]\d{4}$/, formats: ['%d-%b-%Y', '%d %b %Y'] },
  { pattern: /^\d{4}年\d{1,2}月\d{1,2}日$/, formats: ['%Y年%m月%d日'] },
];

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

function wordsIn(text: string): number {
  const cjk = text.match(wide)?.length ?? 0;
  return cjk + (text.replace(wide, ' ').match(/\S+/g)?.length ?? 0);
}

/** Looks at a sample without missing values. An empty sample suggests everything. */
export function hintOf(sample: readonly string[], decimal?: '.' | ','): Hint {
  const share = (test: (text: string) => boolean) =>
    sample.length === 0 ? 1 : sample.filter(test).length / sample.length;
  const mean = (of: (text: string) => number) =>
    sample.length === 0 ? 0 : sample.reduce((sum, text) => sum + of(text), 0) / sample.length;
  const marks = marksOf(share, decimal === undefined ? undefined : decimal === ',');
  return {
    number: marks !== undefined,
    marks: marks ?? 'plain',
    boolean: share((text) => truthOf(text) !== undefined) === 1,
    dates: dateForms
      .filter(({ pattern }) => share((text) => pattern.test(text.trim())) >= 0.95)
      .flatMap(({ formats }) => formats),
    words: mean(wordsIn),
    length: mean((text) => text.length),
  };
}

/** What the source says of a column in place of what its spellings suggest. */
export function knownHint(hint: Hint, known: Known | undefined): Hint {
  if (!known) return hint;
  const { words, length } = hint;
  return {
    words,
    length,
    marks: 'plain',
    known: true,
    number: known === 'number',
    boolean: known === 'boolean',
    dates: known === 'date' ? ['iso'] : [],
  };
}

const keyName =
  /(^|[ _.-])(id|ids|key|index|idx|row|rownum|row_number|no|nr|number|uuid|guid|编号|序号)$|^(column1|#)$|[a-z](Id|ID|Key|Uuid)$/;

export interface NumberFigures {
  present: number;
  distinct: number;
  min: number;
  max: number;
  whole: boolean;
}

/** A key and not a quantity: whole numbers that never repeat, gapless, in a column named like one. */
export function isKey(name: string, { present, distinct, min, max, whole }: NumberFigures): boolean {
  if (!whole || present < 10 || distinct < present || !keyName.test(name.trim())) return false;
  return max - min + 1 === present || /id|key|uuid|guid/i.test(name);
}

/** The type of a column of strings that are neither numbers, dates nor truth values. */
export function stringType(present: number, distinct: number, { words, length }: Hint): CellType {
  if (present === 0) return 'category';
  const ratio = distinct / present;
  const prose = words >= 4 || (words >= 2.5 && length >= 20);
  if (prose && ratio > 0.5) return 'text';
  const unique = ratio >= 0.95 && present >= 15;
  if (!unique && (distinct <= 20 || (distinct <= 1000 && ratio <= 0.2))) return 'category';
  if (prose || length > 200) return 'text';
  if (unique) return 'identifier';
  if (ratio <= 0.5) return 'category';
  return words >= 2 || length >= 20 ? 'text' : 'identifier';
}
