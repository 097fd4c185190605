// Local rounds: members step by themselves for a while and then meet (DiLoCo, Douillard et al. 2023): what each one's steps changed,
// weighted by its rows, is one gradient for an outer step of Nesterov momentum. A round counts whole or not at all.
import type { Tensor } from '../onnx/index.ts';
import type { Asked, Averager } from './averager.ts';
import type { StepResult, TrainingProgram } from './program.ts';

/** Outer learning rate and momentum, measured on small data, where meetings are few: test/bench/cluster/local.ts. */
const outerRate = 0.7;
const outerMomentum = 0.3;

/** What outlives a round. */
export interface RoundsState {
  /** Steps between two meetings; 0 where every step is a meeting. */
  every: number;
  /** Of the outer step, parameter after parameter; null before the first meeting. */
  momentum: Float32Array | null;
}

/** A batch of a round. */
export interface Leg {
  rows: Uint32Array;
  epoch: number;
  /** Learning rate of its step. */
  rate: number;
}

/** How a round goes: its batches in order, and who computes them. */
export interface RoundParts<P> {
  program: TrainingProgram;
  averager: Averager<P>;
  legs: readonly Leg[];
  /** Where the run stands before the round, and the program's snapshot of then. */
  start: P & { program: ReadonlyMap<string, Tensor> };
  /** Gradients of rows `from` to `to` of a leg into the program; there are some. */
  compute: (leg: Leg, from: number, to: number) => Promise<StepResult>;
  /** Between two legs. */
  breathe: () => Promise<void>;
  ask: () => Asked | undefined;
}

/**
 * How many batches the next round takes, `batch` of an epoch's `count` being done: `every` or somewhat more, for rounds end with
 * epochs or are whole epochs, so that all hold the same weights where they evaluate.
 */
export function roundLength(every: number, batch: number, count: number, epochsLeft: number): number {
  if (every > count && batch === 0) return count * Math.min(epochsLeft, Math.ceil(every / count));
  const rounds = Math.floor(count / Math.min(every, count));
  return Math.min(count - batch, Math.ceil(count / rounds));
}

/** One round and its meeting, after which everybody's weights are the same; `state` changes once it counts. */
export async function takeRound<P>(
  parts: RoundParts<P>,
  state: RoundsState,
): Promise<StepResult & { end: Asked | undefined }> {
  const { program, averager, legs, start } = parts;
  const place = { position: () => Promise.resolve<P>(start), steps: legs.length };
  const rows = legs.reduce((sum, leg) => sum + leg.rows.length, 0);
  for (;;) {
    const share = averager.share(rows, place.position);
    const [begin, finish] = [share.from / rows, share.to / rows];
    const own = { lossSum: 0, weightSum: 0, rows: 0 };
    for (const leg of legs) {
      const [from, to] = [Math.round(leg.rows.length * begin), Math.round(leg.rows.length * finish)];
      if (from < to) {
        const { lossSum, weightSum } = await parts.compute(leg, from, to);
        await program.apply(leg.rate);
        own.lossSum += lossSum;
        own.weightSum += weightSum;
        own.rows += to - from;
      }
      await parts.breathe();
      // What is given up here is asked for all the same: the answer is who computes which rows now.
      if (averager.isStale?.()) break;
    }
    const ended = await program.snapshot();
    const packed = pack(program.parameters, start.program, ended, own, rows);
    const sum = { buffer: packed.buffer, exactFrom: packed.exactFrom, rows: own.rows };
    const turn = await averager.reduce({ ...sum, ...place, ask: parts.ask() });
    if (turn.what === 'held') {
      state.momentum = unpack(program.parameters, start.program, ended, packed, state.momentum);
      await program.restore(ended);
      const [lossSum, weightSum] = packed.buffer.subarray(-2);
      return { lossSum, weightSum, end: turn.end };
    }
    // The members changed: the round begins anew, from where all stood before it.
    await program.restore(start.program);
  }
}

interface Packed {
  /** Changes of the parameters times this member's part of the rows; running statistics times it; the parts; loss and weight sums. */
  buffer: Float32Array;
  exactFrom: number;
}

const numbersOf = (state: ReadonlyMap<string, Tensor>, name: string): Float32Array =>
  state.get(`weight.${name}`)?.data as Float32Array;

/** Running statistics of a snapshot: float32 weights that no step changes. */
function statisticsIn(state: ReadonlyMap<string, Tensor>, parameters: readonly string[]): string[] {
  const trained = new Set(parameters);
  return [...state.keys()].flatMap((key) => {
    const name = key.startsWith('weight.') ? key.slice('weight.'.length) : '';
    return name !== '' && !trained.has(name) && state.get(key)?.dtype === 'float32' ? [name] : [];
  });
}

function pack(
  parameters: readonly string[],
  before: ReadonlyMap<string, Tensor>,
  after: ReadonlyMap<string, Tensor>,
  own: StepResult & { rows: number },
  rows: number,
): Packed {
  const statistics = statisticsIn(before, parameters);
  const size = (names: readonly string[]) => names.reduce((sum, name) => sum + numbersOf(before, name).length, 0);
  const exactFrom = size(parameters);
  const buffer = new Float32Array(exactFrom + size(statistics) + 3);
  const part = own.rows / rows;
  let at = 0;
  for (const name of parameters) {
    const [old, now] = [numbersOf(before, name), numbersOf(after, name)];
    for (let i = 0; i < old.length; i++) buffer[at++] = (old[i] - now[i]) * part;
  }
  for (const name of statistics) for (const value of numbersOf(after, name)) buffer[at++] = value * part;
  buffer.set([part, own.lossSum, own.weightSum], at);
  return { buffer, exactFrom };
}

/** Writes what all come to into `after`; gives the new outer momentum. Sutskever et al. 2013, as SGD here has it. */
function unpack(
  parameters: readonly string[],
  before: ReadonlyMap<string, Tensor>,
  after: ReadonlyMap<string, Tensor>,
  { buffer, exactFrom }: Packed,
  momentum: Float32Array | null,
): Float32Array {
  const next = new Float32Array(exactFrom);
  let at = 0;
  for (const name of parameters) {
    const [old, now] = [numbersOf(before, name), numbersOf(after, name)];
    for (let i = 0; i < old.length; i++, at++) {
      const moved = outerMomentum * (momentum?.[at] ?? 0) + buffer[at];
      next[at] = moved;
      now[i] = old[i] - outerRate * (buffer[at] + outerMomentum * moved);
    }
  }
  // Parts are rows of all, but for what rounding leaves of them.
  const whole = buffer[buffer.length - 3];
  for (const name of statisticsIn(before, parameters)) {
    const now = numbersOf(after, name);
    for (let i = 0; i < now.length; i++) now[i] = buffer[at++] / whole;
  }
  return next;
}
