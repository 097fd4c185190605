// Compiles a forward graph into a training program whose state lives in flat buffers of this process: `grad` writes
// gradients into one, `apply` updates weights and moments in place, piece by piece while a piece is in the cache.
import { rng } from '../base/index.ts';
import { checkGraph, type Graph, inferTypes, optimise } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile, type Program } from '../runtime/index.ts';
import { Fault } from '../schema/index.ts';
import { type Flat, flatBuffer, layoutOf, piecesOf } from './flat.ts';
import { applyGraph, optimizerScalars, optimizerSlots } from './optimizers.ts';
import type { ProgramOptions, StepResult, TrainingProgram } from './program.ts';
import {
  bufferNames,
  gradGraph,
  gradientName,
  labelsName,
  logitsOf,
  lossGraph,
  predictGraph,
  updateName,
  weightsName,
} from './steps.ts';

/** Elements of a piece of the optimiser's pass: four buffers of 256 KiB stay in a core's cache. */
const pieceSize = 65536;

const stepKey = 'program.step';

type Feeds = Record<string, Tensor>;

interface State {
  weights: Flat;
  gradients: Flat;
  /** Optimiser state by slot name. */
  slots: Map<string, Flat>;
  /** Running statistics now, and the set that the next step writes. */
  buffers: Map<string, Tensor>;
  spare: Map<string, Tensor>;
  step: number;
}

const copyOf = (value: Tensor): Tensor => ({
  ...value,
  dims: [...value.dims],
  data: value.data.slice(),
});

function initialState(forward: Graph, options: ProgramOptions): State {
  const layout = layoutOf(
    forward.parameters.map((name) => {
      const value = forward.initializers.get(name);
      if (value?.dtype !== 'float32') throw new Fault('bad_graph', `parameter "${name}" must be float32 to be trained`);
      return { name, dims: value.dims };
    }),
  );
  const weights = flatBuffer(layout);
  for (const [name, view] of weights.views)
    (view.data as Float32Array).set(forward.initializers.get(name)?.data as Float32Array);
  const buffers = new Map(bufferNames(forward).map((name) => [name, copyOf(forward.initializers.get(name) as Tensor)]));
  return {
    weights,
    gradients: flatBuffer(layout),
    slots: new Map(optimizerSlots(options.optimizer).map((slot) => [slot, flatBuffer(layout)])),
    buffers,
    spare: new Map([...buffers].map(([name, value]) => [name, copyOf(value)])),
    step: 0,
  };
}

const stateFeeds = (state: State): Feeds => Object.fromEntries([...state.weights.views, ...state.buffers]);

/** Square of the Euclidean norm, summed in double precision. */
function squaredNorm(data: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return sum;
}

/** The optimiser's pass over the flat buffers. */
function applier(program: Program, state: State, options: ProgramOptions) {
  const scalars = tensor('float32', [
    Object.keys(optimizerScalars(options.optimizer, { lr: 1, scale: 1, step: 1 })).length,
  ]);
  const pieces = piecesOf(state.weights.data, pieceSize).map((weight, i) => {
    const piece = (flat: Flat): Tensor => ({
      dtype: 'float32',
      dims: [weight.length],
      data: piecesOf(flat.data, pieceSize)[i],
    });
    const slots = [...state.slots].map(([name, flat]) => [name, piece(flat)] as const);
    const own = piece(state.weights);
    // Written where it is read from: see optimizers.ts.
    return program.bind(
      { weight: own, gradient: piece(state.gradients), scalars, ...Object.fromEntries(slots) },
      { 'next.weight': own, ...Object.fromEntries(slots.map(([name, value]) => [`next.${name}`, value])) },
    );
  });
  return async (lr: number, scale: number) => {
    (scalars.data as Float32Array).set(
      Object.values(optimizerScalars(options.optimizer, { lr, scale, step: state.step })),
    );
    for (const piece of pieces) await piece({});
  };
}

/** Feeds of the dropout hash; `firstRow` is the place of this share's first row in the whole batch. */
export function dropoutFeeds(seed: number, step: number, rows: number, firstRow: number): Feeds {
  const key = rng(seed, 'dropout', step).int(2 ** 32) | 0;
  return {
    'dropout.step': tensor('int32', [1], [key]),
    'dropout.rows': tensor(
      'int32',
      [rows],
      Int32Array.from({ length: rows }, (_, i) => Math.imul(firstRow + i, 0x9e3779b1)),
    ),
  };
}

const first = (value: Tensor): number => (value.data as Float32Array)[0];

/** Compiles the programs; throws `bad_graph`, `unsupported_operator` or `no_device` before anything runs. */
export async function compileTraining(forward: Graph, options: ProgramOptions): Promise<TrainingProgram> {
  checkGraph(forward);
  logitsOf(forward);
  const { device, threads } = options;
  const state = initialState(forward, options);
  const grad = gradGraph(forward, options);
  const named = [...forward.parameters, ...state.buffers.keys()];
  const programs: Program[] = [];
  const open = async (graph: Graph, on = device) => {
    const program = await compile(optimise(graph), { device: on, threads });
    programs.push(program);
    return program;
  };
  const [gradProgram, lossProgram, predictProgram, applyProgram] = [
    await open(grad.graph),
    await open(lossGraph(forward, options)),
    await open(predictGraph(forward, named)),
    await open(applyGraph(options.optimizer), 'cpu'),
  ];
  const apply = applier(applyProgram, state, options);

  const sums = { lossSum: tensor('float32', []), weightSum: tensor('float32', []) };
  const bindGrad = () =>
    gradProgram.bind(stateFeeds(state), {
      ...sums,
      ...Object.fromEntries(
        grad.reached.map((name) => [gradientName(name), state.gradients.views.get(name) as Tensor]),
      ),
      ...Object.fromEntries([...state.spare].map(([name, spare]) => [updateName(name), spare])),
    });
  // One binding for each of the two sets of buffers that swap.
  const bindings = [bindGrad()];
  const swap = () => {
    [state.buffers, state.spare] = [state.spare, state.buffers];
    if (bindings.length < 2 && state.buffers.size > 0) bindings.unshift(bindGrad());
    else bindings.reverse();
  };
  const runGrad = async (feeds: Feeds, labels: Tensor, weights: Tensor, firstRow: number): Promise<StepResult> => {
    const rows = weights.data.length;
    await bindings[0]({
      ...feeds,
      [labelsName]: labels,
      [weightsName]: weights,
      ...(grad.random ? dropoutFeeds(options.seed, state.step, rows, firstRow) : {}),
    });
    return { lossSum: first(sums.lossSum), weightSum: first(sums.weightSum) };
  };

  const meanScale = (weightSum: number): number => {
    if (weightSum === 0) return 0;
    if (options.clipNorm === undefined) return 1 / weightSum;
    const norm = Math.sqrt(squaredNorm(state.gradients.data)) / weightSum;
    return Math.min(1, options.clipNorm / (norm + 1e-6)) / weightSum;
  };

  const self: TrainingProgram = {
    async step(feeds, labels, weights, lr) {
      const result = await runGrad(feeds, labels, weights, 0);
      state.step++;
      swap();
      await apply(lr, meanScale(result.weightSum));
      return result;
    },
    async gradients(feeds, labels, weights) {
      const { weightSum } = await runGrad(feeds, labels, weights, 0);
      return new Map(
        [...state.gradients.views].map(([name, view]) => [
          name,
          { ...view, data: (view.data as Float32Array).map((value) => value / weightSum) },
        ]),
      );
    },
    async evaluate(feeds, labels, weights) {
      const { logits } = await self.predict(feeds);
      const result = await lossProgram.run({ logits, [labelsName]: labels, [weightsName]: weights });
      return { lossSum: first(result['lossSum']), weightSum: first(result['weightSum']), logits };
    },
    predict: (feeds) => predictProgram.run({ ...feeds, ...stateFeeds(state) }),
    async snapshot() {
      const slots = [...state.slots].flatMap(([slot, flat]) =>
        [...flat.views].map(([name, view]) => [`${slot}.${name}`, copyOf(view)] as const),
      );
      const current = await self.weights();
      return new Map([
        ...[...current].map(([name, value]) => [`weight.${name}`, value] as const),
        ...slots,
        [stepKey, tensor('int64', [], [state.step])],
      ]);
    },
    async restore(saved) {
      const read = (key: string, into: Tensor) => {
        const value = saved.get(key);
        if (!value || value.dims.join() !== into.dims.join())
          throw new Fault('corrupt', `the checkpoint does not fit this model: "${key}"`);
        return () => (into.data as Float32Array).set(value.data as Float32Array);
      };
      const step = saved.get(stepKey);
      if (!step) throw new Fault('corrupt', 'the checkpoint does not say at which step it was made');
      const writes = [
        ...[...state.weights.views, ...state.buffers].map(([name, view]) => read(`weight.${name}`, view)),
        ...[...state.slots].flatMap(([slot, flat]) =>
          [...flat.views].map(([name, view]) => read(`${slot}.${name}`, view)),
        ),
      ];
      for (const write of writes) write();
      state.step = Number((step.data as BigInt64Array)[0]);
    },
    weights: () =>
      Promise.resolve(new Map([...state.weights.views, ...state.buffers].map(([name, view]) => [name, copyOf(view)]))),
    async trained() {
      const initializers = new Map([...forward.initializers, ...(await self.weights())]);
      const graph = { ...forward, initializers };
      return { ...graph, types: inferTypes(graph) };
    },
    async dispose() {
      for (const program of programs) await program.dispose();
    },
  };
  return self;
}
