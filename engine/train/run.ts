// A whole training run over rows in memory: every candidate is fitted with early stopping on the validation rows, the
// simplest of the good ones is kept, and small data is then trained on with the validation rows too.
import { assert, type Clock, must, residentBytes, systemClock } from '../base/index.ts';
import type { Graph } from '../graph/index.ts';
import { families, mergeLora, outputsOf } from '../models/index.ts';
import type { MetricPoint, Progress, Task, TrainRequest } from '../schema/index.ts';
import { withScale } from './anomaly.ts';
import { alone, type Averager } from './averager.ts';
import { type Batches, openBatches } from './batches.ts';
import type { Candidate } from './candidates.ts';
import { compileTraining } from './compile.ts';
import { openCurve } from './curve.ts';
import { evaluatePart, rowLosses } from './evaluate.ts';
import { fitTemperature, naiveBayesStart, scaledWeights } from './leastSquares.ts';
import { federatedBatches } from './federated.ts';
import { type BestState, fit, type FitEnd, type FitState } from './loop.ts';
import type { Prepared } from './prepare.ts';
import { type Room, rowsThatFit, sizesOf } from './room.ts';
import type { TrainingProgram } from './program.ts';
import { shelve } from './rankingRows.ts';
import { simplestNearBest } from './select.ts';
import type { Shift } from './shift.ts';
import { wideStart, withWideWeights } from './wideStart.ts';
import { wordStart } from './wordStart.ts';
import { parameterCount, withWeights } from './weights.ts';

export interface RunJob {
  rows: Prepared;
  /** From the simplest to the most complex. */
  candidates: readonly Candidate[];
  /**
   * Gives all rows as training rows, to train the chosen candidate once more for as many epochs as were best; null to keep
   * the state that was best on the validation rows.
   */
  refit: (() => Promise<Prepared>) | null;
  device: string;
  threads: number;
  seed: number;
  /** Resident memory that the process may take, bytes; not looked at when left out. */
  memory?: number;
  /** How steps are computed; whole, held and in float32 when left out. */
  steps?: StepOptions;
  /** Joins this machine with others that run the same job; alone when left out. */
  averager?: Averager<RunState>;
  /** Steps between the meetings of those machines, or `auto`; every step when left out. */
  every?: number | 'auto';
  /**
   * Each machine trains on rows of its own: what only the rows of one would tell, the weights do not begin with. `batches` where
   * an epoch has so many, which are the leader's, whatever the rows.
   */
  federated?: { batches?: number };
}

/** What saves memory, as the request has it. */
export type StepOptions = Pick<TrainRequest, 'accumulate' | 'recompute' | 'precision'>;

/** One fitted candidate, or the refit. */
export interface Stage {
  best: BestState;
  end: FitEnd;
  epochs: number;
  steps: number;
  /** Wall-clock, since the last resume. */
  ms: number;
  /** Loss of each validation row. */
  losses: Float64Array;
  /** What the weights are multiplied by at last, so that scores become logits. */
  factor: number;
  /** Time left of the budget when it ended, ms, as the one who decides told it; no bound when left out. */
  leftMs?: number;
}

/** Position of a run: what is done, and where the loop in hand stands. */
export interface RunState {
  stages: Stage[];
  fit: FitState | null;
}

export interface RunHooks {
  /** A reason ends the run at the best state so far. */
  interrupt?(): 'stop' | undefined;
  /** Time left of the budget, ms; candidates share it evenly. No bound when left out. */
  left?(): number | undefined;
  /** Before a candidate is trained. */
  trying?(candidate: Candidate, index: number): void;
  /** After every step of any candidate. */
  stepped?(): void;
  metrics?(points: MetricPoint[]): void;
  progress?(progress: Progress): void;
  saveDue?(): boolean;
  save?(state: RunState): Promise<void>;
  /** At the end: the position from which the same result follows at once. */
  ended?(state: RunState): void;
  clock?: Clock;
}

export interface RunResult {
  candidate: Candidate;
  /** The rows that it was trained on at last, with their preprocessing. */
  rows: Prepared;
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
/** What a validation score is called. */
const figures: Record<Task, string> = {
  binary: 'val.accuracy',
  multiclass: 'val.accuracy',
  regression: 'val.r2',
  'text-to-text': 'val.tokenAccuracy',
  'language-model': 'val.tokenAccuracy',
  ranking: 'val.ndcg',
  anomaly: 'val.r2',
  forecasting: 'val.r2',
};
/** Largest global norm of a step's gradient. */
const clipNorm = 10;

/** Trains from the start, or from a saved position; the same job gives the same bits either way. */
export async function runTraining(job: RunJob, hooks: RunHooks = {}, from?: RunState): Promise<RunResult> {
  const clock = hooks.clock ?? systemClock;
  const { candidates, averager = alone } = job;
  const stages = [...(from?.stages ?? [])];
  let position = from?.fit ?? undefined;
  const began = clock.monotonic();
  let told = Number.NEGATIVE_INFINITY;
  const curve = openCurve((points) => hooks.metrics?.(points), clock);
  const figure = figures[job.rows.preprocess.task];
  // Steps at most of every candidate, and about as many again for the refit.
  const planned = candidates.map((candidate) => candidate.epochs * batchesIn(job.rows.train.length, candidate));
  if (job.refit) planned.push(Math.ceil(sum(planned) / planned.length));
  const total = sum(planned);
  let doneAtStart: number | undefined;

  /** `share` of the stage is done. */
  const tell = (stage: number, share: number) => {
    const now = clock.monotonic();
    const done = Math.round(sum(planned.slice(0, stage)) + share * planned[stage]);
    doneAtStart ??= done;
    if (now - told < everyProgressMs) return;
    told = now;
    const part = (done - doneAtStart) / Math.max(1, total - doneAtStart);
    const leftMs = part > 0.01 ? ((now - began) / part) * (1 - part) : undefined;
    const phase =
      stage === candidates.length
        ? 'finishing'
        : candidates.length > 1
          ? `trying ${stage + 1} of ${candidates.length}`
          : 'training';
    hooks.progress?.({ phase, done, total, ...(leftMs === undefined ? {} : { leftMs }) });
  };

  // What a start costs, it costs once for training and for what is served.
  let held: { candidate: Candidate; rows: Prepared; graph: Graph } | undefined;
  const started = (own: Candidate, whole: Prepared): Graph => {
    // Rows that are not in memory are known by some that are.
    const rows = whole.sample ?? whole;
    if (held?.candidate !== own || held.rows !== rows)
      held = { candidate: own, rows, graph: startedCandidate(job, own, rows) };
    return held.graph;
  };
  const leftMs = () => hooks.left?.() ?? Number.POSITIVE_INFINITY;
  const fitStage = async (candidate: Candidate, index: number, rows: Prepared, until?: number): Promise<Stage> => {
    const again = until !== undefined;
    const startedAt = clock.monotonic();
    const endsAt = startedAt + leftMs() / (planned.length - stages.length);
    const { data } = rows;
    const signed = isLeastSquares(candidate, rows) ? { signed: rows.preprocess.classes.length } : {};
    const batches = { batchSize: candidate.batchSize, seed: job.seed, ...signed };
    const train = federatedBatches(
      data,
      rows.train,
      { ...batches, ...shiftOf(candidate, rows) },
      job.federated?.batches,
    );
    const graph = started(candidate, rows);
    const room = await roomFor(job, train, graph);
    const program = await compileCandidate(job, candidate, graph, rows, room);
    try {
      const most = Math.min(evaluationBytes, (job.memory ?? Number.POSITIVE_INFINITY) / 12);
      const evaluated = rowsThatFit(graph, room.sizes, most, 256);
      const validation = openBatches(data, rows.validation, { ...batches, batchSize: evaluated });
      const before = sum(stages.map((stage) => stage.steps));
      const save = async (state: FitState) => {
        // What the curve has up to here belongs to this checkpoint: a resumed run tells only what follows.
        curve.flush();
        await hooks.save?.({ stages, fit: state });
      };
      let ending: (() => Promise<FitState>) | undefined;
      const within = (own: () => Promise<FitState>) => async (): Promise<RunState> => ({ stages, fit: await own() });
      const own: Averager<FitState> = {
        shared: averager.shared,
        share: (count, position) => averager.share(count, position && within(position)),
        ...(averager.isStale ? { isStale: () => averager.isStale?.() ?? false } : {}),
        pace: () => averager.pace?.(),
        meets: (meeting) => averager.meets?.(meeting),
        reduce: (sum) => averager.reduce({ ...sum, position: within(sum.position) }),
        agree: (decision) => averager.agree({ ...decision, position: within(decision.position) }),
      };
      const result = await fit(
        { program, train, evaluate: again ? null : () => evaluatePart(program, validation, data), averager: own },
        { ...candidate, accumulate: job.steps?.accumulate ?? 1, every: job.every ?? 0, ...(again ? { until } : {}) },
        {
          interrupt: () => hooks.interrupt?.() ?? (clock.monotonic() >= endsAt ? 'budget' : undefined),
          saveDue: () => hooks.saveDue?.() ?? false,
          save,
          ended: (last) => (ending = last),
          clock,
          stepped(step, epoch, loss, rate) {
            curve.step(before + step, epoch, loss, rate);
            hooks.stepped?.();
            tell(again ? candidates.length : index, step / (train.count * (until ?? candidate.epochs)));
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
      // What a clock, or the last bit of a device's arithmetic, says is one member's to tell.
      const told = await own.agree({
        length: 3 + (again ? 0 : rows.validation.length),
        async make() {
          const took = clock.monotonic() - startedAt;
          const own = again ? unmeasured : await measure(program, result.best, validation, rows, candidate);
          const numbers = new Float64Array(3 + own.losses.length);
          numbers.set([took, leftMs(), own.factor]);
          numbers.set(own.losses, 3);
          return numbers;
        },
        position: must(ending, 'a last position'),
      });
      const [ms, left, factor] = told;
      const bound = Number.isFinite(left) ? { leftMs: left } : {};
      return { ...result, ms, ...bound, factor, losses: told.slice(3) };
    } finally {
      await program.dispose();
    }
  };

  const timeLeft = () => (averager.shared ? (stages.at(-1)?.leftMs ?? Number.POSITIVE_INFINITY) : leftMs());
  const isCut = () => stages.at(-1)?.end === 'stop' || timeLeft() <= 0;
  for (const [i, candidate] of candidates.entries()) {
    if (i < stages.length) continue;
    if (isCut()) break;
    hooks.trying?.(candidate, i);
    stages.push(await fitStage(candidate, i, job.rows));
  }
  const fitted = stages.slice(0, candidates.length);
  const index = simplestNearBest(fitted);
  const candidate = candidates[index];
  const chosen = fitted[index];
  assert(candidate && chosen, 'a candidate was chosen');
  let last: { rows: Prepared; stage: Stage } = { rows: job.rows, stage: chosen };
  // A refit takes about as long as the fit did; one that cannot end in time is not begun.
  if (job.refit && !isCut() && (stages.length > candidates.length || timeLeft() > 1.5 * chosen.ms)) {
    const rows = await job.refit();
    if (stages.length === candidates.length) stages.push(await fitStage(candidate, index, rows, chosen.best.epoch));
    const stage = must(stages.at(-1), 'a refit');
    if (stage.end === 'epochs') last = { rows, stage };
  }
  hooks.ended?.({ stages, fit: null });
  const steps = sum(stages.map((stage) => stage.steps));
  curve.add(steps, chosen.best.epoch, { 'val.loss': chosen.best.loss, [figure]: chosen.best.score });
  curve.flush();
  hooks.progress?.({ phase: 'training', done: total, total, leftMs: 0 });
  const trained = withWideWeights(
    mergeLora(withWeights(started(candidate, last.rows), scaledWeights(last.stage.best.weights, chosen.factor))),
  );
  const graph = last.rows.data.ranking ? await shelve(trained, last.rows, candidate.hyper) : trained;
  return {
    candidate,
    rows: last.rows.preprocess.anomaly ? await withScale(last.rows, graph) : last.rows,
    graph,
    validation: { loss: chosen.best.loss, score: chosen.best.score },
    epochs: chosen.epochs,
    bestEpoch: chosen.best.epoch,
    steps: chosen.steps,
    end: stages.at(-1)?.end ?? chosen.end,
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const batchesIn = (rows: number, { batchSize }: Candidate) => Math.ceil(rows / Math.max(1, Math.min(batchSize, rows)));

/** How images are moved while a candidate trains; nothing where it sees none. */
function shiftOf({ family, hyper }: Candidate, { layout: { image } }: Prepared): { shift?: Shift } {
  const most = families[family].shift?.(hyper) ?? 0;
  return image && most > 0 ? { shift: { image, most } } : {};
}

function buildCandidate(job: RunJob, { family, hyper }: Candidate, { layout, preprocess }: Prepared): Graph {
  return families[family].build(layout, outputsOf(preprocess), hyper, job.seed);
}

/** Tasks whose logits are quantities. */
const quantities: ReadonlySet<Task> = new Set(['regression', 'anomaly']);

/** Whether classes are learned as ±1 scores; a regression always is by least squares. */
function isLeastSquares({ loss }: Candidate, { preprocess }: Prepared): boolean {
  return loss === 'least-squares' && !quantities.has(preprocess.task);
}

/** The candidate's graph as its training starts: weights that rows tell before any step are set. */
function startedCandidate(job: RunJob, candidate: Candidate, rows: Prepared): Graph {
  const built = buildCandidate(job, candidate, rows);
  if (job.federated) return built;
  const started = isLeastSquares(candidate, rows) ? naiveBayesStart(built, rows) : wideStart(built, rows, job.seed);
  return candidate.hyper['words'] === 'latent' ? wordStart(started, rows, job.seed) : started;
}

/** What values may take while rows are evaluated, bytes: beside what a step took, for the runtime keeps that. */
const evaluationBytes = 128 * 2 ** 20;
/** Beyond this share of its memory a run is not begun; training/children ends one at a little more. */
const shareOfMemory = 0.9;

/** What is left of the run's memory, and what its largest batch is like: the last one, for the longest texts come last. */
async function roomFor(job: RunJob, train: Batches, graph: Graph): Promise<Room> {
  const last = train.order(0).at(-1) ?? new Uint32Array(1);
  await train.ready(last, 0);
  const sizes = sizesOf(graph.inputs, train.make(last).feeds);
  const bytes = job.memory === undefined ? Number.POSITIVE_INFINITY : job.memory * shareOfMemory - residentBytes();
  return { bytes, rows: train.size, accumulate: job.steps?.accumulate ?? 1, sizes };
}

function compileCandidate(
  job: RunJob,
  candidate: Candidate,
  graph: Graph,
  rows: Prepared,
  room: Room,
): Promise<TrainingProgram> {
  const byLikelihood = !quantities.has(rows.preprocess.task) && candidate.loss === 'likelihood';
  return compileTraining(graph, {
    loss: rows.data.tokens ? 'token_cross_entropy' : byLikelihood ? 'cross_entropy' : 'mse',
    ...(byLikelihood ? { labelSmoothing: candidate.labelSmoothing } : {}),
    optimizer: candidate.optimizer,
    clipNorm,
    device: job.device,
    recompute: job.steps?.recompute ?? false,
    precision: job.steps?.precision ?? 'fp32',
    room,
    threads: threadsFor(candidate, graph, job.threads),
    seed: job.seed,
  });
}

/** Multiplications of a step below which handing work to other threads costs more than it brings. */
const smallStep = 16_000_000;

/**
 * Threads for a candidate. Tables of n-grams are bound by memory, and small layers are done before another thread has
 * woken up: on a busy machine four threads made such steps six times slower than one.
 */
function threadsFor({ family, batchSize }: Candidate, graph: Graph, most: number): number {
  if (family === 'linear' || family === 'embedding-bag') return 1;
  return family === 'mlp' && parameterCount(graph) * batchSize < smallStep ? 1 : most;
}

/** What nobody asks of a refit. */
const unmeasured = { losses: new Float64Array(0), factor: 1 };

/** Under the best state: the loss of each validation row in the order of row numbers, and the factor that scores need. */
async function measure(
  program: TrainingProgram,
  best: BestState,
  validation: Batches,
  rows: Prepared,
  candidate: Candidate,
): Promise<Pick<Stage, 'losses' | 'factor'>> {
  const { data } = rows;
  const state = await program.snapshot();
  for (const [name, value] of best.weights) state.set(`weight.${name}`, value);
  await program.restore(state);
  const evaluation = await evaluatePart(program, validation, data);
  let factor = 1;
  if (isLeastSquares(candidate, rows)) {
    const truth = Int32Array.from(evaluation.rows, (row) => data.labels?.[row] ?? 0);
    factor = fitTemperature(evaluation.logits, truth, rows.preprocess.classes.length);
    evaluation.logits = evaluation.logits.map((score) => score * factor);
  }
  const losses = rowLosses(evaluation, data);
  return { factor, losses: Float64Array.from(rows.validation, (row) => losses.get(row) ?? 0) };
}
