// Trials that were put off while others come first: fits on a share of the rows that were not among the best of their family, and
// trials that seemed to lag behind the leader. What they did is kept, so that they can be gone on with (ASHA's promotions).
import { hopeless, nearTo, oddsAgainst } from './race.ts';
import type { FoldResult, TrialSpec } from './runner.ts';
import type { SearchFamily } from './spaces.ts';
import type { Trial } from './trial.ts';

/** A trial that was put off, as far as it came. */
export interface Waiting {
  spec: TrialSpec & { why: string };
  results: FoldResult[];
  losses: number[];
  /** Loss on the first fold after a fit on a share of its rows. */
  taste?: number;
}

/** Share of the first fold's rows that a trial of a dear family is fitted on first; as many of them go on. */
export const tasteShare = 0.25;
/** Tastes of a family before any is put off. */
const leastTastes = 3;
/** Trials put off that are gone on with, as a share of all that did a fold. */
const promoted = 1 / 4;

export interface WaitingRoom {
  /** Whether a trial with this taste goes on at once. */
  tasted(family: SearchFamily, taste: number): boolean;
  add(trial: Waiting): void;
  /** Takes out who is worth going on with now, in place of beginning another; near ties too where `late`. */
  take(
    seen: readonly Trial[],
    now: { late: boolean; costOf: (family: SearchFamily) => number; left: number },
  ): Waiting | undefined;
}

/** An empty room; `known` are trials of the search before it was broken off, and the first `free` trials were never put off. */
export function openWaitingRoom(known: readonly Trial[], free: number): WaitingRoom {
  const waiting = new Map<number, Waiting>();
  let resumed = 0;
  const tastes = new Map<SearchFamily, { losses: number[]; passed: number }>();
  const tastesOf = (family: SearchFamily) => {
    const own = tastes.get(family) ?? { losses: [], passed: 0 };
    tastes.set(family, own);
    return own;
  };
  for (const { family, taste, losses } of known) {
    if (taste === undefined) continue;
    const own = tastesOf(family);
    own.losses.push(taste);
    if (losses.length > 0) own.passed++;
  }

  /** The best taste of a family of which too few went on. */
  const nextTaste = (costOf: (family: SearchFamily) => number, left: number): Waiting | undefined => {
    const best = new Map<SearchFamily, Waiting & { taste: number }>();
    for (const one of waiting.values()) {
      const { losses, taste, spec } = one;
      if (losses.length > 0 || taste === undefined) continue;
      const other = best.get(spec.family);
      if (!other || taste < other.taste) best.set(spec.family, { ...one, taste });
    }
    for (const [family, one] of best) {
      const own = tastesOf(family);
      if (own.passed >= Math.floor(own.losses.length * tasteShare) || costOf(family) > left) continue;
      own.passed++;
      return one;
    }
    return undefined;
  };

  return {
    tasted(family, taste) {
      const own = tastesOf(family);
      own.losses.push(taste);
      const better = own.losses.filter((other) => other < taste).length;
      const goesOn = own.losses.length < leastTastes || better < own.losses.length * tasteShare;
      if (goesOn) own.passed++;
      return goesOn;
    },
    add(trial) {
      waiting.set(trial.spec.id, trial);
    },
    take(seen, { late, costOf, left }) {
      if (waiting.size === 0) return undefined;
      const odds = oddsAgainst(seen);
      const ranked = [...waiting.values()]
        .filter(({ results }) => (results.at(-1)?.fitMs ?? Number.POSITIVE_INFINITY) <= left)
        .map((one) => ({ one, against: odds(one.losses) }))
        .sort((a, b) => a.against - b.against || a.one.spec.id - b.one.spec.id);
      const begun = seen.reduce((sum, { losses }) => sum + Number(losses.length > 0), 0);
      const isDue = resumed < promoted * (begun - free) && ranked[0]?.against < hopeless;
      const isNear = late && !isDue ? nearTo(seen) : undefined;
      const next =
        nextTaste(costOf, left) ??
        (isDue ? ranked[0].one : isNear && ranked.find(({ one }) => isNear(one.losses))?.one);
      if (!next) return undefined;
      if (next.losses.length > 0) resumed++;
      waiting.delete(next.spec.id);
      return next;
    },
  };
}
