import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rng } from '../../../../engine/base/index.ts';
import { languageOf, profileDataset } from '../../../../engine/data/profile/index.ts';
import { profile } from '../../../../engine/schema/index.ts';
import { type Bench, openBench } from '../bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const codes = (found: ReturnType<typeof profileDataset>) =>
  found.findings.map(({ code, column }) => (column ? `${code} ${column}` : code)).sort();

describe('profile', () => {
  test('quantiles, histograms, top values, lengths and languages are those of the rows', async () => {
    const lines = Array.from({ length: 200 }, (_, i) =>
      [
        i % 2 === 0 ? i : '',
        ['red', 'green', 'blue'][i % 3],
        i < 150 ? `the cat number ${i} is in the house` : `第${i}只猫在房子里睡觉`,
        i % 4 === 0 ? 'a' : 'b',
      ].join(','),
    );
    const { reader } = await bench.load(bench.file('plain.csv', `n,colour,text,label\n${lines.join('\n')}\n`));
    const found = profileDataset(reader, { target: 'label' });
    expect(profile.parse(found)).toEqual(found);
    const [n, colour, text] = found.columns;
    expect(n?.quantiles).toEqual(
      [0, 1.98, 9.9, 49.5, 99, 148.5, 188.1, 196.02, 198].map((value) => expect.closeTo(value, 6)),
    );
    expect(n?.histogram?.counts.reduce((a, b) => a + b)).toBe(100);
    expect(colour?.top).toEqual([
      { value: 'green', count: 67 },
      { value: 'red', count: 67 },
      { value: 'blue', count: 66 },
    ]);
    expect(text?.languages).toEqual([
      { language: 'en', share: 0.75 },
      { language: 'zh', share: 0.25 },
    ]);
    expect(found.classes).toEqual([
      { value: 'b', count: 150 },
      { value: 'a', count: 50 },
    ]);
  });

  test('what is wrong is said, with a step that puts it right', async () => {
    const random = rng(1, 'profile');
    const base = Array.from({ length: 300 }, (_, i) => [
      `id-${i}-x`,
      'same',
      '',
      random.normal().toFixed(3),
      `This is a long text with its number ${i}`,
      i % 2 === 0 ? 'yes' : 'no',
    ]);
    const copies = base
      .slice(0, 60)
      .map((row, i) => [`copy-${i}`, ...row.slice(1, 4), `${row[4]?.toUpperCase()}!`, row[5]]);
    const exact = base.slice(60, 120).map((row, i) => [`again-${i}`, ...row.slice(1)]);
    const rows = [
      ...base,
      ...copies,
      ...exact,
      ['z', 'same', '', '0', 'One more text that is here alone', 'rare'],
      ['y', 'same', '', '1e9', 'Another text that stands here', 'yes'],
    ];
    const { reader } = await bench.load(
      bench.file('wrong.csv', `key,constant,empty,x,text,label\n${rows.map((row) => row.join(',')).join('\n')}\n`),
    );
    const found = profileDataset(reader, { target: 'label' });
    expect(found.duplicates).toEqual({ exact: 60, loose: 120 });
    expect(codes(found)).toEqual([
      'constant constant',
      'duplicates',
      'duplicates_across',
      'empty empty',
      'identifier key',
      'near_duplicates_across',
      'outliers x',
      'tiny_class label',
    ]);
    const fixes = Object.fromEntries(found.findings.flatMap(({ code, fix }) => (fix ? [[code, fix.op]] : [])));
    expect(fixes).toEqual({
      constant: 'drop',
      duplicates: 'deduplicate',
      duplicates_across: 'deduplicate',
      empty: 'drop',
      identifier: 'drop',
      near_duplicates_across: 'deduplicate',
      outliers: 'clip',
    });
  });

  test('a test set of another time drifts, one of the same does not', async () => {
    const random = rng(2, 'profile');
    const make = async (name: string, shift: number, colour: string) => {
      const rows = Array.from({ length: 600 }, () =>
        [
          (random.normal() + shift).toFixed(4),
          random.next() < 0.7 ? 'a' : colour,
          random.next() < 0.5 ? 'yes' : 'no',
        ].join(','),
      );
      return (await bench.load(bench.file(name, `x,kind,label\n${rows.join('\n')}\n`))).reader;
    };
    const [own, same, later] = [
      await make('own.csv', 0, 'b'),
      await make('same.csv', 0, 'b'),
      await make('later.csv', 0.8, 'c'),
    ];
    expect(
      codes(profileDataset(own, { target: 'label', test: same })).filter((code) => code.startsWith('drift')),
    ).toEqual([]);
    expect(
      codes(profileDataset(own, { target: 'label', test: later })).filter((code) => code.startsWith('drift')),
    ).toEqual(['drift kind', 'drift x']);
  });

  test('conflicting labels of equal rows are counted', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => `${i % 50},${(i * 7) % 50},${i < 200 ? 'a' : 'b'}`);
    const { reader } = await bench.load(bench.file('conflict.csv', `x,y,label\n${rows.join('\n')}\n`));
    expect(codes(profileDataset(reader, { target: 'label' }))).toContain('conflicting_labels label');
  });

  test('a dataset without a target is profiled too; a target that cannot be predicted is refused when asked for', async () => {
    const { reader } = await bench.load(
      bench.file(
        'ids.csv',
        `id,when\n${Array.from({ length: 40 }, (_, i) => `k${i}x${i},2026-01-${String((i % 28) + 1).padStart(2, '0')}`).join('\n')}\n`,
      ),
    );
    expect(profileDataset(reader).target).toBeUndefined();
    expect(() => profileDataset(reader, { target: 'id' })).toThrow(/identifier/);
  });

  test.each([
    ['the quick fox is in the garden', 'en'],
    ['der Hund ist nicht in dem Haus', 'de'],
    ['le chat est dans la maison', 'fr'],
    ['快速的狐狸在花园里', 'zh'],
    ['これは日本語の文章です', 'ja'],
    ['быстрая лиса в саду', 'ru'],
    ['xkcd', 'und'],
  ])('%s is %s', (text, language) => {
    expect(languageOf(text)).toBe(language);
  });
});
