// Compiles a forward graph into a training program whose state lives in flat buffers of this process: `grad` writes
// gradients into one, `apply` updates weights and moments in place, in one pass.
import { checkGraph, type Graph, inferTypes, optimise } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { type Bound, canStay, compile, fuse, type Program } from '../runtime/index.ts';
import { dropoutFeeds } from './dropout.ts';
import { inHalf, lossScaleName, openLossScale } from './half.ts';
import { applyGraph, optimizerScalars, optimizerSlots } from './optimizers.ts';
import type { GradOptions, ProgramOptions, StepResult, TrainingProgram } from './program.ts';
import { recomputing } from './recompute.ts';
import { compileOnDevice } from './resident.ts';
import { needRoom, stateBytes } from './room.ts';
import {
  buffersOf,
  initialState,
  restoreInto,
  snapshotOf,
  takeStatistics,
  type TrainingState,
  weightsIn,
  writeTail,
} from './state.ts';
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
import { tablesApart, tableSums } from './tables.ts';

type Feeds = Record<string, Tensor>;

const stateFeeds = (state: TrainingState): Feeds => Object.fromEntries([...state.weights.views, ...buffersOf(state)]);

/** Square of the Euclidean norm, summed in double precision. */
function squaredNorm(data: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return sum;
}

/** The optimiser's pass over the flat buffers. */
function applier(state: TrainingState, { optimizer }: ProgramOptions) {
  const pass = fuse(optimise(applyGraph(optimizer)), state.vectors, state.weights.data.length);
  return (lr: number, scale: number) => pass(optimizerScalars(optimizer, { lr, scale, step: state.step }));
}

/** Only in the processor's memory can rows be added up here. */
const splitTables = (graph: Graph, device: string) => (device === 'cpu' ? tablesApart(graph) : { graph, tables: [] });

const first = (value: Tensor): number => (value.data as Float32Array)[0];

/** Compiles the programs; throws `bad_graph`, `unsupported_operator` or `no_device` before anything runs. */
export async function compileTraining(forward: Graph, options: ProgramOptions): Promise<TrainingProgram> {
  if (canStay(options.device)) return compileOnDevice(forward, options);
  checkGraph(forward);
  logitsOf(forward);
  const { device, threads } = options;
  const grad = gradGraph(forward, options);
  const statistics = bufferNames(forward);
  const { graph: short, tables } = splitTables(optimise(grad.graph), device);
  const lean = () => recomputing(short, grad.forward, [...forward.parameters, ...statistics]);
  const steps = options.recompute ? lean() : short;
  if (options.room && device === 'cpu') {
    const held = stateBytes(forward, optimizerSlots(options.optimizer).length, options.room.accumulate);
    needRoom(steps, held, options.room, options.recompute ? undefined : lean);
  }
  const state = initialState(forward, options.optimizer);
  const named = [...forward.parameters, ...buffersOf(state).keys()];
  const programs: Program[] = [];
  const open = async (graph: Graph, training = false) => {
    const program = await compile(graph, { device, threads, training });
    programs.push(program);
    return program;
  };
  const [gradProgram, lossProgram, predictProgram] = [
    await open(options.precision === 'fp16' ? inHalf(steps) : steps, true),
    await open(optimise(lossGraph(forward, options))),
    await open(optimise(predictGraph(forward, named))),
  ];
  const apply = applier(state, options);

  const sums = { lossSum: tensor('float32', []), weightSum: tensor('float32', []) };
  /** The gradient program from one set of running statistics to another. */
  const bindGrad = (from: number, to: number) =>
    gradProgram.bind(Object.fromEntries([...state.weights.views, ...state.sets[from]]), {
      ...sums,
      ...Object.fromEntries(
        grad.reached
          .filter((name) => !tables.some(({ parameter }) => parameter === name))
          .map((name) => [gradientName(name), state.gradients.views.get(name) as Tensor]),
      ),
      ...Object.fromEntries([...state.sets[to]].map(([name, spare]) => [updateName(name), spare])),
    });
  const rowSums = tableSums(tables, state.gradients.views);
  const bindings = new Map<string, Bound>();
  const bound = (from: number, to: number): Bound => {
    const key = buffersOf(state).size === 0 ? '' : `${from} ${to}`;
    const made = bindings.get(key) ?? bindGrad(from, to);
    bindings.set(key, made);
    return made;
  };
  const runGrad = async (feeds: Feeds, labels: Tensor, weights: Tensor, more: GradOptions): Promise<StepResult> => {
    const rows = weights.data.length;
    const from = more.add ? (state.pending ?? state.at) : state.at;
    const to = [0, 1, 2].find((place) => place !== from && place !== state.at) as number;
    const given = {
      ...feeds,
      [labelsName]: labels,
      [weightsName]: weights,
      ...(grad.random ? dropoutFeeds(options.seed, state.step, rows, more.firstRow ?? 0) : {}),
      ...(scale ? { [lossScaleName]: tensor('float32', [], [scale.value]) } : {}),
    };
    await bound(from, to)(given, rowSums.fetches(feeds));
    rowSums.add(feeds, more.add ?? false);
    if (scale) for (let i = 0; i < state.gradients.data.length; i++) state.gradients.data[i] /= scale.value;
    state.pending = to;
    return { lossSum: first(sums.lossSum), weightSum: first(sums.weightSum) };
  };
  /** What the micro-batches before brought; made when there is a second one. */
  let before: Float32Array | undefined;

  const meanScale = (weightSum: number): number => {
    if (weightSum === 0) return 0;
    if (options.clipNorm === undefined) return 1 / weightSum;
    const norm = Math.sqrt(squaredNorm(state.gradients.data)) / weightSum;
    return Math.min(1, options.clipNorm / (norm + 1e-6)) / weightSum;
  };

  const scale = options.precision === 'fp16' ? openLossScale() : undefined;
  const take = (weightSum: number, lr: number, shared: boolean): void => {
    const finite = !scale || Number.isFinite(squaredNorm(state.gradients.data));
    scale?.observe(finite);
    if (!finite) {
      state.pending = null;
      return;
    }
    takeStatistics(state, shared);
    state.step++;
    apply(lr, meanScale(weightSum));
  };

  const self: TrainingProgram = {
    parameters: forward.parameters,
    reduced: state.reduced,
    tail: state.tail,
    touched() {
      const rows = rowSums.touched();
      return tables.map(({ parameter, count, width }, i) => {
        const gradient = state.gradients.views.get(parameter)?.data as Float32Array;
        return { at: (gradient.byteOffset - state.reduced.byteOffset) / 4, count, width, rows: rows[i] };
      });
    },
    async step(feeds, labels, weights, lr) {
      const result = await runGrad(feeds, labels, weights, {});
      take(result.weightSum, lr, false);
      return result;
    },
    async grad(feeds, labels, weights, more = {}) {
      const { data } = state.gradients;
      if (!more.add) {
        const result = await runGrad(feeds, labels, weights, more);
        writeTail(state, result.lossSum, result.weightSum);
        return result;
      }
      before ??= new Float32Array(data.length);
      before.set(data);
      const [lossSum, weightSum] = state.reduced.slice(-2);
      const result = await runGrad(feeds, labels, weights, more);
      for (let i = 0; i < data.length; i++) data[i] += before[i];
      writeTail(state, lossSum + result.lossSum, weightSum + result.weightSum);
      return result;
    },
    none() {
      state.reduced.fill(0);
      rowSums.clear();
      // A set for the statistics that the others bring.
      state.pending = (state.at + 1) % state.sets.length;
    },
    apply(lr, shared = false) {
      const [lossSum, weightSum] = state.reduced.slice(-2);
      take(weightSum, lr, shared);
      return Promise.resolve({ lossSum, weightSum });
    },
    async gradients(feeds, labels, weights) {
      const { weightSum } = await runGrad(feeds, labels, weights, {});
      state.pending = null;
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
    snapshot: () => Promise.resolve(new Map([...snapshotOf(state), ...(scale ? [scale.saved()] : [])])),
    restore(saved) {
      restoreInto(state, saved);
      scale?.restore(saved);
      return Promise.resolve();
    },
    weights: () => Promise.resolve(weightsIn(state)),
    trained() {
      const initializers = new Map([...forward.initializers, ...weightsIn(state)]);
      const graph = { ...forward, initializers };
      return Promise.resolve({ ...graph, types: inferTypes(graph) });
    },
    async dispose() {
      for (const program of programs) await program.dispose();
    },
  };
  return self;
}
