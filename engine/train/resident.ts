// A training program whose state stays on the device from its first step to a checkpoint: what crosses to the processor in a
// step is the batch and two sums. The other programs read the same state where it lies.
import { checkGraph, type Graph, inferTypes, optimise } from '../graph/index.ts';
import { sizeOf, type Tensor, tensor } from '../onnx/index.ts';
import { compileResident, openReader, type Resident, type ResidentProgram } from '../runtime/index.ts';
import { Fault } from '../schema/index.ts';
import { dropoutFeeds } from './dropout.ts';
import { layoutOf } from './flat.ts';
import { inHalf, lossScaleName, openLossScale } from './half.ts';
import { optimizerScalars, optimizerSlots } from './optimizers.ts';
import type { GradOptions, ProgramOptions, StepResult, TrainingProgram } from './program.ts';
import { recomputing } from './recompute.ts';
import { applyFromReduced, fusedGraph, normName, reducedName, scalarsName, slotName } from './residentSteps.ts';
import { copyOf, stepKey } from './state.ts';
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

type Feeds = Record<string, Tensor>;
type Held = Tensor | Resident;

const isResident = (value: Held): value is Resident => !('data' in value);
const first = (value: Tensor): number => (value.data as Float32Array)[0];

/** Compiles for a device on which values can stay. Faults as `compileTraining`. */
export async function compileOnDevice(forward: Graph, options: ProgramOptions): Promise<TrainingProgram> {
  checkGraph(forward);
  logitsOf(forward);
  const { device, threads, optimizer, seed } = options;
  const statistics = bufferNames(forward);
  const named = [...forward.parameters, ...statistics];
  const slots = optimizerSlots(optimizer);
  const layout = layoutOf(
    forward.parameters.map((name) => {
      const value = forward.initializers.get(name);
      if (value?.dtype !== 'float32') throw new Fault('bad_graph', `parameter "${name}" must be float32 to be trained`);
      return { name, dims: value.dims };
    }),
  );
  const grad = gradGraph(forward, options);
  const scale = options.precision === 'fp16' ? openLossScale() : undefined;
  const scaleFeed = (): Feeds => (scale ? { [lossScaleName]: tensor('float32', [], [scale.value]) } : {});
  const lean = (graph: Graph) => {
    const short = options.recompute ? recomputing(graph, grad.forward, named) : graph;
    return scale ? inHalf(short) : short;
  };

  const opened: Promise<ResidentProgram>[] = [];
  const open = (graph: Graph, keep: readonly string[]): Promise<ResidentProgram> => {
    const outputs = graph.outputs.map(({ name }) => name);
    const program = compileResident(graph, { device, threads }, outputs, new Set(keep));
    opened.push(program);
    return program;
  };
  const once = (make: () => Promise<ResidentProgram>) => {
    let made: Promise<ResidentProgram> | undefined;
    return () => (made ??= make());
  };
  const stateNames = [...named, ...slots.flatMap((slot) => forward.parameters.map((name) => slotName(slot, name)))];
  const fused = await open(
    lean(optimise(fusedGraph(grad, forward.parameters, optimizer, options.clipNorm))),
    stateNames.map(updateName),
  );
  const loss = await open(optimise(lossGraph(forward, options)), []);
  const predict = await open(optimise(predictGraph(forward, named)), []);
  // Only where a batch is computed in parts or on several machines.
  const gradients = once(() => open(lean(optimise(grad.graph)), []));
  const applied = once(() => {
    const graph = optimise(applyFromReduced(layout, optimizer));
    return open(
      graph,
      graph.outputs.map(({ name }) => name),
    );
  });
  const reader = openReader({ device, threads });

  /** All state by name: on the device, or still to be brought there. */
  const state = new Map<string, Held>();
  for (const name of named) state.set(name, copyOf(forward.initializers.get(name) as Tensor));
  for (const name of forward.parameters)
    for (const slot of slots)
      state.set(slotName(slot, name), tensor('float32', layout.slots.find((one) => one.name === name)?.dims ?? []));
  let step = 0;
  const put = (name: string, value: Held) => {
    const old = state.get(name);
    state.set(name, value);
    if (old && isResident(old)) old.dispose();
  };
  const stateOf = (names: readonly string[]): Record<string, Held> =>
    Object.fromEntries(names.map((name) => [name, state.get(name) as Held]));
  const read = async (name: string): Promise<Tensor> => {
    const value = state.get(name) as Held;
    return isResident(value) ? reader.read(value) : copyOf(value);
  };
  const scalarsFor = (lr: number, scale: number): Tensor => {
    const values = Object.values(optimizerScalars(optimizer, { lr, scale, step }));
    return tensor('float32', [values.length], values);
  };
  /** What a program gave for the next step takes the place of what there was. */
  const take = (kept: Record<string, Resident>) => {
    for (const name of stateNames) {
      const next = kept[updateName(name)];
      if (next) put(name, next);
    }
  };
  const random = (rows: number, firstRow: number): Feeds =>
    grad.random ? dropoutFeeds(seed, step, rows, firstRow) : {};
  const sumsOf = (out: Record<string, Tensor>): StepResult => ({
    lossSum: first(out['lossSum']),
    weightSum: first(out['weightSum']),
  });

  const tail = layout.length;
  const reduced = new Float32Array(
    tail + statistics.reduce((sum, name) => sum + sizeOf(forward.initializers.get(name)?.dims ?? []), 0) + 2,
  );
  /** Running statistics that wait for the step to be taken. */
  let pending: Map<string, Tensor> | null = null;

  const runGrad = async (feeds: Feeds, labels: Tensor, weights: Tensor, more: GradOptions) => {
    const program = await gradients();
    const own = more.add && pending ? Object.fromEntries(pending) : {};
    const out = (
      await program.run({
        ...feeds,
        [labelsName]: labels,
        [weightsName]: weights,
        ...random(weights.data.length, more.firstRow ?? 0),
        ...scaleFeed(),
        ...stateOf(named),
        ...own,
      })
    ).read;
    pending = new Map(statistics.map((name) => [name, copyOf(out[updateName(name)])]));
    if (scale) {
      for (const name of grad.reached) {
        const gradient = out[gradientName(name)].data as Float32Array;
        for (let i = 0; i < gradient.length; i++) gradient[i] /= scale.value;
      }
    }
    return out;
  };

  const self: TrainingProgram = {
    parameters: forward.parameters,
    reduced,
    tail,
    async step(feeds, labels, weights, lr) {
      step++;
      const { read: out, kept } = await fused.run({
        ...feeds,
        [labelsName]: labels,
        [weightsName]: weights,
        ...(grad.random ? dropoutFeeds(seed, step - 1, weights.data.length, 0) : {}),
        [scalarsName]: scalarsFor(lr, 1),
        ...scaleFeed(),
        ...stateOf(stateNames),
      });
      const finite = !scale || Number.isFinite(first(out[normName]));
      scale?.observe(finite);
      if (finite) take(kept);
      else {
        step--;
        for (const value of Object.values(kept)) value.dispose();
      }
      return sumsOf(out);
    },
    async grad(feeds, labels, weights, more = {}) {
      const out = await runGrad(feeds, labels, weights, more);
      const sums = sumsOf(out);
      if (!more.add) reduced.fill(0);
      const [lossSum, weightSum] = reduced.slice(-2);
      for (const { name, offset } of layout.slots) {
        const gradient = out[gradientName(name)]?.data as Float32Array | undefined;
        if (gradient) for (let i = 0; i < gradient.length; i++) reduced[offset + i] += gradient[i];
      }
      let place = tail;
      for (const { data } of (pending as Map<string, Tensor>).values())
        for (const value of data as Float32Array) reduced[place++] = value * (weightSum + sums.weightSum);
      reduced[place] = lossSum + sums.lossSum;
      reduced[place + 1] = weightSum + sums.weightSum;
      return sums;
    },
    none() {
      reduced.fill(0);
      pending = new Map(statistics.map((name) => [name, copyOf(forward.initializers.get(name) as Tensor)]));
    },
    async apply(lr, shared = false) {
      const [lossSum, weightSum] = reduced.slice(-2);
      let place = tail;
      for (const [name, { dims, data }] of pending ?? []) {
        const own = tensor('float32', dims, (data as Float32Array).slice());
        if (shared)
          for (let i = 0; i < own.data.length; i++) (own.data as Float32Array)[i] = reduced[place++] / weightSum;
        put(name, own);
      }
      pending = null;
      step++;
      const squares = reduced.subarray(0, tail).reduce((sum, value) => sum + value * value, 0);
      const norm = Math.sqrt(squares) / weightSum;
      scale?.observe(Number.isFinite(norm));
      if (scale && !Number.isFinite(norm)) {
        step--;
        return { lossSum, weightSum };
      }
      const clipped = options.clipNorm === undefined ? 1 : Math.min(1, options.clipNorm / (norm + 1e-6));
      const { kept } = await (await applied()).run({
        [reducedName]: tensor('float32', [tail], reduced.subarray(0, tail)),
        [scalarsName]: scalarsFor(lr, weightSum === 0 ? 0 : clipped / weightSum),
        ...stateOf(stateNames.filter((name) => !statistics.includes(name))),
      });
      take(kept);
      return { lossSum, weightSum };
    },
    async gradients(feeds, labels, weights) {
      const out = await runGrad(feeds, labels, weights, {});
      pending = null;
      const { weightSum } = sumsOf(out);
      return new Map(
        forward.parameters.map((name) => {
          const dims = layout.slots.find((one) => one.name === name)?.dims ?? [];
          const gradient = out[gradientName(name)];
          const data = gradient ? (gradient.data as Float32Array).map((value) => value / weightSum) : undefined;
          return [name, tensor('float32', dims, data)];
        }),
      );
    },
    async evaluate(feeds, labels, weights) {
      const { logits } = await self.predict(feeds);
      const out = (await loss.run({ logits, [labelsName]: labels, [weightsName]: weights })).read;
      return { ...sumsOf(out), logits };
    },
    predict: async (feeds) => (await predict.run({ ...feeds, ...stateOf(named) })).read,
    async snapshot() {
      const saved = new Map<string, Tensor>();
      for (const name of named) saved.set(`weight.${name}`, await read(name));
      for (const slot of slots)
        for (const name of forward.parameters) saved.set(`${slot}.${name}`, await read(slotName(slot, name)));
      saved.set(stepKey, tensor('int64', [], [step]));
      return new Map([...saved, ...(scale ? [scale.saved()] : [])]);
    },
    restore(saved) {
      const wanted = [
        ...named.map((name) => [`weight.${name}`, name] as const),
        ...slots.flatMap((slot) =>
          forward.parameters.map((name) => [`${slot}.${name}`, slotName(slot, name)] as const),
        ),
      ];
      for (const [key, name] of wanted) {
        const [value, now] = [saved.get(key), state.get(name)];
        if (!value || value.dims.join() !== now?.dims.join())
          throw new Fault('corrupt', `the checkpoint does not fit this model: "${key}"`);
      }
      const at = saved.get(stepKey);
      if (!at) throw new Fault('corrupt', 'the checkpoint does not say at which step it was made');
      for (const [key, name] of wanted) put(name, copyOf(saved.get(key) as Tensor));
      step = Number((at.data as BigInt64Array)[0]);
      scale?.restore(saved);
      pending = null;
      return Promise.resolve();
    },
    async weights() {
      const all = new Map<string, Tensor>();
      for (const name of named) all.set(name, await read(name));
      return all;
    },
    async trained() {
      const graph = { ...forward, initializers: new Map([...forward.initializers, ...(await self.weights())]) };
      return { ...graph, types: inferTypes(graph) };
    },
    async dispose() {
      for (const value of state.values()) if (isResident(value)) value.dispose();
      state.clear();
      await reader.dispose();
      for (const program of opened) await (await program).dispose();
    },
  };
  return self;
}
