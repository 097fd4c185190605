// A whole search: trials, ensemble, the members once more on all rows, one graph. It holds to its time: what does not end in time is
// left out, and what is there is kept. Forks nothing and writes nothing.
import { graphOf, type Graph } from '../graph/index.ts';
import { decodeModel } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { chooseEnsemble, type Ensemble, ensembleOf, type Member } from './ensemble.ts';
import type { Field } from './field.ts';
import { mergeParts, type Part } from './merge.ts';
import type { TrialRunner } from './runner.ts';
import { search, type SearchHooks } from './search.ts';
import { type SearchFamily, type Space, spaces } from './spaces.ts';
import type { Trial } from './trial.ts';

export interface AutomlOptions {
  seed: number;
  trials?: number;
  /** Time left in all until a model must be there, ms; no bound when left out. */
  left?: () => number;
  known?: readonly Trial[];
  /** The only families to try; all that suit when left out. */
  families?: readonly SearchFamily[];
}

export interface AutomlHooks extends SearchHooks {
  /** The trials are over: so many members are fitted on all rows. */
  refitting?(members: readonly Member[]): void;
}

export interface AutomlResult {
  /** From a model's inputs to `logits`. */
  graph: Graph;
  ensemble: Ensemble;
  trials: Trial[];
}

/** Of the time left, what fitting the members takes is held back with this much to spare. */
const caution = 1.4;
/** Members that the time for fitting is held back for. */
const expectedMembers = 5;

/** Searches and fits; throws `bad_data` when no family suits, or none could be fitted. */
export async function automl(
  field: Field,
  runner: TrialRunner,
  options: AutomlOptions,
  hooks: AutomlHooks = {},
): Promise<AutomlResult> {
  const open = spaces.filter(
    (space) => (!options.families || options.families.includes(space.family)) && space.suits(field),
  );
  if (open.length === 0) throw new Fault('bad_data', 'no family suits these columns; name one with --model');
  const { left } = options;
  const trials: Trial[] = [...(options.known ?? [])];
  /** As far as each trial came. */
  const partial = new Map<number, Trial>();
  const found = await search(
    field,
    runner,
    {
      seed: options.seed,
      spaces: open,
      known: trials,
      ...(options.trials === undefined ? {} : { trials: options.trials }),
      ...(left ? { left: () => left() - refitMs([...trials, ...partial.values()], field, runner.slots) } : {}),
    },
    {
      ...hooks,
      fold(trial) {
        partial.set(trial.id, trial);
        hooks.fold?.(trial);
      },
      ended(trial) {
        trials.push(trial);
        partial.delete(trial.id);
        hooks.ended?.(trial);
      },
    },
  );
  const chosen =
    chooseEnsemble(found, field.rows, options.seed) ?? alone([...found, ...partial.values()], open, options.seed);
  hooks.refitting?.(chosen.members);
  const parts = await refit(chosen, runner, left);
  const kept = parts.map(({ member }) => member);
  const ensemble = kept.length === chosen.members.length ? chosen : ensembleOf(kept, field.rows);
  const isClasses = field.rows.labels !== undefined;
  const weighted = parts.map(({ member, graph }): Part => {
    const weight = ensemble.members.find(({ trial }) => trial === member.trial)?.weight ?? 0;
    return { graph, weight, factor: member.trial.factor };
  });
  const name = weighted.length === 1 ? kept[0].trial.family : 'ensemble';
  return { graph: mergeParts(weighted, ensemble.factor, isClasses, name), ensemble, trials: found };
}

/** One model, where no trial came through all folds: the best as far as they came, or the quickest family as it is. */
function alone(trials: readonly Trial[], open: readonly Space[], seed: number): Ensemble {
  const [best] = trials.filter(({ losses }) => losses.length > 0).sort((a, b) => a.loss - b.loss);
  if (!best && trials.length > 0 && trials.every((trial) => trial.state === 'failed')) {
    const why = trials.find((trial) => trial.error)?.error;
    throw new Fault('bad_data', `no model could be fitted: ${why ?? 'no reason was given'}`);
  }
  const untried: Trial = {
    id: 0,
    family: open[0].family,
    hyper: {},
    seed,
    why: 'there was no time to try any',
    state: 'stopped',
    losses: [],
    loss: 0,
    score: 0,
    interval: [0, 0],
    fitMs: 0,
    predictMs: 0,
    size: 0,
    rounds: 20,
    factor: 1,
  };
  const trial = best ?? untried;
  const { loss, score, interval } = trial;
  return { members: [{ trial, weight: 1 }], factor: 1, loss, score, interval };
}

/** What fitting the likely members on all rows would take, ms. */
function refitMs(trials: readonly Trial[], { foldCount }: Field, slots: number): number {
  const best = trials
    .filter((trial) => trial.losses.length > 0)
    .sort((a, b) => a.loss - b.loss)
    .slice(0, expectedMembers)
    .map((trial) => (trial.fitMs * foldCount) / (foldCount - 1));
  const sum = best.reduce((a, b) => a + b, 0);
  return caution * Math.max(sum / slots, ...best, 0);
}

/** What a model is given however late it is: without any there is no result. */
const leastMs = 200;

interface Refitted {
  member: Member;
  graph: Graph;
}

/** Fits the members on all rows, heaviest first; with the time over, those that are there must do. */
async function refit({ members }: Ensemble, runner: TrialRunner, left?: () => number): Promise<Refitted[]> {
  const done: (Refitted | undefined)[] = members.map(() => undefined);
  const errors: unknown[] = [];
  const queue = [...members.keys()];
  const work = async () => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
      const { trial } = members[i];
      try {
        done[i] = {
          member: members[i],
          graph: graphOf(decodeModel(await runner.whole(trial, trial.rounds, left && Math.max(leastMs, left())))),
        };
      } catch (error) {
        errors.push(error);
      }
    }
  };
  const all = Promise.all(Array.from({ length: Math.min(runner.slots, members.length) }, work));
  if (left) {
    while (!(await isWithin(all, Math.max(20, left())))) {
      // One model must be there; beyond that, the time counts.
      if (left() > 0 || !done.some(Boolean)) continue;
      queue.length = 0;
      runner.cancel();
      break;
    }
  }
  await all;
  const there = done.filter((one) => one !== undefined);
  if (there.length === 0) throw errors[0];
  return there;
}

/** Whether a promise resolves within so many ms, a minute at most. */
async function isWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(60_000, ms));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
