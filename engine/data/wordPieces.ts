// Makes a word-piece tokenizer of texts, in the form that BERT reads (Wu et al. 2016; Devlin et al. 2019): words of lower case
// without accents, punctuation and Chinese characters by themselves, rarer words in pieces. Its result is a tokenizer.json that
// openTokenizer and other tools read; encodes no text itself.
import { learnMerges, type Word } from './merges.ts';
import { special as specialToken, type TokenizerJson } from './tokenizerFile.ts';
import { longestText } from './words.ts';

export interface WordPieceOptions {
  /** Tokens at most, single characters and the special one included. */
  size: number;
  /** Pairs met less often are not joined. */
  least?: number;
}

const [unknown, inside] = ['[UNK]', '##'];
const word = /\p{Script=Han}|[\p{P}\p{S}]|[[\S]--[\p{P}\p{S}\p{Script=Han}]]+/gv;
const longestWord = 64;
/** Above this many different words, the rarest are forgotten. */
const mostWords = 1_000_000;

/** A tokenizer.json of at most `size` tokens, learned from the texts; the same texts give the same one. */
export function fitWordPieces(texts: Iterable<string>, { size, least = 2 }: WordPieceOptions): TokenizerJson {
  let counts = new Map<string, number>();
  for (const text of texts) {
    const clean = text
      .slice(0, longestText)
      .toLowerCase()
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '');
    for (const [match] of clean.matchAll(word)) counts.set(match, (counts.get(match) ?? 0) + 1);
    if (counts.size > mostWords) counts = new Map([...counts].filter(([, count]) => count > 1));
  }
  const pieces = new Map<string, number>();
  const met = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, count]) => {
      const own = Array.from(text.slice(0, longestWord), (character, i) => (i === 0 ? character : inside + character));
      for (const piece of own) pieces.set(piece, (pieces.get(piece) ?? 0) + count);
      return { own, count };
    });
  // Rare characters give way where there is no room for all, as Chinese may have it: they are unknown then.
  const letters = [...pieces]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, Math.max(1, size - 1))
    .map(([piece]) => piece);
  const places = new Map(letters.map((piece, i) => [piece, i]));
  const words: Word[] = met.flatMap(({ own, count }) => {
    const symbols = own.map((piece) => places.get(piece) ?? -1);
    return symbols.includes(-1) ? [] : [{ symbols, count }];
  });
  const names = [...letters];
  const join = (left: string, right: string) => left + right.slice(inside.length);
  learnMerges(words, names, Math.max(0, size - 1 - letters.length), least, join);
  const tokens = [...new Set([unknown, ...names])];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [specialToken(0, unknown)],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: true,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: inside, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unknown,
      continuing_subword_prefix: inside,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}
