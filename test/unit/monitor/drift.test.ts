// Seeds, not luck: each stream is drawn anew from the same source as the training rows, or from one that was moved.
import { describe, expect, test } from 'vitest';
import { type Rng, rng } from '../../../engine/base/index.ts';
import { createComparer, createWatch, figuresComparer } from '../../../engine/monitor/index.ts';
import type { Subject, Values } from '../../../engine/monitor/index.ts';
import type { PredictOutput } from '../../../engine/schema/index.ts';

const words = ['ship', 'anchor', 'harbour', 'tide', 'sail', 'rope', 'deck', 'storm', 'captain', 'mast', 'gull', 'fog'];
const other = [
  'proof',
  'lemma',
  'field',
  'ring',
  'group',
  'prime',
  'limit',
  'series',
  'measure',
  'norm',
  'basis',
  'rank',
];
const text = (random: Rng, from: string[]) =>
  Array.from({ length: 4 + random.int(12) }, () => from[random.int(from.length)]).join(' ');

interface Row {
  age: number;
  income: number;
  rare: number;
  town: string;
  note: string;
}
const towns = ['a', 'a', 'a', 'b', 'b', 'c', 'd'];
const row = (random: Rng): Row => ({
  age: 20 + random.int(50),
  income: Math.exp(random.normal()),
  rare: random.next() < 0.9 ? 0 : random.normal(),
  town: towns[random.int(towns.length)],
  note: text(random, words),
});
const subjects: Subject[] = [
  { name: 'age', kind: 'number' },
  { name: 'income', kind: 'number' },
  { name: 'rare', kind: 'number' },
  { name: 'town', kind: 'category' },
  { name: 'note', kind: 'text' },
];

const output: PredictOutput = { value: 1 };

function watched(seed: number, window = 500) {
  const random = rng(seed, 'reference');
  const reference = Array.from({ length: 2000 }, () => row(random));
  const watch = createWatch({ window });
  watch.compareWith({
    is: 'rows',
    comparers: subjects.map((subject) =>
      createComparer(subject, reference.map((one) => one[subject.name as keyof Row]) as Values),
    ),
  });
  const live = rng(seed, 'live');
  const send = (rows: number, change: (one: Row) => Partial<Row> = () => ({})) => {
    for (let i = 0; i < rows; i++) {
      const one = row(live);
      const inputs = [{ ...one, ...change(one) }];
      watch.answered({ id: '', model: 'm', version: 1, inputs, outputs: [output], ms: 1 });
    }
  };
  return { watch, send, live };
}

describe('unchanged rows', () => {
  test.each([1, 2, 3])('of 50 windows at most one in twenty is said to have drifted (seed %i)', (seed) => {
    const { watch, send } = watched(seed);
    send(50 * 500);
    expect(watch.windows).toHaveLength(50);
    expect(watch.windows.filter(({ drifted }) => drifted).length).toBeLessThanOrEqual(2);
  });

  test('small windows raise no more alarms than large ones', () => {
    const { watch, send } = watched(4, 60);
    send(50 * 60);
    expect(watch.windows.filter(({ drifted }) => drifted).length).toBeLessThanOrEqual(2);
  });
});

describe('planted drift is found within two windows', () => {
  const changes: [string, string, (one: Row, random: Rng) => Partial<Row>][] = [
    ['a number that moves', 'age', ({ age }) => ({ age: age + 12 })],
    ['a number that spreads', 'income', ({ income }) => ({ income: income ** 2.5 })],
    ['a column that goes missing', 'income', (_, random) => (random.next() < 0.3 ? { income: null as never } : {})],
    [
      'shares of categories that change',
      'town',
      ({ town }, random) => (random.next() < 0.4 ? { town: 'd' } : { town }),
    ],
    ['a new category', 'town', (one, random) => (random.next() < 0.25 ? { town: 'elsewhere' } : one)],
    [
      'texts about something else',
      'note',
      (one, random) => (random.next() < 0.5 ? { note: text(random, other) } : one),
    ],
  ];
  test.each(changes)('%s', (_name, column, change) => {
    const { watch, send, live } = watched(7);
    send(3 * 500);
    expect(watch.windows.filter(({ drifted }) => drifted)).toEqual([]);
    send(2 * 500, (one) => change(one, live));
    const found = watch.windows.slice(0, 2).flatMap(({ figures }) => figures.filter(({ drifted }) => drifted));
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set([column]));
  });
});

test('without training rows, quartiles and counts of the bundle find drift too', () => {
  const random = rng(5, 'figures');
  const values = Array.from({ length: 4000 }, () => random.normal()).sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(3999, Math.floor(share * 4000))];
  const column = {
    name: 'x',
    type: 'number' as const,
    missing: 0,
    distinct: 4000,
    min: values[0],
    max: values[3999],
    quantiles: [0, 0.25, 0.5, 0.75, 1].map(at),
  };
  const comparer = figuresComparer({ name: 'x', kind: 'number' }, column, 4000);
  const same = Array.from({ length: 500 }, () => random.normal());
  expect(comparer?.compare(same).p).toBeGreaterThan(0.001);
  expect(comparer?.compare(same.map((value) => value + 0.6)).p).toBeLessThan(1e-6);
  expect(
    figuresComparer({ name: 'x', kind: 'number' }, { ...column, quantiles: [0, 0, 0, 0, 1] }, 4000),
  ).toBeUndefined();
});

test('predictions are watched like a column, and right answers that come back are counted', () => {
  const watch = createWatch({ window: 50 });
  const likely = (n: number) => Array.from({ length: n }, (_, i) => (i % 4 === 0 ? 'yes' : 'no'));
  watch.compareWith({
    is: 'rows',
    comparers: [createComparer({ name: 'prediction', kind: 'category' }, likely(1000))],
  });
  const answer = (label: string, id: string) =>
    watch.answered({ id, model: 'm', version: 1, inputs: [{}], outputs: [{ label, scores: { [label]: 1 } }], ms: 1 });
  for (const [i, label] of likely(50).entries()) answer(label, `a${i}`);
  for (let i = 0; i < 50; i++) answer('yes', `b${i}`);
  expect(watch.windows.map(({ drifted }) => drifted)).toEqual([true, false]);
  expect([watch.label('a0', 0, 'yes'), watch.label('b1', 0, 'no'), watch.label('never', 0, 'no')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(watch.quality).toEqual({ labels: 2, accuracy: 0.5 });
});
