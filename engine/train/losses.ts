// Losses as graphs: per-sample losses weighted and summed, so that padding adds nothing and unequal shares add up exactly.
import type { GraphBuilder, Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';

/**
 * The forward graph's output `logits` is [batch, classes], or [batch, k] for the two in the middle; for `token_cross_entropy`
 * [batch, length, vocabulary] with labels [batch, length], of which those below 0 do not count.
 */
export type LossKind = 'cross_entropy' | 'binary_cross_entropy' | 'mse' | 'token_cross_entropy';

export interface LossOptions {
  loss: LossKind;
  /** Share of the target spread over all classes (Szegedy et al. 2016); the cross-entropies only. */
  labelSmoothing?: number;
  /** One factor a class, applied to samples by their label; cross_entropy only. */
  classWeights?: readonly number[];
}

/** Scalars over the batch: the sum of weighted losses, and of the weights; their quotient is PyTorch's mean. */
export interface LossSums {
  lossSum: Value;
  weightSum: Value;
}

type Build = (g: GraphBuilder, logits: Value, labels: Value, weights: Value, options: LossOptions) => LossSums;

const total = (g: GraphBuilder, value: Value): Value => g.op('ReduceSum', [value], { keepdims: 0 });

/** Mean over the outputs of a sample, then the weighted sum over samples. */
function elementwise(g: GraphBuilder, losses: Value, weights: Value): LossSums {
  const axes = losses.shape.flatMap((_, i) => (i === 0 ? [] : [i]));
  const each = g.op('ReduceMean', [losses], { axes, keepdims: 0 });
  return { lossSum: total(g, g.op('Mul', [each, weights])), weightSum: total(g, weights) };
}

function crossEntropy(g: GraphBuilder, logits: Value, labels: Value, weights: Value, options: LossOptions): LossSums {
  const classes = logits.shape.at(-1);
  const { labelSmoothing = 0, classWeights } = options;
  if (typeof classes !== 'number') {
    if (!labelSmoothing && !classWeights) return crossEntropyOfAny(g, logits, labels, weights);
    throw new Fault('bad_graph', 'cross_entropy needs a known number of classes to smooth or weigh them');
  }
  if (classWeights && classWeights.length !== classes) {
    throw new Fault('bad_graph', `${classWeights.length} class weights for ${classes} classes`);
  }
  const logp = g.op('LogSoftmax', [logits], { axis: -1 });
  const hot = g.op('OneHot', [labels, g.ints([classes]), g.constant([0, 1])], { axis: -1 });
  const factors = classWeights ? g.constant([...classWeights]) : undefined;
  const own = factors ? g.op('Mul', [hot, factors]) : hot;
  const spread = (() => {
    if (labelSmoothing === 0) return own;
    const even = g.constant(
      tensor(
        'float32',
        [classes],
        Array.from({ length: classes }, (_, i) => (labelSmoothing / classes) * (classWeights?.[i] ?? 1)),
      ),
    );
    return g.op('Add', [g.op('Mul', [own, g.constant(1 - labelSmoothing)]), even]);
  })();
  const sampleWeights = g.op('Unsqueeze', [weights, g.ints([-1])]);
  const target = g.op('Mul', [spread, sampleWeights]);
  const weightSum = factors ? total(g, g.op('Mul', [own, sampleWeights])) : total(g, weights);
  return { lossSum: g.op('Neg', [total(g, g.op('Mul', [target, logp]))]), weightSum };
}

/** The same where each batch has another number of classes. */
function crossEntropyOfAny(g: GraphBuilder, logits: Value, labels: Value, weights: Value): LossSums {
  const logp = g.op('LogSoftmax', [logits], { axis: -1 });
  const own = g.op('GatherElements', [logp, g.op('Unsqueeze', [labels, g.ints([-1])])], { axis: 1 });
  const each = g.op('Mul', [g.op('Squeeze', [own, g.ints([1])]), weights]);
  return { lossSum: g.op('Neg', [total(g, each)]), weightSum: total(g, weights) };
}

/** Sums over tokens: `weightSum` counts those of the weighted rows. */
function tokenCrossEntropy(
  g: GraphBuilder,
  logits: Value,
  labels: Value,
  weights: Value,
  { labelSmoothing = 0 }: LossOptions,
): LossSums {
  const logp = g.op('LogSoftmax', [logits], { axis: -1 });
  const places = g.op('Unsqueeze', [g.op('Max', [labels, g.ints(0)]), g.ints([-1])]);
  const own = g.op('Squeeze', [g.op('GatherElements', [logp, places], { axis: 2 }), g.ints([2])]);
  const even = labelSmoothing > 0 ? g.op('ReduceMean', [logp], { axes: [2], keepdims: 0 }) : null;
  const target = even
    ? g.op('Add', [g.op('Mul', [own, g.constant(1 - labelSmoothing)]), g.op('Mul', [even, g.constant(labelSmoothing)])])
    : own;
  const counted = g.op('Mul', [
    g.op('Cast', [g.op('GreaterOrEqual', [labels, g.ints(0)])], { to: float32 }),
    g.op('Unsqueeze', [weights, g.ints([1])]),
  ]);
  return { lossSum: g.op('Neg', [total(g, g.op('Mul', [target, counted]))]), weightSum: total(g, counted) };
}

/** TensorProto.DataType of what Cast makes. */
const float32 = 1;

const losses: Readonly<Record<LossKind, Build>> = {
  token_cross_entropy: tokenCrossEntropy,
  cross_entropy: crossEntropy,
  // log(1 + eˣ) − x·y, by Softplus, which does not overflow.
  binary_cross_entropy: (g, logits, labels, weights) =>
    elementwise(g, g.op('Sub', [g.op('Softplus', [logits]), g.op('Mul', [logits, labels])]), weights),
  mse: (g, logits, labels, weights) => {
    const error = g.op('Sub', [logits, labels]);
    return elementwise(g, g.op('Mul', [error, error]), weights);
  },
};

/** Adds the loss of `logits` against `labels` to a graph; weights are float32 [batch]. */
export function buildLoss(
  g: GraphBuilder,
  logits: Value,
  labels: Value,
  weights: Value,
  options: LossOptions,
): LossSums {
  const isCrossEntropy = options.loss === 'cross_entropy';
  if (!isCrossEntropy && (options.classWeights || (options.labelSmoothing && options.loss !== 'token_cross_entropy'))) {
    throw new Fault('bad_request', `label smoothing and class weights go with cross_entropy, not ${options.loss}`);
  }
  return losses[options.loss](g, logits, labels, weights, options);
}

/** Declares the labels that a loss compares `logits` with. */
export function labelsInput(g: GraphBuilder, name: string, logits: Value, loss: LossKind): Value {
  return loss === 'cross_entropy' || loss === 'token_cross_entropy'
    ? g.input(name, 'int64', logits.shape.slice(0, -1))
    : g.input(name, 'float32', logits.shape);
}
