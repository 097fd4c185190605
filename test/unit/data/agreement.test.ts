// What training encodes and what a served graph computes from a client's row are the same bits: dates around the circle, numbers by
// rank, texts in learned pieces, all from one preprocess.json.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must, rng } from '../../../engine/base/index.ts';
import {
  type DatasetReader,
  encodeDataset,
  encodeInputs,
  type FitOptions,
  fitPreprocess,
  openTokenizer,
  readTarget,
  sequenceSize,
  type TokenizerJson,
} from '../../../engine/data/index.ts';
import { families, layoutOf, outputsOf, servedGraph, settleHyper } from '../../../engine/models/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { type Preprocess, preprocess } from '../../../engine/schema/index.ts';
import { modelRows } from '../../../engine/train/rows.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const words = ['数据', '模型', 'kernel', 'scheduler', 'library', 'fonts', '图像', 'network'];
const random = rng(7, 'shared');
const lines = Array.from({ length: 300 }, (_, i) => {
  const when = new Date(Date.UTC(2020, 0, 1) + Math.floor(random.next() * 5e10)).toISOString().slice(0, 19);
  const income = Math.exp(3 * random.normal()).toFixed(2);
  const text = Array.from({ length: 3 + random.int(9) }, () => words[random.int(words.length)]).join(' ');
  return [when, random.int(9) === 0 ? '' : income, `${text} ${i}`, i % 3 === 0 ? 'a' : 'b'].join(',');
});

let reader: DatasetReader;
beforeAll(async () => {
  const csv = `when,income,text,label\n${lines.join('\n')}\n`;
  ({ reader } = await bench.load(bench.file('shared.csv', csv), { types: { text: 'text' } }));
});
const rows = Uint32Array.from(lines, (_, row) => row);

/** Fitted, and as it is when it was written to preprocess.json and read back. */
const fit = (options: Partial<FitOptions>): Preprocess =>
  preprocess.parse(
    JSON.parse(JSON.stringify(fitPreprocess(reader, rows, { target: readTarget(reader, 'label'), ...options }))),
  );
const inputs = Array.from(rows, (row) => {
  const [when, income, text] = lines[row].split(',');
  return { when, income: income === '' ? null : Number(income), text };
});

test('dates are told around the circle too, the same when trained and when served', () => {
  const fitted = fit({ ignore: ['income', 'text'] });
  expect(fitted.numeric.map(({ part }) => part)).toEqual([
    'days',
    'month',
    'weekday',
    'hour',
    'monthSin',
    'monthCos',
    'weekdaySin',
    'weekdayCos',
    'hourSin',
    'hourCos',
  ]);
  expect(encodeInputs(fitted, inputs)['numeric']?.data).toEqual(encodeDataset(reader, fitted, rows).numeric);
  const december = encodeInputs(fitted, [{ when: '2024-12-15' }, { when: '2025-01-15' }])['numeric']
    ?.data as Float64Array;
  const place = fitted.numeric.findIndex(({ part }) => part === 'monthCos');
  expect(december[place]).toBeCloseTo(Math.cos((2 * Math.PI * 11) / 12), 12);
  expect(december[10 + place]).toBe(1);
});

test('numbers by rank: outliers do not stretch the scale, and what is served computes what was trained on', async () => {
  const fitted = fit({ ignore: ['when', 'text'], scaling: 'quantile' });
  const data = await modelRows(encodeDataset(reader, fitted, rows), fitted);
  const own = Array.from(rows, (row) => data.dense[row * data.denseWidth]);
  const known = own.filter((_, row) => inputs[row].income !== null);
  expect(Math.max(...known.map(Math.abs))).toBeLessThanOrEqual(Math.fround(Math.sqrt(3)));
  expect(Math.abs(known.reduce((sum, value) => sum + value, 0) / known.length)).toBeLessThan(0.1);
  const order = (values: number[]) => values.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const incomes = inputs.flatMap(({ income }) => (income === null ? [] : [income]));
  expect(order(known).slice(0, 5)).toEqual(order(incomes).slice(0, 5));
  // A linear model of one weight shows what the served graph makes of the number.
  const family = families.linear;
  const built = family.build(layoutOf(fitted), outputsOf(fitted), settleHyper(family), 1);
  const program = await compile(servedGraph(fitted, built), { threads: 1 });
  const training = await compile(built, { threads: 1 });
  const served = encodeInputs(fitted, inputs);
  const used = Object.fromEntries(program.inputs.map(({ name }) => [name, served[name]]));
  const { probabilities } = await program.run(used, ['probabilities']);
  const dense = { dtype: 'float32' as const, dims: [rows.length, data.denseWidth], data: data.dense };
  const { logits } = await training.run({ dense }, ['logits']);
  const scores = logits.data as Float32Array;
  const first = probabilities.data as Float32Array;
  for (const row of rows) {
    const [a, b] = [scores[2 * row], scores[2 * row + 1]];
    expect(first[2 * row]).toBeCloseTo(1 / (1 + Math.exp(b - a)), 6);
  }
  await program.dispose();
  await training.dispose();
});

test.each(['standard', 'quantile'] as const)(
  '%s scaling: the served graph scales to the bits that were trained on',
  async (scaling) => {
    const fitted = fit({ ignore: ['text'], scaling });
    const data = await modelRows(encodeDataset(reader, fitted, rows), fitted);
    const family = families.linear;
    const whole = servedGraph(fitted, family.build(layoutOf(fitted), outputsOf(fitted), settleHyper(family), 1));
    const scaled = must(
      [...whole.types.keys()].find((name) => /(?:^|\W)dense$/.test(name)),
      'the scaled numbers in the served graph',
    );
    const program = await compile(
      { ...whole, outputs: [...whole.outputs, { name: scaled, dtype: 'float32', shape: ['batch', data.denseWidth] }] },
      { threads: 1 },
    );
    const served = encodeInputs(fitted, inputs);
    const used = Object.fromEntries(program.inputs.map(({ name }) => [name, served[name]]));
    const { [scaled]: dense } = await program.run(used, [scaled]);
    expect(Buffer.from((dense.data as Float32Array).buffer).equals(Buffer.from(data.dense.buffer))).toBe(true);
    await program.dispose();
  },
);

describe.each(['bpe', 'wordpiece'] as const)('texts in %s', (tokens) => {
  test('are learned from the training rows, and cut alike when trained and when served', () => {
    const fitted = fit({
      ignore: ['when', 'income'],
      texts: 'sequence',
      sequence: { tokens, size: 600, maxLength: 64 },
    });
    const [input] = fitted.sequence ?? [];
    const trained = encodeDataset(reader, fitted, rows).sequence[0];
    const served = must(encodeInputs(fitted, inputs)['text_0_tokens'], 'tokens of the text');
    const [count, width] = served.dims;
    expect(count).toBe(rows.length);
    for (const row of rows) {
      const own = [...trained.ids.subarray(trained.offsets[row], trained.offsets[row + 1])];
      const padded = [...own, ...Array<number>(width - own.length).fill(0)].map(BigInt);
      expect([...(served.data as BigInt64Array).subarray(row * width, (row + 1) * width)]).toEqual(padded);
    }
    expect(Math.max(...trained.ids)).toBeLessThan(sequenceSize(input));
    const tokenizer = openTokenizer(input.tokenizer as unknown as TokenizerJson);
    const { ids } = tokenizer.encode('scheduler library');
    expect(ids.length).toBeLessThan(8);
    if (tokens === 'wordpiece') expect(tokenizer.encode('数据').ids.length).toBe(2);
    expect(
      fit({ ignore: ['when', 'income'], texts: 'sequence', sequence: { tokens, size: 600, maxLength: 64 } }),
    ).toEqual(fitted);
  });
});
