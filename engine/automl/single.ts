// One classic family by itself: fitted while some rows are held back, then once more on all of them for as many rounds as were best.
import type { Graph } from '../graph/index.ts';
import type { ClassicName, Hyper, Metric } from '../schema/index.ts';
import { chooseDecision } from './decide.ts';
import type { Field } from './field.ts';
import { fitModel } from './learner.ts';
import { mergeParts } from './merge.ts';
import { lossesOf, meanOf, scoreOf, softmaxOf, temperatureOf } from './scores.ts';

export interface SingleOptions {
  seed: number;
  threads: number;
  /** What classes are named by; accuracy when left out. */
  metric?: Metric;
  stop?: () => boolean;
  /** Share of the whole work, and the validation loss where there is one. */
  progress?: (share: number, loss?: number) => void;
}

export interface SingleResult {
  graph: Graph;
  rounds: number;
  bestRound: number;
  size: number;
  /** Added to the logarithm of each class's share before one is named. */
  decision?: number[];
  /** On the rows that were held back. */
  loss: number;
  score: number;
  held: { rows: Uint32Array; answers: ArrayLike<number> };
}

/** Fits a family; probabilities are calibrated on the rows that were held back. */
export async function fitSingle(
  field: Field,
  family: ClassicName,
  hyper: Hyper,
  { seed, threads, metric = 'accuracy', stop, progress }: SingleOptions,
): Promise<SingleResult> {
  const { rows, train, validation } = field;
  const common = { family, hyper, seed, threads, ...(stop ? { stop } : {}) };
  const tell = (from: number) => (share: number, loss?: number) => progress?.(from + share / 2, loss);
  const first = await fitModel(field, { ...common, train, validation, progress: tell(0) });
  const logits = await first.logits(validation);
  const factor = temperatureOf(logits, validation, rows);
  const answers = rows.labels ? softmaxOf(logits, rows.outputs, factor) : logits;
  const all = Uint32Array.from(field.folds, (_, i) => i);
  const isCut = stop?.() === true;
  const last = isCut
    ? first
    : await fitModel(field, {
        ...common,
        train: all,
        validation: new Uint32Array(0),
        rounds: first.bestRound,
        progress: tell(0.5),
      });
  const { labels, outputs } = rows;
  const truth = labels && Int32Array.from(validation, (row) => labels[row]);
  const decision = truth && chooseDecision(metric, answers, truth, outputs);
  const part = { graph: last.graph(), weight: 1, factor };
  return {
    graph: mergeParts([part], { calibration: { kind: 'temperature', factor: 1 } }, rows.labels !== undefined, family),
    rounds: first.rounds,
    bestRound: first.bestRound,
    size: last.size,
    ...(decision ? { decision } : {}),
    loss: meanOf(lossesOf(answers, validation, rows)),
    score: scoreOf(answers, validation, rows).score,
    held: { rows: validation, answers },
  };
}
