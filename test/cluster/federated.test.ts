// Federated runs over three appliances, each with rows of its own under one name: the model learns from all of them, and none leave.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import type { Run, TrainRequest } from '../../engine/schema/index.ts';
import { childrenOf, faultOf, importPath } from '../app/parts/appliance.ts';
import { endRoom, eventually, type Machine, startRoom } from './parts/appliances.ts';

let machines: Machine[];
const rows = [600, 400, 800];

/** Rows of three kinds around three places; this machine has few of the others' kind. */
function table(machine: Machine, count: number, kind: number, columns = ['a', 'b']): string {
  const random = rng(kind, 'federated');
  const lines = Array.from({ length: count }, () => {
    const own = random.next() < 0.8 ? kind : random.int(3);
    const at = [Math.cos((own * 2 * Math.PI) / 3), Math.sin((own * 2 * Math.PI) / 3)];
    return [...at.map((value) => (2 * value + random.normal() * 0.6).toFixed(4)), `kind ${own}`].join(',');
  });
  const path = join(machine.place.root, `rows-${kind}-${columns.join('')}.csv`);
  writeFileSync(path, [[...columns, 'kind'].join(','), ...lines].join('\n'));
  return path;
}
const start = (more: Partial<TrainRequest> = {}) =>
  machines[0].client.call('runs.create', {
    body: {
      dataset: 'points',
      target: 'kind',
      model: 'mlp',
      epochs: 6,
      batchSize: 32,
      seed: 2,
      sync: 'federated',
      syncEvery: 8,
      peers: ['bert', 'carl'],
      ...more,
    },
  });
const jobAt = async (machine: Machine, run: Run) =>
  (await machine.client.call('cluster.jobs', {})).items.find((job) => job.id === run.id);
const ended = async (run: Run): Promise<Run> => {
  const done = await machines[0].client.waitRun(run.id);
  expect(done.error).toBeUndefined();
  expect(done.state).toBe('finished');
  return done;
};

beforeAll(async () => {
  machines = await startRoom(['anna', 'bert', 'carl']);
  for (const [i, machine] of machines.entries()) await importPath(machine.client, table(machine, rows[i], i), 'points');
}, 120_000);
afterAll(() => endRoom(machines ?? []));

test('nobody is trained on who has not offered it, and what does not match is named', {
  timeout: 120_000,
}, async () => {
  const refusals = async (run: Run) => {
    const why = await eventually(async () => {
      const job = await jobAt(machines[0], run);
      const refused = job?.members.filter(({ state }) => state === 'refused' || state === 'left') ?? [];
      return refused.length === 2 && refused.map((one) => one.why);
    }, 'both say no');
    await machines[0].client.call('runs.stop', { params: { id: run.id }, body: {} });
    await eventually(
      async () => !['queued', 'preparing', 'running', 'stopping'].includes((await shown(run)).state),
      'it has stopped',
    );
    return why;
  };
  const shown = (run: Run) => machines[0].client.call('runs.show', { params: { id: run.id } });
  expect((await faultOf(start({ peers: ['bert'] }))).message).toMatch(/three machines or more/);
  expect((await faultOf(start({ model: 'auto' }))).message).toMatch(/name it with --model/);
  expect((await faultOf(start({ wire: 'int8' }))).message).toMatch(/leave --wire out/);
  for (const why of await refusals(await start())) expect(why).toMatch(/does not offer dataset points/);
  for (const [i, machine] of machines.slice(1).entries()) {
    const columns = i === 0 ? ['a', 'c'] : ['a', 'b'];
    await importPath(machine.client, table(machine, 50, i + 1, columns), 'other');
    await machine.client.call('datasets.keep', { params: { id: 'other' }, body: { federates: true } });
    await machine.client.call('datasets.keep', { params: { id: 'points' }, body: { federates: true } });
  }
  await machines[2].client.call('datasets.delete', { params: { id: 'other' } });
  await importPath(machines[0].client, table(machines[0], 50, 0), 'other');
  const why = await refusals(await start({ dataset: 'other' }));
  expect(why.some((one) => /bert has no column b/.test(one ?? ''))).toBe(true);
  expect(why.some((one) => /carl has no dataset other/.test(one ?? ''))).toBe(true);
});

test('learns from what three machines have, of which each knows mostly one kind', { timeout: 120_000 }, async () => {
  const run = await start();
  const done = await ended(run);
  // The test part is the leader's; its rows of the others' kinds are few, and all three kinds are told.
  expect(done.report).toHaveProperty(
    'accuracy',
    expect.toSatisfy((value: number) => value > 0.85),
  );
  const { room } = done;
  expect(room?.members.map(({ name, state }) => [name, state])).toEqual([
    ['anna', 'working'],
    ['bert', 'working'],
    ['carl', 'working'],
  ]);
  expect(room?.reasons.join(' ')).toMatch(/rows of its own.*under masks/);
  // Every sample of every epoch of each member, once; the leader keeps a tenth to judge by and a tenth to test on.
  const samples = Object.fromEntries(room?.members.map((one) => [one.name, one.samples]) ?? []);
  const epochs = done.report?.epochs ?? 0;
  expect(samples['anna'] ?? 0).toBe(480 * epochs);
  await eventually(async () => {
    const at = await Promise.all(machines.slice(1).map((one) => jobAt(one, run)));
    return at.every((job, i) => job?.members[0]?.samples === rows[i + 1] * epochs && job.state === 'over');
  }, 'all of both others’ samples count');
  // No pack left anybody.
  expect(room?.dataBytes).toBe(0);
  const { entries } = await machines[1].client.call('audit.list', { query: { limit: 200 } });
  expect(entries.map((entry) => entry.action)).toContain('rooms.join');
});

test('waits when a member is killed and too few are left for a sum, and ends when it is told to', {
  timeout: 120_000,
}, async () => {
  // The trainer of the run before may still be ending there.
  await eventually(async () => childrenOf(machines[2].pid, 'trainer').length === 0, 'the last run is over');
  const run = await start({ epochs: 400, seed: 3 });
  const steps = async () => (await jobAt(machines[0], run))?.steps ?? 0;
  await eventually(async () => (await steps()) > 16, 'it has met');
  const [child] = childrenOf(machines[2].pid, 'trainer');
  if (child === undefined) throw new Error('no trainer');
  process.kill(child, 'SIGKILL');
  await eventually(async () => (await jobAt(machines[0], run))?.members[2]?.state === 'left', 'it is missed');
  // Two are too few for a sum: what all three had sent is still counted, then it waits.
  await eventually(async () => {
    const before = await steps();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return (await steps()) === before;
  }, 'it waits');
  expect((await machines[0].client.call('runs.show', { params: { id: run.id } })).state).toBe('running');
  expect(await steps()).toBeLessThan(400 * 15);
  await machines[0].client.call('runs.stop', { params: { id: run.id }, body: {} });
  await eventually(async () => {
    const { state } = await machines[0].client.call('runs.show', { params: { id: run.id } });
    return ['stopped', 'finished', 'failed'].includes(state);
  }, 'it ends though it waits');
});
