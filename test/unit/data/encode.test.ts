import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  batchText,
  type DatasetReader,
  encodeDataset,
  encodeInputs,
  featureSpecs,
  fitPreprocess,
  readTarget,
  splitRows,
} from '../../../engine/data/index.ts';
import { numbersOf } from '../../../engine/onnx/index.ts';
import { type PredictInput, type Preprocess, preprocess } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

const samples = join(import.meta.dirname, '../../../resources/samples');
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

/** Fits as a run does: on the training part of a seeded split. */
function fit(
  reader: DatasetReader,
  target?: string,
  ignore: string[] = [],
): { fitted: Preprocess; train: Uint32Array; test: Uint32Array } {
  const rows = readTarget(reader, target);
  const { labels, targets } = rows;
  const split = splitRows({
    rows: reader.rows,
    seed: 1,
    ...(labels ? { labels } : {}),
    ...(targets ? { targets } : {}),
  });
  const fitted = fitPreprocess(reader, split.train, { target: rows, ignore, text: { size: 4000 } });
  return { fitted: preprocess.parse(JSON.parse(JSON.stringify(fitted))), train: split.train, test: split.test };
}

/** Rows as a client would send them. */
function asInputs(reader: DatasetReader, rows: Uint32Array): PredictInput[] {
  return Array.from(rows, (row) => {
    const { columns, rows: cells } = reader.preview(row, 1);
    return Object.fromEntries(columns.map((name, i) => [name, cells[0]?.[i] ?? null]));
  });
}

test.each(['packages', 'package-topics', 'package-topics-zh', 'iris'])(
  '%s: training and serving encode the same rows to the same bits',
  async (name) => {
    const { reader } = await bench.load(join(samples, `${name}.csv`));
    const { fitted, test: rows } = fit(reader);
    const some = rows.slice(0, 200).reverse();
    const trained = encodeDataset(reader, fitted, some);
    const served = encodeInputs(fitted, asInputs(reader, some));
    if (fitted.numeric.length > 0) {
      expect(served.numeric?.dims).toEqual([some.length, fitted.numeric.length]);
      expect(served.numeric?.data).toEqual(trained.numeric);
    }
    if (fitted.category.length > 0) {
      const values = served.category?.data as string[];
      const codes = values.map(
        (value, i) => (fitted.category[i % fitted.category.length]?.values.indexOf(value) ?? -1) + 1,
      );
      expect(codes).toEqual([...trained.codes]);
    }
    for (const [i, ragged] of trained.text.entries()) {
      const batch = batchText(
        ragged,
        Array.from(some, (_, r) => r),
      );
      expect(served[`text_${i}_ids`]).toEqual({ dtype: 'int64', dims: [some.length, batch.width], data: batch.ids });
      expect(served[`text_${i}_weights`]).toEqual({
        dtype: 'float32',
        dims: [some.length, batch.width],
        data: batch.weights,
      });
    }
  },
);

test('rows alone, in any company and order, encode to the same numbers; padding is id 0 and weight 0', async () => {
  const { reader } = await bench.load(join(samples, 'package-topics-zh.csv'));
  const { fitted, test: rows } = fit(reader);
  const [ragged] = encodeDataset(reader, fitted, rows).text;
  if (!ragged) throw new Error('a text column was expected');
  const alone = Array.from(rows, (_, r) => batchText(ragged, [r]));
  const together = batchText(
    ragged,
    Array.from(rows, (_, r) => r),
    900,
    rows.length + 3,
  );
  expect([together.width, together.ids.length]).toEqual([900, (rows.length + 3) * 900]);
  for (const [r, own] of alone.entries()) {
    const at = r * 900;
    expect(together.ids.slice(at, at + own.width)).toEqual(own.ids);
    expect(together.weights.slice(at, at + own.width)).toEqual(own.weights);
    expect(together.ids.slice(at + own.width, at + 900).some((id) => id !== 0n)).toBe(false);
    expect(together.weights.slice(at + own.width, at + 900).some((weight) => weight !== 0)).toBe(false);
  }
  const back = encodeDataset(reader, fitted, rows.slice().reverse()).text[0];
  expect(batchText(back ?? ragged, [rows.length - 1])).toEqual(alone[0]);
});

const people = [
  'age,city,member,joined,about,price',
  ...Array.from({ length: 60 }, (_, i) => {
    const city = ['Graz', 'Linz', 'Wien'][i % 3];
    return `${i % 9 === 8 ? '' : i},${i % 11 === 5 ? '' : city},${i % 2 ? 'yes' : 'no'},${String((i % 28) + 1).padStart(2, '0')}/${(i % 12) + 1}/2024,"some words about person ${i} here",${i * 1.5}`;
  }),
].join('\n');

describe('fit', () => {
  test('figures come from the training rows alone', async () => {
    const { reader } = await bench.load(bench.file('people.csv', people));
    const train = Uint32Array.from({ length: 30 }, (_, i) => i);
    const target = readTarget(reader, 'price');
    const fitted = fitPreprocess(reader, train, { target, ignore: ['about'] });
    const ages = Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 9 !== 8);
    const mean = ages.reduce((a, b) => a + b, 0) / ages.length;
    const std = Math.sqrt(ages.reduce((a, b) => a + (b - mean) ** 2, 0) / ages.length);
    expect(fitted.numeric[0]).toEqual({
      column: 'age',
      part: 'value',
      mean,
      std: expect.closeTo(std, 10),
      fill: 14,
      missing: 3,
    });
    expect(fitted.numeric.slice(1).map(({ part, format }) => [part, format])).toEqual([
      ['days', '%d/%m/%Y'],
      ['month', '%d/%m/%Y'],
      ['weekday', '%d/%m/%Y'],
      ['monthSin', '%d/%m/%Y'],
      ['monthCos', '%d/%m/%Y'],
      ['weekdaySin', '%d/%m/%Y'],
      ['weekdayCos', '%d/%m/%Y'],
    ]);
    expect(fitted.category).toEqual([
      { column: 'city', boolean: false, values: ['Graz', 'Linz', 'Wien'] },
      { column: 'member', boolean: true, values: ['no', 'yes'] },
    ]);
    expect(fitted.target).toEqual({ column: 'price', mean: 21.75, std: expect.closeTo(12.983, 2) });
    expect(fitted.ignored).toEqual([{ column: 'about', why: 'left out by request' }]);
    expect(featureSpecs(fitted).map(({ column, as }) => `${column}:${as}`)).toEqual([
      'age:numeric',
      ...Array.from({ length: 7 }, () => 'joined:numeric'),
      'city:category',
      'member:category',
    ]);
  });

  test('what cannot be fitted is said', async () => {
    const { reader } = await bench.load(bench.file('people2.csv', people));
    const target = readTarget(reader, 'member');
    const rows = Uint32Array.of(0, 1, 2);
    expect(() => fitPreprocess(reader, rows, { target, ignore: ['agge'] })).toThrow(
      'There is no column "agge" to ignore. Did you mean "age"?',
    );
    expect(() => fitPreprocess(reader, rows, { target, ignore: ['age', 'city', 'joined', 'about', 'price'] })).toThrow(
      'Beside the target "member" no column says anything about a row.',
    );
  });

  test('classes are ordered as scikit-learn orders them, numbers as numbers', async () => {
    const { reader } = await bench.load(
      bench.file(
        'digits.csv',
        `x,y\n${Array.from({ length: 120 }, (_, i) => `${i * 1.1},${(i % 12) + 1}`).join('\n')}`,
      ),
    );
    expect(readTarget(reader, 'y').classes).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1)));
  });
});

describe('requests', () => {
  let fitted: Preprocess;
  let text: Preprocess;
  beforeAll(async () => {
    fitted = fit((await bench.load(bench.file('people3.csv', people))).reader, 'price', ['about']).fitted;
    text = fit((await bench.load(join(samples, 'package-topics-zh.csv'))).reader).fitted;
  });

  test('spellings that mean the same encode the same; what is missing is NaN or empty', () => {
    const same: PredictInput[] = [
      { age: 30, city: 'Linz', member: 'yes', joined: '2024-02-01' },
      { age: '30', city: 'Linz', member: true, joined: '01/02/2024' },
      { age: ' 3.0e1 ', city: 'Linz', member: 'TRUE', joined: '2024-02-01T00:00:00Z', price: 'ignored' },
      { age: 30, city: 'Linz', member: 'Y', joined: Date.UTC(2024, 1, 1) },
    ];
    const { numeric, category } = encodeInputs(fitted, [
      ...same,
      { age: null, city: 'NA', member: '' },
      { city: 'Atlantis' },
    ]);
    const days = Date.UTC(2024, 1, 1) / 86_400_000;
    const turns = [1 / 12, 4 / 7].flatMap((share) => [Math.sin(2 * Math.PI * share), Math.cos(2 * Math.PI * share)]);
    const row = [30, days, 2, 4, ...turns];
    const none = row.map(() => Number.NaN);
    expect(numbersOf(numeric ?? { dtype: 'float64', dims: [0], data: [] })).toEqual([
      ...row,
      ...row,
      ...row,
      ...row,
      ...none,
      ...none,
    ]);
    expect(category?.data).toEqual([
      ...Array.from({ length: 4 }, () => ['Linz', 'yes']).flat(),
      '',
      '',
      'Atlantis',
      '',
    ]);
  });

  test('a bare text stands for the one text column', () => {
    expect(encodeInputs(text, ['网络工具'])).toEqual(encodeInputs(text, [{ text: '网络工具' }]));
  });

  test.each<[string, () => Preprocess, PredictInput[], string]>([
    [
      'text where a number was',
      () => fitted,
      [{ age: 1 }, { age: 'old' }],
      'inputs[1].age must be a number, but is a text. Send a number, or null where it is missing.',
    ],
    [
      'a list where a number was',
      () => fitted,
      [{ age: [1] }],
      'inputs[0].age must be a number, but is a list. Send a number, or null where it is missing.',
    ],
    [
      'an object where a category was',
      () => fitted,
      [{ city: {} }],
      'inputs[0].city must be a text, but is an object. Send a text, or null where it is missing.',
    ],
    [
      'a day that does not exist',
      () => fitted,
      [{ joined: '2024-02-31' }],
      'inputs[0].joined must be a date (2026-01-31 or 2026-01-31T12:00:00Z), but is a text. Send a date (2026-01-31 or 2026-01-31T12:00:00Z), or null where it is missing.',
    ],
    [
      'columns that it does not know',
      () => fitted,
      [{ age: 1, agee: 2, town: 'x' }],
      'inputs[0] has columns that the model does not know: agee, town. It takes age, joined, city, member.',
    ],
    [
      'none of its columns',
      () => fitted,
      [{ price: 3 }],
      'inputs[0] has none of the columns that the model takes: age, joined, city, member.',
    ],
    [
      'a text for a table',
      () => fitted,
      ['hello'],
      'inputs[0] is a text, but the model takes rows with age, joined, city, member. Send {"column": value, …}.',
    ],
    [
      'a number too large',
      () => fitted,
      [{ age: '1e999' }],
      'inputs[0].age must be a number, but is a text. Send a number, or null where it is missing.',
    ],
  ])('%s', (_, model, inputs, message) => {
    expect(() => encodeInputs(model(), inputs)).toThrow(expect.objectContaining({ code: 'bad_input', message }));
  });
});

test('another dataset is encoded in the terms of the model, even where its columns were typed otherwise', async () => {
  const { reader } = await bench.load(bench.file('people4.csv', people));
  const { fitted } = fit(reader, 'member', ['about']);
  const other = await bench.load(
    bench.file('other.csv', 'member,age,city,joined,price\nyes,7,Wien,2024-01-05,1.5\nmaybe,,Rom,2024-01-06,2\n'),
  );
  const { labels, numeric, codes } = encodeDataset(other.reader, fitted, Uint32Array.of(0, 1));
  expect([...(labels ?? [])]).toEqual([1, -1]);
  expect(numeric[0]).toBe(7);
  expect([...codes].map((code) => code > 0)).toEqual([true, false]);
  const odd = await bench.load(
    bench.file('odd.csv', 'member,age,city,joined,price\nyes,seven,Wien,2024-01-05,1.5\nno,eight,Rom,2024-01-06,2\n'),
  );
  expect(() => encodeDataset(odd.reader, fitted, Uint32Array.of(0, 1))).toThrow(
    'Row 1: "age" must be a number, but is a text.',
  );
  const narrow = await bench.load(bench.file('narrow.csv', 'member,age\nyes,7\nno,8\n'));
  expect(() => encodeDataset(narrow.reader, fitted, Uint32Array.of(0))).toThrow(
    'The dataset lacks columns that the model takes: joined, price, city.',
  );
});
