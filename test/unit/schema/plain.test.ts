import { anything, array, assert, constantFrom, dictionary, oneof, property, record, string } from 'fast-check';
import { expect, test } from 'vitest';
import { plainBodies, type Route, routes } from '../../../engine/schema/index.ts';

const words = constantFrom('inputs', 'outputs', 'name', 'shape', 'datatype', 'data', 'id', '__proto__', 'generate');
const value = oneof(anything(), constantFrom(1, 1.5, -1, null, true, 'a', Number.NaN, Infinity, [1], [[1, 2]], {}));
const tensor = record({ name: string(), shape: array(value), datatype: string(), data: array(value) });
const body = oneof(
  dictionary(words, value),
  record({ inputs: array(oneof(string(), dictionary(oneof(words, string()), value))) }),
  record({ inputs: array(oneof(tensor, dictionary(words, value))) }),
  record({ inputs: array(tensor, { minLength: 1 }), outputs: array(dictionary(words, string())) }),
);

test.each(Object.entries(plainBodies))('%s: what looks plain is taken by the schema as it is', (name, isPlain) => {
  const route: Route = routes[name as keyof typeof routes];
  assert(
    property(body, (given) => {
      if (!isPlain(given)) return;
      expect(route.body?.parse(given)).toEqual(given);
    }),
    { numRuns: 500 },
  );
});

test('usual requests are plain', () => {
  const rows = plainBodies['deployments.predict'];
  const tensors = plainBodies['v2.infer'];
  expect(rows?.({ inputs: [{ a: 1, b: null, c: 'x', d: true }, 'a text'] })).toBe(true);
  expect(rows?.({ inputs: [] })).toBe(false);
  expect(rows?.({ inputs: [{ a: Infinity }] })).toBe(false);
  expect(rows?.({ inputs: ['a'], generate: {} })).toBe(false);
  expect(rows?.(JSON.parse('{"inputs": [{"__proto__": 1}]}'))).toBe(false);
  const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  expect(tensors?.({ id: '1', inputs: [input], outputs: [{ name: 'y' }] })).toBe(true);
  expect(tensors?.({ inputs: [{ ...input, shape: [-1] }] })).toBe(false);
  expect(tensors?.({ inputs: [{ ...input, parameters: {} }] })).toBe(false);
});
