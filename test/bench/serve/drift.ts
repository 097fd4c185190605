// How often drift is said to be there where nothing changed, and how soon it is found where something was planted: many
// streams of rows, each compared with training rows from the same source. node test/bench/serve/drift.ts [--streams 20] [--window 500]
import { parseArgs } from 'node:util';
import { type Rng, rng } from '../../../engine/base/index.ts';
import { createComparer, createWatch, type Subject, type Values } from '../../../engine/monitor/index.ts';

const { values: options } = parseArgs({
  options: { streams: { type: 'string', default: '20' }, window: { type: 'string', default: '500' } },
});
const streams = Number(options.streams);
const window = Number(options.window);
const unchanged = 50;

type Row = Record<'age' | 'income' | 'rare', number | null> & Record<'town' | 'note', string>;
const vocabulary = Array.from({ length: 200 }, (_, i) => `w${i}`);
const text = (random: Rng, from: number) =>
  Array.from({ length: 4 + random.int(12) }, () => vocabulary[(from + random.int(100)) % 200]).join(' ');
const towns = ['a', 'a', 'a', 'b', 'b', 'c', 'd'];
const draw = (random: Rng): Row => ({
  age: 20 + random.int(50),
  income: Math.exp(random.normal()),
  rare: random.next() < 0.9 ? 0 : random.normal(),
  town: towns[random.int(towns.length)],
  note: text(random, 0),
});
const kinds: Record<keyof Row, Subject['kind']> = {
  age: 'number',
  income: 'number',
  rare: 'number',
  town: 'category',
  note: 'text',
};
const subjects = Object.entries(kinds).map(([name, kind]): Subject => ({ name, kind }));

const planted: Record<string, (row: Row, random: Rng) => Partial<Row>> = {
  'a number moves by half its spread': ({ age }) => ({ age: (age ?? 0) + 8 }),
  'a number is in other units': ({ income }) => ({ income: (income ?? 0) * 2.2 }),
  'three in ten values go missing': (_, random) => (random.next() < 0.3 ? { income: null } : {}),
  'shares of categories change': (_, random) => (random.next() < 0.3 ? { town: 'd' } : {}),
  'a new category': (_, random) => (random.next() < 0.2 ? { town: 'elsewhere' } : {}),
  'half the texts are about something else': (_, random) => (random.next() < 0.5 ? { note: text(random, 100) } : {}),
};

function open(seed: number) {
  const random = rng(seed, 'training');
  const rows = Array.from({ length: 2000 }, () => draw(random));
  const watch = createWatch({ window });
  const comparers = subjects.map((subject) =>
    createComparer(
      subject,
      rows.map<Values[number]>((row) => row[subject.name as keyof Row]),
    ),
  );
  watch.compareWith({ is: 'rows', comparers });
  const live = rng(seed, 'live');
  const send = (windows: number, change: (row: Row, random: Rng) => Partial<Row> = () => ({})) => {
    for (let i = 0; i < windows * window; i++) {
      const row = draw(live);
      const inputs = [{ ...row, ...change(row, live) }];
      watch.answered({ id: '', model: 'm', version: 1, inputs, outputs: [{ value: 1 }], ms: 1 });
    }
  };
  return { watch, send };
}

let alarms = 0;
for (let seed = 1; seed <= streams; seed++) {
  const { watch, send } = open(seed);
  send(unchanged);
  alarms += watch.windows.filter(({ drifted }) => drifted).length;
}
const rows = Object.entries(planted).map(([what, change]) => {
  let first = 0;
  let within = 0;
  for (let seed = 1; seed <= streams; seed++) {
    const { watch, send } = open(1000 + seed);
    send(2, change);
    const [second, one] = watch.windows;
    if (one?.drifted) first++;
    if (one?.drifted || second?.drifted) within++;
  }
  return { planted: what, 'in the first window': first / streams, 'within two windows': within / streams };
});
const falseAlarms = alarms / (streams * unchanged);
console.log(
  `${streams} streams of ${unchanged} unchanged windows of ${window} rows: ${alarms} alarms, ${(100 * falseAlarms).toFixed(2)} %`,
);
console.table(rows);
console.log(JSON.stringify({ bench: 'serve/drift', streams, window, unchanged, falseAlarms, rows }));
