// Data-parallel jobs over real TLS on loopback: members compute, one is lost, one joins; each sample counts once and all end alike.
import { afterEach, expect, test } from 'vitest';
import { type JobNode, openJobNode, rowsOf } from '../../engine/cluster/job/node.ts';
import type { Fault, Generation, PeerAddress } from '../../engine/schema/index.ts';
import { createIdentity, type Identity, nodeId } from '../../engine/security/index.ts';

const steps = 42;
const samples = 48;
const batch = 16;

interface Trainer {
  id: string;
  node: JobNode;
  weights: Float32Array;
  applied: number;
  done: Promise<void>;
}

const trainers: Trainer[] = [];
const roster = new Map<string, PeerAddress>();
const refusals: string[] = [];
afterEach(async () => {
  await Promise.all(trainers.splice(0).map((one) => one.node.close()));
  roster.clear();
  refusals.length = 0;
});

async function people(count: number): Promise<{ identity: Identity; id: string }[]> {
  const made = await Promise.all(Array.from({ length: count }, (_, i) => createIdentity(`trainer ${i}`)));
  return made.map((identity) => ({ identity, id: nodeId(identity.certificate) }));
}

/** A trainer whose weights count how often each sample was used; `pace` ms a step. */
async function trainer(
  { identity, id }: { identity: Identity; id: string },
  generation: Generation,
  options: { has?: boolean; pace?: number; until?: number } = {},
): Promise<Trainer> {
  const { has = true, pace = 10, until = steps } = options;
  const self = { id, weights: new Float32Array(samples), applied: 0 } as Trainer;
  self.node = await openJobNode({
    identity,
    host: '127.0.0.1',
    port: 0,
    roster: () => roster,
    durable: { generation, promised: undefined, accepted: undefined },
    steps,
    has,
    persist: () => undefined,
    state: () => Promise.resolve(new Uint8Array(self.weights.slice().buffer)),
    refused: (who: string, fault: Fault) => void refusals.push(`${who} ${fault.message}`),
  });
  roster.set(id, { host: '127.0.0.1', port: self.node.port });
  trainers.push(self);
  const load = (state: Uint8Array, step: number) => {
    self.weights = new Float32Array(state.slice().buffer);
    self.applied = step;
  };
  self.done = (async () => {
    const first = await self.node.begin();
    if (!first) return;
    if (first.state) load(first.state, first.step);
    self.applied = first.step;
    let place = first.place;
    while (self.applied < until) {
      const step = self.applied;
      const { from, to } = rowsOf(place, batch);
      await new Promise((resolve) => setTimeout(resolve, pace));
      const gradient = new Float32Array(samples);
      for (let i = from; i < to; i++) gradient[(step * batch + i) % samples] = 1;
      // In every other step half of them travel as the rows of a table.
      const rows = Uint32Array.from(gradient.subarray(0, samples / 2).keys()).filter((i) => gradient[i] > 0);
      const turn = await self.node.reduce({
        step,
        tables: step % 2 === 0 ? [] : [{ at: 0, count: samples / 2, width: 1, rows }],
        generation: place.generation,
        values: gradient,
        exactFrom: gradient.length / 2,
      });
      place = turn.place;
      if (turn.what === 'moved') load(turn.state, turn.step);
      if (turn.what !== 'held') continue;
      for (let i = 0; i < samples; i++) self.weights[i] = (self.weights[i] ?? 0) + (gradient[i] ?? 0);
      self.applied++;
    }
  })();
  return self;
}

const founding = (ids: string[]): Generation => ({
  number: 1,
  leader: ids[0] ?? '',
  members: ids.map((id, i) => ({ id, share: (i + 1) / ((ids.length * (ids.length + 1)) / 2) })),
  voters: ids,
  step: 0,
  holders: ids,
  over: false,
});
const once = Array.from({ length: samples }, () => (steps * batch) / samples);

test('three trainers with unequal shares end with the same weights', { timeout: 60_000 }, async () => {
  const who = await people(3);
  const generation = founding(who.map((one) => one.id));
  const all = await Promise.all(who.map((one) => trainer(one, generation)));
  await Promise.all(all.map((one) => one.done));
  for (const one of all) expect([...one.weights]).toEqual(once);
  expect(refusals).toEqual([]);
});

test('one is lost and one joins: nothing is lost or counted twice', { timeout: 60_000 }, async () => {
  const who = await people(4);
  const [first, second, third, late] = who;
  if (!first || !second || !third || !late) throw new Error('four');
  const generation = founding([first.id, second.id, third.id]);
  const stays = await Promise.all([first, second].map((one) => trainer(one, generation, { pace: 60 })));
  const goes = await trainer(third, generation, { pace: 60 });
  await until(() => goes.applied > 4);
  await goes.node.close();
  const outside: Generation = { ...generation, number: 0, members: [], voters: [], holders: [] };
  await until(() => (stays[0]?.node.member.generation.number ?? 1) > 1);
  const joins = await trainer(late, outside, { has: false, pace: 60 });
  await Promise.all([...stays, joins].map((one) => one.done));
  for (const one of [...stays, joins]) expect([...one.weights]).toEqual(once);
});

async function until(ask: () => boolean): Promise<void> {
  while (!ask()) await new Promise((resolve) => setTimeout(resolve, 10));
}
