// Both languages say everything, with the same blanks to fill.
import { expect, test } from 'vitest';
import { errorCodes, roles, transitions } from '../../../engine/schema/index.ts';
import { en } from '../../../renderer/words/en.ts';
import { zh } from '../../../renderer/words/zh.ts';

const blanks = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort();

test('English and Chinese have the same keys', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

test('a sentence has the same blanks in both languages', () => {
  const differing = (Object.keys(en) as (keyof typeof en)[]).filter(
    (key) => blanks(en[key]).join() !== blanks(zh[key]).join(),
  );
  expect(differing).toEqual([]);
});

test('no Chinese text is left in English', () => {
  const same = (Object.keys(en) as (keyof typeof en)[]).filter(
    (key) => en[key] === zh[key] && /[a-z]{2}/.test(en[key].replace(/\{\{\w+\}\}/g, '')),
  );
  expect(same).toEqual([]);
});

test('every error code, state of what is shown and role has words', () => {
  const wanted = [
    ...errorCodes.map((code) => `fault.${code}`),
    ...(['dataset', 'run', 'deployment', 'key'] as const).flatMap((kind) =>
      Object.keys(transitions[kind]).map((state) => `state.${state}`),
    ),
    ...roles.flatMap((role) => [`role.${role}`, `role.${role}.words`]),
  ];
  expect(wanted.filter((key) => !(key in en))).toEqual([]);
});
