// Which trials are worth more folds: those in the better half of what came as far, and those that may still overtake the leader. Folds
// are not equally hard, so that trials are compared on the folds that both did. Pure.
import type { Trial } from './trial.ts';

/** Trials that came as far before any of them is stopped. */
const leastPeers = 6;
/** Folds after which a trial must be among the better half. */
export const rungs = [1, 3];

/** Whether the mean of the first folds is in the better half of those that came as far. */
export function isPromising(losses: readonly number[], seen: readonly Trial[]): boolean {
  const folds = losses.length;
  const mean = (list: readonly number[]) => meanOver(list.slice(0, folds));
  const others = seen.filter((trial) => trial.losses.length >= folds).map((trial) => mean(trial.losses));
  if (others.length < leastPeers) return true;
  const better = others.filter((other) => other < mean(losses)).length;
  return better < others.length / 2;
}

/** Rows up to which a trial that is nearly as good as the leader is worth its folds, for what it adds to an ensemble; and how near. */
export const fewRows = 2000;
const near = 0.03;

/** Says of losses so far whether they are hardly more than the leader's on the folds that both did. */
export function nearTo(seen: readonly Trial[]): (losses: readonly number[]) => boolean {
  const leader = leaderOf(seen);
  return (losses) => {
    if (!leader || losses.length === 0) return false;
    const level = meanOver(leader.losses.slice(0, losses.length));
    return meanOver(losses) - level < near * Math.abs(level);
  };
}

/** The finished trial that lost least. */
function leaderOf(seen: readonly Trial[]): Trial | undefined {
  let best: { trial: Trial; mean: number } | undefined;
  for (const trial of seen) {
    if (trial.state !== 'finished') continue;
    const mean = meanOver(trial.losses);
    if (!best || mean < best.mean || (mean === best.mean && trial.id < best.trial.id)) best = { trial, mean };
  }
  return best?.trial;
}

/** Trials that came through all folds before one is raced against the best of them. */
const fewestRaced = 4;
/** Deviations of what the folds to come may change, beyond which a trial will not overtake the leader. */
export const hopeless = 1.2;
/** And beyond which others come first, while there is time to come back to it. */
export const doubtful = 0.4;

/**
 * What is to be said against a trial overtaking the leader, by its losses so far: its lag in deviations of what the folds to come may
 * change. Folds are the same for both, so that their differences say more than losses do (racing, Birattari et al. 2002). How far
 * differences stray from one fold to the next is seen from the others.
 */
export function oddsAgainst(seen: readonly Trial[]): (losses: readonly number[]) => number {
  const finished = seen.filter(({ state }) => state === 'finished');
  if (finished.length < fewestRaced) return () => Number.NEGATIVE_INFINITY;
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
  return (losses) => {
    const open = Math.sqrt(Math.max(0, 1 / losses.length - 1 / leader.losses.length));
    return meanOver(gaps(losses)) / Math.max(1e-12, stray * open);
  };
}

/**
 * Losses as if every trial had gone through all folds: folds are not equally hard, so that one that was stopped early is put as
 * far from the leader as it was on the folds that it did. One that was fitted on a share of the rows only is put as far below its
 * loss there as others of its family came.
 */
export function evenLosses(seen: readonly Trial[]): (trial: Trial) => number {
  const leader = leaderOf(seen);
  const level = leader ? meanOver(leader.losses) : 0;
  const folded = ({ losses }: Trial) =>
    leader ? level + meanOver(losses.map((loss, fold) => loss - leader.losses[fold])) : meanOver(losses);
  const drops = new Map<string, number | undefined>();
  /** How much more a family's trials lose after a fit on a share of the rows. */
  const dropOf = (family: string) => {
    if (!drops.has(family)) {
      const both = seen.flatMap((one) =>
        one.family === family && one.taste !== undefined && one.losses.length > 0 ? [one.taste - folded(one)] : [],
      );
      drops.set(family, both.length > 0 ? meanOver(both) : undefined);
    }
    return drops.get(family) ?? 0;
  };
  return (trial) =>
    trial.losses.length > 0 || trial.taste === undefined ? folded(trial) : trial.taste - dropOf(trial.family);
}

const meanOver = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
