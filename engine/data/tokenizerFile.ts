// tokenizer.json (the format of Hugging Face's tokenizers), whole or made from older vocabulary files. What is made here is
// what a bundle carries and what `openTokenizer` and other tools read; this file encodes no text.
import { fromUtf8 } from '../base/index.ts';
import { Fault, type Preprocess } from '../schema/index.ts';

/** The parts of tokenizer.json that Neutrino looks at; the rest is the library's. */
export interface TokenizerJson {
  version: string;
  truncation: { direction: 'Left' | 'Right'; max_length: number; strategy: string; stride: number } | null;
  padding: {
    strategy: unknown;
    direction: 'Left' | 'Right';
    pad_to_multiple_of: number | null;
    pad_id: number;
    pad_type_id: number;
    pad_token: string;
  } | null;
  added_tokens: {
    id: number;
    content: string;
    special: boolean;
    single_word: boolean;
    lstrip: boolean;
    rstrip: boolean;
    normalized: boolean;
  }[];
  normalizer: unknown;
  pre_tokenizer: unknown;
  post_processor: unknown;
  decoder: unknown;
  model: { type: string; vocab: Record<string, number> | [string, number][] } & Record<string, unknown>;
}

/** Vocabulary files of a model folder, as bytes; those that it has. */
export interface TokenizerFiles {
  'tokenizer.json'?: Uint8Array;
  'tokenizer_config.json'?: Uint8Array;
  'vocab.txt'?: Uint8Array;
  'vocab.json'?: Uint8Array;
  'merges.txt'?: Uint8Array;
}
export const tokenizerFiles: readonly (keyof TokenizerFiles)[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

export interface TokenizerSettings {
  /** Most tokens that the model reads, special ones included. */
  maxLength: number;
  /** Lengths of batches are multiples of this, so that few shapes occur; 16 when absent. */
  multiple?: number;
}

/** tokenizer_config.json; a token is a text or an object with `content`. */
type Settings = Record<string, unknown>;

const wrong = (file: string, why: string, cause?: unknown) =>
  new Fault('bad_data', `${file}: ${why}`, undefined, cause);

function parsed(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw wrong(file, 'is not JSON in UTF-8; get the file again from its source', error);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function tokenOf(settings: Settings, name: string): string | undefined {
  const value = settings[name];
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value['content'] === 'string' ? value['content'] : undefined;
}

/** A token with a meaning of its own, matched as it stands. */
export const special = (id: number, content: string): TokenizerJson['added_tokens'][number] => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});

function linesOf(file: string, bytes: Uint8Array): string[] {
  try {
    const lines = fromUtf8(bytes).split(/\r?\n/);
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } catch (error) {
    throw wrong(file, 'is not UTF-8; get the file again from its source', error);
  }
}

/** A BPE model over bytes, which needs no unknown token. */
export const bytePairModel = (vocab: Record<string, number>, merges: readonly string[]): TokenizerJson['model'] => ({
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: '',
  end_of_word_suffix: '',
  fuse_unk: false,
  byte_fallback: false,
  vocab,
  merges,
});

/** WordPiece as BERT uses it (Wu et al. 2016): one token a line, the line's number is its id. */
function wordPiece(bytes: Uint8Array, settings: Settings): TokenizerJson {
  const tokens = linesOf('vocab.txt', bytes);
  const vocab = Object.fromEntries(tokens.map((token, i) => [token, i]));
  const named = (option: string, usual: string): string => {
    const token = tokenOf(settings, option) ?? usual;
    if (Object.hasOwn(vocab, token)) return token;
    throw wrong('vocab.txt', `lacks the token ${token} (${option}); name the right one in tokenizer_config.json`);
  };
  const [unk, cls, sep, pad] = [
    named('unk_token', '[UNK]'),
    named('cls_token', '[CLS]'),
    named('sep_token', '[SEP]'),
    named('pad_token', '[PAD]'),
  ];
  const mask = tokenOf(settings, 'mask_token') ?? '[MASK]';
  const specials = [pad, unk, cls, sep, mask].filter((token) => Object.hasOwn(vocab, token));
  const piece = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: 'A' | 'B', type_id: number) => ({ Sequence: { id, type_id } });
  const flag = (name: string, usual: boolean | null) => (typeof settings[name] === 'boolean' ? settings[name] : usual);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((token) => special(vocab[token], token)).sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: flag('tokenize_chinese_chars', true),
      strip_accents: flag('strip_accents', null),
      lowercase: flag('do_lower_case', true),
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece(cls, 0), text('A', 0), piece(sep, 0)],
      pair: [piece(cls, 0), text('A', 0), piece(sep, 0), text('B', 1), piece(sep, 1)],
      special_tokens: Object.fromEntries([cls, sep].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: unk, continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  };
}

/** Byte-level pairs as GPT-2 uses them (Radford et al. 2019); RoBERTa's when the vocabulary has its <s> and </s>. */
function bytePairs(vocabBytes: Uint8Array, mergeBytes: Uint8Array, settings: Settings): TokenizerJson {
  const read = parsed('vocab.json', vocabBytes);
  if (!isObject(read) || !Object.values(read).every((id) => typeof id === 'number'))
    throw wrong('vocab.json', 'must map tokens to ids');
  const vocab = read as Record<string, number>;
  const merges = linesOf('merges.txt', mergeBytes).filter((line) => line !== '' && !line.startsWith('#version'));
  const [cls, sep] = [tokenOf(settings, 'cls_token') ?? '<s>', tokenOf(settings, 'sep_token') ?? '</s>'];
  const framed = Object.hasOwn(vocab, cls) && Object.hasOwn(vocab, sep);
  const specials = [cls, sep, '<pad>', '<unk>', '<mask>', '<|endoftext|>'].filter((token) =>
    Object.hasOwn(vocab, token),
  );
  const prefixed = settings['add_prefix_space'] === true;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: prefixed, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials
      .map((token) => ({ ...special(vocab[token], token), lstrip: token === '<mask>' }))
      .sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: framed
      ? {
          type: 'RobertaProcessing',
          sep: [sep, vocab[sep]],
          cls: [cls, vocab[cls]],
          trim_offsets: true,
          add_prefix_space: prefixed,
        }
      : { ...byteLevel, trim_offsets: false },
    decoder: { ...byteLevel, add_prefix_space: true },
    model: bytePairModel(vocab, merges),
  };
}

const models: readonly unknown[] = ['WordPiece', 'BPE', 'Unigram'];

function wholeFile(bytes: Uint8Array): TokenizerJson {
  const value = parsed('tokenizer.json', bytes);
  if (
    !isObject(value) ||
    !isObject(value['model']) ||
    typeof value['model']['type'] !== 'string' ||
    !('vocab' in value['model'])
  )
    throw wrong('tokenizer.json', 'has no "model" with a "type" and a "vocab"; save it with tokenizer.save_pretrained');
  const { type } = value['model'];
  if (!models.includes(type))
    throw wrong(
      'tokenizer.json',
      `a model of type ${JSON.stringify(type)} is not read; it may be ${models.join(', ')}`,
    );
  const { added_tokens, normalizer, pre_tokenizer, post_processor, decoder } = value;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: (Array.isArray(added_tokens) ? added_tokens : []) as TokenizerJson['added_tokens'],
    normalizer: normalizer ?? null,
    pre_tokenizer: pre_tokenizer ?? null,
    post_processor: post_processor ?? null,
    decoder: decoder ?? null,
    model: value['model'] as TokenizerJson['model'],
  };
}

function idOf(json: TokenizerJson, token: string): number | undefined {
  const { vocab } = json.model;
  if (Array.isArray(vocab)) return vocab.findIndex(([content]) => content === token);
  return json.added_tokens.find(({ content }) => content === token)?.id ?? vocab[token];
}

/** A preprocess whose tokenizer stands in a file of its own, and that file. */
export function withoutTokenizer(preprocess: Preprocess): {
  preprocess: Preprocess;
  tokenizer?: Record<string, unknown>;
} {
  const readers = [...(preprocess.sequence ?? []), ...(preprocess.generation ? [preprocess.generation] : [])];
  const found = readers.find(({ tokenizer }) => typeof tokenizer === 'object')?.tokenizer;
  if (typeof found !== 'object') return { preprocess };
  return { preprocess: placed(preprocess, true), tokenizer: found };
}

/** The inverse of `withoutTokenizer`. */
export function withTokenizer(preprocess: Preprocess, tokenizer: Record<string, unknown>): Preprocess {
  return placed(preprocess, tokenizer);
}

function placed(preprocess: Preprocess, tokenizer: true | Record<string, unknown>): Preprocess {
  const put = <T extends { tokenizer?: unknown }>(input: T): T => (input.tokenizer ? { ...input, tokenizer } : input);
  const { sequence, generation } = preprocess;
  return {
    ...preprocess,
    ...(sequence ? { sequence: sequence.map(put) } : {}),
    ...(generation ? { generation: put(generation) } : {}),
  };
}

/**
 * One tokenizer.json of a folder's files, with its truncation and padding set for a model that reads `maxLength` tokens.
 * Undefined when the folder has no vocabulary; throws `bad_data` naming the file.
 */
export function tokenizerJson(
  files: TokenizerFiles,
  { maxLength, multiple = 16 }: TokenizerSettings,
): TokenizerJson | undefined {
  const config = files['tokenizer_config.json'] ? parsed('tokenizer_config.json', files['tokenizer_config.json']) : {};
  const settings = isObject(config) ? config : {};
  const json = files['tokenizer.json']
    ? wholeFile(files['tokenizer.json'])
    : files['vocab.txt']
      ? wordPiece(files['vocab.txt'], settings)
      : files['vocab.json'] && files['merges.txt']
        ? bytePairs(files['vocab.json'], files['merges.txt'], settings)
        : undefined;
  if (!json) return undefined;
  const stated = settings['model_max_length'];
  const most = typeof stated === 'number' && stated >= 8 ? Math.min(stated, maxLength) : maxLength;
  const pad = [tokenOf(settings, 'pad_token'), '[PAD]', '<pad>'].find(
    (token) => token !== undefined && (idOf(json, token) ?? -1) >= 0,
  );
  return {
    ...json,
    truncation: { direction: 'Right', max_length: most, strategy: 'LongestFirst', stride: 0 },
    padding: {
      strategy: 'BatchLongest',
      direction: 'Right',
      pad_to_multiple_of: multiple,
      pad_id: pad === undefined ? 0 : (idOf(json, pad) as number),
      pad_type_id: 0,
      pad_token: pad ?? '',
    },
  };
}
