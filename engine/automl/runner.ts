// Who fits the models of a search: an interface, so that forked trainers or other machines can do it, and the plain one that fits
// here. A search sees folds going out and figures coming back, whoever works.
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
  fold(spec: TrialSpec, fold: number): Promise<FoldResult>;
  /**
   * Fits on all rows, for so many rounds and no longer than so many ms: with the time over, what is there counts. The bytes of
   * the graph to `logits` as an ONNX file.
   */
  whole(spec: TrialSpec, rounds: number, ms?: number): Promise<Uint8Array>;
  /** Ends what is being fitted: its promises reject. */
  cancel(): void;
}

/** Rows of a fold, and the others. */
export function foldRows({ folds }: Pick<Field, 'folds'>, fold: number): { train: Uint32Array; held: Uint32Array } {
  const places = Uint32Array.from(folds, (_, i) => i);
  return { train: places.filter((i) => folds[i] !== fold), held: places.filter((i) => folds[i] === fold) };
}

/** Fits in this thread, one after the other. */
export function localRunner(field: Field, threads: number): TrialRunner {
  let isCancelled = false;
  const stop = () => isCancelled;
  return {
    slots: 1,
    async fold(spec, fold) {
      const { train, held } = foldRows(field, fold);
      const { family, hyper, seed } = spec;
      const began = performance.now();
      const model = await fitModel(field, { family, hyper, seed, threads, train, validation: held, stop });
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
    async whole(spec, rounds, ms = Number.POSITIVE_INFINITY) {
      const ends = performance.now() + ms;
      const train = Uint32Array.from(field.folds, (_, i) => i);
      const { family, hyper, seed } = spec;
      const validation = new Uint32Array(0);
      const isLate = () => isCancelled || performance.now() > ends;
      const model = await fitModel(field, { family, hyper, seed, threads, train, validation, rounds, stop: isLate });
      return encodeModel(modelOf(model.graph()));
    },
    cancel() {
      isCancelled = true;
    },
  };
}
