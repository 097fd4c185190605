// Classic families and searches through the whole appliance: trained, reported, served; killed in the middle and gone on.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classicNames, type Run } from '../../engine/schema/index.ts';
import { modelCard } from '../../main/card.ts';
import { importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';
import { flower, flowers } from './parts/data.ts';

let place: Place;
let appliance: Running;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  await importPath(appliance.client, flowers(place, 600), 'flowers');
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const show = (id: string) => appliance.client.call('runs.show', { params: { id } });

describe('classic families', () => {
  it('are listed with what can be set of them', async () => {
    const { items } = await appliance.client.call('families.list', {});
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining([...classicNames]));
    expect(items.find(({ name }) => name === 'boosting')?.hyper.map(({ name }) => name)).toContain('leaves');
  });

  for (const model of ['boosting', 'extra-trees', 'glm'] as const) {
    it(`${model} trains, reports, and answers over REST`, async () => {
      const run = await train(appliance.client, { dataset: 'flowers', target: 'kind', model, seed: 1, name: model });
      expect(run.error).toBeUndefined();
      expect(run).toMatchObject({ state: 'finished', plan: { family: model }, report: { task: 'multiclass' } });
      expect(run.report && 'accuracy' in run.report && run.report.accuracy).toBeGreaterThan(0.8);
      await appliance.client.call('deployments.create', { body: { model } });
      const { outputs } = await appliance.client.call('deployments.predict', {
        params: { name: model },
        body: { inputs: [flower] },
      });
      expect(outputs[0]).toMatchObject({ label: expect.any(String) as string });
      await appliance.client.call('deployments.stop', { params: { name: model } });
    });
  }

  it('refuse hyper-parameters that they do not have', async () => {
    const run = await train(appliance.client, {
      dataset: 'flowers',
      target: 'kind',
      model: 'knn',
      hyper: { hidden: 3 },
    });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'bad_request' } });
    expect(run.error?.message).toContain('it has neighbours, weights, prior');
  });
});

/** What must be the same; times are not. */
const shown = ({ search, report }: Run) => ({
  weights: report?.weights,
  members: search?.members,
  trials: search?.rows.map(({ id, family, hyper, loss }) => ({ id, family, hyper, loss })),
});

describe('a search of a number of trials', () => {
  const request = { dataset: 'flowers', target: 'kind', trials: 9, seed: 4 } as const;

  it('killed with its appliance it goes on, repeats no finished trial, and has the same winner', async () => {
    const undisturbed = await train(appliance.client, { ...request, name: 'calm' });
    expect(undisturbed.error).toBeUndefined();
    expect(undisturbed.search).toMatchObject({ trials: 9, interval: [expect.any(Number), expect.any(Number)] });

    const { id } = await appliance.client.call('runs.create', { body: { ...request, name: 'killed' } });
    await expect
      .poll(async () => (await show(id)).checkpoint?.step ?? 0, { timeout: 60_000, interval: 10 })
      .toBeGreaterThanOrEqual(2);
    const before = await show(id);
    await appliance.crash();
    appliance = await launch(place);
    expect((await show(id)).state).toBe('interrupted');
    await appliance.client.call('runs.resume', { params: { id }, body: {} });
    const done = await appliance.client.waitRun(id);
    expect(done.error).toBeUndefined();
    expect(shown(done)).toEqual(shown(undisturbed));
    // A fit takes another time each time: the same figure is the same fit.
    const safe = before.checkpoint?.step ?? 0;
    const times = new Set(done.search?.rows.map(({ fitMs }) => fitMs));
    const kept = (before.search?.rows ?? []).filter(({ fitMs }) => times.has(fitMs));
    expect(kept.length).toBeGreaterThanOrEqual(safe);
  });

  it('is done again decision by decision, and goes on with its trials', async () => {
    const { items } = await appliance.client.call('runs.list', { query: { search: 'calm' } });
    const [calm] = items;
    const again = await train(appliance.client, {
      dataset: 'flowers',
      target: 'kind',
      seed: 4,
      name: 'again',
      from: { run: calm.id, as: 'replay' },
    });
    expect(again.error).toBeUndefined();
    expect(again.search?.replay).toEqual({ run: calm.id, trials: 9, same: 9 });
    expect(again.report?.weights).toBe(calm.report?.weights);

    const space = { glm: { c: { from: 0.01, to: 10, log: true } } };
    const from = { run: calm.id, as: 'extend' } as const;
    const further = await train(appliance.client, { ...request, trials: 11, name: 'further', space, from });
    expect(further.error).toBeUndefined();
    expect(further.search?.trials).toBe(11);
    const rows = further.search?.rows ?? [];
    expect(rows.filter(({ id }) => id >= 9).map(({ family }) => family)).toEqual(['glm', 'glm']);
    const times = new Set(calm.search?.rows.map(({ fitMs }) => fitMs));
    expect(rows.filter(({ fitMs }) => times.has(fitMs)).length).toBeGreaterThanOrEqual(9);
    const other = appliance.client.call('runs.create', { body: { ...request, seed: 5, trials: 12, from } });
    await expect(other).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('is reported as one model that answers', async () => {
    const { items } = await appliance.client.call('models.list', { query: {} });
    expect(items.find(({ name }) => name === 'calm')).toMatchObject({ task: 'multiclass' });
  });
});

it('a column that gives the target away is told before the first trial', async () => {
  const lines = readFileSync(flowers(place, 150, 'leaky.csv'), 'utf8')
    .trim()
    .split('\n');
  const codes = new Map([['kind', 'code']]);
  const leaky = lines.map((line) => {
    const kind = line.slice(line.lastIndexOf(',') + 1);
    codes.set(kind, codes.get(kind) ?? `k${codes.size}`);
    return `${codes.get(kind)},${line}`;
  });
  const path = join(place.root, 'leaky.csv');
  writeFileSync(path, `${leaky.join('\n')}\n`);
  await importPath(appliance.client, path, 'leaky');
  const { id } = await appliance.client.call('runs.create', {
    body: { dataset: 'leaky', target: 'kind', trials: 1, seed: 1 },
  });
  const told: { isWarned: boolean; trials: number }[] = [];
  const run = await appliance.client.waitRun(id, ({ type, data }) => {
    if (type !== 'run.changed') return;
    const { plan, search } = data as Run;
    const isWarned = plan?.reasons.some((reason) => reason.startsWith('careful:') && reason.includes('code')) === true;
    told.push({ isWarned, trials: search?.trials ?? 0 });
  });
  expect(run.error).toBeUndefined();
  expect(run.search?.leaks.some((leak) => leak.includes('code'))).toBe(true);
  expect(told.find(({ isWarned }) => isWarned)).toEqual({ isWarned: true, trials: 0 });
});

describe('a search under a clock', () => {
  it('ends by itself with a model, and its card can be written', async () => {
    const request = { dataset: 'flowers', target: 'kind', budget: '6s', seed: 1, name: 'timed' } as const;
    const run = await train(appliance.client, request);
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'finished', model: { name: 'timed' }, plan: { task: 'multiclass' } });
    const card = modelCard(run, await appliance.client.call('datasets.show', { params: { id: run.dataset.id } }));
    expect(card).toMatch(/^<!doctype html>/);
    for (const part of ['timed, version 1', 'Scores on rows that it never saw', 'setosa', 'Limits']) {
      expect(card).toContain(part);
    }
  });
});
