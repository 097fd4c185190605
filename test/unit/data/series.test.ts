// Series: which columns make one, its steps and seasons, and the windows that training and serving share.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  encodeHistories,
  findSeasons,
  forecastMeant,
  openWindows,
  readSeries,
  saidTime,
  timeOf,
} from '../../../engine/data/index.ts';
import { rng } from '../../../engine/base/index.ts';
import type { Preprocess, SeriesSpec } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const load = async (name: string, lines: readonly string[]) =>
  (await bench.load(bench.file(name, lines.join('\n')))).reader;

const dayLines = (count: number, more: (t: number) => string = () => '') =>
  Array.from(
    { length: count },
    (_, t) => `${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)}${more(t)},${(t * 7) % 31}.5`,
  );

describe('a request', () => {
  test('means a forecast where there are dates and a number and nothing else', async () => {
    const { shape } = await load('plain.csv', ['day,sold', ...dayLines(60)]);
    expect(forecastMeant(shape, { model: 'auto', target: 'sold' })).toEqual({ time: 'day' });
  });

  test('means one a series where a column tells them apart', async () => {
    const lines = ['a', 'b', 'c'].flatMap((shop) => dayLines(30, () => `,${shop}`));
    const { shape } = await load('shops.csv', ['day,shop,sold', ...lines]);
    expect(forecastMeant(shape, { model: 'auto', target: 'sold' })).toEqual({ time: 'day', series: 'shop' });
  });

  test('means what it meant where other columns tell of the target, unless it says so', async () => {
    const { shape } = await load('more.csv', ['day,heat,sold', ...dayLines(60, (t) => `,${t % 13}.25`)]);
    expect(forecastMeant(shape, { model: 'auto', target: 'sold' })).toBeUndefined();
    expect(forecastMeant(shape, { model: 'auto', target: 'sold', forecast: { horizon: 3 } })).toEqual({
      horizon: 3,
      time: 'day',
    });
  });
});

describe('steps', () => {
  test('are days with gaps, or months whatever their lengths', async () => {
    const days = await load('gaps.csv', ['day,sold', '2024-01-01,1', '2024-01-02,2', '2024-01-05,5', '2024-01-06,6']);
    const { series, step } = readSeries(days, { target: 'sold', time: 'day' });
    expect(step).toMatchObject({ unit: 'ms', size: 86_400_000 });
    expect(Array.from(series[0].values)).toEqual([1, 2, Number.NaN, Number.NaN, 5, 6]);
    const ends = ['2023-11-30,1', '2023-12-31,2', '2024-01-31,3', '2024-02-29,4'];
    const months = readSeries(await load('months.csv', ['at,sold', ...ends]), { target: 'sold', time: 'at' });
    expect(Array.from(months.series[0].values)).toEqual([1, 2, 3, 4]);
    const next = [4, 5].map((at) => saidTime(months.step, timeOf(months.step, at)));
    expect(next).toEqual(['2024-03-31', '2024-04-30']);
  });

  test('with two rows of one time are refused, naming the rows', async () => {
    const reader = await load('twice.csv', ['day,sold', '2024-01-01,1', '2024-01-02,2', '2024-01-01,3']);
    expect(() => readSeries(reader, { target: 'sold', time: 'day' })).toThrow(
      /Rows 1 and 3 have the same time .*--series/,
    );
  });
});

test('seasons are those of the calendar that show, or with plain numbers any that shows', () => {
  const random = rng(1, 'seasons');
  const of = (make: (t: number) => number, count = 400) => [
    { values: Float64Array.from({ length: count }, (_, t) => make(t)) },
  ];
  const wave = (t: number, period: number) => 10 * Math.sin((2 * Math.PI * t) / period) + random.normal();
  expect(
    findSeasons(
      of((t) => wave(t, 7)),
      [7, 365],
    ),
  ).toEqual([7]);
  expect(
    findSeasons(
      of((t) => wave(t, 24) + wave(t, 168), 800),
      [24, 168],
    ),
  ).toEqual([168, 24]);
  expect(
    findSeasons(
      of((t) => wave(t, 11)),
      [],
    ),
  ).toEqual([11]);
  let walk = 0;
  expect(
    findSeasons(
      of(() => (walk += random.normal())),
      [7],
    ),
  ).toEqual([1]);
});

describe('a window', () => {
  const spec: SeriesSpec = {
    time: 'day',
    step: { unit: 'ms', size: 86_400_000, from: Date.UTC(2024, 0, 1) },
    horizon: 2,
    window: 6,
    seasons: [3],
    lags: 2,
    means: [3],
    calendar: ['weekday'],
    smoothings: [],
    floor: 1,
  };

  test('bridges gaps, carries the newest value on and repeats the first season before the beginning', () => {
    const values = [5, Number.NaN, 9, 4, Number.NaN];
    const { history, calendar } = openWindows(spec, [{ name: '', first: 0, values, end: 5 }]);
    expect(Array.from(history)).toEqual([9, 5, 7, 9, 4, 4]);
    expect(Array.from(calendar).filter((_, i) => i % 3 === 0)).toEqual([6, 0]);
  });

  test('is the same when only its rows are sent, in any order, and several of a step as their mean', () => {
    const values = Float64Array.from({ length: 20 }, (_, t) => (t % 5 === 2 ? Number.NaN : t * t));
    const { history, calendar } = openWindows(spec, [{ name: '', first: 0, values, end: 18 }]);
    const rows = Array.from({ length: 6 }, (_, i) => ({
      day: new Date(Date.UTC(2024, 0, 13 + i)).toISOString(),
      sold: Number.isNaN(values[12 + i]) ? null : values[12 + i],
    }));
    const preprocess = {
      task: 'forecasting',
      target: { column: 'sold' },
      columns: [
        { name: 'day', type: 'date' },
        { name: 'sold', type: 'number' },
      ],
      series: spec,
    } as unknown as Preprocess;
    const { feeds, last } = encodeHistories(preprocess, [{ history: rows.reverse() }]);
    expect(feeds['history'].data).toEqual(history);
    expect(feeds['calendar'].data).toEqual(calendar);
    expect(last).toEqual([17]);
    const late = (day: string) => `${day.slice(0, 10)}T01:00:00Z`;
    const more = (sold: number | null) => (sold === null ? null : sold + 2);
    const off = rows.flatMap((row) => [row, { day: late(row.day), sold: more(row.sold) }]);
    const both = encodeHistories(preprocess, [{ history: off }]).feeds['history'].data as Float64Array;
    expect(Array.from(both)).toEqual(Array.from(feeds['history'].data as Float64Array, (value) => value + 1));
    const wrong = (input: Record<string, unknown>) => () => encodeHistories(preprocess, [input]);
    expect(wrong({ day: '2024-01-01', sold: 1 })).toThrow(/inputs\[0\] needs the rows behind/);
    expect(wrong({ history: [{ day: 'soon', sold: 1 }] })).toThrow(/inputs\[0\].history\[0\].day must be a date/);
    expect(wrong({ history: [rows[0], rows[0]] })).toThrow(/a time that another row has/);
  });
});
