// One question on its way: what outlives it.
import { expect, test } from 'vitest';
import { Fault } from '../../../engine/schema/index.ts';
import { openAsk } from '../../../engine/serve/ask.ts';

test('an ask is fields and functions: accessors of its own would give each one a hidden class that outlives it', async () => {
  const { ask, answered } = openAsk({ type: 'predict', inputs: ['a'] }, { deadlineMs: 1000, onGone: () => undefined });
  const accessors = Object.entries(Object.getOwnPropertyDescriptors(ask)).filter(([, own]) => 'get' in own);
  expect(accessors).toEqual([]);
  const model = { id: 'm', name: 'm', version: 1 };
  const answer = { type: 'predicted' as const, id: 1, outputs: [], computeMs: 1 };
  ask.answer(answer, model);
  ask.refuse(new Fault('timeout', 'late'));
  expect([ask.settled, (await answered).answer]).toEqual([true, answer]);
});
