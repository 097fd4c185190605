import { expect, test } from 'vitest';
import { checkTarget, inferTask } from '../../../engine/data/index.ts';
import type { Column, DatasetShape } from '../../../engine/schema/index.ts';

const rows = 200;
const column = (name: string, type: Column['type'], distinct: number, more: Partial<Column> = {}): Column => ({
  name,
  type,
  distinct,
  missing: 0,
  ...more,
});
const whole = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ value: String(i), count: Math.floor(rows / count) }));
const shape = (...columns: Column[]): DatasetShape => ({ rows, columns, warnings: [] });

test.each([
  ['two categories', column('y', 'category', 2), 'binary'],
  ['yes and no', column('y', 'boolean', 2), 'binary'],
  ['three categories', column('y', 'category', 3), 'multiclass'],
  ['zero and one', column('y', 'number', 2, { top: whole(2) }), 'binary'],
  ['ten digits', column('y', 'number', 10, { top: whole(10) }), 'multiclass'],
  [
    'few numbers that are not whole',
    column('y', 'number', 2, {
      top: [
        { value: '0.5', count: 100 },
        { value: '1', count: 100 },
      ],
    }),
    'regression',
  ],
  ['many numbers', column('y', 'number', 150), 'regression'],
])('%s', (_, target, task) => expect(inferTask(target, rows)).toBe(task));

test.each([
  [
    'all missing',
    column('y', 'category', 0, { missing: rows }),
    'Column "y" has no values at all. Choose another target.',
  ],
  [
    'one class',
    column('y', 'category', 1),
    'Column "y" has only one value, so there is nothing to predict. Choose another target.',
  ],
  [
    'an identifier',
    column('y', 'identifier', rows),
    'Column "y" is an identifier: every row has its own value. Choose another target.',
  ],
  ['a date', column('y', 'date', 100), 'Column "y" holds dates, which cannot be predicted. Choose another target.'],
  [
    'free text',
    column('y', 'text', 180),
    'Column "y" has 180 different values in 200 rows, too many for classes. Choose another target.',
  ],
])('%s is refused', (_, target, message) => {
  expect(() => inferTask(target, rows)).toThrow(expect.objectContaining({ code: 'bad_target', message }));
});

test('an unknown target is refused with the names that come near', () => {
  const data = shape(column('species', 'category', 3), column('petal_width', 'number', 150));
  expect(() => checkTarget(data, 'Speces')).toThrow('There is no column "Speces". Did you mean "species"?');
  expect(() => checkTarget(data, 'colour')).toThrow('There is no column "colour". Columns: species, petal_width.');
  expect(() => checkTarget(data)).toThrow(
    'No column looks like a target. Name one with --target: species, petal_width.',
  );
  expect(checkTarget({ ...data, target: 'species' })).toMatchObject({
    task: 'multiclass',
    column: { name: 'species' },
  });
});
