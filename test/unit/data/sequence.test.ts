import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  batchSequences,
  encodeDataset,
  encodeInputs,
  featureSpecs,
  fitPreprocess,
  readTarget,
} from '../../../engine/data/index.ts';
import { fitSequence, openSequenceEncoder, packSequences, tokensOf } from '../../../engine/data/sequence.ts';
import { type PredictInput, preprocess } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

const samples = join(import.meta.dirname, '../../../resources/samples');
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

test.each([
  ['Hello, World!', ['hello', ',', 'world', '!']],
  ['foo_bar 3.14 x86', ['foo_bar', '3', '.', '14', 'x86']],
  ['Ｆull ﬁt ÉTÉ', ['full', 'fit', 'été']],
  ['用于 YUV 缩放。', ['用', '于', 'yuv', '缩', '放', '。']],
  ['カタカナとabc', ['カ', 'タ', 'カ', 'ナ', 'と', 'abc']],
  ['fun 🎉 𠮷野', ['fun', '🎉', '𠮷', '野']],
  ['\ud83d alone\u0000', ['alone']],
  ['', []],
])('tokens of %j', (text, expected) => expect(tokensOf(text)).toEqual(expected));

const documents = ['the cat sat .', 'the dog sat', 'a cat, a dog.', null, '猫 the'];

describe('vocabulary', () => {
  test('words have ids by the number of documents, ties by text', () => {
    expect(fitSequence('t', documents, { least: 2 })).toEqual({
      column: 't',
      words: ['the', '.', 'cat', 'dog', 'sat'],
      maxLength: 256,
    });
    expect(fitSequence('t', documents, { size: 2 }).words).toEqual(['the', '.']);
  });

  test('words beyond the length are not read', () => {
    const input = fitSequence('t', documents, { maxLength: 2 });
    expect(input.words).toEqual(['the', 'cat', 'a', 'dog', '猫']);
    expect(openSequenceEncoder(input)('the cat sat')).toEqual([2, 3]);
  });

  test('unknown words have the id 1; a missing text has none', () => {
    const encode = openSequenceEncoder(fitSequence('t', documents, { least: 2 }));
    expect(encode('The bird SAT .')).toEqual([2, 1, 6, 3]);
    expect(encode(null)).toEqual([]);
  });
});

test('batches are padded with 0 to a multiple of 16', () => {
  const rows = packSequences([[5, 6], [], Array.from({ length: 17 }, (_, i) => i + 2)]);
  expect(batchSequences(rows, [1])).toEqual({ ids: new BigInt64Array(16), width: 16 });
  const { ids, width } = batchSequences(rows, [2, 0]);
  expect([width, ids.length]).toEqual([32, 64]);
  expect([...ids.subarray(14, 20)]).toEqual([16n, 17n, 18n, 0n, 0n, 0n]);
  expect([...ids.subarray(32, 36)]).toEqual([5n, 6n, 0n, 0n]);
});

test.each(['package-topics-zh', 'packages'])(
  '%s: training and serving give the same texts the same ids, beside the n-grams or without',
  async (name) => {
    const { reader } = await bench.load(join(samples, `${name}.csv`));
    const target = readTarget(reader, name === 'packages' ? 'section' : 'label');
    const train = Uint32Array.from({ length: 150 }, (_, i) => 2 * i);
    const rows = Uint32Array.from({ length: 60 }, (_, i) => (i * 37) % reader.rows);
    for (const texts of name === 'packages' ? (['sequence'] as const) : (['sequence', 'both'] as const)) {
      const fitted = preprocess.parse(
        JSON.parse(JSON.stringify(fitPreprocess(reader, train, { target, texts, text: { size: 500 } }))),
      );
      const sequences = fitted.sequence ?? [];
      expect(fitted.text.length).toBe(texts === 'both' ? sequences.length : 0);
      expect(sequences.length).toBeGreaterThan(0);
      const specs = featureSpecs(fitted).filter(({ as }) => as === 'text');
      expect(specs.map(({ column }) => column)).toEqual(sequences.map(({ column }) => column));
      const inputs: PredictInput[] = Array.from(rows, (row) => {
        const { columns, rows: cells } = reader.preview(row, 1);
        return Object.fromEntries(columns.map((column, i) => [column, cells[0]?.[i] ?? null]));
      });
      const trained = encodeDataset(reader, fitted, rows);
      const served = encodeInputs(fitted, inputs);
      for (const [i, sequence] of trained.sequence.entries()) {
        const { ids, width } = batchSequences(
          sequence,
          rows.map((_, r) => r),
        );
        expect(served[`text_${i}_tokens`]).toEqual({ dtype: 'int64', dims: [rows.length, width], data: ids });
      }
      if (name === 'package-topics-zh') {
        expect(encodeInputs(fitted, ['网络工具'])).toEqual(encodeInputs(fitted, [{ text: '网络工具' }]));
      }
    }
  },
);
