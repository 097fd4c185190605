// Tokens of pretrained models, against what their references were computed from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  openTokenizer,
  type TokenizerFiles,
  type TokenizerJson,
  tokenizerFiles,
  tokenizerJson,
} from '../../../engine/data/index.ts';
import { readSafetensors, type Tensor } from '../../../engine/onnx/index.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

interface Case {
  texts: string[];
  files: TokenizerFiles;
  maxLength: number;
  ids: Tensor;
  mask: Tensor;
}

function caseOf(name: string, maxLength: number, only?: readonly string[]): Case {
  const dir = join(fixtures, name);
  const tensors = readSafetensors(readFileSync(join(dir, 'expected.safetensors')));
  const files: TokenizerFiles = {};
  for (const file of tokenizerFiles) {
    if (only && !only.includes(file)) continue;
    try {
      files[file] = readFileSync(join(dir, file));
    } catch {
      continue;
    }
  }
  const { texts } = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as { texts: string[] };
  return {
    texts,
    files,
    maxLength,
    ids: tensors.get('input_ids') as Tensor,
    mask: tensors.get('attention_mask') as Tensor,
  };
}

const made = (one: Case): TokenizerJson => {
  const json = tokenizerJson(one.files, { maxLength: one.maxLength, multiple: 1 });
  if (!json) throw new Error('no tokenizer');
  return json;
};

describe('tokens', () => {
  test.each([
    ['bert-tiny, from tokenizer.json', 'bert-tiny', 48, undefined],
    ['bert-tiny, from vocab.txt alone', 'bert-tiny', 48, ['vocab.txt']],
    ['DistilBERT, from vocab.txt', 'pretrained/distilbert', 64, undefined],
    ['RoBERTa, from vocab.json and merges.txt', 'pretrained/roberta', 64, undefined],
    ['GPT-2, from tokenizer.json', 'pretrained/gpt2', 96, undefined],
  ])('of %s are those of the reference, mask and padding included', (_, name, maxLength, only) => {
    const one = caseOf(name, maxLength, only);
    const { ids, mask, types } = openTokenizer(made(one)).batch(one.texts);
    expect(ids).toEqual(one.ids);
    expect(mask).toEqual(one.mask);
    expect(types).toEqual({ ...one.ids, data: new BigInt64Array(one.ids.data.length) });
  });

  test('come back as text', () => {
    const one = caseOf('pretrained/gpt2', 96);
    const tokenizer = openTokenizer(made(one));
    expect(one.texts.map((text) => tokenizer.decode(tokenizer.encode(text).ids))).toEqual(one.texts);
    expect(tokenizer.decode([])).toBe('');
  });

  test('of a text that is too long end with its frame, within the greatest length', () => {
    const one = caseOf('bert-tiny', 12);
    const tokenizer = openTokenizer(made(one));
    const whole = openTokenizer(made({ ...one, maxLength: 128 }));
    const { ids } = tokenizer.encode(one.texts[0]);
    const all = whole.encode(one.texts[0]).ids;
    expect(ids).toEqual([...all.slice(0, 11), all.at(-1)]);
    expect(tokenizer.encode('').ids).toEqual([2, 3]);
  });

  test('of a pair carry types, and the longer text is cut first', () => {
    const tokenizer = openTokenizer(made(caseOf('bert-tiny', 9)));
    const { ids, types } = tokenizer.encode('a b c d e f g h', 'a b');
    expect(types).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(ids).toHaveLength(9);
    expect(ids.slice(6, 8)).toEqual(tokenizer.encode('a b').ids.slice(1, 3));
  });

  test('are padded to buckets, so that few shapes occur', () => {
    const one = caseOf('bert-tiny', 40);
    const tokenizer = openTokenizer(tokenizerJson(one.files, { maxLength: 40 }) as TokenizerJson);
    const width = (words: number) => tokenizer.batch(['a '.repeat(words), 'b']).ids.dims[1];
    expect([1, 14, 15, 30, 31, 100].map(width)).toEqual([16, 16, 32, 32, 40, 40]);
  });
});

describe('vocabulary files', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('none make no tokenizer', () => {
    expect(tokenizerJson({}, { maxLength: 8 })).toBeUndefined();
  });

  test('truncation and padding stand in the JSON, for any reader of it', () => {
    const json = made({ ...caseOf('pretrained/roberta', 64) });
    expect([json.truncation, json.padding]).toEqual([
      { direction: 'Right', max_length: 64, strategy: 'LongestFirst', stride: 0 },
      {
        strategy: 'BatchLongest',
        direction: 'Right',
        pad_to_multiple_of: 1,
        pad_id: 1,
        pad_type_id: 0,
        pad_token: '<pad>',
      },
    ]);
  });

  test('tokenizer_config.json shortens texts and keeps letters’ case', () => {
    const one = caseOf('bert-tiny', 128, ['vocab.txt']);
    const settings = bytes(JSON.stringify({ model_max_length: 10, do_lower_case: false }));
    const tokenizer = openTokenizer(made({ ...one, files: { ...one.files, 'tokenizer_config.json': settings } }));
    expect(tokenizer.maxLength).toBe(10);
    expect(tokenizer.encode('A a').ids).toEqual([2, 1, tokenizer.encode('a').ids[1], 3]);
  });

  test.each<[string, TokenizerFiles, string]>([
    [
      'a model of an unknown kind',
      { 'tokenizer.json': bytes('{"model":{"type":"Magic","vocab":{}}}') },
      'tokenizer.json: a model of type "Magic" is not read; it may be WordPiece, BPE, Unigram',
    ],
    [
      'tokenizer.json without a model',
      { 'tokenizer.json': bytes('{}') },
      'tokenizer.json: has no "model" with a "type" and a "vocab"; save it with tokenizer.save_pretrained',
    ],
    [
      'tokenizer.json that is no JSON',
      { 'tokenizer.json': bytes('{') },
      'tokenizer.json: is not JSON in UTF-8; get the file again from its source',
    ],
    [
      'a vocab.txt of another family',
      { 'vocab.txt': bytes('a\nb\n') },
      'vocab.txt: lacks the token [UNK] (unk_token); name the right one in tokenizer_config.json',
    ],
    [
      'a vocab.json that maps to no ids',
      { 'vocab.json': bytes('{"a":"b"}'), 'merges.txt': bytes('') },
      'vocab.json: must map tokens to ids',
    ],
  ])('%s is refused', (_, files, message) => {
    expect(() => tokenizerJson(files, { maxLength: 8 })).toThrow(message);
  });

  test('a part of a kind that the library does not read is refused', () => {
    const file = bytes('{"model":{"type":"BPE","vocab":{},"merges":[]},"pre_tokenizer":{"type":"Magic"}}');
    const json = tokenizerJson({ 'tokenizer.json': file }, { maxLength: 8 }) as TokenizerJson;
    expect(() => openTokenizer(json)).toThrow(/^tokenizer\.json: .*; save it with a current version of tokenizers$/);
  });
});
