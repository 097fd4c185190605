// What a training program is: one forward graph, differentiated, with its optimiser, compiled on a device.
import type { Tensor } from '../onnx/index.ts';
import type { Graph } from '../graph/index.ts';
import type { TouchedTable } from './averager.ts';
import type { LossOptions } from './losses.ts';
import type { OptimizerSpec } from './optimizers.ts';
import type { Room } from './room.ts';

export interface ProgramOptions extends LossOptions {
  optimizer: OptimizerSpec;
  /** Largest global norm of the mean gradient; longer ones are scaled down to it. */
  clipNorm?: number;
  device: string;
  threads: number;
  /** Seeds dropout. */
  seed: number;
  /** Computes segments of the forward part again on the way back, in place of holding what they made. */
  recompute?: boolean;
  /** `fp16` computes products in half precision, with a loss scale that finds itself; weights and updates stay in single. */
  precision?: 'fp32' | 'fp16';
  /** What a step may take, on the processor; not looked at when left out. */
  room?: Room;
}

/** Sums over a batch; the mean loss is `lossSum / weightSum`. */
export interface StepResult {
  lossSum: number;
  weightSum: number;
}

export interface EvalResult extends StepResult {
  logits: Tensor;
}

/** Which part of a batch a call to `grad` is about. */
export interface GradOptions {
  /** Place of its first row in the whole batch: dropout is seeded by it. */
  firstRow?: number;
  /** Adds to what earlier calls since the last step brought (gradient accumulation); running statistics go on from theirs. */
  add?: boolean;
}

/**
 * One machine's training. Feeds are named as the forward graph's inputs; labels are int64 [batch] for cross_entropy and
 * float32 [batch, k] for the others; weights are float32 [batch], 0 for padding.
 */
export interface TrainingProgram {
  /** Names of what is trained, in one order on every machine. */
  readonly parameters: readonly string[];
  /** The fused step: forward, backward and update of one whole batch. The same bits as `grad` and then `apply`. */
  step(feeds: Record<string, Tensor>, labels: Tensor, weights: Tensor, lr: number): Promise<StepResult>;
  /**
   * Forward and backward only: fills `reduced` and changes nothing else, so that a step may be computed again. Gives the
   * sums of these rows alone.
   */
  grad(feeds: Record<string, Tensor>, labels: Tensor, weights: Tensor, options?: GradOptions): Promise<StepResult>;
  /** In place of `grad` for a member without rows: `reduced` holds zeros. */
  none(): void;
  /**
   * What members of a run sum up between `grad` and `apply`, always the same memory: gradients of the summed loss by
   * parameter, running statistics times the weight sum, loss sum, weight sum.
   */
  readonly reduced: Float32Array;
  /** Where the gradients in `reduced` end. */
  readonly tail: number;
  /** Tables in `reduced` of which `grad` touched few rows: the others hold zeros. */
  touched?(): TouchedTable[];
  /**
   * Takes the step from `reduced`; `shared` where others' sums are in it: running statistics then become everybody's mean,
   * weighted. Gives the sums that it holds.
   */
  apply(lr: number, shared?: boolean): Promise<StepResult>;
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
