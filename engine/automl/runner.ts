// Who fits the models of a search: an interface, so that forked trainers or other machines can do it, and the plain one that fits
// here. A search sees folds going out and figures coming back, whoever works.
import { rng } from '../base/index.ts';
import { encodeModel } from '../onnx/index.ts';
import { modelOf } from '../graph/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Field } from './field.ts';
import { fitModel } from './learner.ts';
import type { SearchFamily } from './spaces.ts';

/** What is to be fitted; a search never asks for more than its runner has slots at a time. */
export interface TrialSpec {
  id: number;
  family: SearchFamily;
  hyper: Hyper;
  seed: number;
  /** Share of a fold's training rows that are fitted on; all when left out. */
  share?: number;
}

/** One fold of a trial: what the fit says of the rows of the fold. */
export interface FoldResult {
  logits: Float32Array;
  fitMs: number;
  predictMs: number;
  size: number;
  bestRound: number;
}

export interface TrialRunner {
  slots: number;
  /** Fits on the other folds and answers for this one; with so many ms over, what is fitted by then counts. */
  fold(spec: TrialSpec, fold: number, ms?: number): Promise<FoldResult>;
  /**
   * Fits on all rows, for so many rounds and no longer than so many ms: with the time over, what is there counts. The bytes of
   * the graph to `logits` as an ONNX file.
   */
  whole(spec: TrialSpec, rounds: number, ms?: number): Promise<Uint8Array>;
  /** Ends what is being fitted: its promises reject. */
  cancel(): void;
}

/** Fold of rows that are in none: they are trained on and never held out. */
export const noFold = 255;

/** Rows of a fold, and those to train on for it: all others, or in order of time those before it. */
export function foldRows(
  { folds, isOrdered }: Pick<Field, 'folds' | 'isOrdered'>,
  fold: number,
): { train: Uint32Array; held: Uint32Array } {
  const places = Uint32Array.from(folds, (_, i) => i);
  const isTrained = (own: number) => own !== fold && (!isOrdered || own === noFold || own < fold);
  return { train: places.filter((i) => isTrained(folds[i])), held: places.filter((i) => folds[i] === fold) };
}

/** A share of the rows to train on for a fold, the same for every trial: the latest in order of time, else drawn. */
export function someOf(
  train: Uint32Array,
  { isOrdered }: Pick<Field, 'isOrdered'>,
  fold: number,
  share: number,
): Uint32Array {
  const count = Math.max(1, Math.round(train.length * share));
  if (isOrdered) return train.subarray(train.length - count);
  return rng(fold, 'some of the rows').shuffle(Uint32Array.from(train)).subarray(0, count).sort();
}

/** Rows that some fold holds out. */
export const heldRows = ({ folds }: Pick<Field, 'folds'>): Uint32Array =>
  Uint32Array.from(folds, (_, i) => i).filter((i) => folds[i] !== noFold);

/** Fits in this thread, one after the other. */
export function localRunner(field: Field, threads: number): TrialRunner {
  let isCancelled = false;
  /** Whether a fit that began now and may take so many ms is to end. */
  const until = (ms = Number.POSITIVE_INFINITY) => {
    const ends = performance.now() + ms;
    return () => isCancelled || performance.now() > ends;
  };
  return {
    slots: 1,
    async fold(spec, fold, ms) {
      const { train: all, held } = foldRows(field, fold);
      const { family, hyper, seed, share } = spec;
      const train = share === undefined ? all : someOf(all, field, fold, share);
      const began = performance.now();
      const model = await fitModel(field, { family, hyper, seed, threads, train, validation: held, stop: until(ms) });
      const fitted = performance.now();
      const logits = await model.logits(held);
      return {
        logits,
        fitMs: fitted - began,
        predictMs: performance.now() - fitted,
        size: model.size,
        bestRound: model.bestRound,
      };
    },
    async whole(spec, rounds, ms) {
      const train = Uint32Array.from(field.folds, (_, i) => i);
      const { family, hyper, seed } = spec;
      const validation = new Uint32Array(0);
      const model = await fitModel(field, { family, hyper, seed, threads, train, validation, rounds, stop: until(ms) });
      return encodeModel(modelOf(model.graph()));
    },
    cancel() {
      isCancelled = true;
    },
  };
}
