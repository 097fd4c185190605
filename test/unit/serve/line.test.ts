import { expect, test } from 'vitest';
import { type Ask, openAsk, type Question } from '../../../engine/serve/ask.ts';
import { bucketOf, createLine, type Priority } from '../../../engine/serve/line.ts';

function ask(name: string, options: { rows?: number; priority?: Priority; text?: string } = {}): Ask {
  const { rows = 1, priority = 'normal', text = '' } = options;
  const question: Question = { type: 'predict', inputs: Array.from({ length: rows }, () => ({ name, text })) };
  const { ask: made, answered } = openAsk(question, { deadlineMs: 60_000, priority, onGone: () => undefined });
  answered.catch(() => undefined);
  return made;
}
const names = (batch: Ask[]) =>
  batch.map(({ question }) => (question.type === 'predict' ? (question.inputs[0] as { name: string }).name : ''));

test('asks leave by priority, then by age, up to the rows that are wanted', () => {
  const line = createLine();
  line.add(ask('a', { priority: 'low' }));
  line.add(ask('b'));
  line.add(ask('c', { rows: 3 }));
  line.add(ask('d', { priority: 'high' }));
  expect([line.size, line.rows, line.companions()]).toEqual([4, 6, 6]);
  expect(names(line.take(2))).toEqual(['d', 'b']);
  expect(names(line.take(2))).toEqual(['c']);
  expect(names(line.take(2))).toEqual(['a']);
  expect(line.take(2)).toEqual([]);
});

test('low priority is slowed and never starved', () => {
  const line = createLine();
  line.add(ask('low', { priority: 'low' }));
  let rounds = 0;
  for (; rounds < 100; rounds++) {
    line.add(ask('high', { priority: 'high' }));
    if (names(line.take(1)).includes('low')) break;
  }
  expect(rounds).toBeLessThan(8);
});

test('only texts of about one length share a run', () => {
  const line = createLine();
  line.add(ask('short'));
  line.add(ask('long', { text: 'word '.repeat(100) }));
  line.add(ask('short too', { text: 'word' }));
  expect(names(line.take(8))).toEqual(['short', 'short too']);
  expect(names(line.take(8))).toEqual(['long']);
});

test('an ask that leaves the line is gone from its counts', () => {
  const line = createLine();
  const first = ask('a', { rows: 5 });
  line.add(first);
  expect([line.remove(first), line.remove(first), line.size, line.rows]).toEqual([true, false, 0, 0]);
});

test('tensors share a run when only their batch differs', () => {
  const infer = (dims: number[], outputs?: string[]): Question => ({
    type: 'infer',
    tensors: [{ name: 'x', dtype: 'float32', dims, data: new Uint8Array(4 * dims.reduce((a, b) => a * b, 1)) }],
    ...(outputs ? { outputs } : {}),
  });
  expect(bucketOf(infer([2, 3])).bucket).toBe(bucketOf(infer([5, 3])).bucket);
  expect(bucketOf(infer([2, 3])).bucket).not.toBe(bucketOf(infer([2, 4])).bucket);
  expect(bucketOf(infer([2, 3])).bucket).not.toBe(bucketOf(infer([2, 3], ['y'])).bucket);
  expect([bucketOf(infer([2, 3])).rows, bucketOf(infer([])).joins]).toEqual([2, false]);
});
