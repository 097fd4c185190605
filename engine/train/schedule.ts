// How the learning rate moves over a run: one table of shapes behind a linear warm-up. Holds no clock: only steps and
// validation losses move it, so that a resumed run goes on exactly.
import type { ScheduleSpec } from '../schema/index.ts';

/** What a schedule remembers between steps; the plateau shape alone changes it. */
export interface ScheduleState {
  /** Factor that past plateaus left. */
  factor: number;
  /** Least validation loss so far; null before the first. */
  best: number | null;
  /** Evaluations since. */
  waited: number;
}

export interface Schedule {
  /** Learning rate of a step, counted from 1. */
  rate(step: number): number;
  /** Tells it the validation loss after an epoch. */
  observe(loss: number): void;
  state(): ScheduleState;
}

export interface ScheduleOptions {
  learningRate: number;
  totalSteps: number;
}

/** Factor at a share of the way from the end of warm-up (0) to the last step (1). */
const shapes: Record<ScheduleSpec['kind'], (share: number) => number> = {
  constant: () => 1,
  /** Half a cosine down to 0 (Loshchilov & Hutter 2017, without restarts). */
  cosine: (share) => (1 + Math.cos(Math.PI * share)) / 2,
  /** A tenth at half and again at three quarters of the way (He et al. 2016). */
  step: (share) => (share < 0.5 ? 1 : share < 0.75 ? 0.1 : 0.01),
  plateau: () => 1,
};

/** Evaluations without a better loss before the rate is halved, and the least share of improvement that counts. */
const plateau = { patience: 4, factor: 0.5, threshold: 1e-4 };

/** A schedule from its start, or from a state saved before. */
export function openSchedule(spec: ScheduleSpec, options: ScheduleOptions, from?: ScheduleState): Schedule {
  const state: ScheduleState = from ? { ...from } : { factor: 1, best: null, waited: 0 };
  const warm = Math.round((spec.warmup ?? 0) * options.totalSteps);
  const shape = shapes[spec.kind];
  return {
    rate(step) {
      if (step <= warm) return (options.learningRate * step) / warm;
      const share = Math.min(1, (step - 1 - warm) / Math.max(1, options.totalSteps - warm));
      return options.learningRate * state.factor * shape(share);
    },
    observe(loss) {
      if (spec.kind !== 'plateau') return;
      if (state.best === null || loss < state.best * (1 - plateau.threshold)) {
        state.best = loss;
        state.waited = 0;
      } else if (++state.waited >= plateau.patience) {
        state.factor *= plateau.factor;
        state.waited = 0;
      }
    },
    state: () => ({ ...state }),
  };
}
