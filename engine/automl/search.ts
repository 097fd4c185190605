// The search: starting points first, then proposals under early stopping, as many at a time as the runner has slots (ASHA, Li et al.
// 2020, in its stopping form: a trial goes on to more folds only while it is among the better half of those that came as far).
// Under a number of trials the clock decides nothing, so that a seed always gives the same trials.
import { rng } from '../base/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Field } from './field.ts';
import { doubtful, evenLosses, fewRows, hopeless, isPromising, nearTo, oddsAgainst, rungs } from './race.ts';
import type { FoldResult, TrialRunner, TrialSpec } from './runner.ts';
import type { SearchFamily, Space } from './spaces.ts';
import { propose } from './tpe.ts';
import { foldLoss, type Trial, trialOf } from './trial.ts';
import { openWaitingRoom, tasteShare, type Waiting } from './waiting.ts';

export interface SearchOptions {
  seed: number;
  spaces: readonly Space[];
  /** Most trials; no bound when left out. */
  trials?: number;
  /** Time until no more folds may run, ms; no bound when left out. */
  left?: () => number;
  /** Most time of one fold, ms: a fit that would take longer is cut off and judged by what it is then. */
  foldMs?: number;
  /** Trials that were decided elsewhere: each is gone through as far as it was then, and no other is tried. */
  script?: readonly Trial[];
  /** Finished before, when a search goes on. */
  known?: readonly Trial[];
}

export interface SearchHooks {
  trying?(spec: TrialSpec & { why: string }): void;
  /** After each fold: what the trial would be if it ended here. */
  fold?(partial: Trial): void;
  /** After each trial, however it ended. */
  ended?(trial: Trial): void;
  stop?(): boolean;
}

/** Trials that a proposal does not wait for: the same on every machine, so that trials do not depend on its cores. */
const lag = 4;
/** A family is dear when a whole trial of it takes more than this share of all the time. */
const dearShare = 1 / 200;
/** From this share of the time on, those nearly as good as the leader are brought to their end first. */
const lateShare = 0.6;

/** Runs trials until there are enough or the time is over; answers them in the order of their numbers. */
export async function search(
  field: Pick<Field, 'rows' | 'folds' | 'foldCount' | 'isOrdered'>,
  runner: TrialRunner,
  options: SearchOptions,
  hooks: SearchHooks = {},
): Promise<Trial[]> {
  const { spaces, seed, left = () => Number.POSITIVE_INFINITY } = options;
  const script = options.script && new Map(options.script.map((trial) => [trial.id, trial]));
  const scripted = script && Math.max(-1, ...script.keys()) + 1;
  const most = scripted ?? options.trials ?? Number.POSITIVE_INFINITY;
  const isFew = field.rows.rows <= fewRows;
  const total = left();
  const byCount = scripted !== undefined || options.trials !== undefined;
  const trials = new Map<number, Trial>((options.known ?? []).map((trial) => [trial.id, trial]));
  const starts = script ? [] : startsOf(spaces);
  const slots = script ? runner.slots : byCount ? Math.min(runner.slots, lag) : runner.slots;
  const isOver = () => hooks.stop?.() === true || left() <= 0;

  /** What a trial of this number may know: under a clock all that there is, else what is certain to be there. */
  const history = (id: number) => [...trials.values()].filter((trial) => !byCount || trial.id <= id - lag);

  const specOf = (id: number): (TrialSpec & { why: string }) | undefined => {
    const told = script?.get(id);
    if (told) return { id, family: told.family, hyper: told.hyper, seed: told.seed, why: told.why };
    const base = { id, seed: rng(seed, 'trial', id).int(2 ** 31) };
    if (id < starts.length) {
      const { family, hyper } = starts[id];
      if (!byCount && field.foldCount * costOf(history(id), family) > left()) return undefined;
      return { ...base, family, hyper, why: 'a starting point that did well on other data' };
    }
    const random = rng(seed, 'propose', id);
    const seen = history(id);
    const space = familyFor(spaces, seen, random, byCount ? undefined : left() / field.foldCount);
    if (!space) return undefined;
    const own = seen.filter(({ family, losses, taste }) => family === space.family && (losses.length > 0 || taste));
    const even = evenLosses(seen);
    const hyper = propose(
      space.dimensions,
      own.map((trial) => ({ hyper: trial.hyper, loss: even(trial) })),
      random,
    );
    return {
      ...base,
      family: space.family,
      hyper,
      why: `like what did well among ${own.length} trials of ${space.family}`,
    };
  };

  const room = openWaitingRoom(options.known ?? [], spaces.length);
  const isDear = (family: SearchFamily) => field.foldCount * costOf(history(most), family) > dearShare * total;
  const isLate = () => !byCount && left() < (1 - lateShare) * total;

  const evaluate = async (spec: TrialSpec & { why: string }, before?: Waiting): Promise<void> => {
    const results: FoldResult[] = [...(before?.results ?? [])];
    const losses: number[] = [...(before?.losses ?? [])];
    let state: Trial['state'] = 'finished';
    let isCut = false;
    let isPutOff = false;
    const told = script?.get(spec.id);
    let taste = before?.taste;
    let error: string | undefined;
    try {
      if (!before && !byCount && spec.id >= spaces.length && isDear(spec.family)) {
        const { foldMs } = options;
        const limit = foldMs === undefined ? undefined : Math.max(1, Math.min(foldMs, left()));
        const { logits } = await runner.fold({ ...spec, share: tasteShare }, 0, limit);
        taste = foldLoss(field, 0, logits);
        isPutOff = !room.tasted(spec.family, taste);
      } else if (told?.taste !== undefined) {
        taste = told.taste;
        isPutOff = told.losses.length === 0;
      }
      if (isPutOff) state = 'stopped';
      for (let fold = losses.length; fold < field.foldCount && !isPutOff; fold++) {
        const last = results.at(-1);
        // A fold that would not end in time is not begun.
        if (isOver() || (last && !byCount && last.fitMs > left())) {
          state = 'stopped';
          isCut = true;
          break;
        }
        const { foldMs } = options;
        const limit = foldMs === undefined ? undefined : Math.max(1, Math.min(foldMs, left()));
        const result = await runner.fold(spec, fold, limit);
        if (limit !== undefined && left() <= 0) isCut = true;
        results.push(result);
        losses.push(foldLoss(field, fold, result.logits));
        if (!isCut) hooks.fold?.(trialOf(field, spec, 'stopped', results, losses));
        if (told) {
          if (fold + 1 < told.losses.length) continue;
          state = told.state;
          break;
        }
        if (spec.id >= spaces.length && fold + 1 < field.foldCount) {
          const seen = history(spec.id);
          const against = oddsAgainst(seen)(losses);
          const limit = byCount || before ? hopeless : doubtful;
          const isBehind = against > limit || (!before && rungs.includes(fold + 1) && !isPromising(losses, seen));
          if (isBehind && !(isFew && (byCount || isLate()) && nearTo(seen)(losses))) {
            state = 'stopped';
            isPutOff = !byCount;
            break;
          }
        }
      }
    } catch (cause) {
      state = isOver() ? 'stopped' : 'failed';
      error = cause instanceof Error ? cause.message : String(cause);
    }
    // What the clock cut off is as if it had never begun.
    if (isCut || (state !== 'finished' && isOver())) return;
    const tasted = taste === undefined ? {} : { taste };
    const trial = { ...trialOf(field, spec, state, results, losses, error), ...tasted };
    trials.set(trial.id, trial);
    if (isPutOff) room.add({ spec, results, losses, ...tasted });
    hooks.ended?.(trial);
  };

  const running = new Map<number, Promise<void>>();
  const begin = (spec: TrialSpec & { why: string }, before?: Waiting) => {
    hooks.trying?.(spec);
    const ended = evaluate(spec, before).finally(() => running.delete(spec.id));
    // The first that fails ends the search; nobody waits for the others any more.
    ended.catch(() => undefined);
    running.set(spec.id, ended);
  };
  let next = 0;
  while (!isOver()) {
    const seen = history(most);
    const now = { late: isFew && isLate(), costOf: (family: SearchFamily) => costOf(seen, family), left: left() };
    const again = !byCount && running.size < slots ? room.take(seen, now) : undefined;
    if (again) {
      begin(again.spec, again);
      continue;
    }
    while (next < most && (trials.has(next) || script?.has(next) === false)) next++;
    const mayStart = next < most && running.size < slots && (script || !byCount || isSettled(trials, next - lag));
    const spec = mayStart ? specOf(next) : undefined;
    if (mayStart && !spec && next < starts.length) {
      next++;
      continue;
    }
    if (spec) {
      begin(spec);
      next++;
      continue;
    }
    if (running.size === 0) break;
    await firstOf(running.values(), left());
  }
  if (running.size > 0) {
    // Fits end by themselves when their time is over; those that hang are ended.
    const all = Promise.all(running.values());
    if (options.foldMs !== undefined) await Promise.race([all, new Promise((resolve) => setTimeout(resolve, grace))]);
    if (running.size > 0) runner.cancel();
    await all;
  }
  return [...trials.values()].sort((a, b) => a.id - b.id);
}

/** Time that fits get to end by themselves, ms. */
const grace = 250;

/** How often somebody's wish to stop is looked for, ms. */
const glance = 500;

/** Resolves when one of them does, or after so many ms, half a second at most. */
async function firstOf(promises: Iterable<Promise<void>>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(Math.max(0, ms), glance));
  });
  await Promise.race([...promises, late]);
  clearTimeout(timer);
}

/** Starting points of all spaces, the first of each, then the second of each, and so on. */
function startsOf(spaces: readonly Space[]): { family: SearchFamily; hyper: Hyper }[] {
  const rounds = Math.max(0, ...spaces.map(({ starts }) => starts.length));
  return Array.from({ length: rounds }, (_, i) =>
    spaces.flatMap(({ family, starts }) => (starts[i] ? [{ family, hyper: starts[i] }] : [])),
  ).flat();
}

/** Whether all trials up to this number have ended. */
function isSettled(trials: ReadonlyMap<number, Trial>, last: number): boolean {
  for (let id = 0; id <= last; id++) if (!trials.has(id)) return false;
  return true;
}

/** What a fold of a family took so far, ms; 0 where nothing is known. */
function costOf(seen: readonly Trial[], family: SearchFamily): number {
  const own = seen.filter((trial) => trial.family === family && trial.losses.length > 0);
  return own.length === 0 ? 0 : own.reduce((sum, trial) => sum + trial.fitMs, 0) / own.length;
}

/** Trials of a family from which on another is held to find less than one of a family that had fewer. */
const explored = 8;

/** Draws a space: the nearer its best trial is to the best of all, the less a fold of it costs and the less it was tried, the likelier. */
function familyFor(
  spaces: readonly Space[],
  seen: readonly Trial[],
  random: ReturnType<typeof rng>,
  left: number | undefined,
): Space | undefined {
  const scored = seen.filter((trial) => trial.losses.length > 0);
  const even = evenLosses(seen);
  const best = Math.min(...scored.map(even));
  const open = spaces.flatMap((space) => {
    const own = scored.filter((trial) => trial.family === space.family);
    if (own.length === 0 && seen.some((trial) => trial.family === space.family)) return [];
    const cost = costOf(seen, space.family);
    if (left !== undefined && cost > left) return [];
    const gap = own.length > 0 ? (Math.min(...own.map(even)) - best) / Math.max(Math.abs(best), 1e-9) : 0;
    const novelty = Math.sqrt(explored / (explored + own.length));
    const weight = Math.exp(-8 * gap) * novelty * (left === undefined ? 1 : Math.max(20, cost) ** -0.3);
    return [{ space, weight }];
  });
  let at = random.next() * open.reduce((sum, { weight }) => sum + weight, 0);
  return (open.find(({ weight }) => (at -= weight) < 0) ?? open.at(-1))?.space;
}
