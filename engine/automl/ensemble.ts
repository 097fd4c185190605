// Which trials are put together and with what weights: greedy selection with replacement over held-out answers (Caruana et al. 2004),
// in bags of candidates where rows are few (Caruana et al. 2006); then what is made of their answers: a mean or a stack, calibrated.
import { rng } from '../base/index.ts';
import type { ClassicRows } from '../classic/index.ts';
import type { Metric } from '../schema/index.ts';
import { type Calibration, calibrated, chooseCalibration } from './calibrate.ts';
import { chooseDecision } from './decide.ts';
import { lossesOf, meanOf, scoreOf, softmaxOf, temperatureOf } from './scores.ts';
import type { Field } from './field.ts';
import { heldRows } from './runner.ts';
import { chooseStack, type Stack, stacked } from './stack.ts';
import type { Trial } from './trial.ts';

export interface Member {
  trial: Trial;
  weight: number;
}

export interface Ensemble {
  /** By falling weight; weights add up to 1. */
  members: Member[];
  /** In place of the members' mean by weight. */
  stack?: Stack;
  /** On the logarithms of the shares that come out. */
  calibration: Calibration;
  /** Added to the logarithm of each class's share before one is named. */
  decision?: number[];
  /** On held-out rows. */
  loss: number;
  score: number;
  interval: [number, number];
}

/** Best trials that are looked at. */
const mostCandidates = 24;
const mostMembers = 8;
const leastWeight = 0.04;
const picks = 24;
/** Rows up to which bags are drawn, and the share of the candidates in each. */
const fewRows = 5000;
const bagShare = 0.6;

type Rows = Pick<Field, 'rows' | 'folds'>;

/** Chooses among finished trials; undefined when there is none. */
export function chooseEnsemble(trials: readonly Trial[], field: Rows, seed: number): Ensemble | undefined {
  const { rows } = field;
  const through = trials
    .filter((trial) => trial.state === 'finished' && trial.held)
    .sort((a, b) => a.loss - b.loss || a.id - b.id);
  const ranked = (rows.labels ? through : distinct(through)).slice(0, mostCandidates);
  if (ranked.length === 0) return undefined;
  const all = heldRows(field);
  const answers = ranked.map((trial) => answersOf(trial, rows));
  const random = rng(seed, 'ensemble');
  const every = ranked.map((_, i) => i);
  const mix = (bags: readonly (readonly number[])[]): Ensemble => {
    const weights = new Float64Array(ranked.length);
    for (const bag of bags) {
      for (const [i, share] of select(bag, answers, all, rows)) weights[i] += share / bags.length;
    }
    const strongest = ranked
      .map((trial, i) => ({ trial, weight: weights[i] }))
      .sort((a, b) => b.weight - a.weight || a.trial.id - b.trial.id)
      .slice(0, mostMembers);
    const kept = strongest.filter(({ weight }) => weight >= Math.min(leastWeight, strongest[0].weight));
    return ensembleOf(kept, field);
  };
  const whole = mix([every]);
  if (!rows.labels && rows.rows <= fewRows) return evened(whole, ranked, field);
  if (rows.rows > fewRows || ranked.length <= 3) return whole;
  const bagged = mix(
    Array.from({ length: 8 }, () => random.shuffle([...every]).slice(0, Math.ceil(ranked.length * bagShare))),
  );
  return bagged.loss < whole.loss ? bagged : whole;
}

/** Numbers that differ by less than this share of the loss are the same answers. */
const sameShare = 0.01;

/** The trials whose held-out numbers are not nearly those of a better one. */
function distinct(ranked: readonly Trial[]): Trial[] {
  const kept: Trial[] = [];
  for (const trial of ranked) {
    const own = trial.held ?? new Float32Array(0);
    const isSame = kept.some(({ held = own }) => {
      let sum = 0;
      for (let i = 0; i < own.length; i++) sum += (own[i] - held[i]) ** 2;
      return sum / own.length < sameShare * trial.loss;
    });
    if (!isSame) kept.push(trial);
    if (kept.length === mostCandidates) break;
  }
  return kept;
}

/** Trials that weights by loss alone go to, and the share of the best loss that a trial loses more for e times less weight. */
const evenCandidates = 12;
const evenShare = 0.1;

/** The share of the best loss that a linear model may lose more for it to be given its part, and that part. */
const linearNear = 0.1;
const linearShare = 1 / 3;

/**
 * Half of the weights by loss alone: on few rows of a number greedy selection fits the held-out rows, and leaves out what would have
 * evened errors out (five-fold diabetes, 15 searches: R² 0.4885 in place of 0.4852; by loss alone 0.4912). A part of all goes to the
 * best linear model where it is nearly as good: it varies least from sample to sample (0.4912 in place of 0.4881, with half).
 */
function evened({ members }: Ensemble, ranked: readonly Trial[], field: Rows): Ensemble {
  const [{ loss: least }] = ranked;
  const leaders = ranked.slice(0, evenCandidates);
  const shares = leaders.map(({ loss }) => Math.exp(-(loss - least) / Math.max(1e-12, evenShare * Math.abs(least))));
  const total = shares.reduce((a, b) => a + b, 0);
  const weights = new Map(leaders.map((trial, i) => [trial, shares[i] / total / 2]));
  for (const { trial, weight } of members) weights.set(trial, (weights.get(trial) ?? 0) + weight / 2);
  const linear = ranked.find(({ family, loss }) => family === 'glm' && loss - least < linearNear * Math.abs(least));
  if (linear) weights.set(linear, (weights.get(linear) ?? 0) + linearShare / (1 - linearShare));
  const mixed = [...weights].map(([trial, weight]) => ({ trial, weight }));
  return ensembleOf(mixed.sort((a, b) => b.weight - a.weight || a.trial.id - b.trial.id).slice(0, mostMembers), field);
}

/** The ensemble of these members, their weights brought to a sum of 1: their mean under one temperature. */
export function ensembleOf(members: readonly Member[], field: Rows): Ensemble {
  const { rows } = field;
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const settled = members.map(({ trial, weight }) => ({ trial, weight: weight / total }));
  const all = heldRows(field);
  const logs = logsOf(meanOfTerms(heldAnswers(settled, all, rows), settled), rows);
  const calibration: Calibration = { kind: 'temperature', factor: temperatureOf(logs, all, rows) };
  return { members: settled, calibration, ...judged(logs, calibration, all, rows) };
}

/** What the ensemble says of held-out rows, which for numbers is what its graph gives; undefined where some member was held out of nothing. */
export function heldOf(
  { members, stack }: Ensemble,
  field: Rows,
): { rows: Uint32Array; answers: Float64Array } | undefined {
  if (!members.every(({ trial }) => trial.held)) return undefined;
  const all = heldRows(field);
  const answers = heldAnswers(members, all, field.rows);
  return { rows: all, answers: stack ? stacked(stack, answers) : meanOfTerms(answers, members) };
}

/** The same members, stacked and calibrated as held-out rows say is better, and naming classes by the metric. */
export function polish(ensemble: Ensemble, field: Rows, metric: Metric = 'accuracy'): Ensemble {
  const { rows } = field;
  const { members } = ensemble;
  const { outputs } = rows;
  const all = heldRows(field);
  const isKnown = members.every(({ trial }) => trial.held);
  if (!isKnown || all.length < fewestPolished) return ensemble;
  const folds = all.map((row) => field.folds[row]);
  const answers = heldAnswers(members, all, rows);
  const mean = meanOfTerms(answers, members);
  const plain = logsOf(mean, rows);
  const terms = answers.map((values) => logsOf(values, rows));
  const now = rows.labels ? softmaxOf(calibrated(ensemble.calibration, plain, outputs), outputs) : mean;
  const weights = members.map(({ weight }) => weight);
  const stack = chooseStack(terms, weights, now, all, folds, rows);
  const mixed = stack ? stacked(stack, terms) : plain;
  const logs = stack && rows.labels ? logsOf(softmaxOf(mixed, outputs), rows) : mixed;
  const calibration = chooseCalibration(logs, all, folds, rows);
  const { labels } = rows;
  const shares = labels ? softmaxOf(calibrated(calibration, logs, outputs), outputs) : logs;
  const decision = labels
    ? chooseDecision(
        metric,
        shares,
        Int32Array.from(all, (row) => labels[row]),
        outputs,
      )
    : undefined;
  return {
    members,
    ...(stack ? { stack } : {}),
    calibration,
    ...(decision ? { decision } : {}),
    ...judged(logs, calibration, all, rows),
  };
}

/** Held-out rows below which nothing but a temperature is fitted to them. */
const fewestPolished = 60;

/** Each member's calibrated shares, or numbers, of the rows. */
function heldAnswers(members: readonly Member[], all: Uint32Array, rows: ClassicRows): Float64Array[] {
  const { outputs } = rows;
  return members.map(({ trial }) => {
    const own = answersOf(trial, rows);
    const out = new Float64Array(all.length * outputs);
    for (const [i, row] of all.entries()) out.set(own.subarray(row * outputs, (row + 1) * outputs), i * outputs);
    return out;
  });
}

function meanOfTerms(answers: readonly Float64Array[], members: readonly Member[]): Float64Array {
  const mixed = new Float64Array(answers[0]?.length ?? 0);
  for (const [m, own] of answers.entries()) {
    for (let i = 0; i < mixed.length; i++) mixed[i] += members[m].weight * own[i];
  }
  return mixed;
}

/** Logarithms of shares; numbers as they are. */
const logsOf = (answers: Float64Array, { labels }: ClassicRows): Float64Array =>
  labels ? answers.map((share) => Math.log(Math.max(share, leastShare))) : answers;

/** Least share of a class, in the merged graph too. */
const leastShare = 1e-7;

function judged(
  logs: Float64Array,
  calibration: Calibration,
  all: Uint32Array,
  rows: ClassicRows,
): Pick<Ensemble, 'loss' | 'score' | 'interval'> {
  const { outputs } = rows;
  const final = rows.labels ? softmaxOf(calibrated(calibration, logs, outputs), outputs) : logs;
  return { loss: meanOf(lossesOf(final, all, rows)), ...scoreOf(final, all, rows) };
}

/** Calibrated shares, or scaled numbers, of all rows. */
function answersOf({ held, factor }: Trial, { labels, outputs }: ClassicRows): Float64Array {
  const logits = held ?? new Float32Array(0);
  return labels ? softmaxOf(logits, outputs, factor) : Float64Array.from(logits);
}

/** How often each candidate is picked, as a share. */
function select(
  offered: readonly number[],
  answers: readonly Float64Array[],
  all: Uint32Array,
  rows: ClassicRows,
): Map<number, number> {
  const { labels, outputs, targets } = rows;
  // Only what a row is judged by matters: the share of its class, or the number.
  const own = answers.map((values) =>
    Float64Array.from(all, (row) => values[row * outputs + (labels ? labels[row] : 0)]),
  );
  const truth = Float64Array.from(all, (row) => (labels ? 0 : (targets?.[row] ?? 0)));
  const sum = new Float64Array(all.length);
  const lossWith = (values: Float64Array, count: number) => {
    let loss = 0;
    for (let i = 0; i < sum.length; i++) {
      const mixed = (sum[i] + values[i]) / count;
      loss += labels ? -Math.log(Math.max(mixed, 1e-7)) : (mixed - truth[i]) ** 2;
    }
    return loss / sum.length;
  };
  const order: number[] = [];
  let best = { loss: Number.POSITIVE_INFINITY, length: 0 };
  for (let pick = 1; pick <= picks; pick++) {
    let chosen = { i: offered[0], loss: Number.POSITIVE_INFINITY };
    for (const i of offered) {
      const loss = lossWith(own[i], pick);
      if (loss < chosen.loss) chosen = { i, loss };
    }
    order.push(chosen.i);
    for (let i = 0; i < sum.length; i++) sum[i] += own[chosen.i][i];
    if (chosen.loss < best.loss - 1e-9) best = { loss: chosen.loss, length: pick };
  }
  const counts = new Map<number, number>();
  for (const i of order.slice(0, best.length)) counts.set(i, (counts.get(i) ?? 0) + 1 / best.length);
  return counts;
}
