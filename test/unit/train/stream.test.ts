// Rows read window by window while training are the rows held in memory, bit for bit and in the same order.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { cutDataset, openDataset, orderOf } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import {
  type ClassificationReport,
  type PackGrant,
  type Preprocess,
  trainRequest,
} from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess } from '../../../engine/train/assess.ts';
import { type Batch, openBatches } from '../../../engine/train/batches.ts';
import type { Feeding } from '../../../engine/train/feeding.ts';
import { prepareRun, type Setup } from '../../../engine/train/prepare.ts';
import { runTraining } from '../../../engine/train/run.ts';
import { weightsHash } from '../../../engine/train/weights.ts';
import { type Bench, openBench } from '../data/bench.ts';
import { folder, image } from '../data/media.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const words = ['alpha', 'beta', 'gamma', 'delta', 'omega', 'sigma', 'kappa'];

/** A table whose label follows from numbers, a category and a text. */
function table(rows: number): string {
  const random = rng(3, 'table');
  const lines = Array.from({ length: rows }, (_, i) => {
    const [x, y] = [random.normal(), random.normal()];
    const kind = words[random.int(3)];
    const text = Array.from({ length: 2 + random.int(30) }, () => words[random.int(words.length)]).join(' ');
    const label = x + (kind === 'alpha' ? 1 : 0) + 0.3 * random.normal() > 0.4 ? 'yes' : 'no';
    return [x.toFixed(4), y.toFixed(4), kind, `${text} ${i}`, label].join(',');
  });
  return `x,y,kind,text,label\n${lines.join('\n')}\n`;
}

const held: Feeding = { memory: Number.POSITIVE_INFINITY, window: 60_000 };
const read: Feeding = { ...held, memory: 0 };

const bits = (preprocess: Preprocess, setup: Setup, epoch: number) => {
  const { data, train } = setup.rows;
  expect(preprocess).toEqual(setup.rows.preprocess);
  return openBatches(data, train, { batchSize: 48, seed: 9 })
    .order(epoch)
    .map((rows) => [...rows]);
};

/** Of everything that a step is given. */
function hashOf({ feeds, labels, weights, rows }: Batch): string {
  const hash = createHash('sha256').update(rows);
  for (const [name, { dims, data }] of [...Object.entries(feeds), ['labels', labels], ['weights', weights]] as const)
    hash.update(JSON.stringify([name, dims])).update(data as Float32Array);
  return hash.digest('hex');
}

async function sameBatches(setups: Setup[], epochs: number[]): Promise<number> {
  const [first, ...others] = setups;
  let count = 0;
  for (const epoch of epochs) {
    const order = bits(first.rows.preprocess, first, epoch);
    for (const other of others) expect(bits(first.rows.preprocess, other, epoch)).toEqual(order);
    const opened = setups.map(({ rows }) => openBatches(rows.data, rows.train, { batchSize: 48, seed: 9 }));
    for (const rows of order) {
      const places = Uint32Array.from(rows);
      const made = [];
      for (const batches of opened) {
        await batches.ready(places, epoch);
        made.push(batches.make(places, epoch));
      }
      expect(new Set(made.map(hashOf)).size).toBe(1);
      count++;
    }
  }
  return count;
}

async function loaded(path: string): Promise<{ pack: PackGrant; reader: ReturnType<typeof openDataset> }> {
  const { grant } = await bench.load(path);
  return { pack: grant, reader: openDataset(openPack(grant.path, grant)) };
}

test('tables and texts: the same batches held, read here, and read by a thread', { timeout: 120_000 }, async () => {
  const { pack, reader } = await loaded(bench.file('rows.csv', table(1200)));
  const request = trainRequest.parse({ dataset: 'd', target: 'label', model: 'textcnn' });
  const setups = [];
  for (const feeding of [held, read, { ...read, pack }])
    setups.push(await prepareRun(reader, undefined, request, undefined, feeding));
  expect(setups.map(({ rows }) => rows.data.stream !== undefined)).toEqual([false, true, true]);
  const cut = cutDataset(reader, setups[0].rows.preprocess, held.window);
  const { rows } = setups[0].rows.data.order ?? { rows: new Uint32Array() };
  expect(orderOf(rows, setups[0].rows.train, cut, 9, 1).windows.length).toBeGreaterThan(4);
  expect(await sameBatches(setups, [0, 1])).toBe(40);
  reader.close();
});

test('images: the same pixels, changed the same way, held or read', { timeout: 120_000 }, async () => {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 90; i++) files[`${i % 2 === 0 ? 'even' : 'odd'}/${i}.png`] = await image('png', i, 12, 12);
  folder(`${bench.dir}/pictures`, files);
  const { pack, reader } = await loaded(`${bench.dir}/pictures`);
  const request = trainRequest.parse({ dataset: 'd', target: 'label', model: 'cnn' });
  const window = 12_000;
  const setups = [
    await prepareRun(reader, undefined, request, undefined, { ...held, window }),
    await prepareRun(reader, undefined, request, undefined, { ...read, window, pack }),
  ];
  expect(setups.map(({ rows }) => rows.data.stream !== undefined)).toEqual([false, true]);
  expect(await sameBatches(setups, [0, 1])).toBe(4);
  reader.close();
});

test('a run over windows trains to a model of use, and its report reads the test rows block by block', {
  timeout: 120_000,
}, async () => {
  const { reader } = await loaded(bench.file('train.csv', table(2500)));
  const request = trainRequest.parse({ dataset: 'd', target: 'label', model: 'linear', ignore: ['text'], epochs: 4 });
  const results = [];
  for (const memory of [Number.POSITIVE_INFINITY, 0]) {
    const setup = await prepareRun(reader, undefined, request, undefined, { memory, window: 20_000 });
    const job = { ...setup, refit: null, device: 'cpu', threads: 1, seed: request.seed };
    const { graph, rows } = await runTraining(job);
    const facts = { seconds: 0, epochs: 1, bestEpoch: 1, steps: 1, weights: '' };
    const served = servedGraph(rows.preprocess, graph);
    const report = await assess(served, rows.preprocess, setup.encodeTest(rows.preprocess), facts);
    const weights = weightsHash(new Map([...graph.initializers].filter(([name]) => graph.parameters.includes(name))));
    // Slices need the test rows at once.
    const { slices, ...figures } = report as ClassificationReport;
    expect(slices === undefined).toBe(memory === 0);
    results.push({ weights, report: figures });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0].report).toMatchObject({ task: 'binary' });
  expect(results[0].report.accuracy).toBeGreaterThan(0.8);
  reader.close();
});

test('what lies sorted is mixed: each window has rows from all over', () => {
  const rows = Uint32Array.from({ length: 10_000 }, (_, i) => i);
  const cut = { chunks: Uint32Array.from({ length: 101 }, (_, i) => i * 100), windowRows: 1600 };
  const { places, windows } = orderOf(rows, rows, cut, 1, 1);
  expect([...places].sort((a, b) => a - b)).toEqual([...rows]);
  expect([...windows].reduce((a, b) => a + b, 0)).toBe(10_000);
  const thirds = new Set([...places.subarray(0, windows[0])].map((place) => Math.floor(place / 3334)));
  expect(thirds.size).toBe(3);
  expect(orderOf(rows, rows, cut, 1, 1).places).toEqual(places);
  expect(orderOf(rows, rows, cut, 1, 2).places).not.toEqual(places);
});
