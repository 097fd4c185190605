import { expect, test } from 'vitest';
import { describeModel } from '../../../engine/serve/index.ts';
import { type Manifest, routes } from '../../../engine/schema/index.ts';
import { flowerParts } from '../bundle/sample.ts';

test('a tabular model is described by its columns, usual values and a request that can be sent', () => {
  const manifest = flowerParts().manifest as Manifest;
  const described = describeModel(manifest);
  expect(described).toEqual({
    inputs: [
      { column: 'size', type: 'number', example: 0.5 },
      { column: 'colour', type: 'category', values: ['blue', 'red'], example: 'blue' },
    ],
    classes: ['low', 'middle', 'high'],
    example: { inputs: [{ size: 0.5, colour: 'blue' }] },
  });
  expect(routes['deployments.schema'].response.parse(described)).toEqual(described);
});

test('dates, booleans and texts have examples of their own kind, and no training text is shown', () => {
  const manifest = {
    ...flowerParts().manifest,
    features: [
      { column: 'when', type: 'date', as: 'numeric' },
      { column: 'paid', type: 'boolean', as: 'category' },
      { column: 'note', type: 'text', as: 'text' },
    ],
    columns: [
      { name: 'when', type: 'date', missing: 0, distinct: 2, quantiles: [0, 0, 1_700_000_000_000, 0, 0] },
      { name: 'paid', type: 'boolean', missing: 0, distinct: 2, top: [{ value: 'false', count: 2 }] },
      { name: 'note', type: 'text', missing: 0, distinct: 2, top: [{ value: 'my secret', count: 2 }] },
    ],
  } as unknown as Manifest;
  expect(describeModel(manifest).inputs).toEqual([
    { column: 'when', type: 'date', example: '2023-11-14T22:13:20.000Z' },
    { column: 'paid', type: 'boolean', values: ['true', 'false'], example: false },
    { column: 'note', type: 'text', example: 'A short text to try' },
  ]);
});

test('a model of one text takes the text itself', () => {
  const manifest = {
    ...flowerParts().manifest,
    features: [{ column: 'note', type: 'text', as: 'text' }],
    columns: [],
  } as unknown as Manifest;
  expect(describeModel(manifest).example).toEqual({ inputs: ['A short text to try'] });
});
