// Which trials are put together and with what weights: greedy selection with replacement over held-out answers (Caruana et al. 2004),
// in bags of candidates where rows are few (Caruana et al. 2006), and the temperature of the whole.
import { rng } from '../base/index.ts';
import type { ClassicRows } from '../classic/index.ts';
import { lossesOf, meanOf, scoreOf, softmaxOf, temperatureOf } from './scores.ts';
import type { Field } from './field.ts';
import { heldRows } from './runner.ts';
import type { Trial } from './trial.ts';

export interface Member {
  trial: Trial;
  weight: number;
}

export interface Ensemble {
  /** By falling weight; weights add up to 1. */
  members: Member[];
  /** Factor on the logarithm of the mixed shares. */
  factor: number;
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
  const ranked = trials
    .filter((trial) => trial.state === 'finished' && trial.held)
    .sort((a, b) => a.loss - b.loss || a.id - b.id)
    .slice(0, mostCandidates);
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
  if (rows.rows > fewRows || ranked.length <= 3) return whole;
  const bagged = mix(
    Array.from({ length: 8 }, () => random.shuffle([...every]).slice(0, Math.ceil(ranked.length * bagShare))),
  );
  return bagged.loss < whole.loss ? bagged : whole;
}

/** The ensemble of these members, their weights brought to a sum of 1. */
export function ensembleOf(members: readonly Member[], field: Rows): Ensemble {
  const { rows } = field;
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const settled = members.map(({ trial, weight }) => ({ trial, weight: weight / total }));
  const all = heldRows(field);
  const { outputs } = rows;
  const mixed = new Float64Array(all.length * outputs);
  for (const { trial, weight } of settled) {
    const own = answersOf(trial, rows);
    for (const [i, row] of all.entries()) {
      for (let k = 0; k < outputs; k++) mixed[i * outputs + k] += weight * own[row * outputs + k];
    }
  }
  const logs = rows.labels ? mixed.map((share) => Math.log(Math.max(share, 1e-7))) : mixed;
  const factor = temperatureOf(logs, all, rows);
  const final = rows.labels ? softmaxOf(logs, rows.outputs, factor) : mixed;
  return { members: settled, factor, loss: meanOf(lossesOf(final, all, rows)), ...scoreOf(final, all, rows) };
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
