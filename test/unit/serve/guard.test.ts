import { expect, test } from 'vitest';
import { createGuard } from '../../../engine/serve/guard.ts';
import { Fault, type Protection } from '../../../engine/schema/index.ts';
import { flowerParts } from '../bundle/sample.ts';

const rules = (given: Partial<Protection>): Protection => ({ unseen: 'allow', outOfRange: 'allow', ...given });
const { manifest } = flowerParts();
const guarded = (given: Partial<Protection>, spent = {}, clock = { at: 0 }) => ({
  clock,
  guard: createGuard(
    rules(given),
    () => manifest,
    spent,
    () => clock.at,
  ),
});
const faultOf = (work: () => unknown): [string, string] => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message];
  }
  throw new Error('not refused');
};

test('each key has its own rate, and is told when to come again', () => {
  const { guard, clock } = guarded({ requestsPerMinute: 2 });
  guard.admit('a', 1);
  guard.admit('a', 1);
  expect(faultOf(() => guard.admit('a', 1))).toEqual([
    'too_many_requests',
    'this key may make 2 requests a minute here; wait 30 s',
  ]);
  guard.admit('b', 1);
  clock.at += 30_000;
  guard.admit('a', 1);
});

test('rows of a day come back the next day, a budget never does, and both outlive a restart', () => {
  const { guard, clock } = guarded({ rowsPerDay: 10, rowBudget: 25 });
  guard.admit('a', 10);
  expect(faultOf(() => guard.admit('a', 1))[0]).toBe('too_many_requests');
  clock.at += 86_400_000;
  guard.admit('a', 10);
  const spent = guard.changed();
  expect([spent, guard.changed()]).toEqual([{ a: { day: 1, today: 10, total: 20 } }, undefined]);
  const next = guarded({ rowBudget: 25 }, spent, clock).guard;
  expect(faultOf(() => next.admit('a', 6))[1]).toMatch(/budget of 25 rows here is used up \(20\)/);
  next.admit('a', 5);
  next.admit('b', 25);
});

test('rows of a file are counted without a rate and without a size', () => {
  const { guard } = guarded({ requestsPerMinute: 1, maxRows: 2, rowsPerDay: 7 });
  guard.spend('a', 3);
  guard.spend('a', 3);
  expect(faultOf(() => guard.spend('a', 3))[1]).toMatch(/7 rows a day answered here and has used 6/);
  guard.admit('a', 1);
});

test('too many rows at once are refused', () => {
  expect(faultOf(() => guarded({ maxRows: 5 }).guard.admit('a', 6))[0]).toBe('payload_too_large');
});

test('inputs unlike the training data are warned of or refused, as set', () => {
  const inputs = [{ size: 1, colour: 'red' }, { size: 3.5, colour: 'green' }, { size: null, colour: '' }, 'a text'];
  expect(guarded({}).guard.check(inputs)).toEqual([]);
  expect(guarded({ unseen: 'warn', outOfRange: 'warn' }).guard.check(inputs)).toEqual([
    "inputs[1].size: 3.5 is outside the training data's -2 to 2",
    'inputs[1].colour: "green" did not occur in the training data',
  ]);
  expect(faultOf(() => guarded({ unseen: 'refuse' }).guard.check(inputs))).toEqual([
    'bad_input',
    'inputs[1].colour: "green" did not occur in the training data; this deployment refuses what it was not trained on',
  ]);
});

test('scores and values are rounded to the decimals that are given away', () => {
  const { guard } = guarded({ decimals: 2 });
  const outputs = [{ label: 'a', scores: { a: 0.98765, b: 0.01235 } }, { value: 3.14159 }];
  expect(guard.round(outputs)).toEqual([{ label: 'a', scores: { a: 0.99, b: 0.01 } }, { value: 3.14 }]);
  expect(guarded({}).guard.round(outputs)).toBe(outputs);
});
