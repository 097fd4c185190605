import { expect, test } from 'vitest';
import { nameFrom, thingName } from '../../../engine/schema/index.ts';

test('names may be in any script, and hold nothing that is not seen', () => {
  for (const name of ['iris', '数据集 3', 'Zürich – 2026', 'שלום', 'a'.repeat(100)])
    expect(thingName.safeParse(name).success).toBe(true);
  for (const name of [
    '',
    'a'.repeat(101),
    'a\nb',
    'a\0',
    'in\u202efdp.csv',
    'a\u2066b',
    'a\u2028b',
    '\ufeffa',
    '\u009b1m',
  ])
    expect(thingName.safeParse(name).success).toBe(false);
});

test('a name made of a file’s is one that may be given', () => {
  expect(nameFrom('in\u202efdp\n', 'data')).toBe('infdp');
  expect(nameFrom('\0\u202e', 'data')).toBe('data');
  const cut = nameFrom(`${'a'.repeat(89)}😀`, 'data');
  expect([cut, thingName.safeParse(cut).success]).toEqual(['a'.repeat(89), true]);
});
