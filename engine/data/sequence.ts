// A text as the ids of its words in their order, for models that read (bags of n-grams are vocabulary.ts and
// textEncoder.ts). Training and serving both come through here, so that they cannot disagree.
import { Fault, type SequenceInput } from '../schema/index.ts';
import { fitBytePairs } from './bytePairs.ts';
import { openTokenizer } from './tokenizer.ts';
import type { TokenizerJson } from './tokenizerFile.ts';
import { fitWordPieces } from './wordPieces.ts';
import { longestText } from './words.ts';

export interface SequenceOptions {
  /** Most words with an id of their own. */
  size?: number;
  /** Fewest documents of a word; 2 from 50 documents on when left out. */
  least?: number;
  /** Most tokens of one row; later ones are cut off. */
  maxLength?: number;
  /** What a text is cut into: words (every Chinese character is one), byte pairs or word pieces, learned from the training part's texts. */
  tokens?: TokenKind;
  /** Reads texts in place of words of the training part's own. */
  tokenizer?: TokenizerJson;
}

export const tokenKinds = ['words', 'bpe', 'wordpiece'] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** Learns the pieces that texts are cut into. One for all texts of a model: a bundle has one tokenizer. */
export function fitPieces(
  texts: Iterable<string>,
  { tokens, size = defaultWords }: Pick<SequenceOptions, 'size'> & { tokens: Exclude<TokenKind, 'words'> },
): TokenizerJson {
  return tokens === 'bpe'
    ? fitBytePairs(texts, { size: Math.max(size, 512), special: [] })
    : fitWordPieces(texts, { size });
}

/** Ids that a text's tokens may have, 0 for padding included. */
export function sequenceSize({ words, tokenizer }: SequenceInput): number {
  if (typeof tokenizer !== 'object') return words.length + firstWord;
  const { vocab } = (tokenizer as unknown as TokenizerJson).model;
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  return ids.reduce((most, id) => Math.max(most, id), -1) + 2;
}

export const defaultWords = 30_000;
export const defaultLength = 256;

/** Id 0 is padding, 1 is every word without an id of its own. */
export const unknown = 1;
export const firstWord = 2;

/** Above this many different words, the rarest are forgotten. */
const mostCandidates = 2_000_000;

/** A character of a script without blanks, a run of letters, marks, digits and `_`, or any other visible character. */
const token =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]]+|[^\s\p{C}]/gv;

/** Tokens of a text in their order, at most `most`: NFKC, lower case, words and punctuation. */
export function tokensOf(text: string, most = Number.POSITIVE_INFINITY): string[] {
  const clean = text.slice(0, longestText).normalize('NFKC').toLowerCase();
  const found: string[] = [];
  for (const [match] of clean.matchAll(token)) {
    if (found.length >= most) break;
    found.push(match);
  }
  return found;
}

/** Gives ids to the words that occur in most documents; ties by text, so that the same documents give the same ids. */
export function fitSequence(
  column: string,
  documents: Iterable<string | null>,
  { size = defaultWords, least, maxLength = defaultLength, tokenizer }: SequenceOptions = {},
): SequenceInput {
  if (tokenizer) return { column, words: [], maxLength, tokenizer: { ...tokenizer } };
  let counts = new Map<string, number>();
  let seen = 0;
  for (const text of documents) {
    seen++;
    if (text === null) continue;
    for (const word of new Set(tokensOf(text, maxLength))) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (counts.size > mostCandidates) counts = new Map([...counts].filter(([, count]) => count > 1));
  }
  const fewest = least ?? (seen >= 50 ? 2 : 1);
  const words = [...counts]
    .filter(([, count]) => count >= fewest)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([word]) => word);
  return { column, words, maxLength };
}

/** Ids of a text, not padded; none for a missing one. */
export type SequenceEncoder = (text: string | null) => number[];

export function openSequenceEncoder({ words, maxLength, tokenizer }: SequenceInput): SequenceEncoder {
  if (tokenizer) return pretrainedEncoder(tokenizer, maxLength);
  const ids = new Map(words.map((word, i) => [word, i + firstWord]));
  return (text) => (text === null ? [] : tokensOf(text, maxLength).map((word) => ids.get(word) ?? unknown));
}

/** Ids of a pretrained model's tokens, shifted so that 0 pads; a missing text is an empty one, framed as any other. */
function pretrainedEncoder(tokenizer: SequenceInput['tokenizer'], maxLength: number): SequenceEncoder {
  if (tokenizer === true || tokenizer === undefined)
    throw new Fault('corrupt', 'the model has lost its tokenizer.json');
  const json = tokenizer as unknown as TokenizerJson;
  const truncation = { direction: 'Right' as const, strategy: 'LongestFirst', stride: 0, max_length: maxLength };
  const reader = openTokenizer({ ...json, truncation });
  return (text) => reader.encode((text ?? '').slice(0, longestText)).ids.map((id) => id + 1);
}

/** Token ids of n rows: row r holds `ids` from offsets[r] up to offsets[r + 1]. */
export interface Sequences {
  offsets: Uint32Array;
  ids: Int32Array;
}

/** Rows one after the other. */
export function packSequences(rows: readonly (readonly number[])[]): Sequences {
  const offsets = new Uint32Array(rows.length + 1);
  for (const [r, row] of rows.entries()) offsets[r + 1] = offsets[r] + row.length;
  const ids = new Int32Array(offsets[rows.length]);
  for (const [r, row] of rows.entries()) ids.set(row, offsets[r]);
  return { offsets, ids };
}

/** Widths of batches are multiples of this, so that few shapes occur. */
const widthStep = 16;

/** The given rows as `text_i_tokens`: int64 [rows, width], padded with 0 to the bucket of the longest row. */
export function batchSequences(
  { offsets, ids }: Sequences,
  rows: ArrayLike<number>,
): { ids: BigInt64Array; width: number } {
  let longest = 1;
  for (let r = 0; r < rows.length; r++) longest = Math.max(longest, offsets[rows[r] + 1] - offsets[rows[r]]);
  const width = Math.ceil(longest / widthStep) * widthStep;
  const wide = new BigInt64Array(rows.length * width);
  // Ids are small and positive: writing their low words spares a BigInt each (all our machines are little-endian).
  const low = new Int32Array(wide.buffer);
  for (let r = 0; r < rows.length; r++) {
    let at = 2 * r * width;
    for (let k = offsets[rows[r]]; k < offsets[rows[r] + 1]; k++, at += 2) low[at] = ids[k];
  }
  return { ids: wide, width };
}
