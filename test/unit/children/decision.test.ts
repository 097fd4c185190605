// What one decides reaches all to the bit, whatever the number; weights that differ are noticed by every member.
import { expect, test } from 'vitest';
import { array, assert, double, integer, property } from 'fast-check';
import { packDecision, readDecision } from '../../../engine/children/decision.ts';

const sum = (all: readonly Float32Array[]) =>
  Float32Array.from(all[0] ?? [], (_, i) => all.reduce((total, one) => total + (one[i] ?? 0), 0));

test('any doubles, from one of many', () => {
  assert(
    property(array(double(), { maxLength: 20 }), integer({ min: 1, max: 8 }), (numbers, others) => {
      const made = Float64Array.from(numbers);
      const nothing = Array.from({ length: others }, () => packDecision(made.length, undefined, undefined));
      const told = readDecision(sum([packDecision(made.length, made, undefined), ...nothing]), made.length, undefined);
      expect(told).toEqual(made);
    }),
  );
});

test('equal hashes pass, different ones are refused by all', () => {
  const [a, b] = ['0f'.repeat(32), `${'0f'.repeat(31)}10`];
  const packed = (hash: string) => packDecision(1, undefined, hash);
  expect(readDecision(sum([packed(a), packed(a), packed(a)]), 1, a)).toEqual(new Float64Array(1));
  const mixed = sum([packed(a), packed(b), packed(a)]);
  for (const hash of [a, b]) expect(() => readDecision(mixed, 1, hash)).toThrow(/no longer hold the same weights/);
});
