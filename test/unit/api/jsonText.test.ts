import { assert, json, property } from 'fast-check';
import { expect, test } from 'vitest';
import { mostDepth, mostFields, mostParts, mostValues, parseJson } from '../../../engine/api/jsonText.ts';
import { Fault } from '../../../engine/schema/index.ts';

test('reads whatever JSON.stringify writes', () => {
  assert(
    property(json({ maxDepth: 8 }), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  ['', 1, 1],
  ['{"a":1,}', 1, 8],
  ['[1 2]', 1, 4],
  ['[01]', 1, 3],
  ['{"a" 1}', 1, 6],
  ['{a:1}', 1, 2],
  ['"tab\there"', 1, 5],
  ['"a\\xb"', 1, 3],
  ['["\\\\", "\\u12g4"]', 1, 9],
  ['[1]]', 1, 4],
  ['[1}', 1, 3],
  ['{"a":\n\n tru}', 3, 2],
  ['"open', 1, 6],
  ['NaN', 1, 1],
])('%j goes wrong at line %d, column %d', (text, line, column) => {
  try {
    parseJson(text);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).details).toMatchObject({ line, column });
  }
});

test('cutting a text anywhere gives a fault with a place inside it', () => {
  const text = '{"a": [1, -2.5e3, "x\\n\\"y"], "b": {"c": null, "d": true}}';
  for (let end = 0; end < text.length; end++) {
    expect(() => parseJson(text.slice(0, end))).toThrow(Fault);
  }
});

test('counts brackets, but not those inside strings', () => {
  expect(parseJson(`["${'['.repeat(1000)}"]`)).toEqual(['['.repeat(1000)]);
  expect(parseJson('['.repeat(mostDepth) + ']'.repeat(mostDepth))).toBeDefined();
  expect(() => parseJson('['.repeat(mostDepth + 1) + ']'.repeat(mostDepth + 1))).toThrow('deeper');
});

test('refuses what would take seconds to check, and takes long lists of numbers', () => {
  const list = (item: string, count: number) => `[${Array<string>(count).fill(item).join()}]`;
  const object = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":":"`).join()}}`;
  expect(parseJson(list('1', mostValues))).toHaveLength(mostValues);
  expect(parseJson(JSON.stringify([','.repeat(4 * mostValues)]))).toHaveLength(1);
  expect(() => parseJson(list('1', mostValues + 2))).toThrow('tensors as bytes (binary_data_size at /v2)');
  expect(parseJson(list('{}', mostParts - 1))).toHaveLength(mostParts - 1);
  expect(Object.keys(parseJson(object(mostFields)) as object)).toHaveLength(mostFields);
  expect(parseJson(list(object(2), 50_000))).toHaveLength(50_000);
  expect(() => parseJson(list('{}', mostParts))).toThrow(
    'more than 100000 lists and objects; send it in smaller parts',
  );
  expect(() => parseJson(object(mostFields + 1))).toThrow(
    'an object of more than 20000 fields; send it in smaller parts',
  );
});
