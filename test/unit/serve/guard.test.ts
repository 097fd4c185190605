import { expect, test } from 'vitest';
import { createGuard } from '../../../engine/serve/guard.ts';
import { Fault, type Protection, type WireTensor } from '../../../engine/schema/index.ts';
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

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const numbers = (...values: number[]): WireTensor => ({
  name: 'numeric',
  dtype: 'float64',
  dims: [values.length, 1],
  data: bytesOf(Float64Array.from(values)),
});

test('what holds for rows holds for tensors of the same columns', () => {
  const tensors: WireTensor[] = [
    numbers(1, 3.5),
    { name: 'category', dtype: 'string', dims: [2, 1], data: ['green', 'red'] },
  ];
  expect(guarded({}).guard.checkTensors(tensors)).toEqual([]);
  expect(guarded({ unseen: 'warn', outOfRange: 'warn' }).guard.checkTensors(tensors)).toEqual([
    "row 1, column size: 3.5 is outside the training data's -2 to 2",
    'row 0, column colour: "green" did not occur in the training data',
  ]);
  expect(faultOf(() => guarded({ outOfRange: 'refuse' }).guard.checkTensors(tensors))[0]).toBe('bad_input');
  // Bytes that came behind JSON begin anywhere.
  const shifted = new Uint8Array(9);
  shifted.set(bytesOf(new Float64Array([9])), 1);
  const one: WireTensor = { name: 'numeric', dtype: 'float64', dims: [1, 1], data: shifted.subarray(1) };
  expect(guarded({ outOfRange: 'warn' }).guard.checkTensors([one])).toHaveLength(1);
});

test('tensors that are given away are rounded too, and only real numbers', () => {
  const given: WireTensor[] = [
    { name: 'probabilities', dtype: 'float32', dims: [1, 2], data: bytesOf(new Float32Array([0.98765, 0.01235])) },
    { name: 'value', dtype: 'float64', dims: [2], data: bytesOf(new Float64Array([3.14159, Number.NaN])) },
    { name: 'index', dtype: 'int64', dims: [1], data: bytesOf(new BigInt64Array([5n])) },
    { name: 'label', dtype: 'string', dims: [1], data: ['a'] },
  ];
  const [probabilities, value, ...rest] = guarded({ decimals: 2 }).guard.roundTensors(given);
  expect(probabilities?.data).toEqual(bytesOf(new Float32Array([0.99, 0.01])));
  expect(value?.data).toEqual(bytesOf(new Float64Array([3.14, Number.NaN])));
  expect(rest).toEqual(given.slice(2));
  expect(guarded({}).guard.roundTensors(given)).toBe(given);
});

test('an answer that is too long is refused, and nothing is measured where no limit is set', () => {
  const { guard } = guarded({ maxAnswer: 256 });
  guard.weigh(() => 256);
  expect(faultOf(() => guard.weigh(() => 257))).toEqual([
    'payload_too_large',
    'the answer would have 257 bytes; this deployment gives 256; ask for fewer rows at once',
  ]);
  guarded({}).guard.weigh(() => {
    throw new Error('asked in vain');
  });
});
