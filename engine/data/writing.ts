// Texts as the tokens of a model that writes, and back. Training and serving both come through here.
import { Fault, type TextTokens } from '../schema/index.ts';
import { openTokenizer, type TextTokenizer } from './tokenizer.ts';
import type { TokenizerJson } from './tokenizerFile.ts';
import { longestText } from './words.ts';

export interface WritingTokens {
  /** A whole text that the model is to write: begun by the start token, ended by the end token. */
  whole: (text: string) => number[];
  /** What a language model is to go on with; at least one token. */
  beginning: (text: string) => number[];
  /** A text that is read: cut to what the model reads, and ended. */
  read: (text: string) => number[];
  /** Text of tokens, special ones left out. */
  decode: (ids: readonly number[]) => string;
}

/** Longer than any text's tokens: what is too long is cut here, not by the tokenizer. */
const noTruncation = { direction: 'Right' as const, strategy: 'LongestFirst', stride: 0, max_length: 2 ** 30 };

/** The tokenizer of a model that writes, with its marks. */
export function openWriting({ tokenizer, start, framed, end, source }: Omit<TextTokens, 'column'>): WritingTokens {
  if (tokenizer === true) throw new Fault('corrupt', 'the model has lost its tokenizer.json');
  const json = tokenizer as unknown as TokenizerJson;
  // What a tokenizer puts around texts it reads (BERT's [CLS]) is not what a written text begins with.
  const reader: TextTokenizer = openTokenizer({ ...json, truncation: noTruncation, post_processor: null });
  const ids = (text: string) => reader.encode(text.slice(0, longestText)).ids;
  return {
    whole: (text) => [start, ...ids(text), end],
    beginning(text) {
      const own = ids(text);
      return framed || own.length === 0 ? [start, ...own] : own;
    },
    read: (text) => [...ids(text).slice(0, (source?.maxLength ?? 1) - 1), end],
    decode: (tokens) => reader.decode(tokens),
  };
}
