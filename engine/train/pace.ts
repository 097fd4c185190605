// Whether the members of a run are to meet at every step or only now and then, told from how long their first steps took. Pure.

/** What steps took lately, as means: ms at the own rows, ms of waiting for the sum; bytes that this member sent a step. */
export interface Pace {
  computeMs: number;
  waitMs: number;
  bytes: number;
}

export interface Meeting {
  /** Steps between two meetings; 0 for a meeting at every step. */
  every: number;
  /** Why, as a sentence. */
  reason: string;
}

/** Steps that are looked at before it is decided. */
export const stepsLookedAt = 8;
/** Waiting beyond this many times the computing is worth giving up the steps of one machine for; and beyond this time in all. */
const worthTimes = 2;
const worthMs = 60_000;
/** Rounds shorter than this bring little; longer ones, in steps, time and part of the run, drift apart. */
const shortest = 8;
const longest = 512;
const longestMs = 30_000;
const fewestRounds = 10;

const seconds = (ms: number): string => (ms >= 10_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms)} ms`);
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;

/** How often to meet, for a run that has so many steps to go. */
export function chooseMeeting({ computeMs, waitMs, bytes }: Pace, stepsLeft: number): Meeting {
  const rate = waitMs > 0 ? `, about ${mebibytes((bytes / waitMs) * 1000)} a second` : '';
  const took = `a step takes ${seconds(computeMs)} to compute and ${seconds(waitMs)} to exchange ${mebibytes(bytes)}${rate}`;
  const left = `${seconds(waitMs * stepsLeft)} of waiting in the ${stepsLeft} steps to come`;
  if (waitMs <= worthTimes * computeMs || waitMs * stepsLeft < worthMs)
    return { every: 0, reason: `machines meet at every step, as one machine would train: ${took}; ${left}` };
  // So that a tenth of the time, or less, is spent waiting.
  const wanted = Math.ceil(waitMs / (0.1 * computeMs));
  const most = Math.floor(Math.min(longest, longestMs / computeMs, stepsLeft / fewestRounds));
  const every = Math.min(wanted, most);
  if (every < shortest)
    return { every: 0, reason: `machines meet at every step: ${took}, but too few steps are left for rounds` };
  return { every, reason: `machines meet every ${every} steps: ${took}; meeting at every step would be ${left}` };
}
