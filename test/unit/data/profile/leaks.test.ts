import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rng } from '../../../../engine/base/index.ts';
import { findLeaks } from '../../../../engine/data/profile/index.ts';
import { type Bench, openBench } from '../bench.ts';

const samples = join(import.meta.dirname, '../../../../resources/samples');
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe('columns that give the target away', () => {
  test.each([
    ['iris', undefined],
    ['breast-cancer', undefined],
    ['digits', undefined],
    ['diabetes', undefined],
    ['package-topics', 'label'],
    ['packages', 'section'],
    ['packages', 'priority'],
    ['packages', 'installed_size_kb'],
    ['packages', 'architecture'],
  ] as const)('honest columns are no leaks: %s, %s', async (name, target) => {
    const { reader } = await bench.load(join(samples, `${name}.csv`));
    expect(findLeaks(reader, target).filter(({ level }) => level === 'leak')).toEqual([]);
  });

  test('setosa or not: a petal that separates perfectly in 150 rows is honest', async () => {
    const { reader } = await bench.load(join(samples, 'iris.csv'));
    const { columns, rows } = reader.preview(0, 150);
    const at = columns.indexOf('target');
    const lines = rows.map((row) =>
      row
        .map((cell, i) => (i === at ? (String(cell).includes('setosa') || String(cell) === '0' ? 'yes' : 'no') : cell))
        .join(','),
    );
    const made = await bench.load(bench.file('setosa.csv', `${columns.join(',')}\n${lines.join('\n')}\n`));
    expect(findLeaks(made.reader, 'target').filter(({ level }) => level === 'leak')).toEqual([]);
  });

  test('planted leaks are found, each with its reason, and nothing else', async () => {
    const random = rng(3, 'leaks');
    const rows = Array.from({ length: 1200 }, (_, i) => {
      const sick = random.next() < 0.3;
      const age = 30 + Math.floor(random.next() * 50) + (sick ? 8 : 0);
      const dose = sick ? 5 + random.next() * 20 : '';
      const days = sick ? 1 + Math.floor(random.next() * 9) : 0;
      const code = sick ? 'ICD-7' : 'NONE';
      const note = `visit ${i % 90} ${sick ? 'diagnosed' : 'healthy'} after check of patient in ward ${i % 7}`;
      return [age, dose, days, code, note, random.normal().toFixed(3), sick ? 'ill' : 'well'].join(',');
    });
    const { reader } = await bench.load(
      bench.file('planted.csv', `age,dose,ward_days,code,note,noise,outcome\n${rows.join('\n')}\n`),
    );
    const found = findLeaks(reader, 'outcome');
    expect(found.map(({ column, level }) => `${column} ${level}`).sort()).toEqual([
      'code leak',
      'dose leak',
      'note leak',
      'ward_days leak',
    ]);
    expect(Object.fromEntries(found.map(({ column, why }) => [column, why]))).toMatchObject({
      code: 'mapping',
      dose: 'missing',
      note: 'text',
    });
  });

  test('a target in another unit, with noise, on a regression', async () => {
    const random = rng(5, 'leaks');
    const rows = Array.from({ length: 400 }, () => {
      const size = 40 + random.next() * 200;
      const price = size * 3 + random.normal() * 60;
      return [size, price * 0.92 + random.normal() * 2, Math.log(price + 500), random.next(), price]
        .map((x) => x.toFixed(4))
        .join(',');
    });
    const { reader } = await bench.load(
      bench.file('prices.csv', `size,price_eur,log_price,noise,price\n${rows.join('\n')}\n`),
    );
    const leaks = findLeaks(reader, 'price').filter(({ level }) => level === 'leak');
    expect(leaks.map(({ column, why }) => `${column} ${why}`).sort()).toEqual(['log_price copy', 'price_eur copy']);
  });

  test('codes of many classes, one to one', async () => {
    const random = rng(9, 'leaks');
    const rows = Array.from({ length: 900 }, () => {
      const label = random.int(9);
      return [`T${(label * 7) % 9}`, label + 100, random.int(9), random.next().toFixed(3), `class ${label}`].join(',');
    });
    const { reader } = await bench.load(bench.file('codes.csv', `code,number,other,noise,label\n${rows.join('\n')}\n`));
    expect(
      findLeaks(reader, 'label')
        .map(({ column, why }) => `${column} ${why}`)
        .sort(),
    ).toEqual(['code mapping', 'number mapping']);
  });
});
