// What the appliance says is said in Chinese too: each text of the sources has its row in renderer/words/appliance, each row
// its text, and a translation keeps what is filled in, the commands and the options.
import { expect, test } from 'vitest';
import { inChinese, tables } from '../../renderer/words/appliance/index.ts';
import { type Part, partsOf } from '../../renderer/words/appliance/template.ts';
import { sayings } from './sayings.ts';

const said = sayings();
const rows = tables.flatMap((table) => Object.entries(table));

/** Places of a text by number: how many choices each has, and whether all those are plain words. */
function slotsOf(parts: Part[], found = new Map<number, { choices: number; plain: boolean }>()) {
  for (const part of parts) {
    if (typeof part === 'string') continue;
    const choices = part.choices ?? [];
    const plain = choices.length > 0 && choices.flat().every((each) => typeof each === 'string');
    found.set(part.slot, { choices: choices.length, plain });
    for (const choice of choices) slotsOf(choice, found);
  }
  return found;
}

test('every text of the appliance has its row, in the table of its folder', () => {
  const known = new Set(rows.map(([key]) => key));
  const missing = [...said.values()].filter(({ key }) => !known.has(key)).map(({ at, key }) => `${at}  ${key}`);
  expect(missing, 'add a row with the Chinese to renderer/words/appliance/<folder>Zh.ts').toEqual([]);
});

test('no row has lost its text', () => {
  expect(
    rows.map(([key]) => key).filter((key) => !said.has(key)),
    'the text was changed or is gone: change its row, or take it out',
  ).toEqual([]);
});

test('a text has one row', () => {
  const keys = rows.map(([key]) => key);
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
});

test('a translation fills in what the text does, and leaves out only choices of plain words', () => {
  const wrong = rows.flatMap(([key, to]) => {
    const from = slotsOf(partsOf(key));
    const there = slotsOf(partsOf(to));
    const lost = [...from].some(([slot, { plain }]) => !plain && !there.has(slot));
    const odd = [...there].some(
      ([slot, { choices }]) => !from.has(slot) || (choices > 0 && choices !== from.get(slot)?.choices),
    );
    return lost || odd ? [`${key} → ${to}`] : [];
  });
  expect(wrong).toEqual([]);
});

test('commands and options stay as they are', () => {
  const fixed = (text: string) =>
    text.match(/(?<![.\w])neutrino [a-z]+(?: [a-z]+)?|(?<![\w-])--[a-z][a-z-]*|limits\.\w+|(?:GET|POST) \/[\w/]+/g) ??
    [];
  const wrong = rows.flatMap(([key, to]) => {
    const lost = fixed(key).filter((word) => !to.includes(word));
    return lost.length > 0 ? [`${key} → ${to}: ${lost.join(', ')}`] : [];
  });
  expect(wrong).toEqual([]);
});

test('every text, filled in, is found and translated', () => {
  const fill = (parts: Part[]): string =>
    parts
      .map((part) =>
        typeof part === 'string' ? part : part.choices ? fill(part.choices[0] ?? []) : `filled${part.slot}`,
      )
      .join('');
  const wrong = rows
    .filter(([, to]) => /\p{Script=Han}/u.test(to))
    .map(([key]) => fill(partsOf(key)))
    .filter((text) => !/\p{Script=Han}/u.test(inChinese(text)));
  expect(wrong).toEqual([]);
});
