// Whether a step fits into the memory that a run was given, told before its first step; and if not, what would.
import type { Graph, ValueInfo } from '../graph/index.ts';
import { sizeOf, type Tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { peakBytes, type Sizes } from './liveness.ts';

/** What a run has, and what its largest batch is like. */
export interface Room {
  /** Bytes that are free for weights, their state and a step. */
  bytes: number;
  /** Rows of a batch, and parts that it is computed in. */
  rows: number;
  accumulate: number;
  sizes: Sizes;
}

/** What the runtime takes beyond what values need: measured 1.08 on BERT-mini, with room for what lies in between. */
const slack = 1.15;

/** The symbolic dimensions of inputs, as a batch has them. */
export function sizesOf(inputs: readonly ValueInfo[], feeds: Readonly<Record<string, Tensor>>): Sizes {
  const named: Record<string, number> = {};
  for (const { name, shape } of inputs) {
    const dims = feeds[name]?.dims;
    shape.forEach((dim, i) => {
      if (typeof dim === 'string' && dims) named[dim] = Math.max(named[dim] ?? 0, dims[i]);
    });
  }
  const others = Object.entries(named).flatMap(([dim, size]) => (dim === 'batch' ? [] : [size]));
  return { named, otherwise: Math.max(1, ...others) };
}

const withRows = ({ named, otherwise }: Sizes, rows: number): Sizes => ({
  named: { ...named, batch: rows },
  otherwise,
});

/** Most rows, `most` or a half of it and so on, with which a graph's values take at most `bytes`; one at least. */
export function rowsThatFit(graph: Graph, sizes: Sizes, bytes: number, most: number): number {
  let rows = most;
  while (rows > 1 && peakBytes(graph, withRows(sizes, rows)) * slack > bytes) rows = Math.ceil(rows / 2);
  return rows;
}

const told = (bytes: number): string =>
  bytes >= 2 ** 29 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.max(1, Math.round(bytes / 2 ** 20))} MiB`;

/** Bytes of weights, gradients, moments and the best state that is kept. */
export function stateBytes(forward: Graph, slots: number, accumulate: number): number {
  const weights = forward.parameters.reduce((sum, name) => sum + sizeOf(forward.initializers.get(name)?.dims ?? []), 0);
  return 4 * weights * (3 + slots + (accumulate > 1 ? 1 : 0));
}

/**
 * Throws `out_of_memory` when a step of the gradient program does not fit, with the batch that would. `lean` gives the
 * program that computes segments again, where this one does not.
 */
export function needRoom(grad: Graph, state: number, room: Room, lean: (() => Graph) | undefined): void {
  const { rows, accumulate, sizes } = room;
  const part = Math.ceil(rows / accumulate);
  const left = room.bytes - state;
  const taken = peakBytes(grad, withRows(sizes, part)) * slack;
  if (taken <= left) return;
  const fits = (graph: Graph): number => {
    const least = rowsThatFit(graph, sizes, left, part);
    return peakBytes(graph, withRows(sizes, least)) * slack <= left ? least : 0;
  };
  const now = fits(grad);
  const again = lean ? fits(lean()) : 0;
  const advice = [
    ...(now > 0 ? [`--batch-size ${now}`, `--accumulate ${Math.ceil(rows / now)}`] : []),
    ...(again > now ? [again >= part ? '--recompute' : `--recompute with --batch-size ${again}`] : []),
    now === 0 && again === 0 ? 'a smaller model, shorter texts or smaller images, or raise limits.trainerMemory' : '',
  ].filter((part) => part !== '');
  const whole = accumulate > 1 ? `a part of ${part} rows` : `a batch of ${rows} rows`;
  throw new Fault(
    'out_of_memory',
    `${whole} needs about ${told(taken)} beside ${told(state)} for weights and their updates, but the run has ${told(Math.max(0, room.bytes))} left: use ${advice.join(' or ')}`,
    { batchSize: now, accumulate: now > 0 ? Math.ceil(rows / now) : 0 },
  );
}
