import { expect, test } from 'vitest';
import { inputsOfInvocation, predictionOf } from '../../../engine/serve/invocations.ts';
import { deploymentDocument } from '../../../engine/serve/document.ts';
import { Fault, type Manifest } from '../../../engine/schema/index.ts';
import { flowerParts } from '../bundle/sample.ts';

interface Schema {
  properties: Record<string, Schema>;
  items: Schema;
  enum?: string[];
}
interface Document {
  paths: Record<string, { post: { requestBody: { content: Json }; responses: Record<string, { content: Json }> } }>;
}
type Json = { 'application/json': { schema: Schema } };

const manifest = flowerParts().manifest as Manifest;
const rows = [
  { size: 1, colour: 'red' },
  { size: 2, colour: 'blue' },
];

test.each([
  [
    'dataframe_split',
    {
      dataframe_split: {
        index: [0, 1],
        columns: ['size', 'colour'],
        data: [
          [1, 'red'],
          [2, 'blue'],
        ],
      },
    },
  ],
  ['dataframe_records', { dataframe_records: rows }],
  ['instances of objects', { instances: rows }],
  [
    'instances of lists',
    {
      instances: [
        [1, 'red'],
        [2, 'blue'],
      ],
    },
  ],
  ['inputs by column', { inputs: { size: [1, 2], colour: ['red', 'blue'] } }],
  ['inputs by row', { inputs: rows, params: {} }],
])('%s are rows', (_name, body) => {
  expect(inputsOfInvocation(body, manifest)).toEqual(rows);
});

test.each([
  [{}, /this has none/],
  [{ instances: rows, inputs: rows }, /this has inputs and instances/],
  [{ instances: [] }, /holds no row/],
  [{ instances: [[1]] }, /row 0 has 1 values; this model takes 2: size, colour/],
  [{ instances: [7] }, /row 0 is neither/],
  [{ inputs: { size: [1, 2], colour: ['red'] } }, /inputs.colour has 1 values and inputs.size 2/],
  [{ dataframe_split: { columns: ['size'], data: [[1, 2]] } }, /data\[0\] has 2 values for 1 columns/],
])('what is in none of the forms is refused: %#', (body, message) => {
  let said = '';
  try {
    inputsOfInvocation(body, manifest);
  } catch (error) {
    if (error instanceof Fault) said = `${error.code} ${error.message}`;
  }
  expect(said).toMatch(message);
});

test('predictions are what MLflow’s clients expect: labels, values, texts', () => {
  expect([predictionOf({ label: 'a', scores: { a: 1 } }), predictionOf({ value: 2 })]).toEqual(['a', 2]);
});

test('a deployment’s own OpenAPI names its columns, values and classes', () => {
  const document = deploymentDocument('flowers', manifest, '1.0.0') as unknown as Document;
  const post = document.paths['/api/v1/deployments/flowers/predict'].post;
  const items = post.requestBody.content['application/json'].schema.properties.inputs.items;
  expect(items).toEqual({
    type: 'object',
    additionalProperties: false,
    properties: {
      size: { type: ['number', 'null'], examples: [0.5], description: '-2 to 2 in the training data' },
      colour: { type: ['string', 'null'], examples: ['blue', 'red'] },
    },
  });
  expect(post.responses[200].content['application/json'].schema.properties.outputs.items.properties.label.enum).toEqual(
    ['low', 'middle', 'high'],
  );
});
