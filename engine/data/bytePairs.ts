// Makes a byte-level BPE tokenizer of texts (Sennrich et al. 2016; bytes as Radford et al. 2019): every text has tokens, and
// tokens give the text back. The result is a tokenizer.json, which openTokenizer and other tools read; encodes no text itself.
import { learnMerges, type Merge, type Word } from './merges.ts';
import { bytePairModel, special as specialToken, type TokenizerJson } from './tokenizerFile.ts';
import { longestText } from './words.ts';

export interface BytePairOptions {
  /** Tokens at most, the 256 bytes and the special ones included. */
  size: number;
  /** Pairs met less often are not joined. */
  least?: number;
  /** Tokens with a meaning of their own; their ids are 0, 1, … */
  special: readonly string[];
}

/** GPT-2's words, with digits one by one. */
const word = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\p{N}|\s+(?!\S)|\s+/gu;
/** Words longer than this are learned from no more than their beginning. */
const longestWord = 64;
/** Above this many different words, the rarest are forgotten. */
const mostWords = 1_000_000;

/** Bytes as characters that are seen: those that Latin-1 shows stand for themselves. */
export function byteCharacters(): string[] {
  const shown = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(shown(byte) ? byte : next++));
}

/** Counts words of the texts, and gives the likeliest merges in order. */
function learn(texts: Iterable<string>, merges: number, least: number): Merge[] {
  const characters = byteCharacters();
  let counts = new Map<string, number>();
  for (const text of texts) {
    for (const [match] of text.slice(0, longestText).matchAll(word)) counts.set(match, (counts.get(match) ?? 0) + 1);
    if (counts.size > mostWords) counts = new Map([...counts].filter(([, count]) => count > 1));
  }
  const names = [...characters];
  // The order of texts must not matter where counts are equal.
  const words: Word[] = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, count]) => ({ symbols: [...Buffer.from(text.slice(0, longestWord), 'utf8')], count }));
  return learnMerges(words, names, merges, least, (left, right) => left + right);
}

/** A tokenizer.json of at most `size` tokens, learned from the texts; the same texts give the same one. */
export function fitBytePairs(texts: Iterable<string>, { size, least = 2, special }: BytePairOptions): TokenizerJson {
  const merges = learn(texts, Math.max(0, size - 256 - special.length), least);
  const tokens = [...special, ...byteCharacters(), ...merges.map(({ left, right }) => left + right)];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => specialToken(id, content)),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: bytePairModel(
      Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id])),
      merges.map(({ left, right }) => `${left} ${right}`),
    ),
  };
}
