// The OpenAPI document of one deployment: its own columns, values and answers, so that clients can be made from it.
import type { Manifest } from '../schema/index.ts';
import { describeModel } from './describe.ts';

/** JSON types of what a column's values may be sent as; null is a missing value. */
const types: Record<string, string[]> = {
  number: ['number', 'null'],
  boolean: ['boolean', 'null'],
  date: ['string', 'number', 'null'],
};

/** OpenAPI 3.1 for `POST …/predict` of a deployment. */
export function deploymentDocument(name: string, manifest: Manifest, version: string): Record<string, unknown> {
  const { inputs, classes, example } = describeModel(manifest);
  const columns = new Map(manifest.columns.map((column) => [column.name, column]));
  const properties = Object.fromEntries(
    inputs.map(({ column, type, values, example: one }) => {
      const { min, max } = columns.get(column) ?? {};
      const range =
        min === undefined || max === undefined || type !== 'number'
          ? {}
          : { description: `${min} to ${max} in the training data` };
      return [
        column,
        {
          type: types[type] ?? ['string', 'null'],
          ...(values && type !== 'boolean' ? { examples: values.slice(0, 20) } : { examples: [one] }),
          ...range,
        },
      ];
    }),
  );
  const row = { type: 'object', properties, additionalProperties: false };
  const isText = manifest.features.length === 1 && manifest.features[0]?.as === 'text';
  const input = isText ? { anyOf: [{ type: 'string' }, row] } : row;
  const { series } = manifest;
  const asked = series
    ? { type: 'object', required: ['history'], properties: { history: { type: 'array', minItems: 1, items: row } } }
    : input;
  const time = { type: series?.step.unit === 'number' ? 'number' : 'string' };
  const step = { time, value: { type: 'number' }, low: { type: 'number' }, high: { type: 'number' } };
  const forecast = {
    type: 'object',
    required: ['forecast'],
    properties: { forecast: { type: 'array', items: { type: 'object', properties: step } } },
  };
  const output = series
    ? forecast
    : classes.length > 0
      ? {
          type: 'object',
          required: ['label', 'scores'],
          properties: {
            label: { type: 'string', enum: classes },
            scores: { type: 'object', additionalProperties: { type: 'number' } },
          },
        }
      : { type: 'object' };
  const answer = {
    type: 'object',
    required: ['outputs', 'model', 'version'],
    properties: {
      outputs: {
        type: 'array',
        items:
          manifest.task === 'regression'
            ? { type: 'object', required: ['value'], properties: { value: { type: 'number' } } }
            : output,
      },
      model: { type: 'string' },
      version: { type: 'integer' },
      id: { type: 'string', description: 'Send it back with the right labels to …/feedback' },
      warnings: { type: 'array', items: { type: 'string' } },
    },
  };
  const json = (schema: unknown, one?: unknown) => ({
    'application/json': { schema, ...(one === undefined ? {} : { example: one }) },
  });
  const refusal = (description: string) => ({
    description,
    content: json({ type: 'object', properties: { error: { type: 'object' } } }),
  });
  return {
    openapi: '3.1.0',
    info: {
      title: `${name}: ${manifest.name}@${manifest.version}`,
      version,
      description: `Predicts ${manifest.target}.`,
    },
    paths: {
      [`/api/v1/deployments/${name}/predict`]: {
        post: {
          operationId: 'predict',
          summary: `Predict ${manifest.target}`,
          security: [{ key: [] }],
          requestBody: {
            required: true,
            content: json(
              {
                type: 'object',
                required: ['inputs'],
                properties: { inputs: { type: 'array', minItems: 1, items: asked } },
              },
              example,
            ),
          },
          responses: {
            200: { description: 'One output an input, in order', content: json(answer) },
            422: refusal('An input that the model cannot take; the message names it'),
            429: refusal('Too many requests; Retry-After says when to come again'),
          },
        },
      },
    },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  };
}
