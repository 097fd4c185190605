// The training loop: epochs of steps, an evaluation after each, the best state kept. Its whole position is plain data that
// a checkpoint can hold: a loop that goes on from one takes the very steps that an undisturbed one would have taken.
import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/index.ts';
import type { Tensor } from '../onnx/index.ts';
import { Fault, type ScheduleSpec } from '../schema/index.ts';
import { alone, type Asked, type Averager } from './averager.ts';
import type { Batches } from './batches.ts';
import { chooseMeeting, type Meeting, stepsLookedAt } from './pace.ts';
import type { StepResult, TrainingProgram } from './program.ts';
import { type Leg, roundLength, type RoundsState, takeRound } from './rounds.ts';
import { openSchedule, type ScheduleState } from './schedule.ts';
import { weightsHash } from './weights.ts';

export interface FitOptions {
  epochs: number;
  /** Evaluations without a better validation loss before it stops. */
  patience: number;
  learningRate: number;
  schedule: ScheduleSpec;
  /** Parts that a batch is computed in, one after the other: the same step with less memory. 1 when left out. */
  accumulate?: number;
  /** Steps between the meetings of members that train together; told from the first steps where `auto`, 0 when left out. */
  every?: number | 'auto';
  /** Epoch to end at though the schedule was made for more; `epochs` when left out. */
  until?: number;
}

/** Mean loss over the validation rows, and a figure that people read: accuracy or R². */
export interface Evaluation {
  loss: number;
  score: number;
}

export interface BestState extends Evaluation {
  epoch: number;
  step: number;
  weights: Map<string, Tensor>;
}

/** Position of a loop between two steps. */
export interface FitState {
  epoch: number;
  /** Batches of the epoch that are done. */
  batch: number;
  step: number;
  lossSum: number;
  weightSum: number;
  /** Mean loss of the very first step; what a diverging one is compared with. */
  first: number | null;
  waited: number;
  schedule: ScheduleState;
  best: BestState | null;
  /** Set once it is settled that the loop ends, and why. */
  end?: FitEnd | undefined;
  /** How members meet, once that is settled. */
  rounds?: RoundsState | undefined;
  /** Snapshot of the program. */
  program: Map<string, Tensor>;
}

/** Why a loop ended. */
export type FitEnd = 'epochs' | 'patience' | Asked;

export interface FitResult {
  best: BestState;
  end: FitEnd;
  epochs: number;
  steps: number;
}

export interface FitHooks {
  /** Called between steps; a reason ends the loop at its best state so far, and a Fault thrown ends the run. */
  interrupt?(): Asked | undefined;
  /** After every step: its mean loss and learning rate. */
  stepped?(step: number, epoch: number, loss: number, rate: number): void;
  /** After every evaluation; `loss` is the epoch's mean training loss. */
  evaluated?(step: number, epoch: number, loss: number, rate: number, evaluation: Evaluation): void;
  /** Whether a checkpoint is due now; `save` follows. */
  saveDue?(): boolean;
  save?(state: FitState): Promise<void>;
  /** At the end: how to tell its last position, from which the same end follows at once. */
  ended?(position: () => Promise<FitState>): void;
  clock?: Clock;
}

export interface FitParts {
  program: TrainingProgram;
  train: Batches;
  /** Evaluates the program on the validation rows; null keeps the last state instead of the best. */
  evaluate: (() => Promise<Evaluation>) | null;
  /** Joins this machine with others; alone when left out. */
  averager?: Averager<FitState>;
}

/** An epoch's mean loss this many times the first step's will not come back, even where clipping keeps it a number. */
const runaway = 1000;
/** How long the loop may hold the thread before messages are heard, ms. */
const breathEveryMs = 50;

/** Trains from the start, or from a saved position. Throws `diverged` when the loss is no number any more. */
export async function fit(
  parts: FitParts,
  options: FitOptions,
  hooks: FitHooks = {},
  from?: FitState,
): Promise<FitResult> {
  const { program, train, evaluate, averager = alone } = parts;
  const clock = hooks.clock ?? systemClock;
  const schedule = openSchedule(
    options.schedule,
    { learningRate: options.learningRate, totalSteps: options.epochs * train.count },
    from?.schedule,
  );
  if (from) await program.restore(from.program);
  const at = from
    ? { ...from }
    : {
        epoch: 1,
        batch: 0,
        step: 0,
        lossSum: 0,
        weightSum: 0,
        first: null as number | null,
        waited: 0,
        best: null as BestState | null,
        end: undefined as FitEnd | undefined,
        rounds: undefined as RoundsState | undefined,
      };
  const { every = 0 } = options;
  if (averager.shared && every !== 'auto') at.rounds ??= { every, momentum: null };
  /** Epochs since the last evaluation: a round may be several. */
  let spanned = 1;
  const position = async (): Promise<FitState> => ({
    ...at,
    rounds: at.rounds && { ...at.rounds },
    schedule: schedule.state(),
    program: await program.snapshot(),
  });
  let breath = clock.monotonic();
  let saved = at.step;

  const keep = async ({ loss, score }: Evaluation) => {
    at.best = { loss, score, epoch: at.epoch, step: at.step, weights: await program.weights() };
  };
  /** One member evaluates, and all go by its figures: on others they might differ in the last bit. */
  const judged = async (judge: () => Promise<Evaluation>): Promise<Evaluation> => {
    const [loss, score] = await averager.agree({
      length: 2,
      async make() {
        const own = await judge();
        return Float64Array.of(own.loss, own.score);
      },
      same: async () => weightsHash(await program.weights()),
      position,
    });
    return { loss, score };
  };
  /** Evaluates, keeps what is better; true when patience has run out. */
  const assess = async (rate: number): Promise<boolean> => {
    const loss = at.weightSum > 0 ? at.lossSum / at.weightSum : 0;
    const evaluation = evaluate ? await judged(evaluate) : { loss, score: 0 };
    if (loss > runaway * Math.max(1, at.first ?? 1)) {
      throw diverged(`the loss grew to ${loss.toPrecision(3)} by step ${at.step}`, options.learningRate);
    }
    checkFinite(evaluation.loss, at.step, options.learningRate);
    schedule.observe(evaluation.loss);
    if (!evaluate || at.best === null || evaluation.loss < at.best.loss) {
      await keep(evaluation);
      at.waited = 0;
    } else {
      at.waited += spanned;
    }
    spanned = 1;
    hooks.evaluated?.(at.step, at.epoch, loss, rate, evaluation);
    return at.waited >= options.patience;
  };
  /** Gradients of some rows of a batch, in parts after each other. */
  const compute = async (rows: Uint32Array, epoch: number, from: number, to: number): Promise<StepResult> => {
    const part = Math.ceil(train.size / (options.accumulate ?? 1));
    // Shares are computed as they are: filling them up to the whole batch would save nobody anything.
    const width = averager.shared ? Math.min(part, to - from) : part;
    const sums = { lossSum: 0, weightSum: 0 };
    for (let first = from; first < to; first += width) {
      const { feeds, labels, weights } = train.make(rows.subarray(first, Math.min(to, first + width)), epoch, width);
      const own = await program.grad(feeds, labels, weights, { firstRow: first, add: first > from });
      sums.lossSum += own.lossSum;
      sums.weightSum += own.weightSum;
    }
    return sums;
  };
  /** One step on a batch: whole, in parts after each other, or in parts on several machines. */
  const take = async (rows: Uint32Array, rate: number): Promise<StepResult> => {
    if (!averager.shared && (options.accumulate ?? 1) === 1) {
      const { feeds, labels, weights } = train.make(rows, at.epoch);
      return program.step(feeds, labels, weights, rate);
    }
    for (;;) {
      const { from, to } = averager.share(rows.length);
      if (from >= to) program.none();
      await compute(rows, at.epoch, from, to);
      if (!averager.shared) break;
      const tables = program.touched?.() ?? [];
      const sum = { buffer: program.reduced, tables, exactFrom: program.tail, rows: to - from, position };
      const turn = await averager.reduce({ ...sum, ask: hooks.interrupt?.() });
      if (turn.what === 'again') continue;
      at.end = turn.end;
      break;
    }
    return program.apply(rate, averager.shared);
  };
  const breathe = async () => {
    if (clock.monotonic() - breath <= breathEveryMs) return;
    await setImmediate();
    breath = clock.monotonic();
  };
  /** A round of steps that each member takes by itself, and its meeting. Its batches are done when it ends. */
  const takeTurns = async (rounds: RoundsState): Promise<StepResult> => {
    const legs: Leg[] = [];
    const epochs = last - at.epoch + 1;
    const length = roundLength(rounds.every, at.batch, train.count, epochs);
    let [epoch, batch] = [at.epoch, at.batch];
    while (legs.length < length) {
      const order = train.order(epoch);
      for (; batch < order.length && legs.length < length; batch++)
        legs.push({ rows: order[batch], epoch, rate: schedule.rate(at.step + legs.length + 1) });
      if (legs.length < length) [epoch, batch] = [epoch + 1, 0];
    }
    const sums = await takeRound(
      {
        program,
        averager,
        legs,
        start: await position(),
        async compute(leg, from, to) {
          await train.ready(leg.rows, leg.epoch);
          return compute(leg.rows, leg.epoch, from, to);
        },
        breathe,
        ask: () => hooks.interrupt?.(),
      },
      rounds,
    );
    spanned = epoch - at.epoch + 1;
    rate = legs.at(-1)?.rate ?? rate;
    Object.assign(at, { epoch, batch, step: at.step + length, end: sums.end });
    return sums;
  };
  /** One member's look at the first steps tells all how to go on. */
  const settle = async (): Promise<void> => {
    let own: Meeting | undefined;
    const [chosen] = await averager.agree({
      length: 1,
      make() {
        const pace = averager.pace?.() ?? { computeMs: 0, waitMs: 0, bytes: 0 };
        own = chooseMeeting(pace, (last - at.epoch + 1) * train.count - at.batch);
        return Promise.resolve(Float64Array.of(own.every));
      },
      position,
    });
    at.rounds = { every: chosen, momentum: null };
    if (own) averager.meets?.(own);
  };
  const result = (end: FitEnd): FitResult => {
    const { best } = at;
    if (!best) throw new Fault('internal', 'a loop ended without a state to keep');
    // From here the same end follows without another look.
    Object.assign(at, { end, batch: 0 });
    hooks.ended?.(position);
    return { best, end, epochs: at.epoch, steps: at.step };
  };

  const last = options.until ?? options.epochs;
  let rate = schedule.rate(Math.max(1, at.step));
  for (;;) {
    const order = train.order(at.epoch);
    while (at.batch < order.length) {
      const why = at.end ?? (averager.shared ? undefined : hooks.interrupt?.());
      if (why) {
        at.end = why;
        if (at.batch > 0 || !at.best) await assess(rate);
        return result(why);
      }
      // Between epochs the evaluation is part of the step before, so that a resumed run does not tell it twice.
      if (hooks.save && at.step > saved && hooks.saveDue?.()) {
        await hooks.save(await position());
        saved = at.step;
      }
      if (averager.shared && !at.rounds && at.step >= stepsLookedAt) await settle();
      let sums: StepResult;
      if (at.rounds && at.rounds.every > 0) {
        sums = await takeTurns(at.rounds);
      } else {
        await train.ready(order[at.batch], at.epoch);
        rate = schedule.rate(at.step + 1);
        sums = await take(order[at.batch], rate);
        at.step++;
        at.batch++;
      }
      checkFinite(sums.lossSum, at.step, options.learningRate);
      at.first ??= sums.lossSum / sums.weightSum;
      at.lossSum += sums.lossSum;
      at.weightSum += sums.weightSum;
      hooks.stepped?.(at.step, at.epoch, sums.lossSum / sums.weightSum, rate);
      await breathe();
    }
    if (await assess(rate)) return result('patience');
    if (at.epoch >= last) return result('epochs');
    Object.assign(at, { epoch: at.epoch + 1, batch: 0, lossSum: 0, weightSum: 0 });
  }
}

function checkFinite(loss: number, step: number, learningRate: number): void {
  if (!Number.isFinite(loss)) throw diverged(`the loss is no number any more at step ${step}`, learningRate);
}

function diverged(what: string, learningRate: number): Fault {
  const lower = Number((learningRate / 10).toPrecision(2));
  return new Fault('diverged', `${what}: train with a learning rate below ${learningRate}, for instance ${lower}`);
}
