// What the next generation of a job is to be: who is in it, in which order of the ring, with which shares, from which step on. Decides
// nothing: what it makes is proposed and voted on.
import { must, type Rng } from '../../base/index.ts';
import type { Beat, Generation, Standing } from '../../schema/index.ts';
import { jobTimes } from './times.ts';

/** What a proposer sees. */
export interface Scene {
  present: Generation;
  beatOf: (who: string) => Beat | undefined;
  alive: (who: string) => boolean;
  /** Those who want in. */
  arrivals: readonly string[];
  /** How long the present generation has been, ms. */
  adoptedMs: number;
}

export interface Composer {
  /** Takes note of links that broke in the present generation: their ends are no neighbours for a while. */
  blame(scene: Scene): void;
  /** The next generation, from what the proposer was told; undefined while it cannot be. */
  compose(scene: Scene, told: ReadonlyMap<string, Standing>): Generation | undefined;
}

/** How long a pair of machines that cannot reach each other stays apart in the ring, ms. */
const apartMs = 15_000;

/** Keeps which pairs stay apart. */
export function createComposer(options: { id: string; steps: number; random: Rng; now: () => number }): Composer {
  const { id, steps, random, now } = options;
  /** Pairs that cannot reach each other: until when they stay apart, and the generation in which that was seen. */
  const apart = new Map<string, number>();
  const blamed = new Map<string, number>();

  /** An order in which machines that cannot reach each other are not neighbours; without one, some stay out. */
  function ring(ids: string[], leader: string): string[] {
    for (const [pair, until] of apart) if (until < now()) apart.delete(pair);
    const fits = (order: readonly string[]) =>
      order.length < 2 || order.every((who, i) => !apart.has(pairOf(who, order[(i + 1) % order.length] ?? who)));
    const sorted = ids.toSorted();
    for (let tries = 0; tries < 50; tries++) {
      if (fits(sorted)) return sorted;
      random.shuffle(sorted);
    }
    // The one with the most broken links, the leader last, waits until its links are back.
    const blame = (who: string) =>
      [...apart.keys()].filter((pair) => pair.split('|').includes(who)).length - (who === leader ? 0.5 : 0);
    const worst = sorted.toSorted((a, b) => blame(b) - blame(a))[0];
    return ring(
      sorted.filter((who) => who !== worst),
      leader,
    );
  }

  return {
    blame({ present, beatOf, alive }) {
      for (const { id: who } of present.members) {
        const beat = beatOf(who);
        if (!beat?.broken || beat.number !== present.number || !alive(beat.broken)) continue;
        // Once a generation: what broke in it may have come back since.
        const pair = pairOf(who, beat.broken);
        if (blamed.get(pair) !== present.number) apart.set(pair, now() + apartMs);
        blamed.set(pair, present.number);
      }
    },
    compose(scene, told) {
      const { present, beatOf, alive, arrivals } = scene;
      const step = firstStep(scene, told);
      if (step === undefined) return undefined;
      const live = ({ applied, held }: Standing) =>
        applied === step || (held && applied !== undefined && applied + 1 === step);
      const alike = [...told].filter(([, one]) => live(one));
      const holders = (alike.length > 0 ? alike : [...told].filter(([, one]) => one.kept === step)).map(([who]) => who);
      const over = step >= steps;
      const stay = present.members
        .map((one) => one.id)
        .filter((who) => told.has(who) || (alive(who) && !present.voters.includes(who)))
        .filter((who) => beatOf(who)?.wants !== 'out');
      const ids = ring([...stay, ...(over ? [] : arrivals)], present.leader);
      // Somebody in the ring must have the weights; if links keep them all out, those links get time to come back.
      const voters = ids.filter((who) => holders.includes(who));
      if (voters.length === 0) return undefined;
      const leads = voters.includes(present.leader) && alive(present.leader);
      return {
        number: present.number + 1,
        leader: leads ? present.leader : voters.includes(id) ? id : must(voters[0], 'a voter'),
        members: shares(ids, (who) => beatOf(who)?.speed ?? 0),
        voters,
        step,
        holders,
        over,
      };
    },
  };
}

/**
 * The step to go on with. Whoever applied a step did so after all held it, so the least that any live member has reached is
 * at least what any other applied. With no live weights left, the newest checkpoint, once the missing had time to come.
 */
function firstStep({ present, adoptedMs }: Scene, told: ReadonlyMap<string, Standing>): number | undefined {
  const reach = [...told.values()].flatMap(({ applied, held }) =>
    applied === undefined || applied < present.step ? [] : [applied + (held ? 1 : 0)],
  );
  if (reach.length > 0) return Math.min(...reach);
  if (adoptedMs < jobTimes.stall) return undefined;
  const kept = [...told.values()].flatMap((one) => one.kept ?? []);
  return kept.length > 0 ? Math.max(...kept) : undefined;
}

/** Shares after speeds; who has not been measured counts as the mean of the others. */
function shares(ids: readonly string[], speedOf: (who: string) => number): Generation['members'] {
  const known = ids.map(speedOf).filter((speed) => speed > 0);
  const mean = known.length > 0 ? known.reduce((sum, speed) => sum + speed, 0) / known.length : 1;
  const speeds = ids.map((who) => speedOf(who) || mean);
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  return ids.map((who, i) => ({ id: who, share: must(speeds[i], 'a speed') / total }));
}

/** How much longer the slowest member of a step computes than all would with shares after their speeds; 1 while not known. */
export function imbalance({ members }: Generation, speedOf: (who: string) => number): number {
  const speeds = members.map((one) => speedOf(one.id));
  if (speeds.some((speed) => speed <= 0)) return 1;
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  return Math.max(...members.map(({ share }, i) => (share * total) / (speeds[i] ?? 1)));
}

const pairOf = (a: string, b: string): string => [a, b].sort().join('|');
