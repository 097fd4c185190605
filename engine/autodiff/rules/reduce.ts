// Gradients of reductions, normalising exponentials and running sums.
import { multiplyDims, type Value } from '../../graph/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { reshapeLike } from '../shapes.ts';
import { scalar } from './elementwise.ts';

/** Axes that the node removes, from the front. */
function axesOf(c: GradContext): number[] {
  const x = c.x(0);
  const given =
    c.node.op === 'ReduceSum' ? (c.inputs[1] ? (c.g.known(c.x(1)) as number[]) : undefined) : c.ints('axes');
  if (!given || given.length === 0) return c.int('noop_with_empty_axes', 0) ? [] : x.shape.map((_, i) => i);
  return given.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
}

/** A value of the reduced shape with its axes put back as 1, so that it broadcasts against the input. */
function kept(c: GradContext, value: Value): Value {
  if (c.int('keepdims', 1) === 1) return value;
  const axes = axesOf(c).toSorted((a, b) => a - b);
  return axes.length === 0 ? value : c.g.op('Unsqueeze', [value, c.g.ints(axes)]);
}

/** How many elements one result is made of: a constant, or a value where the sizes are symbolic. */
function countOf(c: GradContext): Value {
  const x = c.x(0);
  const axes = axesOf(c);
  const count = multiplyDims(axes.map((axis) => x.shape[axis]));
  if (typeof count === 'number') return scalar(c, count, x);
  const sizes = axes.map((axis) => c.g.op('Shape', [x], { start: axis, end: axis + 1 }));
  const product = sizes.reduce((a, b) => c.g.op('Mul', [a, b]));
  return c.g.op('Squeeze', [c.g.op('Cast', [product], { to: x.dtype === 'float64' ? 11 : 1 }), c.g.ints([0])]);
}

const first = (c: GradContext, gradient: () => Value) => [gradient, ...c.inputs.slice(1).map(() => null)];

/** Max and Min over axes share the gradient among ties, as PyTorch's amax does. */
const extreme = rule((c) => [
  () => {
    const mask = c.g.op('Cast', [c.g.op('Equal', [c.x(0), kept(c, c.y(0))])], { to: 1 });
    const ties = c.g.op('ReduceSum', [mask, c.g.ints(axesOf(c))], { keepdims: 1 });
    return c.g.op('Mul', [mask, c.g.op('Div', [kept(c, c.dy), ties])]);
  },
]);

/** The product of the others, right where elements are zero. */
function productGradient(c: GradContext): Value {
  const { g } = c;
  const x = c.x(0);
  const isZero = g.op('Equal', [x, scalar(c, 0, x)]);
  const mask = g.op('Cast', [isZero], { to: 1 });
  const safe = g.op('Where', [isZero, scalar(c, 1, x), x]);
  const others = g.op('Div', [g.op('ReduceProd', [safe], { axes: axesOf(c), keepdims: 1 }), safe]);
  const zeros = g.op('ReduceSum', [mask, g.ints(axesOf(c))], { keepdims: 1 });
  const alone = g.op('Equal', [g.op('Sub', [zeros, mask]), scalar(c, 0, x)]);
  return g.op('Where', [alone, g.op('Mul', [kept(c, c.dy), others]), scalar(c, 0, x)]);
}

const axisOf = (c: GradContext): number => {
  const axis = c.int('axis', -1);
  return axis < 0 ? axis + c.x(0).shape.length : axis;
};

const sumAlong = (c: GradContext, value: Value): Value =>
  c.g.op('ReduceSum', [value, c.g.ints([axisOf(c)])], { keepdims: 1 });

export const reduceRules: RuleTable = {
  ReduceSum: rule((c) => first(c, () => kept(c, c.dy))),
  ReduceMean: rule((c) => [() => c.g.op('Div', [kept(c, c.dy), countOf(c)])]),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceProd: rule((c) => [() => productGradient(c)]),
  ReduceL1: rule((c) => [() => c.g.op('Mul', [c.g.op('Sign', [c.x(0)]), kept(c, c.dy)])]),
  ReduceL2: rule((c) => [
    () => {
      // At the origin every direction is as good: 0, as in PyTorch.
      const norm = kept(c, c.y(0));
      const safe = c.g.op('Where', [c.g.op('Greater', [norm, scalar(c, 0, norm)]), norm, scalar(c, 1, norm)]);
      return c.g.op('Mul', [c.x(0), c.g.op('Div', [kept(c, c.dy), safe])]);
    },
  ]),
  ReduceLogSum: rule((c) => [
    () =>
      c.g.op('Expand', [c.g.op('Div', [kept(c, c.dy), c.g.op('Exp', [kept(c, c.y(0))])]), c.g.op('Shape', [c.x(0)])]),
  ]),
  ReduceLogSumExp: rule((c) => [
    () => c.g.op('Mul', [c.g.op('Exp', [c.g.op('Sub', [c.x(0), kept(c, c.y(0))])]), kept(c, c.dy)]),
  ]),
  ReduceSumSquare: rule((c) => [() => c.g.op('Mul', [c.x(0), c.g.op('Mul', [kept(c, c.dy), scalar(c, 2, c.dy)])])]),
  Softmax: rule((c) => [
    () => {
      const y = c.y(0);
      return c.g.op('Mul', [y, c.g.op('Sub', [c.dy, sumAlong(c, c.g.op('Mul', [c.dy, y]))])]);
    },
  ]),
  LogSoftmax: rule((c) => [() => c.g.op('Sub', [c.dy, c.g.op('Mul', [c.g.op('Exp', [c.y(0)]), sumAlong(c, c.dy)])])]),
  CumSum: rule((c) => [
    () => c.g.op('CumSum', [c.dy, c.x(1)], { exclusive: c.int('exclusive', 0), reverse: 1 - c.int('reverse', 0) }),
    null,
  ]),
  TopK: rule((c) => [
    () => {
      const zeros = c.g.op('Mul', [c.x(0), scalar(c, 0, c.x(0))]);
      const values = c.dys[0] ?? c.fail('only its values have gradients');
      return reshapeLike(
        c.g,
        c.g.op('ScatterElements', [zeros, c.y(1), values], { axis: axisOf(c), reduction: 'add' }),
        c.x(0),
      );
    },
    null,
  ]),
};
