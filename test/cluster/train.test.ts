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
  await importPath(anna.client, flowers(anna.place, 3000), 'flowers');
});
afterAll(() => endRoom([anna, bert].filter(Boolean)));

const start = (more: Partial<TrainRequest> = {}) => anna.client.call('runs.create', { body: { ...request, ...more } });
const finished = async (run: Run): Promise<Run> => {
  const done = await anna.client.waitRun(run.id);
  expect(done.error).toBeUndefined();
  expect(done.state).toBe('finished');
  return done;
};
/** Figures at the ends of epochs: what all steps until then came to. */
async function figures(run: Run): Promise<{ step: number; value: number }[]> {
  const { points } = await anna.client.call('runs.metrics', { params: { id: run.id } });
  return points.filter(({ name }) => name === 'val.loss').map(({ step, value }) => ({ step, value }));
}
const jobOf = async (machine: Machine, run: Run) =>
  (await machine.client.call('cluster.jobs', {})).items.find((job) => job.id === run.id);
/** Runs are long enough that a machine which was slow to begin, and was left out meanwhile, still comes to its turn. */
const working = (run: Run) =>
  eventually(
    async () => {
      const job = await jobOf(anna, run);
      return job && job.members.length === 2 && job.members.every((one) => one.samples > 0) && job;
    },
    'both machines have taken steps',
    async () => [await jobOf(anna, run), await jobOf(bert, run)],
  );
const audited = async (machine: Machine): Promise<string[]> =>
  (await machine.client.call('audit.list', { query: { limit: 100 } })).entries.map((entry) => entry.action);

describe('a run over two machines', () => {
  test('takes the steps of one machine, says who did what, and leaves nothing behind', async () => {
    const alone = await finished(await start());
    const together = await finished(await start({ peers: ['bert'] }));
    const [a, b] = [await figures(alone), await figures(together)];
    expect(b.map(({ step }) => step)).toEqual(a.map(({ step }) => step));
    for (const [i, { value }] of a.entries()) expect(Math.abs(value - (b[i]?.value ?? 9))).toBeLessThan(1e-4);
    expect(Math.abs((together.report?.loss ?? 9) - (alone.report?.loss ?? 0))).toBeLessThan(1e-4);

    const room = together.room;
    expect(room?.members.map(({ name, state }) => [name, state])).toEqual([
      ['anna', 'working'],
      ['bert', 'working'],
    ]);
    expect(room?.samples).toBe(room?.members.reduce((sum, one) => sum + one.samples, 0));
    for (const one of room?.members ?? []) expect(one.samples).toBeGreaterThan(0);
    // At every evaluation both found their weights equal, to the bit.
    expect(room?.checks).toBeGreaterThanOrEqual(3);
    await eventually(async () => (await jobOf(bert, together))?.state === 'over', 'bert is done');
    expect(readdirSync(join(bert.place.dataDir, 'guests'))).toEqual([]);
    expect(await audited(anna)).toContain('rooms.invite');
    const there = await audited(bert);
    expect(there).toContain('rooms.join');
    expect(there).toContain('rooms.leave');
  });

  test('goes on when the other’s trainer is killed, and every sample counts once', async () => {
    const alone = await finished(await start({ epochs: 24 }));
    const run = await start({ epochs: 24, peers: ['all'] });
    await working(run);
    const [trainer] = childrenOf(bert.pid, 'trainer');
    process.kill(trainer, 'SIGKILL');
    const done = await finished(run);
    const [left] = done.room?.members.filter((one) => one.name === 'bert') ?? [];
    expect([left?.state, left?.why]).toEqual(['left', expect.stringMatching(/killed/)]);
    const [a, b] = [await figures(alone), await figures(done)];
    expect(b.map(({ step }) => step)).toEqual(a.map(({ step }) => step));
    for (const [i, { value }] of a.entries()) expect(Math.abs(value - (b[i]?.value ?? 9))).toBeLessThan(1e-2);
  });

  test('is gathered again from its checkpoint when the leading trainer was killed', async () => {
    const run = await start({ epochs: 30, peers: ['bert'] });
    const shown = () => anna.client.call('runs.show', { params: { id: run.id } });
    await working(run);
    await eventually(async () => (await shown()).checkpoint, 'a checkpoint');
    const [trainer] = childrenOf(anna.pid, 'trainer');
    process.kill(trainer, 'SIGKILL');
    await eventually(async () => (await shown()).state === 'interrupted', 'the end of the trainer');
    await eventually(async () => (await jobOf(bert, run))?.state === 'over', 'bert lets go');
    const done = await finished(await anna.client.call('runs.resume', { params: { id: run.id }, body: {} }));
    const there = done.room?.members.find((one) => one.name === 'bert');
    expect(there?.state).toBe('working');
    expect(there?.samples).toBeGreaterThan(0);
  });

  test('is refused by name where a peer does not allow it, or where steps cannot be shared', async () => {
    const [{ id } = { id: '' }] = (await bert.client.call('peers.list', {})).items;
    const allow = (train: boolean) =>
      bert.client.call('peers.update', { params: { id }, body: { permissions: { train } } });
    await allow(false);
    await eventually(
      async () => (await anna.client.call('peers.list', {})).items.some((peer) => peer.granted?.train === false),
      'anna hears of it',
    );
    expect(await faultOf(start({ peers: ['bert'] }))).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(
        /^bert does not let this machine train there; on bert: neutrino cluster allow anna/,
      ),
    });
    expect((await faultOf(start({ peers: ['all'] }))).code).toBe('conflict');
    await allow(true);
    const keep = (stays: boolean) => anna.client.call('datasets.keep', { params: { id: 'flowers' }, body: { stays } });
    await keep(true);
    expect(await faultOf(start({ peers: ['bert'] }))).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^dataset flowers stays on this machine/),
    });
    await keep(false);
    expect((await faultOf(start({ peers: ['nobody'] }))).code).toBe('not_found');
    expect((await faultOf(start({ peers: ['bert'], model: 'boosting' }))).message).toMatch(/not trained in steps/);
  });

  test('is left by a machine whose owner takes it out', async () => {
    await eventually(
      async () =>
        (await anna.client.call('peers.list', {})).items.some((one) => one.link === 'up' && one.granted?.train),
      'a link to bert',
    );
    const run = await start({ epochs: 30, peers: ['bert'] });
    await working(run);
    await bert.client.call('cluster.endJob', { params: { id: run.id } });
    const done = await finished(run);
    const [left] = done.room?.members.filter((one) => one.name === 'bert') ?? [];
    expect([left?.state, left?.why]).toEqual(['left', 'bert was taken out by its owner']);
  });
});
