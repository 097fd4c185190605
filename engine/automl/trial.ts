// One tried configuration: what it was, how far it came, what it is worth. Also how trials become text, for records.
import type { Hyper } from '../schema/index.ts';
import type { Field } from './field.ts';
import { type FoldResult, foldRows, type TrialSpec } from './runner.ts';
import { lossesOf, meanOf, scoreOf, softmaxOf, temperatureOf } from './scores.ts';

export interface Trial extends TrialSpec {
  hyper: Hyper;
  /** Why it was tried, in a sentence. */
  why: string;
  state: 'finished' | 'stopped' | 'failed';
  /** Calibrated loss of each fold that was done, in order. */
  losses: number[];
  /** Loss on the first fold after a fit on a share of its rows, where that came first. */
  taste?: number;
  /** Mean loss of the rows of the done folds. */
  loss: number;
  /** Accuracy or R² on held-out rows, and where 95 of 100 samples would have it. */
  score: number;
  interval: [number, number];
  /** Of a fold, ms; numbers learned; rounds that were best. */
  fitMs: number;
  predictMs: number;
  size: number;
  rounds: number;
  /** Factor on its logits that calibrates them. */
  factor: number;
  /** [rows × outputs] held-out logits, for finished trials. */
  held?: Float32Array;
  error?: string;
}

/** Calibrated loss of one fold. */
export function foldLoss(
  field: Pick<Field, 'rows' | 'folds' | 'isOrdered'>,
  fold: number,
  logits: Float32Array,
): number {
  const { rows } = field;
  const { held } = foldRows(field, fold);
  const factor = temperatureOf(logits, held, rows);
  return meanOf(lossesOf(rows.labels ? softmaxOf(logits, rows.outputs, factor) : logits, held, rows));
}

/** The trial that these folds make; `held` is kept where all of them are there. */
export function trialOf(
  field: Pick<Field, 'rows' | 'folds' | 'foldCount' | 'isOrdered'>,
  spec: TrialSpec & { why: string },
  state: Trial['state'],
  results: readonly FoldResult[],
  losses: readonly number[],
  error?: string,
): Trial {
  const { rows, foldCount } = field;
  const { outputs } = rows;
  const held = new Float32Array(rows.rows * outputs);
  const done = new Uint8Array(rows.rows);
  for (const [fold, { logits }] of results.entries()) {
    for (const [i, row] of foldRows(field, fold).held.entries()) {
      held.set(logits.subarray(i * outputs, (i + 1) * outputs), row * outputs);
      done[row] = 1;
    }
  }
  const seen = Uint32Array.from(done, (_, i) => i).filter((i) => done[i] === 1);
  const own = new Float32Array(seen.length * outputs);
  for (const [i, row] of seen.entries()) own.set(held.subarray(row * outputs, (row + 1) * outputs), i * outputs);
  const factor = temperatureOf(own, seen, rows);
  const answers = rows.labels ? softmaxOf(own, outputs, factor) : own;
  const mean = (pick: (result: FoldResult) => number) => meanOf(results.map(pick));
  const isWhole = state === 'finished' && results.length === foldCount;
  return {
    ...spec,
    state,
    losses: [...losses],
    loss: seen.length > 0 ? meanOf(lossesOf(answers, seen, rows)) : Number.POSITIVE_INFINITY,
    ...(seen.length > 0 ? scoreOf(answers, seen, rows) : { score: 0, interval: [0, 0] }),
    fitMs: mean(({ fitMs }) => fitMs),
    predictMs: mean(({ predictMs }) => predictMs),
    size: Math.round(mean(({ size }) => size)),
    rounds: Math.max(1, Math.round(mean(({ bestRound }) => bestRound))),
    factor,
    ...(isWhole ? { held } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
