// What kills leave: a trainer, a host or the whole appliance ended by SIGKILL at any moment, and what is there afterwards.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run, TrainRequest } from '../../engine/schema/index.ts';
import { childrenOf, faultOf, importPath, launch, makePlace, type Place, type Running } from './parts/appliance.ts';
import { flower, flowers } from './parts/data.ts';

let place: Place;
let appliance: Running;
const settings = { checkpointSeconds: 0.3 };
const request: Partial<TrainRequest> & { dataset: string } = {
  dataset: 'flowers',
  target: 'kind',
  model: 'mlp',
  epochs: 25,
  batchSize: 32,
  seed: 3,
};

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place, settings);
  await importPath(appliance.client, flowers(place, 2000), 'flowers');
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const show = (id: string) => appliance.client.call('runs.show', { params: { id } });
const start = (more: Partial<TrainRequest> = {}) =>
  appliance.client.call('runs.create', { body: { ...request, ...more } });

/** Waits until a run has a checkpoint behind it and steps after it. */
async function midway(id: string): Promise<Run> {
  let run = await show(id);
  await expect
    .poll(async () => (run = await show(id)).checkpoint !== undefined || ['finished', 'failed'].includes(run.state), {
      timeout: 60_000,
      interval: 20,
    })
    .toBe(true);
  expect(run.state).toBe('running');
  return run;
}

/** All that a report says but how long it took. */
function figures(run: Run) {
  const { seconds: _seconds, ...rest } = run.report ?? { seconds: 0 };
  return rest;
}
/** A curve without its clock. */
async function curve(id: string, names = ['val.loss', 'val.accuracy']) {
  const { points } = await appliance.client.call('runs.metrics', { params: { id } });
  return points
    .filter(({ name }) => names.includes(name))
    .map(({ step, epoch, name, value }) => [step, epoch, name, value]);
}

describe('kill -9 of the trainer', () => {
  it('leaves a run that says how to go on, an appliance that answers, and ends like an undisturbed run', async () => {
    const undisturbed = await appliance.client.waitRun((await start()).id);
    expect(undisturbed.state).toBe('finished');

    const { id } = await start();
    await midway(id);
    const [trainer] = childrenOf(appliance.pid, 'trainer');
    let slowest = 0;
    const going = new AbortController();
    const watch = (async () => {
      while (!going.signal.aborted) {
        const began = performance.now();
        await appliance.client.call('system.health', {});
        slowest = Math.max(slowest, performance.now() - began);
      }
    })();
    process.kill(trainer, 'SIGKILL');
    await expect.poll(async () => (await show(id)).state, { timeout: 10_000, interval: 10 }).toBe('interrupted');
    going.abort();
    await watch;
    expect(slowest).toBeLessThan(1000);
    const interrupted = await show(id);
    expect(interrupted.error?.message).toContain(`neutrino runs resume ${id}`);
    expect(interrupted.error?.code).toBe('child_died');

    const resumed = await appliance.client.call('runs.resume', { params: { id }, body: {} });
    expect(['queued', 'preparing']).toContain(resumed.state);
    const done = await appliance.client.waitRun(id);
    expect(done.state).toBe('finished');
    expect(done.report?.weights).toBe(undisturbed.report?.weights);
    expect(figures(done)).toEqual(figures(undisturbed));
    expect(await curve(id)).toEqual(await curve(undisturbed.id));
  });

  it('resumes from the start when there was no checkpoint yet', async () => {
    // The trainer of the run before may still be ending.
    await expect.poll(() => childrenOf(appliance.pid, 'trainer').length, { timeout: 20_000 }).toBe(0);
    const { id } = await start({ epochs: 3, name: 'early' });
    await expect.poll(() => childrenOf(appliance.pid, 'trainer').length, { timeout: 20_000, interval: 5 }).toBe(1);
    process.kill(childrenOf(appliance.pid, 'trainer')[0], 'SIGKILL');
    const cut = await appliance.client.waitRun(id);
    expect(cut.state).toBe('interrupted');
    await appliance.client.call('runs.resume', { params: { id }, body: {} });
    expect(await appliance.client.waitRun(id)).toMatchObject({
      state: 'finished',
      model: { name: 'early', version: 1 },
    });
  });
});

describe('stopping a run', () => {
  it('keeps the best state as a model, and lets it go on later', async () => {
    const { id } = await start({ epochs: 4000, name: 'stopped' });
    await midway(id);
    await appliance.client.call('runs.stop', { params: { id }, body: {} });
    const run = await appliance.client.waitRun(id);
    expect(run).toMatchObject({ state: 'stopped', model: { name: 'stopped', version: 1 } });
    expect(run.report).toBeDefined();
    expect(await faultOf(appliance.client.call('runs.stop', { params: { id }, body: {} }))).toMatchObject({
      code: 'conflict',
    });
    await appliance.client.call('runs.resume', { params: { id }, body: {} });
    await expect.poll(async () => (await show(id)).state, { timeout: 20_000 }).toBe('running');
    await appliance.client.call('runs.stop', { params: { id }, body: {} });
    expect(await appliance.client.waitRun(id)).toMatchObject({ state: 'stopped', model: { version: 2 } });
  });

  it('takes a queued run out of the queue, which is worked on one at a time', async () => {
    const first = await start({ epochs: 4000, name: 'first' });
    const second = await start({ name: 'second' });
    const third = await start({ epochs: 2, name: 'third' });
    await midway(first.id);
    expect((await show(second.id)).state).toBe('queued');
    expect(await appliance.client.call('runs.stop', { params: { id: second.id }, body: {} })).toMatchObject({
      state: 'stopped',
    });
    const inUse = await faultOf(appliance.client.call('datasets.delete', { params: { id: 'flowers' } }));
    expect(inUse.code).toBe('conflict');
    await appliance.client.call('runs.stop', { params: { id: first.id }, body: {} });
    expect((await appliance.client.waitRun(first.id)).state).toBe('stopped');
    expect((await appliance.client.waitRun(third.id)).state).toBe('finished');
    expect((await show(second.id)).model).toBeUndefined();
  });
});

/** An answer with its scores to six places. */
const rounded = (answer: unknown): unknown =>
  JSON.parse(
    JSON.stringify(answer, (_, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(6)) : value)),
  );

describe('kill -9 of a model host', () => {
  it('loses no request', async () => {
    await appliance.client.call('deployments.create', { body: { model: 'early', name: 'early' } });
    const ask = async () => {
      const { id: _own, ...answer } = await appliance.client.call('deployments.predict', {
        params: { name: 'early' },
        body: { inputs: [flower] },
      });
      return answer;
    };
    const first = await ask();
    for (let round = 0; round < 2; round++) {
      const [host] = childrenOf(appliance.pid, 'host');
      const asks = Array.from({ length: 20 }, ask);
      process.kill(host, 'SIGKILL');
      // Questions that run together may differ in a score's last bits: a product of many rows adds in another order.
      for (const answer of await Promise.all(asks)) expect(rounded(answer)).toEqual(rounded(first));
    }
  });
});

describe('kill -9 of the appliance', () => {
  it('loses nothing that it acknowledged, leaves no orphans, and starts what was wanted', async () => {
    const { id } = await start({ epochs: 4000, name: 'cut' });
    const waiting = await start({ epochs: 2, name: 'waiting' });
    await midway(id);
    const key = await appliance.client.call('keys.create', { body: { role: 'predictor', name: 'kept' } });
    const [datasets, models, keys] = await Promise.all([
      appliance.client.call('datasets.list', {}),
      appliance.client.call('models.list', {}),
      appliance.client.call('keys.list', {}),
    ]);
    const children = [...childrenOf(appliance.pid, 'trainer'), ...childrenOf(appliance.pid, 'host')];
    expect(children.length).toBeGreaterThanOrEqual(2);
    await appliance.crash();
    await expect.poll(() => children.filter(isAlive), { timeout: 15_000 }).toEqual([]);

    appliance = await launch(place, settings);
    expect((await appliance.client.call('datasets.list', {})).items).toEqual(datasets.items);
    expect((await appliance.client.call('models.list', {})).items).toEqual(expect.arrayContaining(models.items));
    expect((await appliance.client.call('keys.list', {})).items.map((one) => one.id)).toEqual(
      keys.items.map((one) => one.id),
    );
    const run = await show(id);
    expect(run).toMatchObject({ state: 'interrupted', error: { code: 'child_died' } });
    expect(run.error?.message).toContain(`neutrino runs resume ${id}`);
    const { points } = await appliance.client.call('runs.metrics', { params: { id } });
    expect(points.length).toBeGreaterThan(0);
    // What was queued is trained now; what was served is served.
    expect(await appliance.client.waitRun(waiting.id)).toMatchObject({ state: 'finished' });
    await expect
      .poll(async () => (await appliance.client.call('deployments.show', { params: { name: 'early' } })).state, {
        timeout: 30_000,
      })
      .toBe('ready');
    const asked = await fetch(`${appliance.url}/api/v1/deployments/early/predict`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: [flower] }),
    });
    expect(asked.status).toBe(200);
    expect(await appliance.client.call('audit.verify', {})).toMatchObject({ ok: true });
    await appliance.client.call('runs.resume', { params: { id }, body: {} });
    await expect.poll(async () => (await show(id)).state, { timeout: 20_000 }).toBe('running');
    await appliance.client.call('runs.stop', { params: { id }, body: {} });
    expect((await appliance.client.waitRun(id)).state).toBe('stopped');
  });

  it('refuses a second appliance over the same directory and names the first', async () => {
    const second = await launch(place).then(
      () => 'started',
      (fault: unknown) => fault,
    );
    expect(second).toMatchObject({ code: 'already_running', details: { pid: appliance.pid, url: appliance.url } });
  });
});

describe('an appliance that lives for one command', () => {
  it('interrupts its run when it ends, saves what is to be served, and answers for it meanwhile', async () => {
    await appliance.stop();
    appliance = await launch(place, { ...settings, lasting: false });
    const state = async () => (await appliance.client.call('deployments.show', { params: { name: 'early' } })).state;
    expect(await state()).toBe('saved');
    expect(childrenOf(appliance.pid, 'host')).toEqual([]);
    const ask = async () => {
      const { id: _own, ...answer } = await appliance.client.call('deployments.predict', {
        params: { name: 'early' },
        body: { inputs: [flower] },
      });
      return answer;
    };
    const answer = await ask();
    const { id } = await start({ epochs: 4000, name: 'short' });
    await midway(id);
    await appliance.stop();

    appliance = await launch(place, settings);
    const run = await show(id);
    expect(run).toMatchObject({ state: 'interrupted', error: { code: 'child_died' } });
    expect(run.error?.message).toContain('stopped');
    expect(run.checkpoint).toBeDefined();
    await expect.poll(state, { timeout: 30_000 }).toBe('ready');
    expect(await ask()).toEqual(answer);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
