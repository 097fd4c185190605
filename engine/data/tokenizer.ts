// Texts as tokens of a pretrained model. Training and serving both come through here. Owner of @huggingface/tokenizers.
import { Tokenizer } from '@huggingface/tokenizers';
import { type Tensor, tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import type { TokenizerJson } from './tokenizerFile.ts';

/** One text, or a pair; cut to the greatest length, special tokens included, not yet padded. */
export interface Tokens {
  ids: number[];
  /** 0 for the first text and what frames it, 1 for the second. */
  types: number[];
}

export interface TextTokenizer {
  readonly maxLength: number;
  readonly padId: number;
  /** Ids are below this. */
  readonly size: number;
  encode(text: string, pair?: string): Tokens;
  /** int64 [texts, length] of the same length each: the longest one's, filled up to a bucket. */
  batch(texts: readonly string[]): TokenBatch;
  /** Special tokens are left out. Byte-level tokens give the very text, word pieces one that is joined as people write. */
  decode(ids: readonly number[]): string;
}

export interface TokenBatch {
  ids: Tensor;
  /** 1 for tokens, 0 for padding. */
  mask: Tensor;
  types: Tensor;
}

const defaultLength = 512;
const defaultMultiple = 16;

/** Cuts the longer of two texts until both fit. */
function cutPair(first: string[], second: string[], room: number): void {
  while (first.length + second.length > Math.max(0, room)) (first.length >= second.length ? first : second).pop();
}

/** Compiles a tokenizer.json; throws `bad_data` for one that the library does not read. */
export function openTokenizer(json: TokenizerJson): TextTokenizer {
  const inside = open(json);
  const vocabulary = inside.get_vocab(true);
  const size = [...vocabulary.values()].reduce((most, id) => Math.max(most, id), -1) + 1;
  const maxLength = json.truncation?.max_length ?? defaultLength;
  const multiple = json.padding?.pad_to_multiple_of ?? defaultMultiple;
  const padId = json.padding?.pad_id ?? 0;
  const typePad = json.padding?.pad_type_id ?? 0;
  const isByteLevel = (json.decoder as { type?: string } | null)?.type === 'ByteLevel';
  const unknown = inside.model?.unk_token_id;
  const frame = (first: string[], second: string[] | null): { tokens: string[]; types: number[] } => {
    const made = inside.post_processor?.post_process(first, second, true);
    const tokens = made?.tokens ?? [...first, ...(second ?? [])];
    return { tokens, types: made?.token_type_ids ?? tokens.map(() => 0) };
  };
  const framing = { single: frame([], null).tokens.length, pair: frame([], []).tokens.length };
  const idOf = (token: string): number => {
    const id = inside.token_to_id(token) ?? unknown;
    if (id === undefined)
      throw new Fault('bad_data', `the tokenizer has no id for ${JSON.stringify(token)}; its vocabulary is not whole`);
    return id;
  };

  const self: TextTokenizer = {
    maxLength,
    padId,
    size,
    encode(text, pair) {
      const first = inside.tokenize(text);
      const second = pair === undefined ? null : inside.tokenize(pair);
      if (second) cutPair(first, second, maxLength - framing.pair);
      else first.length = Math.min(first.length, Math.max(0, maxLength - framing.single));
      const { tokens, types } = frame(first, second);
      return { ids: tokens.map(idOf), types };
    },
    batch: (texts) =>
      padTokens(
        texts.map((text) => self.encode(text)),
        { padId, typePad, multiple, maxLength },
      ),
    decode: (ids) =>
      ids.length === 0
        ? ''
        : inside.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: !isByteLevel }),
  };
  return self;
}

function open(json: TokenizerJson): Tokenizer {
  try {
    return new Tokenizer(json, {});
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault(
      'bad_data',
      `tokenizer.json: ${why}; save it with a current version of tokenizers`,
      undefined,
      error,
    );
  }
}

/** The least multiple of `multiple` that `length` fits in, at most `maxLength`. */
export function bucketOf(length: number, multiple: number, maxLength: number): number {
  return Math.max(
    1,
    Math.min(Math.max(length, 1), maxLength),
    Math.min(Math.ceil(length / multiple) * multiple, maxLength),
  );
}

interface Padding {
  padId: number;
  typePad: number;
  multiple: number;
  maxLength: number;
}

function padTokens(rows: readonly Tokens[], { padId, typePad, multiple, maxLength }: Padding): TokenBatch {
  const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const width = Math.max(longest, bucketOf(longest, multiple, maxLength));
  const size = rows.length * width;
  const ids = new BigInt64Array(size).fill(BigInt(padId));
  const mask = new BigInt64Array(size);
  const types = new BigInt64Array(size).fill(BigInt(typePad));
  for (const [r, row] of rows.entries()) {
    for (const [j, id] of row.ids.entries()) {
      ids[r * width + j] = BigInt(id);
      mask[r * width + j] = 1n;
      types[r * width + j] = BigInt(row.types[j]);
    }
  }
  const dims = [rows.length, width];
  return { ids: tensor('int64', dims, ids), mask: tensor('int64', dims, mask), types: tensor('int64', dims, types) };
}
