// The search: starting points first, then proposals under early stopping, as many at a time as the runner has slots (ASHA, Li et al.
// 2020, in its stopping form: a trial goes on to more folds only while it is among the better half of those that came as far).
// Under a number of trials the clock decides nothing, so that a seed always gives the same trials.
import { rng } from '../base/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Field } from './field.ts';
import type { FoldResult, TrialRunner, TrialSpec } from './runner.ts';
import type { SearchFamily, Space } from './spaces.ts';
import { propose } from './tpe.ts';
import { foldLoss, type Trial, trialOf } from './trial.ts';

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
/** Trials that came as far before any of them is stopped. */
const leastPeers = 6;
/** Folds after which a trial must be among the better half. */
const rungs = [1, 3];

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
    const own = seen.filter((trial) => trial.family === space.family && trial.losses.length > 0);
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

  const evaluate = async (spec: TrialSpec & { why: string }): Promise<void> => {
    const results: FoldResult[] = [];
    const losses: number[] = [];
    let state: Trial['state'] = 'finished';
    let isCut = false;
    const told = script?.get(spec.id);
    let error: string | undefined;
    try {
      for (let fold = 0; fold < field.foldCount; fold++) {
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
          const isBehind = (rungs.includes(fold + 1) && !isPromising(losses, seen)) || isHopeless(losses, seen);
          const isLeft = isBehind && !(isFew && isNear(losses, seen));
          if (isLeft) {
            state = 'stopped';
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
    const trial = trialOf(field, spec, state, results, losses, error);
    trials.set(trial.id, trial);
    hooks.ended?.(trial);
  };

  const running = new Map<number, Promise<void>>();
  let next = 0;
  while (!isOver()) {
    while (next < most && (trials.has(next) || script?.has(next) === false)) next++;
    const mayStart = next < most && running.size < slots && (script || !byCount || isSettled(trials, next - lag));
    const spec = mayStart ? specOf(next) : undefined;
    if (mayStart && !spec && next < starts.length) {
      next++;
      continue;
    }
    if (spec) {
      const { id } = spec;
      hooks.trying?.(spec);
      const ended = evaluate(spec).finally(() => running.delete(id));
      // The first that fails ends the search; nobody waits for the others any more.
      ended.catch(() => undefined);
      running.set(id, ended);
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

/** Whether the mean of the first folds is in the better half of those that came as far. */
function isPromising(losses: readonly number[], seen: readonly Trial[]): boolean {
  const folds = losses.length;
  const mean = (list: readonly number[]) => meanOver(list.slice(0, folds));
  const others = seen.filter((trial) => trial.losses.length >= folds).map((trial) => mean(trial.losses));
  if (others.length < leastPeers) return true;
  const better = others.filter((other) => other < mean(losses)).length;
  return better < others.length / 2;
}

/** Rows up to which a trial that is nearly as good as the leader is worth its folds, for what it adds to an ensemble; and how near. */
const fewRows = 2000;
const near = 0.03;

/** Whether a trial loses hardly more than the leader on the folds that both did. */
function isNear(losses: readonly number[], seen: readonly Trial[]): boolean {
  const finished = seen.filter(({ state }) => state === 'finished');
  const [leader] = finished.sort((a, b) => meanOver(a.losses) - meanOver(b.losses) || a.id - b.id);
  if (!leader) return false;
  const level = meanOver(leader.losses.slice(0, losses.length));
  return meanOver(losses) - level < near * Math.abs(level);
}

/** Trials that came through all folds before one is raced against the best of them. */
const fewestRaced = 4;
/** Deviations of what the folds to come may change, beyond which a trial will not overtake the leader. */
const hopeless = 1.2;

/**
 * Whether a trial will hardly overtake the leader: folds are the same for both, so that their differences say more than losses do
 * (racing, Birattari et al. 2002). How far differences stray from one fold to the next is seen from the others.
 */
function isHopeless(losses: readonly number[], seen: readonly Trial[]): boolean {
  const finished = seen.filter(({ state }) => state === 'finished');
  if (finished.length < fewestRaced) return false;
  const [leader, ...others] = [...finished].sort((a, b) => meanOver(a.losses) - meanOver(b.losses) || a.id - b.id);
  const gaps = (own: readonly number[]) => own.map((loss, fold) => loss - leader.losses[fold]);
  const strays = others
    .map(({ losses: own }) => {
      const all = gaps(own);
      const mean = meanOver(all);
      return meanOver(all.map((gap) => (gap - mean) ** 2)) * (all.length / Math.max(1, all.length - 1));
    })
    .sort((a, b) => a - b);
  const stray = Math.sqrt(strays[Math.floor(strays.length / 2)]);
  const left = Math.sqrt(1 / losses.length - 1 / leader.losses.length);
  return meanOver(gaps(losses)) > hopeless * stray * left;
}

const meanOver = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * Losses as if every trial had gone through all folds: folds are not equally hard, so that one that was stopped early is put as
 * far from the leader as it was on the folds that it did.
 */
function evenLosses(seen: readonly Trial[]): (trial: Trial) => number {
  const [leader] = seen
    .filter(({ state }) => state === 'finished')
    .sort((a, b) => meanOver(a.losses) - meanOver(b.losses) || a.id - b.id);
  if (!leader) return ({ losses }) => meanOver(losses);
  const level = meanOver(leader.losses);
  return ({ losses }) => level + meanOver(losses.map((loss, fold) => loss - leader.losses[fold]));
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
