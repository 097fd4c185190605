// The step programs of training whose state stays on a device: `fused` does forward, backward and update in one graph,
// `apply` updates from a reduced buffer. Each reads state under its own name and gives it as `next.NAME`.
import { type Graph, type GraphBuilder, graphBuilder, type Value } from '../graph/index.ts';
import type { Layout } from './flat.ts';
import { lossScaleName } from './half.ts';
import { applyGraph, type OptimizerSpec, optimizerScalars, optimizerSlots } from './optimizers.ts';
import { type GradGraph, gradientName, updateName } from './steps.ts';

/** Names of a program's own inputs: the optimiser's scalars, and the reduced gradient. */
export const scalarsName = 'train.scalars';
export const reducedName = 'train.reduced';
/** Norm of the mean gradient, where the loss is scaled. */
export const normName = 'norm';
/** State of the optimiser for a parameter, as the programs name it. */
export const slotName = (slot: string, parameter: string): string => `slot.${slot}.${parameter}`;

/** Names of the optimiser's scalars, in the order of the input `train.scalars`. */
const scalarKeys = (spec: OptimizerSpec): string[] => Object.keys(optimizerScalars(spec, { lr: 1, scale: 1, step: 1 }));

/** Adds the optimiser's update of one parameter; its nodes are those of the flat form, for every one is element-wise. */
function update(
  g: GraphBuilder,
  spec: OptimizerSpec,
  form: Graph,
  scalars: readonly (readonly [string, Value])[],
  name: string,
  gradient: Value,
): void {
  const weight = g.value(name);
  const slots = optimizerSlots(spec);
  const values = new Map<string, Value>([
    ['weight', weight],
    ['gradient', gradient],
    ...scalars,
    ...slots.map((slot): [string, Value] => [slot, g.input(slotName(slot, name), 'float32', weight.shape)]),
  ]);
  for (const [constant, value] of form.initializers) values.set(constant, g.constant(value));
  for (const node of form.nodes) {
    const made = g.node({
      ...node,
      name: `update/${name}/${node.name}`,
      inputs: node.inputs.map((input) => (input === '' ? '' : (values.get(input) as Value).name)),
      outputs: node.outputs.map((output) => (output === '' ? '' : `update/${name}/${output}`)),
    });
    node.outputs.filter((output) => output !== '').forEach((output, i) => values.set(output, made[i]));
  }
  g.output(values.get('next.weight') as Value, updateName(name));
  for (const slot of slots) g.output(values.get(`next.${slot}`) as Value, updateName(slotName(slot, name)));
}

/** The optimiser's scalars by name, from one input that brings them all. */
function scalarsIn(g: GraphBuilder, spec: OptimizerSpec): (readonly [string, Value])[] {
  const keys = scalarKeys(spec);
  const all = g.input(scalarsName, 'float32', [keys.length]);
  return keys.map((key, i) => [key, g.op('Gather', [all, g.ints(i)], { axis: 0 })] as const);
}

/** What turns the summed gradient into the mean, or the clipped mean: float32 []. */
function meanScale(
  g: GraphBuilder,
  gradients: readonly Value[],
  weightSum: Value,
  clipNorm: number | undefined,
  isScaled: boolean,
): Value {
  const nothing = g.op('Equal', [weightSum, g.constant(0)]);
  const whole = isScaled ? g.op('Mul', [weightSum, g.value(lossScaleName)]) : weightSum;
  const inverse = g.op('Where', [nothing, g.constant(0), g.op('Reciprocal', [whole])]);
  if (clipNorm === undefined && !isScaled) return inverse;
  const squares = gradients.map((gradient) => g.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const norm = g.op('Mul', [g.op('Sqrt', [squares.length === 1 ? squares[0] : g.op('Sum', squares)]), inverse]);
  // Tells the processor whether the step is to be taken.
  if (isScaled) g.output(norm, normName);
  if (clipNorm === undefined) return inverse;
  const share = g.op('Div', [g.constant(clipNorm), g.op('Add', [norm, g.constant(1e-6)])]);
  return g.op('Mul', [g.op('Min', [share, g.constant(1)]), inverse]);
}

/** Forward, backward and update: `lossSum`, `weightSum`, and everything of the state as `next.NAME`. */
export function fusedGraph(
  grad: GradGraph,
  parameters: readonly string[],
  spec: OptimizerSpec,
  clipNorm: number | undefined,
): Graph {
  const kept = grad.graph.outputs.filter(({ name }) => !grad.reached.some((one) => name === gradientName(one)));
  const g = graphBuilder({ ...grad.graph, outputs: kept }, 'step.');
  const reached = grad.reached.map((name) => g.value(gradientName(name)));
  const isScaled = grad.graph.inputs.some((input) => input.name === lossScaleName);
  const scale = meanScale(g, reached, g.value('weightSum'), clipNorm, isScaled);
  const scalars = scalarsIn(g, spec);
  const form = applyGraph(spec);
  for (const name of parameters) {
    const has = grad.reached.includes(name);
    const gradient = has
      ? g.op('Mul', [g.value(gradientName(name)), scale])
      : g.op('Mul', [g.value(name), g.constant(0)]);
    update(g, spec, form, scalars, name, gradient);
  }
  return g.build();
}

/** Update alone, from gradients that lie in one buffer as `layout` has them; `train.scalars` bring the mean's scale along. */
export function applyFromReduced(layout: Layout, spec: OptimizerSpec): Graph {
  const g = graphBuilder('apply reduced');
  const reduced = g.input(reducedName, 'float32', [layout.length]);
  const scalars = scalarsIn(g, spec);
  const form = applyGraph(spec);
  for (const { name, dims, offset, size } of layout.slots) {
    g.input(name, 'float32', [...dims]);
    const cut = g.op('Slice', [reduced, g.ints([offset]), g.ints([offset + size]), g.ints([0])]);
    const shaped = dims.length === 1 ? cut : g.op('Reshape', [cut, g.ints(dims)]);
    update(g, spec, form, scalars, name, shaped);
  }
  return g.build();
}
