// Byte-pair tokenizers made of texts: nothing is lost, the same texts give the same one, and common words are short.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitBytePairs, openTokenizer, openWriting } from '../../../engine/data/index.ts';

const texts = [
  'low lower lowest low low, new newer newest',
  'a lower price, a newer thing; 1024 bytes and 2048',
  '数据库 数据 中文 数据库',
];
const json = fitBytePairs(texts, { size: 300, special: ['<|end|>'] });
const tokenizer = openTokenizer(json);

test('the first ids are the special tokens and the 256 bytes, then what occurs most often together', () => {
  const { vocab, merges } = json.model as unknown as { vocab: Record<string, number>; merges: string[] };
  expect(vocab['<|end|>']).toBe(0);
  expect(Object.keys(vocab).length).toBeLessThanOrEqual(300);
  // `lo` stands in six words of the texts.
  expect(merges[0]).toBe('l o');
  expect(Math.max(...Object.values(vocab))).toBe(Object.keys(vocab).length - 1);
});

test('any text comes back from its tokens', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
      expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
    }),
    { seed: 11 },
  );
});

test('words of the texts are fewer tokens than their bytes, and digits stand alone', () => {
  expect(tokenizer.encode(' lower').ids.length).toBeLessThan(4);
  expect(tokenizer.encode('2048').ids).toHaveLength(4);
  expect(tokenizer.encode('数据').ids.length).toBeLessThan(6);
});

test('the same texts give the same tokenizer, in whatever order', () => {
  expect(fitBytePairs([...texts].reverse(), { size: 300, special: ['<|end|>'] })).toEqual(json);
});

test('a text to write is framed, a beginning is begun, and what is read is ended and cut', () => {
  const own = { tokenizer: { ...json }, vocabulary: 300, maxLength: 8, start: 0, end: 0 };
  const writing = openWriting({ ...own, framed: true, source: { column: 's', maxLength: 3 } });
  const ids = tokenizer.encode('low').ids;
  expect(writing.whole('low')).toEqual([0, ...ids, 0]);
  expect(writing.beginning('low')).toEqual([0, ...ids]);
  expect(writing.read('low 123')).toEqual([...tokenizer.encode('low 123').ids.slice(0, 2), 0]);
  const bare = openWriting({ ...own, framed: false });
  expect([bare.beginning('low'), bare.beginning('')]).toEqual([ids, [0]]);
});
