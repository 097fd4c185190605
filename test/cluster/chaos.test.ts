// 180 seeded schedules of machines that are killed, stopped, cut off, leave and join, on virtual time. Whatever happens: a job whose
// network heals ends, every sample of every epoch counts once, no step means two things, no generation has two forms.
import { describe, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { VirtualRoom } from './parts/virtual.ts';

const steps = 30;
const samples = 60;
const batch = 20;
const troubleMs = 20_000;

/** What must hold of every schedule, whatever was done to it. */
function laws(room: VirtualRoom): void {
  const contents = new Map<number, Set<string>>();
  const forms = new Map<number, Set<string>>();
  for (const { what, step, content, generation } of room.deeds) {
    if (what === 'applied') contents.set(step, (contents.get(step) ?? new Set()).add(content ?? ''));
    forms.set(generation.number, (forms.get(generation.number) ?? new Set()).add(JSON.stringify(generation)));
  }
  for (const [step, found] of contents) expect(found.size, `step ${step} has one content`).toBe(1);
  for (const [number, found] of forms) expect(found.size, `generation ${number} has one form`).toBe(1);
}

function ended(room: VirtualRoom): boolean {
  return room.ids.every((id) => room.machines.get(id)?.member.state === 'over');
}

const once = Array.from({ length: samples }, () => (steps * batch) / samples);

/** Trouble of all kinds in the first twenty seconds; then all is well again. */
function disturb(room: VirtualRoom, seed: number): void {
  const random = rng(seed, 'trouble');
  const any = () => room.ids[random.int(room.ids.length)] ?? 'a';
  const events = 1 + random.int(5);
  let joined = false;
  for (let i = 0; i < events; i++) {
    const at = 500 + random.int(troubleMs);
    const kind = random.int(6);
    room.after(at, () => {
      const who = any();
      if (kind === 0 && room.machines.get(who)?.up) room.kill(who, 1000 + random.int(6000));
      if (kind === 1) room.pause(who, 200 + random.int(8000));
      if (kind === 2)
        room.cut(
          [who],
          room.ids.filter((id) => id !== who),
          200 + random.int(10_000),
        );
      if (kind === 3) {
        const half = rng(seed, 'half', i)
          .shuffle([...room.ids])
          .slice(0, Math.floor(room.ids.length / 2));
        room.cut(
          half,
          room.ids.filter((id) => !half.includes(id)),
          200 + random.int(10_000),
        );
      }
      if (kind === 4) {
        const other = any();
        if (other !== who) room.cut([who], [other], 200 + random.int(10_000));
      }
      if (kind === 5 && !joined) {
        joined = true;
        room.join('z');
      }
    });
  }
}

describe('whatever happens on the way', () => {
  for (const size of [3, 4, 5]) {
    test(`60 schedules of ${size} machines end, each sample counted once`, { timeout: 120_000 }, async () => {
      for (let seed = 0; seed < 60; seed++) {
        const room = new VirtualRoom({ size, seed: seed * 10 + size, steps, samples, batch });
        disturb(room, seed * 10 + size);
        const done = await room.run(() => ended(room) && room.now > troubleMs + 12_000, 600_000);
        const where = `size ${size}, seed ${seed}`;
        expect(
          done,
          `${where} ends: ${JSON.stringify([...room.machines.values()].map((m) => [m.id, m.member.state, m.member.standing, m.member.generation]))}`,
        ).toBe(true);
        laws(room);
        expect(room.results.length, where).toBeGreaterThan(0);
        for (const weights of room.results) expect(weights, where).toEqual(once);
      }
    });
  }
});

test('an undisturbed job of machines alike stays in its first generation until it is over', async () => {
  const room = new VirtualRoom({ size: 4, seed: 1, steps, samples, batch, speed: 0.1 });
  expect(await room.run(() => ended(room), 600_000)).toBe(true);
  laws(room);
  expect(Math.max(...room.deeds.map((deed) => deed.generation.number))).toBe(2);
  expect(room.results).toEqual([once, once, once, once]);
});

test('shares come to fit the speeds, and no sample is lost by it', async () => {
  const room = new VirtualRoom({ size: 3, seed: 2, steps: 90, samples, batch });
  expect(await room.run(() => ended(room), 600_000)).toBe(true);
  laws(room);
  const speeds = new Map([...room.machines.values()].map((one) => [one.id, one.speed]));
  const total = [...speeds.values()].reduce((sum, speed) => sum + speed, 0);
  const last = room.deeds.at(-1)?.generation;
  expect(last?.number).toBe(3);
  for (const { id, share } of last?.members ?? []) expect(share).toBeCloseTo((speeds.get(id) ?? 0) / total, 6);
  for (const weights of room.results)
    expect(weights).toEqual(Array.from({ length: samples }, () => (90 * batch) / samples));
});

test('a minority waits while the majority goes on without it, the leader included', async () => {
  const room = new VirtualRoom({ size: 5, seed: 3, steps: 200, samples, batch });
  room.after(1000, () => room.cut(['a', 'b'], ['c', 'd', 'e'], 15_000));
  await room.run(() => room.now > 15_000, 15_500);
  const applied = (id: string, from: number, to: number) =>
    room.deeds.filter((deed) => deed.who === id && deed.what === 'applied' && deed.at > from && deed.at < to).length;
  // A step that all held may still be applied on either side; no more than that.
  expect(applied('a', 1500, 15_000)).toBeLessThanOrEqual(1);
  expect(applied('b', 1500, 15_000)).toBeLessThanOrEqual(1);
  expect(applied('c', 8000, 15_000)).toBeGreaterThan(5);
  expect(room.machines.get('c')?.member.generation.leader).toMatch(/[cde]/);
  expect(await room.run(() => ended(room), 900_000)).toBe(true);
  laws(room);
});

test('of two halves the one with the leader goes on', async () => {
  const room = new VirtualRoom({ size: 2, seed: 4, steps: 100, samples, batch });
  room.after(1000, () => room.cut(['a'], ['b'], 10_000));
  await room.run(() => room.now > 10_500, 11_000);
  expect(room.machines.get('a')?.member.generation.members.map((one) => one.id)).toEqual(['a']);
  expect(room.machines.get('b')?.member.state).not.toBe('over');
  expect(await room.run(() => ended(room), 900_000)).toBe(true);
  laws(room);
});

test('a machine that joins gets the weights and a vote; one that leaves is let go', async () => {
  const room = new VirtualRoom({ size: 2, seed: 5, steps: 150, samples, batch });
  room.after(2000, () => room.join('z'));
  await room.run(() => room.machines.get('z')?.member.generation.voters.includes('z') === true, 60_000);
  expect(room.machines.get('z')?.member.state).not.toBe('outside');
  room.leave('b');
  await room.run(() => room.machines.get('b')?.member.state === 'outside', 60_000);
  expect(await room.run(() => room.machines.get('a')?.member.state === 'over', 900_000)).toBe(true);
  laws(room);
});
