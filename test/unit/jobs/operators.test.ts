// What `doctor --ops` tells: every operator of the engine's tables, and nothing that is not there.
import { expect, test } from 'vitest';
import { gradientTable } from '../../../engine/autodiff/index.ts';
import { opTable } from '../../../engine/graph/index.ts';
import { operatorCoverage } from '../../../engine/jobs/operators.ts';

test('every operator is told once, with its gradient and where it runs', async () => {
  const all = await operatorCoverage();
  const names = all.map(({ op, domain }) => `${domain}.${op}`);
  expect(new Set(names).size).toBe(names.length);
  expect(
    all
      .filter(({ shapes }) => shapes === 'own')
      .map(({ op }) => op)
      .sort(),
  ).toEqual(Object.keys(opTable).sort());
  const told = (op: string) => all.find((one) => one.op === op);
  expect(told('MatMul')).toEqual({
    op: 'MatMul',
    domain: '',
    shapes: 'own',
    gradient: 'yes',
    runtimes: ['ort', 'tfjs'],
  });
  expect(told('Sign')).toMatchObject({ gradient: 'zero' });
  expect(told('NonZero')).toMatchObject({ gradient: 'none', runtimes: ['ort'] });
  expect(told('Gelu')).toMatchObject({ shapes: 'rewritten', gradient: 'yes' });
  const withRule = all.filter(({ gradient, shapes }) => gradient !== 'none' && shapes === 'own');
  expect(withRule.map(({ op }) => op).sort()).toEqual(
    Object.keys(gradientTable)
      .filter((op) => Object.hasOwn(opTable, op))
      .sort(),
  );
});
