// Finished trials as files of a checkpoint, and as the summary that people see.
import type { Ensemble, Trial } from '../automl/index.ts';
import { fromUtf8, utf8 } from '../base/index.ts';
import type { Metric, SearchSummary, TrialRow } from '../schema/index.ts';

/** Names of the files in the pack. */
export const trialFiles = ['trials.json', 'held.bin'] as const;

/** Trials whose held-out answers are kept: more than an ensemble looks at. */
const mostHeld = 30;
const mostRows = 60;

/** All trials, with the held-out answers of the best. */
export function encodeTrials(trials: readonly Trial[]): Record<(typeof trialFiles)[number], Uint8Array> {
  const best = new Set(ranked(trials).slice(0, mostHeld));
  const kept = trials.map((trial) => (best.has(trial) ? trial : { ...trial, held: undefined }));
  const held = kept.flatMap((trial) => (trial.held ? [trial.held] : []));
  const bytes = new Uint8Array(held.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const values of held) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  // A loss that is not there is infinite, which JSON cannot say.
  const rows = kept.map(({ held: own, loss, ...rest }) => ({
    ...rest,
    loss: Number.isFinite(loss) ? loss : null,
    held: own?.length ?? 0,
  }));
  return { 'trials.json': utf8(JSON.stringify(rows)), 'held.bin': bytes };
}

/** The trials that `encodeTrials` wrote. */
export function decodeTrials(files: Record<(typeof trialFiles)[number], Uint8Array>): Trial[] {
  type Row = Omit<Trial, 'held' | 'loss'> & { held: number; loss: number | null };
  const rows = JSON.parse(fromUtf8(files['trials.json'])) as Row[];
  const bytes = files['held.bin'].slice();
  let at = 0;
  return rows.map(({ held, loss, ...row }) => {
    const values = new Float32Array(bytes.buffer, at, held);
    at += values.byteLength;
    return { ...row, loss: loss ?? Number.POSITIVE_INFINITY, ...(held > 0 ? { held: values } : {}) };
  });
}

/** Finished ones by loss, then the others by how far they came. */
function ranked(trials: readonly Trial[]): Trial[] {
  const isDone = (trial: Trial) => (trial.state === 'finished' ? 0 : 1);
  return [...trials].sort(
    (a, b) => isDone(a) - isDone(b) || b.losses.length - a.losses.length || a.loss - b.loss || a.id - b.id,
  );
}

/** The leaderboard, and the ensemble once there is one. */
export function summaryOf(
  trials: readonly Trial[],
  leaks: readonly string[],
  ensemble?: Ensemble,
  metric: Metric = 'accuracy',
): SearchSummary {
  // A member that the clock cut off is no trial that counts, but people shall see what the model is.
  const cut = (ensemble?.members ?? []).filter(
    ({ trial }) => trial.losses.length > 0 && !trials.some(({ id }) => id === trial.id),
  );
  const rows = ranked([...trials, ...cut.map(({ trial }) => trial)])
    .slice(0, mostRows)
    .map((trial): TrialRow => {
      const { id, family, hyper, why, state, losses, loss, score, interval, fitMs, predictMs, size, error } = trial;
      const figures = {
        folds: losses.length,
        loss: Number.isFinite(loss) ? loss : 0,
        score,
        interval,
        fitMs,
        predictMs,
      };
      return { id, family, hyper, why, state, ...figures, size, ...(error ? { error } : {}) };
    });
  return {
    trials: trials.length,
    rows,
    members: (ensemble?.members ?? []).map(({ trial, weight }) => ({ id: trial.id, weight })),
    ...(ensemble ? { score: ensemble.score, interval: ensemble.interval, mix: mixOf(ensemble, metric) } : {}),
    importance: [],
    dependence: [],
    leaks: [...leaks],
  };
}

const mixOf = ({ stack, calibration, decision }: Ensemble, metric: Metric): SearchSummary['mix'] => ({
  by: stack ? 'stack' : 'mean',
  calibration: calibration.kind,
  ...(metric === 'accuracy' ? {} : { metric }),
  // Of two classes the offset says the share of the second from which on it is named.
  ...(decision?.length === 2 ? { threshold: 1 / (1 + Math.exp(decision[1] - decision[0])) } : {}),
});
