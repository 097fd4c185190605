// The train dialog's form and the request it becomes.
import { expect, test } from 'vitest';
import { trainRequest } from '../../../engine/schema/index.ts';
import { draftOf, hyperOf, isPlain, requestOf } from '../../../renderer/train/draft.ts';

test('a form left alone asks for the defaults only', () => {
  const request = requestOf({ ...draftOf({}), dataset: 'ds_1', target: 'label' });
  expect(request).toEqual(trainRequest.parse({ dataset: 'ds_1', target: 'label' }));
});

test('a request that is run again comes out of the form as it went in', () => {
  const request = trainRequest.parse({
    dataset: 'ds_1',
    target: 'label',
    model: 'mlp',
    budget: '2m',
    epochs: 12,
    batchSize: 32,
    learningRate: 0.003,
    optimizer: { kind: 'adamw' },
    schedule: { kind: 'cosine' },
    seed: 7,
    experiment: 'depth',
    name: 'deep',
    test: 'ds_2',
    ignore: ['id'],
    hyper: { hidden: [128, 64], dropout: 0.1, activation: 'relu', bias: true },
  });
  expect(requestOf({ ...draftOf(request), dataset: 'ds_1', target: 'label' })).toEqual(request);
  expect(isPlain(draftOf(request))).toBe(false);
});

test('the settings stay folded while only the three choices are made', () => {
  expect(isPlain(draftOf({ dataset: 'ds_1', target: 'label', budget: '30s' }))).toBe(true);
});

test('hyper-parameters are numbers, lists, switches or names; a line that is none of them is named', () => {
  expect(hyperOf('hidden = 128, 64\nwidth: 32\n\nlist = [8]\nfast = true\nactivation = gelu')).toEqual({
    hidden: [128, 64],
    width: 32,
    list: [8],
    fast: true,
    activation: 'gelu',
  });
  expect(() => hyperOf('a = 1\nwhat')).toThrow('line 2 of the hyper-parameters: write “name = value”');
});
