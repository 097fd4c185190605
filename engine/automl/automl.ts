// A whole search: trials, ensemble, the members once more on all rows, one graph. It holds to its time: what does not end in time is
// left out, and what is there is kept. Forks nothing and writes nothing.
import { hex, sha256, utf8 } from '../base/index.ts';
import { graphOf, type Graph } from '../graph/index.ts';
import { decodeModel } from '../onnx/index.ts';
import { Fault, type Metric, type SearchSpace } from '../schema/index.ts';
import { chooseEnsemble, type Ensemble, ensembleOf, type Member, polish } from './ensemble.ts';
import type { Field } from './field.ts';
import { mergeParts, type Part } from './merge.ts';
import type { TrialRunner } from './runner.ts';
import { search, type SearchHooks } from './search.ts';
import { narrowed } from './narrow.ts';
import { type SearchFamily, type Space, spacesFor } from './spaces.ts';
import type { Trial } from './trial.ts';

export interface AutomlOptions {
  seed: number;
  trials?: number;
  /** Time left in all until a model must be there, ms; no bound when left out. */
  left?: () => number;
  known?: readonly Trial[];
  /** The only families to try; all that suit when left out. */
  families?: readonly SearchFamily[];
  /** What may be tried, as the user wants it. */
  space?: SearchSpace;
  /** Decisions to be taken again, in place of any of its own. */
  script?: Script;
  /** What classes are named by; accuracy when left out. */
  metric?: Metric;
}

/** A search's trials and what its model was made of. */
export interface Script {
  trials: readonly Trial[];
  members: readonly { id: number; weight: number }[];
}

export interface AutomlHooks extends SearchHooks {
  /** The trials are over: so many members are fitted on all rows. */
  refitting?(members: readonly Member[]): void;
}

export interface AutomlResult {
  /** From a model's inputs to `logits`. */
  graph: Graph;
  /** Says whether two results are the same to the last bit. */
  hash: string;
  ensemble: Ensemble;
  trials: Trial[];
}

/** What fitting on all rows is held to take: its forecast and so much more. */
const caution = 1.3;
/** Members that time for fitting is held back for, and the most of the whole time that it may be. */
const expectedMembers = 5;
const mostReserve = 0.3;
/** What came through some folds only is taken where it is held to lose less by this share than all that came through. */
const clearly = 0.1;
/** From this share of the time on, whoever leads is fitted on all rows at once, unless that is quick anyway. */
const lateShare = 0.55;
const quickShare = 0.02;
/** What a node of a tree costs from its fit to the written bundle, ms: encoded, loaded and written several times. */
const nodeMs = 0.004;
/** Most of the whole time that one fold may take, and the share of it from which a fit is held to have been cut short. */
const foldShare = 0.12;
const cutFrom = 0.9;

/** Searches and fits; throws `bad_data` when no family suits, or none could be fitted. */
export async function automl(
  field: Field,
  runner: TrialRunner,
  options: AutomlOptions,
  hooks: AutomlHooks = {},
): Promise<AutomlResult> {
  const suiting = spacesFor(field).filter(({ family }) => !options.families || options.families.includes(family));
  const open = options.space ? narrowed(suiting, options.space) : suiting;
  if (open.length === 0) throw new Fault('bad_data', 'no family suits these columns; name one with --model');
  const { left } = options;
  const total = left?.() ?? Number.POSITIVE_INFINITY;
  const trials: Trial[] = [...(options.known ?? [])];
  /** As far as each trial came. */
  const partial = new Map<number, Trial>();
  const wholes = openWholes(runner, left);
  const costs = (trial: Trial) => caution * wholeMs(trial, field);
  const reserve = () => {
    const leaders = finishedOf(trials).slice(0, expectedMembers);
    const open = leaders.filter(({ id }) => !wholes.has(id)).map(costs);
    // Until a trial is through, whoever is ahead will need its time.
    if (leaders.length === 0) return mostReserve * total;
    const sum = open.reduce((a, b) => a + b, 0);
    return Math.min(mostReserve * total, Math.max(sum / runner.slots, ...open, 0) + writeMs(leaders[0]));
  };
  const found = await search(
    field,
    runner,
    {
      seed: options.seed,
      spaces: open,
      known: trials,
      ...(options.trials === undefined ? {} : { trials: options.trials }),
      ...(options.script ? { script: options.script.trials } : {}),
      ...(left ? { left: () => left() - reserve(), foldMs: foldShare * total } : {}),
    },
    {
      ...hooks,
      fold(trial) {
        partial.set(trial.id, trial);
        hooks.fold?.(trial);
      },
      ended(trial) {
        // One that was put off may end a second time.
        const at = trials.findIndex(({ id }) => id === trial.id);
        trials.splice(at < 0 ? trials.length : at, 1, trial);
        partial.delete(trial.id);
        hooks.ended?.(trial);
        if (!left || trial !== finishedOf(trials)[0] || left() > (1 - lateShare) * total) return;
        const cost = costs(trial);
        if (cost > quickShare * total && cost < left()) void wholes.begin(trial).catch(() => undefined);
      },
    },
  );
  const mixed = scripted(options.script, found, field) ?? chooseEnsemble(found, field, options.seed);
  const ahead = mixed && furtherAhead([...partial.values()], found, mixed);
  const limit = left && foldShare * total;
  const best = ahead
    ? alone([ahead], open, options.seed, limit)
    : (mixed ?? alone([...found, ...partial.values()], open, options.seed, limit));
  const price = (trial: Trial) => (wholes.has(trial.id) ? 0 : costs(trial));
  const affordableOnes = left ? affordable(best, field, price, left(), runner.slots) : best;
  const chosen = polish(affordableOnes, field, options.metric);
  hooks.refitting?.(chosen.members);
  const parts = await refit(chosen, runner, wholes, left);
  const kept = parts.map(({ member }) => member);
  const ensemble =
    kept.length === chosen.members.length ? chosen : polish(ensembleOf(kept, field), field, options.metric);
  const isClasses = field.rows.labels !== undefined;
  const weighted = parts.map(({ member, graph }): Part => {
    const weight = ensemble.members.find(({ trial }) => trial === member.trial)?.weight ?? 0;
    return { graph, weight, factor: member.trial.factor };
  });
  const name = weighted.length === 1 ? kept[0].trial.family : 'ensemble';
  const said = parts.map(({ hash }, i) => [hash, weighted[i].weight, weighted[i].factor]);
  return {
    graph: mergeParts(weighted, ensemble, isClasses, name),
    hash: hex(sha256(utf8(JSON.stringify([said, ensemble.stack, ensemble.calibration])))),
    ensemble,
    trials: found,
  };
}

/**
 * The trial that the clock cut off and that would lose clearly less than the ensemble: folds are not equally hard, so that it is held
 * to be as far from the best trial as it was on the folds that it did.
 */
function furtherAhead(partial: readonly Trial[], found: readonly Trial[], mixed: Ensemble): Trial | undefined {
  const [leader] = finishedOf(found);
  if (!leader) return undefined;
  const held = ({ losses }: Trial) =>
    leader.loss + losses.reduce((sum, loss, fold) => sum + loss - leader.losses[fold], 0) / losses.length;
  const [best] = partial.filter(({ losses }) => losses.length > 0).sort((a, b) => held(a) - held(b));
  return best && held(best) < mixed.loss * (1 - clearly) ? best : undefined;
}

/** The members that a script names, where all of them are there. */
function scripted(script: Script | undefined, found: readonly Trial[], field: Field): Ensemble | undefined {
  const members = (script?.members ?? []).flatMap(({ id, weight }) => {
    const trial = found.find((one) => one.id === id && one.held);
    return trial ? [{ trial, weight }] : [];
  });
  return members.length > 0 && members.length === script?.members.length ? ensembleOf(members, field) : undefined;
}

/**
 * One model, where no trial came through all folds: the best as far as they came, or the quickest family as it is. One that the limit
 * of a fold, ms, cut short goes on for as long as its settings and the time allow.
 */
function alone(trials: readonly Trial[], open: readonly Space[], seed: number, limit?: number): Ensemble {
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
  const isCutShort = best && limit !== undefined && best.fitMs > cutFrom * limit;
  const trial = isCutShort ? { ...best, rounds: 0 } : (best ?? untried);
  const { loss, score, interval } = trial;
  return { members: [{ trial, weight: 1 }], calibration: { kind: 'temperature', factor: 1 }, loss, score, interval };
}

/** Finished trials, the best first. */
const finishedOf = (trials: readonly Trial[]): Trial[] =>
  trials.filter((trial) => trial.state === 'finished' && trial.held).sort((a, b) => a.loss - b.loss || a.id - b.id);

/** What fitting a trial on all rows is likely to take, ms. */
const wholeMs = ({ fitMs }: Trial, { foldCount }: Field): number => (fitMs * foldCount) / (foldCount - 1);

/** What is left to do with a fitted model, ms. */
const writeMs = ({ family, size }: Trial): number =>
  family === 'boosting' || family === 'forest' || family === 'extra-trees' ? nodeMs * size : 0;

/** The ensemble without the members that say least for what they cost, until the rest can be fitted in so many ms. */
function affordable(
  ensemble: Ensemble,
  field: Field,
  price: (trial: Trial) => number,
  ms: number,
  slots: number,
): Ensemble {
  let { members } = ensemble;
  const needed = () => {
    const fits = members.map(({ trial }) => price(trial));
    const sum = fits.reduce((a, b) => a + b, 0);
    return Math.max(sum / slots, ...fits) + members.reduce((total, { trial }) => total + writeMs(trial), 0);
  };
  const value = ({ trial, weight }: Member) => weight / (1 + price(trial) + writeMs(trial));
  while (members.length > 1 && needed() > ms) {
    const worst = members.reduce((least, member) => (value(member) < value(least) ? member : least));
    members = members.filter((member) => member !== worst);
  }
  return members.length === ensemble.members.length ? ensemble : ensembleOf(members, field);
}

/** Models on all rows, by trial. */
interface Wholes {
  has(id: number): boolean;
  begin(trial: Trial): Promise<Whole>;
}

interface Whole {
  graph: Graph;
  /** SHA-256 of its file. */
  hash: string;
}

/** Fits each trial once, however often it is asked for. */
function openWholes(runner: TrialRunner, left?: () => number): Wholes {
  const made = new Map<number, Promise<Whole>>();
  return {
    has: (id) => made.has(id),
    begin(trial) {
      const known = made.get(trial.id);
      if (known) return known;
      const fit = runner
        .whole(trial, trial.rounds, left && Math.max(leastMs, left()))
        .then((bytes) => ({ graph: graphOf(decodeModel(bytes)), hash: hex(sha256(bytes)) }));
      made.set(trial.id, fit);
      // Whoever needs it asks again; until then a failure concerns nobody.
      fit.catch(() => made.delete(trial.id));
      return fit;
    },
  };
}

/** What a model is given however late it is: without any there is no result. */
const leastMs = 200;

interface Refitted extends Whole {
  member: Member;
}

/** Fits the members on all rows, heaviest first; with the time over, those that are there must do. */
async function refit(
  { members }: Ensemble,
  runner: TrialRunner,
  wholes: Wholes,
  left?: () => number,
): Promise<Refitted[]> {
  const done: (Refitted | undefined)[] = members.map(() => undefined);
  const errors: unknown[] = [];
  const queue = [...members.keys()];
  const work = async () => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
      try {
        done[i] = { member: members[i], ...(await wholes.begin(members[i].trial)) };
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
