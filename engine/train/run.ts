// A whole training run over rows in memory: every candidate is fitted with early stopping on the validation rows, the
// simplest of the good ones is kept, and small data is then trained on with the validation rows too.
import { assert, type Clock, systemClock } from '../base/index.ts';
import type { Graph } from '../graph/index.ts';
import { families, type Layout } from '../models/index.ts';
import type { MetricPoint, Progress, Task } from '../schema/index.ts';
import { openBatches } from './batches.ts';
import type { Candidate } from './candidates.ts';
import { compileTraining } from './compile.ts';
import { openCurve } from './curve.ts';
import { evaluatePart, rowLosses } from './evaluate.ts';
import { type BestState, fit, type FitEnd, type FitState } from './loop.ts';
import type { TrainingProgram } from './program.ts';
import type { ModelRows } from './rows.ts';
import { simplestNearBest } from './select.ts';
import { withWeights } from './weights.ts';

export interface RunJob {
  task: Task;
  data: ModelRows;
  /** Row numbers in `data`. */
  train: Uint32Array;
  validation: Uint32Array;
  layout: Layout;
  outputs: number;
  /** From the simplest to the most complex. */
  candidates: readonly Candidate[];
  /** Trains the chosen candidate once more on training and validation rows, for as many epochs as were best. */
  refit: boolean;
  device: string;
  threads: number;
  seed: number;
}

/** One fitted candidate, or the refit. */
export interface Stage {
  best: BestState;
  end: FitEnd;
  epochs: number;
  steps: number;
  /** Loss of each validation row. */
  losses: Float64Array;
}

/** Position of a run: what is done, and where the loop in hand stands. */
export interface RunState {
  stages: Stage[];
  fit: FitState | null;
}

export interface RunHooks {
  /** A reason ends the run at the best state so far. */
  interrupt?(): 'stop' | 'budget' | undefined;
  /** Before a candidate is trained. */
  trying?(candidate: Candidate, index: number): void;
  metrics?(points: MetricPoint[]): void;
  progress?(progress: Progress): void;
  saveDue?(): boolean;
  save?(state: RunState): Promise<void>;
  clock?: Clock;
}

export interface RunResult {
  candidate: Candidate;
  /** The family's graph with its trained weights. */
  graph: Graph;
  /** Of the validation rows, before any refit. */
  validation: { loss: number; score: number };
  epochs: number;
  bestEpoch: number;
  steps: number;
  end: FitEnd;
}

const everyProgressMs = 200;

/** Trains from the start, or from a saved position; the same job gives the same bits either way. */
export async function runTraining(job: RunJob, hooks: RunHooks = {}, from?: RunState): Promise<RunResult> {
  const clock = hooks.clock ?? systemClock;
  const { candidates } = job;
  const stages = [...(from?.stages ?? [])];
  let position = from?.fit ?? undefined;
  const began = clock.monotonic();
  let told = Number.NEGATIVE_INFINITY;
  const curve = openCurve((points) => hooks.metrics?.(points), clock);
  const figure = job.task === 'regression' ? 'val.r2' : 'val.accuracy';
  const planned = candidates.map((candidate) => candidate.epochs * batchesIn(job.train.length, candidate));
  const total = planned.reduce((sum, steps) => sum + steps, 0);
  const doneAtStart = planned.slice(0, stages.length).reduce((a, b) => a + b, 0) + (position?.step ?? 0);

  const tell = (phase: string, stage: number, step: number) => {
    const now = clock.monotonic();
    if (now - told < everyProgressMs) return;
    told = now;
    const done = Math.min(total, planned.slice(0, stage).reduce((a, b) => a + b, 0) + step);
    const share = (done - doneAtStart) / Math.max(1, total - doneAtStart);
    const leftMs = share > 0.01 ? ((now - began) / share) * (1 - share) : undefined;
    hooks.progress?.({ phase, done, total, ...(leftMs === undefined ? {} : { leftMs }) });
  };

  const fitStage = async (candidate: Candidate, index: number, until?: number): Promise<Stage> => {
    const again = until !== undefined;
    const data = job.data;
    const program = await compileCandidate(job, candidate);
    try {
      const rows = again ? Uint32Array.from([...job.train, ...job.validation]).sort() : job.train;
      const batches = { batchSize: candidate.batchSize, seed: job.seed };
      const train = openBatches(data, rows, batches);
      const validation = openBatches(data, job.validation, { ...batches, batchSize: 256 });
      const before = stages.reduce((sum, stage) => sum + stage.steps, 0);
      const phase = again
        ? 'finishing'
        : candidates.length > 1
          ? `trying ${index + 1} of ${candidates.length}`
          : 'training';
      const result = await fit(
        { program, train, evaluate: again ? null : () => evaluatePart(program, validation, data) },
        { ...candidate, ...(again ? { until } : {}) },
        {
          ...(hooks.interrupt ? { interrupt: hooks.interrupt } : {}),
          ...(hooks.saveDue ? { saveDue: hooks.saveDue } : {}),
          ...(hooks.save ? { save: (state: FitState) => hooks.save?.({ stages, fit: state }) as Promise<void> } : {}),
          clock,
          stepped(step, epoch, loss, rate) {
            curve.step(before + step, epoch, loss, rate);
            tell(phase, index, step);
          },
          evaluated(step, epoch, loss, rate, evaluation) {
            const held: Record<string, number> = again
              ? {}
              : { 'val.loss': evaluation.loss, [figure]: evaluation.score };
            curve.add(before + step, epoch, { 'train.loss': loss, lr: rate, ...held });
          },
        },
        position,
      );
      position = undefined;
      const losses = again ? new Float64Array(0) : await lossesOf(program, result.best, validation, job);
      return { ...result, losses };
    } finally {
      await program.dispose();
    }
  };

  const isCut = () => stages.some((stage) => stage.end === 'stop' || stage.end === 'budget');
  for (const [i, candidate] of candidates.entries()) {
    if (i < stages.length) continue;
    if (isCut()) break;
    hooks.trying?.(candidate, i);
    stages.push(await fitStage(candidate, i));
  }
  const fitted = stages.slice(0, candidates.length);
  const index = simplestNearBest(fitted);
  const candidate = candidates[index];
  const chosen = fitted[index];
  assert(candidate && chosen, 'a candidate was chosen');
  if (job.refit && stages.length === candidates.length && !isCut()) {
    stages.push(await fitStage(candidate, index, chosen.best.epoch));
  }
  const refitted = stages.length > candidates.length && !isCut() ? stages[candidates.length] : undefined;
  const { best } = refitted ?? chosen;
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  curve.add(steps, chosen.best.epoch, { 'val.loss': chosen.best.loss, [figure]: chosen.best.score });
  curve.flush();
  hooks.progress?.({ phase: 'training', done: total, total, leftMs: 0 });
  return {
    candidate,
    graph: withWeights(
      families[candidate.family].build(job.layout, job.outputs, candidate.hyper, job.seed),
      best.weights,
    ),
    validation: { loss: chosen.best.loss, score: chosen.best.score },
    epochs: chosen.epochs,
    bestEpoch: chosen.best.epoch,
    steps: chosen.steps,
    end: stages.at(-1)?.end ?? chosen.end,
  };
}

const batchesIn = (rows: number, { batchSize }: Candidate) => Math.ceil(rows / Math.max(1, Math.min(batchSize, rows)));

function compileCandidate(job: RunJob, candidate: Candidate): Promise<TrainingProgram> {
  const graph = families[candidate.family].build(job.layout, job.outputs, candidate.hyper, job.seed);
  return compileTraining(graph, {
    loss: job.task === 'regression' ? 'mse' : 'cross_entropy',
    ...(job.task === 'regression' ? {} : { labelSmoothing: candidate.labelSmoothing }),
    optimizer: candidate.optimizer,
    clipNorm: 10,
    device: job.device,
    threads: job.threads,
    seed: job.seed,
  });
}

/** Loss of each validation row under the best state, in the order of row numbers. */
async function lossesOf(
  program: TrainingProgram,
  best: BestState,
  validation: ReturnType<typeof openBatches>,
  job: RunJob,
): Promise<Float64Array> {
  const state = await program.snapshot();
  for (const [name, value] of best.weights) state.set(`weight.${name}`, value);
  await program.restore(state);
  const losses = rowLosses(await evaluatePart(program, validation, job.data), job.data);
  return Float64Array.from(job.validation, (row) => losses.get(row) ?? 0);
}
