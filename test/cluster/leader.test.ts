// The machine that leads a run is lost: the others, being more than half, go on without it, and it joins them when it is back.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../engine/schema/index.ts';
import { childrenOf, importPath, launch } from '../app/parts/appliance.ts';
import { flowers } from '../app/parts/data.ts';
import { endRoom, eventually, type Machine, settings, startRoom } from './parts/appliances.ts';

let anna: Machine;
let bert: Machine;
let carl: Machine;

beforeAll(async () => {
  [anna, bert, carl] = (await startRoom(['anna', 'bert', 'carl'])) as [Machine, Machine, Machine];
  await importPath(anna.client, flowers(anna.place, 3000), 'flowers');
});
afterAll(() => endRoom([anna, bert, carl].filter(Boolean)));

const jobAt = async (machine: Machine, run: Run) =>
  (await machine.client.call('cluster.jobs', {})).items.find((job) => job.id === run.id);
const shown = (run: Run) => anna.client.call('runs.show', { params: { id: run.id } });
/** What this machine has trained on. */
const samplesAt = async (machine: Machine, run: Run) =>
  (await jobAt(machine, run))?.members.find((one) => one.name === machine.name)?.samples ?? 0;

/** What is known of a run that did not do what it should. */
const seen = async (run: Run) => [
  await shown(run),
  ...(await Promise.all([anna, bert, carl].map((one) => jobAt(one, run)))),
];

async function begin(seed: number): Promise<Run> {
  const request = { dataset: 'flowers', target: 'kind', model: 'mlp', batchSize: 64, epochs: 8, seed } as const;
  const run = await anna.client.call('runs.create', { body: { ...request, sync: 'sync', peers: ['bert', 'carl'] } });
  await eventually(
    async () => {
      const at = await Promise.all([anna, bert, carl].map((one) => samplesAt(one, run)));
      return at.every((samples) => samples > 0);
    },
    'all three have taken steps',
    () => seen(run),
  );
  return run;
}

/** Both others train on though nobody leads from here. */
async function goOn(run: Run): Promise<void> {
  const before = await samplesAt(bert, run);
  await eventually(async () => (await samplesAt(bert, run)) > before, 'bert goes on');
}

async function ends(run: Run): Promise<void> {
  const done = await eventually(
    async () => {
      const now = await shown(run);
      return ['finished', 'failed'].includes(now.state) && now;
    },
    'the run ends',
    () => seen(run),
  );
  expect(done.error).toBeUndefined();
  expect(done.state).toBe('finished');
  expect(done.report?.epochs).toBe(8);
  expect(done.room?.members.map(({ name, state }) => [name, state])).toEqual([
    ['anna', 'working'],
    ['bert', 'working'],
    ['carl', 'working'],
  ]);
  for (const one of [bert, carl])
    await eventually(async () => (await jobAt(one, run))?.state === 'over', `${one.name} is let go`);
}

test('its trainer is killed: the others go on, and a new one joins them', { timeout: 120_000 }, async () => {
  const run = await begin(1);
  const trainers = () => [bert, carl].map((one) => childrenOf(one.pid, 'trainer'));
  const before = trainers();
  const [trainer] = childrenOf(anna.pid, 'trainer');
  if (trainer === undefined) throw new Error('no trainer');
  process.kill(trainer, 'SIGKILL');
  await goOn(run);
  // The same processes all along: nothing began anew.
  expect(trainers()).toEqual(before);
  await ends(run);
});

test('the whole machine is lost and comes back: it joins what went on without it', { timeout: 120_000 }, async () => {
  const run = await begin(2);
  await anna.crash();
  await goOn(run);
  anna = { ...(await launch(anna.place, { ...settings, name: 'anna' })), name: 'anna', place: anna.place };
  await ends(run);
});
