// The state of a training program in this process: weights, gradients and moments in flat buffers of one layout, running
// statistics in sets that take turns. Computes nothing.
import { optimizerSlots } from './optimizers.ts';
import type { Graph } from '../graph/index.ts';
import { sizeOf, type Tensor, tensor } from '../onnx/index.ts';
import { fusedVectors, type Vectors } from '../runtime/index.ts';
import { Fault } from '../schema/index.ts';
import { type Flat, flatBuffer, layoutOf } from './flat.ts';
import type { OptimizerSpec } from './optimizers.ts';
import { bufferNames } from './steps.ts';

export interface TrainingState {
  /** Where `weight`, `gradient` and the optimiser's slots lie, for its pass. */
  vectors: Vectors;
  weights: Flat;
  gradients: Flat;
  /**
   * What members of a run sum up: the gradients (the same memory), behind them running statistics times the weight sum, the
   * loss sum and the weight sum.
   */
  reduced: Float32Array;
  /** Where the tail of `reduced` begins. */
  tail: number;
  /** Optimiser state by slot name. */
  slots: Map<string, Flat>;
  /**
   * Running statistics: one set holds those of the steps taken, another those that the next step would bring. A micro-batch
   * goes on from what the one before it brought, so that there are three.
   */
  sets: readonly [Map<string, Tensor>, Map<string, Tensor>, Map<string, Tensor>];
  /** Place in `sets` of the statistics now, and of those that wait for the step to be taken. */
  at: number;
  pending: number | null;
  step: number;
}

/** The same values in memory of their own. */
export const copyOf = (value: Tensor): Tensor => ({ ...value, dims: [...value.dims], data: value.data.slice() });

/** Running statistics of the steps taken. */
export const buffersOf = ({ sets, at }: TrainingState): Map<string, Tensor> => sets[at];

/** The state before the first step. Throws `bad_graph` for a parameter that is no float32. */
export function initialState(forward: Graph, optimizer: OptimizerSpec): TrainingState {
  const layout = layoutOf(
    forward.parameters.map((name) => {
      const value = forward.initializers.get(name);
      if (value?.dtype !== 'float32') throw new Fault('bad_graph', `parameter "${name}" must be float32 to be trained`);
      return { name, dims: value.dims };
    }),
  );
  const buffers = () =>
    new Map(bufferNames(forward).map((name) => [name, copyOf(forward.initializers.get(name) as Tensor)]));
  const own = buffers();
  const statistics = [...own.values()].reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  const slots = optimizerSlots(optimizer);
  const vectors = fusedVectors({
    weight: layout.length,
    gradient: layout.length + statistics + 2,
    ...Object.fromEntries(slots.map((slot) => [slot, layout.length])),
  });
  const weights = flatBuffer(layout, vectors.data['weight']);
  for (const [name, view] of weights.views)
    (view.data as Float32Array).set(forward.initializers.get(name)?.data as Float32Array);
  const reduced = vectors.data['gradient'];
  return {
    vectors,
    weights,
    gradients: flatBuffer(layout, reduced),
    reduced,
    tail: layout.length,
    slots: new Map(slots.map((slot) => [slot, flatBuffer(layout, vectors.data[slot])])),
    sets: [own, buffers(), buffers()],
    at: 0,
    pending: null,
    step: 0,
  };
}

/** Writes the tail of `reduced`: pending statistics times the weight sum, and both sums. */
export function writeTail(
  { reduced, tail, sets, at, pending }: TrainingState,
  lossSum: number,
  weightSum: number,
): void {
  let place = tail;
  for (const { data } of sets[pending ?? at].values()) {
    for (const value of data as Float32Array) reduced[place++] = value * weightSum;
  }
  reduced[place] = lossSum;
  reduced[place + 1] = weightSum;
}

/** Takes the pending statistics: those of this process, or, where others computed too, everybody's weighted mean. */
export function takeStatistics(state: TrainingState, shared: boolean): void {
  const { reduced, tail, sets, pending } = state;
  if (pending === null) return;
  if (shared) {
    const weightSum = reduced[reduced.length - 1];
    let place = tail;
    for (const { data } of sets[pending].values()) {
      for (let i = 0; i < data.length; i++) (data as Float32Array)[i] = reduced[place++] / weightSum;
    }
  }
  state.at = pending;
  state.pending = null;
}

/** The step count in a snapshot. */
export const stepKey = 'program.step';

/** Copies of weights and running statistics by name. */
export const weightsIn = (state: TrainingState): Map<string, Tensor> =>
  new Map([...state.weights.views, ...buffersOf(state)].map(([name, view]) => [name, copyOf(view)]));

/** All that an exact resume needs. */
export function snapshotOf(state: TrainingState): Map<string, Tensor> {
  const slots = [...state.slots].flatMap(([slot, flat]) =>
    [...flat.views].map(([name, view]) => [`${slot}.${name}`, copyOf(view)] as const),
  );
  return new Map([
    ...[...weightsIn(state)].map(([name, value]) => [`weight.${name}`, value] as const),
    ...slots,
    [stepKey, tensor('int64', [], [state.step])],
  ]);
}

/** Writes a snapshot into the state; throws `corrupt`, and writes nothing, when it is of another model. */
export function restoreInto(state: TrainingState, saved: ReadonlyMap<string, Tensor>): void {
  const read = (key: string, into: Tensor) => {
    const value = saved.get(key);
    if (!value || value.dims.join() !== into.dims.join())
      throw new Fault('corrupt', `the checkpoint does not fit this model: "${key}"`);
    return () => (into.data as Float32Array).set(value.data as Float32Array);
  };
  const step = saved.get(stepKey);
  if (!step) throw new Fault('corrupt', 'the checkpoint does not say at which step it was made');
  const writes = [
    ...[...state.weights.views, ...buffersOf(state)].map(([name, view]) => read(`weight.${name}`, view)),
    ...[...state.slots].flatMap(([slot, flat]) => [...flat.views].map(([name, view]) => read(`${slot}.${name}`, view))),
  ];
  for (const write of writes) write();
  state.pending = null;
  state.step = Number((step.data as BigInt64Array)[0]);
}
