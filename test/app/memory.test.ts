// Runs that do not fit into their memory: refused before the first step with advice that holds, or ended, and the appliance
// answers throughout.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainRequest } from '../../engine/schema/index.ts';
import { importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const sample = join(import.meta.dirname, '..', '..', 'resources', 'samples', 'package-topics.csv');

let place: Place;
let appliance: Running;
const mib = 1024 ** 2;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place, { limits: { trainerMemory: 700 * mib } });
  const file = join(place.root, 'topics.csv');
  writeFileSync(file, readFileSync(sample, 'utf8').split('\n').slice(0, 800).join('\n'));
  await importPath(appliance.client, file, 'topics');
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const big: Partial<TrainRequest> & { dataset: string } = {
  dataset: 'topics',
  target: 'label',
  model: 'transformer',
  hyper: { width: 128, layers: 3, inner: 512, ngrams: 0, words: 'random', vocabulary: 500, length: 64 },
  batchSize: 4096,
  epochs: 1,
  seed: 1,
};

it('refuses a batch that does not fit before its first step, and says which would', async () => {
  const run = await train(appliance.client, big);
  expect(run).toMatchObject({ state: 'failed', error: { code: 'out_of_memory' } });
  expect(run.error?.message).toMatch(
    /^a batch of \d+ rows needs about .* GiB beside .* but the run has .* left: use --batch-size \d+ or --accumulate \d+/,
  );
  expect(run.metrics).toEqual({});
  expect(await appliance.client.call('system.health', {})).toMatchObject({ ok: true });
});

it('takes the batch that it advised', async () => {
  const refused = await train(appliance.client, big);
  const [, size] = /--batch-size (\d+)/.exec(refused.error?.message ?? '') ?? [];
  const started = await appliance.client.call('runs.create', { body: { ...big, batchSize: Number(size) } });
  for (let i = 0; i < 600; i++) {
    const run = await appliance.client.call('runs.show', { params: { id: started.id } });
    expect(run.error).toBeUndefined();
    if ((run.progress?.done ?? 0) > 0 || run.metrics['train.loss'] !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const stopped = await appliance.client.call('runs.show', { params: { id: started.id } });
  expect(stopped.progress?.done).toBeGreaterThan(0);
  await appliance.client.call('runs.stop', { params: { id: started.id }, body: {} });
  expect(await appliance.client.waitRun(started.id)).toMatchObject({ state: 'stopped' });
});
