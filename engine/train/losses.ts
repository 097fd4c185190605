// Losses as graphs: per-sample losses weighted and summed, so that padding adds nothing and unequal shares add up exactly.

/** The forward graph's output `logits` is [batch, classes], or [batch, k] for the other two. */
export type LossKind = 'cross_entropy' | 'binary_cross_entropy' | 'mse';

export interface LossOptions {
  loss: LossKind;
  /** Share of the target spread over all classes (Szegedy et al. 2016); cross_entropy only. */
  labelSmoothing?: number;
  /** One factor a class, applied to samples by their label; cross_entropy only. */
  classWeights?: readonly number[];
}
