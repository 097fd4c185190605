// The step programs of a forward graph, as graphs: `predict`, `loss`, `grad`; `apply` stands with the optimisers.
// State (parameters and running statistics) enters each as inputs, so that one copy in memory serves all.
import { backward } from '../autodiff/index.ts';
import { type Dim, type Graph, graphBuilder, inferTypes, type Value } from '../graph/index.ts';
import { Fault } from '../schema/index.ts';
import { lossScaleName } from './half.ts';
import { buildLoss, labelsInput, type LossOptions } from './losses.ts';
import { type TrainingForm, trainingForm } from './training-form.ts';

export const labelsName = 'train.labels';
export const weightsName = 'train.weights';
/** Gradient of the summed loss by a parameter, as the `grad` program names it. */
export const gradientName = (parameter: string): string => `grad.${parameter}`;
/** New value of a buffer, as the `grad` program names it. */
export const updateName = (buffer: string): string => `next.${buffer}`;

/** Running statistics: initializers that training changes, but not by gradient. Those of a frozen normalisation stay. */
export function bufferNames(forward: Graph): string[] {
  const trained = new Set(forward.parameters);
  const names = forward.nodes
    .filter((node) => node.op === 'BatchNormalization' && node.inputs.slice(1, 3).some((name) => trained.has(name)))
    .flatMap((node) => node.inputs.slice(3, 5));
  return [...new Set(names)].filter((name) => forward.initializers.has(name));
}

/** The logits output of a forward graph; throws `bad_graph` when it has none. */
export function logitsOf(forward: Graph): Graph['outputs'][number] {
  const logits = forward.outputs.find((output) => output.name === 'logits');
  if (!logits) throw new Fault('bad_graph', `graph ${forward.name} has no output "logits" to train`);
  if (logits.dtype !== 'float32' || logits.shape.length < 2) {
    throw new Fault(
      'bad_graph',
      `output "logits" of graph ${forward.name} must be float32 [batch, ...], got ${logits.dtype} [${logits.shape.join(',')}]`,
    );
  }
  return logits;
}

/** The forward graph with its state as inputs of the same names. */
export function predictGraph(forward: Graph, state: readonly string[]): Graph {
  const moved = state.map((name) => {
    const value = forward.initializers.get(name);
    if (!value) throw new Fault('bad_graph', `graph ${forward.name} has no initializer "${name}"`);
    return { name, dtype: value.dtype, shape: value.dims };
  });
  const initializers = new Map([...forward.initializers].filter(([name]) => !state.includes(name)));
  const graph = { ...forward, inputs: [...forward.inputs, ...moved], initializers, parameters: [] };
  return { ...graph, types: inferTypes(graph) };
}

/** From logits, labels and weights to the outputs `lossSum` and `weightSum`. */
export function lossGraph(forward: Graph, options: LossOptions): Graph {
  const { shape } = logitsOf(forward);
  const g = graphBuilder('loss');
  const logits = g.input('logits', 'float32', shape);
  const labels = labelsInput(g, labelsName, logits, options.loss);
  const weights = g.input(weightsName, 'float32', [shape[0]]);
  const sums = buildLoss(g, logits, labels, weights, options);
  g.output(sums.lossSum, 'lossSum');
  g.output(sums.weightSum, 'weightSum');
  return g.build();
}

export interface GradGraph {
  graph: Graph;
  /** Parameters that the loss depends on. */
  reached: string[];
  random: boolean;
  /** Values of the forward part and the loss. */
  forward: ReadonlySet<string>;
}

/** Forward in training form, loss and backward: outputs `lossSum`, `weightSum`, `grad.*` of the sum, `next.*` buffers. */
export function gradGraph(forward: Graph, options: LossOptions & { precision?: 'fp32' | 'fp16' }): GradGraph {
  const batch: Dim = logitsOf(forward).shape[0];
  const state = [...forward.parameters, ...bufferNames(forward)];
  const form: TrainingForm = trainingForm(forward, state, weightsName, batch);
  const { g } = form;
  const logits = form.outputs.get('logits') as Value;
  const labels = labelsInput(g, labelsName, logits, options.loss);
  const sums = buildLoss(g, logits, labels, g.value(weightsName), options);
  // In half precision the way back begins with a scale, which the gradients then carry.
  const seed = options.precision === 'fp16' ? g.input(lossScaleName, 'float32', []) : g.constant(1);
  const seeds = new Map([[sums.lossSum.name, seed]]);
  const nodes = g.nodes();
  const gradients = backward(g, nodes, seeds, forward.parameters);
  g.output(sums.lossSum, 'lossSum');
  g.output(sums.weightSum, 'weightSum');
  for (const [name, gradient] of gradients) g.output(gradient, gradientName(name));
  for (const [name, value] of form.updates) g.output(value, updateName(name));
  const own = new Set(nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== '')));
  return { graph: g.build(), reached: [...gradients.keys()], random: form.random, forward: own };
}
