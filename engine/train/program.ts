// What a training program is: one forward graph, differentiated, with its optimiser, compiled on a device.
import type { Tensor } from '../onnx/index.ts';
import type { Graph } from '../graph/index.ts';
import type { LossOptions } from './losses.ts';
import type { OptimizerSpec } from './optimizers.ts';

export interface ProgramOptions extends LossOptions {
  optimizer: OptimizerSpec;
  /** Largest global norm of the mean gradient; longer ones are scaled down to it. */
  clipNorm?: number;
  device: string;
  threads: number;
  /** Seeds dropout. */
  seed: number;
}

/** Sums over a batch; the mean loss is `lossSum / weightSum`. */
export interface StepResult {
  lossSum: number;
  weightSum: number;
}

export interface EvalResult extends StepResult {
  logits: Tensor;
}

/**
 * One machine's training. Feeds are named as the forward graph's inputs; labels are int64 [batch] for cross_entropy and
 * float32 [batch, k] for the others; weights are float32 [batch], 0 for padding.
 */
export interface TrainingProgram {
  step(feeds: Record<string, Tensor>, labels: Tensor, weights: Tensor, lr: number): Promise<StepResult>;
  evaluate(feeds: Record<string, Tensor>, labels: Tensor, weights: Tensor): Promise<EvalResult>;
  predict(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  /** Gradients of the mean loss by parameter, without a step. */
  gradients(feeds: Record<string, Tensor>, labels: Tensor, weights: Tensor): Promise<Map<string, Tensor>>;
  /** Weights, running statistics, optimiser state and the step count: all that an exact resume needs. */
  snapshot(): Promise<Map<string, Tensor>>;
  restore(state: ReadonlyMap<string, Tensor>): Promise<void>;
  /** Copies of the trained parameters and running statistics by name. */
  weights(): Promise<Map<string, Tensor>>;
  /** The forward graph with the trained weights as initializers: what is served. */
  trained(): Promise<Graph>;
  dispose(): Promise<void>;
}
