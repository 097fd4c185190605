// Runs over two appliances that are paired: the same steps as on one machine, whatever becomes of the other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Run, TrainRequest } from '../../engine/schema/index.ts';
import { childrenOf, faultOf, importPath } from '../app/parts/appliance.ts';
import { flowers } from '../app/parts/data.ts';
import { endRoom, eventually, type Machine, startRoom } from './parts/appliances.ts';

let anna: Machine;
let bert: Machine;
const request: Partial<TrainRequest> & { dataset: string } = {
  dataset: 'flowers',
  target: 'kind',
  model: 'mlp',
  epochs: 3,
  batchSize: 64,
  seed: 3,
};

beforeAll(async () => {
  [anna, bert] = (await startRoom(['anna', 'bert'])) as [Machine, Machine];
  await importPath(anna.client, flowers(anna.place, 4000), 'flowers');
});
afterAll(() => endRoom([anna, bert].filter(Boolean)));

const start = (more: Partial<TrainRequest> = {}) =>
  anna.client.call('runs.create', { body: { ...request, ...more } });
const finished = async (run: Run): Promise<Run> => {
  const done = await anna.client.waitRun(run.id);
  expect(done.error).toBeUndefined();
  expect(done.state).toBe('finished');
  return done;
};
async function losses(run: Run): Promise<number[]> {
  const { points } = await anna.client.call('runs.metrics', { params: { id: run.id } });
  return points.filter(({ name }) => name === 'train.loss').map(({ value }) => value);
}

describe('a run over two machines', () => {
  test('takes the steps of one machine, and says who did what', async () => {
    const alone = await finished(await start());
    const together = await finished(await start({ peers: ['bert'] }));
    console.log(JSON.stringify(together.room, null, 1));
    const [a, b] = [await losses(alone), await losses(together)];
    console.log(a.slice(0, 20), b.slice(0, 20));
    expect(b.length).toBe(a.length);
    for (let i = 0; i < 20; i++) expect(Math.abs((a[i] ?? 0) - (b[i] ?? 1))).toBeLessThan(1e-4);
  });
});
