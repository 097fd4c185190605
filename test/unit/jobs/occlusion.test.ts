// What is left out of an input, and what answers lose by it.
import { expect, test } from 'vitest';
import { explanationOf, occlusionsOf } from '../../../engine/jobs/occlusion.ts';
import type { FeatureSpec } from '../../../engine/schema/index.ts';

const features: FeatureSpec[] = [
  { column: 'text', type: 'text', as: 'text' },
  { column: 'age', type: 'number', as: 'numeric' },
];

test('each word of a text and each column of a row is left out once', () => {
  expect(occlusionsOf('a fast game', features)).toEqual([
    { column: 'text', text: 'a', at: 0, input: ' fast game' },
    { column: 'text', text: 'fast', at: 2, input: 'a  game' },
    { column: 'text', text: 'game', at: 7, input: 'a fast ' },
  ]);
  expect(occlusionsOf({ text: 'game', age: 3, other: 1 }, features)).toEqual([
    { column: 'text', text: 'game', at: 0, input: { text: '', age: 3, other: 1 } },
    { column: 'age', input: { text: 'game', age: null, other: 1 } },
  ]);
});

test('neighbours of a long text go together, and a text without words is refused', () => {
  const long = occlusionsOf(Array.from({ length: 250 }, (_, i) => `w${i}`).join(' '), features);
  expect([long.length, long[0].text, long.at(-1)?.text]).toEqual([84, 'w0 w1 w2', 'w249']);
  expect(() => occlusionsOf('…', features)).toThrow(expect.objectContaining({ code: 'bad_request' }));
});

test('the part without which the answer changes most comes first', () => {
  const of = (games: number) => ({ label: 'games', scores: { games, mail: 1 - games } });
  const parts = occlusionsOf('a game', features);
  const { output, parts: told } = explanationOf(of(0.9), parts, [of(0.95), { ...of(0.2), label: 'mail' }]);
  expect(output).toEqual(of(0.9));
  expect(told).toEqual([
    { column: 'text', text: 'game', at: 2, drop: expect.closeTo(0.7, 9) },
    { column: 'text', text: 'a', at: 0, drop: expect.closeTo(-0.05, 9) },
  ]);
});
