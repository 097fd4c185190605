import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GramTable } from '../../../engine/data/grams.ts';
import { openTextEncoder } from '../../../engine/data/textEncoder.ts';
import { fitVocabulary } from '../../../engine/data/vocabulary.ts';
import { wordsOf } from '../../../engine/data/words.ts';
import type { TextInput } from '../../../engine/schema/index.ts';

const words = (text: string): string[] => {
  const { units, starts, ends, count } = wordsOf(text);
  return Array.from({ length: count }, (_, w) => String.fromCharCode(...units.subarray(starts[w], ends[w])));
};

test.each([
  ['Hello, World!', ['hello', 'world']],
  ['foo_bar 3.14 x86', ['foo_bar', '3', '14', 'x86']],
  ['Straße ÉTÉ naïve', ['straße', 'été', 'naïve']],
  ['ＦＵＬＬ　width ﬁt', ['full', 'width', 'fit']],
  ['用于 YUV 缩放', ['用', '于', 'yuv', '缩', '放']],
  ['カタカナとabc', ['カ', 'タ', 'カ', 'ナ', 'と', 'abc']],
  ['한국어 문장', ['한국어', '문장']],
  ['fun 🎉🎉 𠮷野', ['fun', '🎉', '🎉', '𠮷', '野']],
  ['\ud83d alone', ['alone']],
  ['... !!', []],
  ['', []],
])('words of %j', (text, expected) => expect(words(text)).toEqual(expected));

/** The n-grams of a text, the plain way. */
function gramsOf(text: string): { words: string[]; chars: string[] } {
  const list = words(text);
  const own = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]$/u;
  const chars: string[] = [];
  for (const word of list) {
    if (own.test(word)) continue;
    const padded = ` ${word} `;
    for (const n of [3, 4, 5]) for (let i = 0; i + n <= padded.length; i++) chars.push(padded.slice(i, i + n));
  }
  return { words: [...list, ...list.slice(1).map((word, i) => `${list[i]} ${word}`)], chars };
}

const documents = [
  'the cat sat on the mat',
  'the dog sat on the log',
  'a cat and a dog are friends',
  '猫和狗是朋友',
  '狗在睡觉 the end',
];

describe('vocabulary', () => {
  test('n-grams are kept by the number of documents, ties by text, words before characters', () => {
    const { words: kept, chars, idf } = fitVocabulary('t', documents, { size: 6, least: 2 });
    expect(kept).toEqual(['the', 'cat', 'dog']);
    expect(chars).toEqual([' th', ' the', ' the ']);
    expect(idf).toEqual([3, 2, 2, 3, 3, 3].map((n) => Math.fround(Math.log(6 / (1 + n)) + 1)));
  });

  test('every n-gram is found that a plain search finds, with its count of documents', () => {
    const { words: kept, chars } = fitVocabulary('t', documents, { size: 10_000, least: 1 });
    const all = documents.map(gramsOf);
    expect([...kept].sort()).toEqual([...new Set(all.flatMap((grams) => grams.words))].sort());
    expect([...chars].sort()).toEqual([...new Set(all.flatMap((grams) => grams.chars))].sort());
  });

  test('without characters there are words only', () => {
    const { chars } = fitVocabulary('t', documents, { analyzer: { words: [1, 1], sublinear: false } });
    expect(chars).toEqual([]);
  });
});

/** tf-idf as its definition says, with strings and maps. */
function plainEncode(input: TextInput, text: string): [number, number][] {
  const grams = gramsOf(text);
  const blocks = [
    { found: grams.words, keys: input.words, first: 0 },
    { found: grams.chars, keys: input.chars, first: input.words.length },
  ].map(({ found, keys, first }) => {
    const counts = new Map<number, number>();
    for (const gram of found)
      if (keys.includes(gram))
        counts.set(first + keys.indexOf(gram), (counts.get(first + keys.indexOf(gram)) ?? 0) + 1);
    const weighed = [...counts].map(([id, n]): [number, number] => [id, (1 + Math.log(n)) * (input.idf[id] ?? 0)]);
    const norm = Math.hypot(...weighed.map(([, weight]) => weight)) || 1;
    return weighed.map(([id, weight]): [number, number] => [id, weight / norm]);
  });
  const row = blocks.flat().sort(([a], [b]) => a - b);
  const norm = Math.hypot(...row.map(([, weight]) => weight)) || 1;
  return row.map(([id, weight]) => [id + 1, weight / norm]);
}

describe('encoder', () => {
  const input = fitVocabulary('t', documents, { size: 10_000, least: 1 });
  const encoder = openTextEncoder(input);
  const encode = (text: string | null): [number, number][] => {
    const count = encoder.encode(text);
    return Array.from({ length: count }, (_, i) => [encoder.ids[i] ?? 0, encoder.weights[i] ?? 0]);
  };

  test.each([...documents, 'the the the cat', 'nothing known 𠮷', '猫 the 狗'])(
    'weights of %j are those of the definition',
    (text) => {
      const expected = plainEncode(input, text);
      const found = encode(text);
      expect(found.map(([id]) => id)).toEqual(expected.map(([id]) => id));
      for (const [i, [, weight]] of found.entries()) expect(weight).toBeCloseTo(expected[i]?.[1] ?? Number.NaN, 6);
    },
  );

  test('a text without a known word, and a missing one, encode to nothing', () => {
    expect(encode('xyzzy')).toEqual([]);
    expect(encode(null)).toEqual([]);
  });

  test('beyond the most tokens the heaviest stay, with unit norm', () => {
    const short = openTextEncoder({ ...input, maxTokens: 3 });
    const text = 'the cat sat on the mat';
    const heaviest = encode(text)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([id]) => id)
      .sort((a, b) => a - b);
    expect(short.encode(text)).toBe(3);
    expect([...short.ids.subarray(0, 3)]).toEqual(heaviest);
    expect(Math.hypot(...short.weights.subarray(0, 3))).toBeCloseTo(1, 6);
  });

  test('what was encoded before changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...documents, 'dog dog', '')), fc.string(), (before, text) => {
        const fresh = openTextEncoder(input);
        const count = fresh.encode(text);
        for (const other of before) encode(other);
        expect(encode(text)).toEqual(Array.from({ length: count }, (_, i) => [fresh.ids[i], fresh.weights[i]]));
      }),
      { numRuns: 50 },
    );
  });
});

test('the gram table finds what was added and nothing else, whatever the hashes', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 4, max: 3 });
  fc.assert(
    fc.property(fc.array(key), fc.array(key), fc.integer({ min: 0, max: 2 }), (added, asked, hashes) => {
      const table = new GramTable(4);
      const numbers = new Map<string, number>();
      const hash = (units: Uint16Array) => (hashes === 0 ? 1 : (units[0] ?? 0) % (hashes + 1));
      for (const bytes of added) {
        const units = Uint16Array.from(bytes);
        const text = String.fromCharCode(...units);
        const number = table.add(units, 0, units.length, hash(units));
        expect(number).toBe(numbers.get(text) ?? numbers.size);
        numbers.set(text, number);
        expect(table.text(number)).toBe(text);
      }
      for (const bytes of asked) {
        const units = Uint16Array.from(bytes);
        expect(table.find(units, 0, units.length, hash(units))).toBe(numbers.get(String.fromCharCode(...units)) ?? -1);
      }
    }),
  );
});
