// Runs that learn to write, from a dataset to the report of the graph that is served.
import { describe, expect, test } from 'vitest';
import { Fault, trainRequest } from '../../../engine/schema/index.ts';
import { prepareRun } from '../../../engine/train/index.ts';
import { readerOf, trained } from './texts.ts';

describe('text-to-text', () => {
  test('asks which column is read where several may be', async () => {
    const reader = readerOf({ a: ['x'], b: ['y'] });
    const wrong = (request: object) => prepareRun(reader, undefined, trainRequest.parse({ dataset: 'd', ...request }));
    await expect(wrong({ model: 'seq2seq' })).rejects.toThrow(/--target/);
    await expect(wrong({ model: 'seq2seq', target: 'c' })).rejects.toThrow(/no column "c"/);
    await expect(wrong({ model: 'mlp', task: 'text-to-text', target: 'a' })).rejects.toThrow(Fault);
    await expect(wrong({ model: 'seq2seq', task: 'language-model', target: 'a' })).rejects.toThrow(/use decoder/);
  });
});

describe('language-model', () => {
  const animals = ['cat', 'dog', 'hen', 'cow'];
  const texts = Array.from(
    { length: 240 },
    (_, i) => `the ${animals[i % 4]} says ${animals[i % 4]} ${animals[i % 4]}.`,
  );
  const hyper = { width: 32, layers: 1, inner: 64, heads: 2, vocabulary: 300, length: 16, dropout: 0 };

  test('learns what follows what, and is far surer of the next token than chance', async () => {
    const { report, setup } = await trained(readerOf({ text: texts }), {
      model: 'decoder',
      epochs: 8,
      batchSize: 16,
      learningRate: 1e-2,
      hyper,
    });
    expect(report.task).toBe('language-model');
    // Of about a dozen tokens a text only the animal's first naming is open: two bits a text.
    expect(report.perplexity).toBeLessThan(1.6);
    expect(report.tokenAccuracy).toBeGreaterThan(0.8);
    expect(setup.rows.preprocess).toMatchObject({ task: 'language-model', target: { column: 'text' }, classes: [] });
  }, 60_000);

  test('cuts long texts into pieces in which every token is predicted once', async () => {
    const long = texts.map((text) => `${text} `.repeat(6));
    const request = trainRequest.parse({ dataset: 'd', model: 'decoder', hyper });
    const { rows } = await prepareRun(readerOf({ text: long }), undefined, request);
    const { ids } = rows.data.tokens ?? {};
    if (!ids) throw new Error('no tokens');
    const lengths = Array.from({ length: ids.offsets.length - 1 }, (_, r) => ids.offsets[r + 1] - ids.offsets[r]);
    expect(Math.max(...lengths)).toBe(16);
    // The first piece of a text begins with the start token and the next one with the last token of the piece before.
    expect([ids.ids[0], ids.ids[ids.offsets[1]]]).toEqual([0, ids.ids[ids.offsets[1] - 1]]);
    expect(rows.train.length + rows.validation.length).toBe(lengths.length);
  });
});
