// A member's rows in a federated run: as many batches as its leader has, and some rows for every meeting.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { trainRequest } from '../../../engine/schema/index.ts';
import { federatedBatches, prepareFederated } from '../../../engine/train/federated.ts';
import { prepareRun } from '../../../engine/train/prepare.ts';
import { type Bench, openBench } from '../data/bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const random = rng(2, 'member');
const table = (rows: number) =>
  ['a,b,kind', ...Array.from({ length: rows }, (_, i) => `${random.normal()},${random.normal()},kind ${i % 2}`)].join(
    '\n',
  );

test('an epoch has each row once, in as many batches as the leader has, evenly', async () => {
  const { reader } = await bench.load(bench.file('even.csv', table(50)));
  const request = trainRequest.parse({ dataset: 'd', target: 'kind', model: 'mlp' });
  const { rows } = await prepareRun(reader, undefined, request);
  const part = Uint32Array.from({ length: 41 }, (_, i) => i);
  for (const count of [8, 16, 41]) {
    const batches = federatedBatches(rows.data, part, { batchSize: 32, seed: 3 }, count);
    const order = batches.order(2);
    expect([batches.count, order.length]).toEqual([count, count]);
    expect(order.flatMap((own) => [...own]).sort((a, b) => a - b)).toEqual([...part]);
    const sizes = order.map(({ length }) => length);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([Math.floor(41 / count), Math.ceil(41 / count)]);
    expect(batches.size).toBe(Math.max(...sizes));
  }
});

test('a member without rows for each meeting is refused before it takes part', async () => {
  const { reader } = await bench.load(bench.file('few.csv', table(50)));
  const request = trainRequest.parse({ dataset: 'd', target: 'kind', model: 'mlp' });
  const { rows, candidates } = await prepareRun(reader, undefined, request);
  const plan = { preprocess: rows.preprocess, candidate: candidates[0], batches: 200 };
  await expect(prepareFederated(reader, plan, 2)).rejects.toThrow(/50 rows here are too few .* 200 steps/);
  expect((await prepareFederated(reader, plan, 8)).train.length).toBe(50);
  expect((await prepareFederated(reader, plan, 1000)).train.length).toBe(50);
});
