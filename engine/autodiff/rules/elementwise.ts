// Gradients of element-wise operators. All are right for a gradient that still wants broadcasting.
import type { Value } from '../../graph/index.ts';
import { type GradContext, type GradRule, flat, pointwise, type RuleTable } from '../rule.ts';

/** The constant in the element type of `like`. */
export function scalar(c: GradContext, value: number, like: Value): Value {
  const constant = c.g.constant(value);
  if (like.dtype === 'float32') return constant;
  return c.g.op('Cast', [constant], { to: like.dtype === 'float64' ? 11 : 10 });
}

type Derivative = (c: GradContext, x: Value) => Value;

/** dx = dy · f'(x). */
const times = (derivative: Derivative) => pointwise((c) => [() => c.g.op('Mul', [c.dy, derivative(c, c.x(0))])]);

const one = (c: GradContext): Value => scalar(c, 1, c.x(0));

/** 1 / f(x). */
const over = (inverse: Derivative) => pointwise((c) => [() => c.g.op('Div', [c.dy, inverse(c, c.x(0))])]);

const squarePlus = (c: GradContext, x: Value, sign: 1 | -1, constant: 1 | -1): Value => {
  const square = c.g.op('Mul', [x, x]);
  const term = sign === 1 ? square : c.g.op('Neg', [square]);
  return c.g.op('Add', [term, scalar(c, constant, x)]);
};

/** dy where the condition holds, `otherwise` elsewhere. */
const where = (c: GradContext, condition: Value, yes: Value, no: Value): Value => c.g.op('Where', [condition, yes, no]);

const positive = (c: GradContext, x: Value): Value => c.g.op('Greater', [x, scalar(c, 0, x)]);

/** The gradient goes to the inputs that equal the result, shared equally among ties as PyTorch's maximum does. */
const extreme: GradRule = (c) => {
  const mask = (i: number) => c.g.op('Cast', [c.g.op('Equal', [c.x(i), c.y(0)])], { to: 1 });
  const share = () => {
    const masks = c.inputs.map((_, i) => mask(i));
    return c.g.op('Div', [c.dy, c.g.op('Sum', masks)]);
  };
  return c.inputs.map((_, i) => () => (c.inputs.length === 1 ? c.dy : c.g.op('Mul', [share(), mask(i)])));
};

/** Takes every normal float32 above 1; the largest one. */
const largest = 3.4028234663852886e38;
const twoOverRootPi = 2 / Math.sqrt(Math.PI);
const seluAlpha = 1.6732632423543772;
const seluGamma = 1.0507009873554805;

/** Gradient of gamma·x above 0 and gamma·alpha·(eˣ − 1) below, by way of y = f(x) below: dy·(y + gamma·alpha). */
const exponentialUnit = (alpha: (c: GradContext) => number, gamma: (c: GradContext) => number) =>
  pointwise((c) => [
    () => {
      const above = gamma(c) === 1 ? c.dy : c.g.op('Mul', [c.dy, scalar(c, gamma(c), c.dy)]);
      const below = c.g.op('Mul', [c.dy, c.g.op('Add', [c.y(0), scalar(c, gamma(c) * alpha(c), c.dy)])]);
      return where(c, positive(c, c.x(0)), above, below);
    },
  ]);

export const elementwiseRules: RuleTable = {
  Identity: pointwise((c) => [() => c.dy]),
  Add: pointwise((c) => [() => c.dy, () => c.dy]),
  Sub: pointwise((c) => [() => c.dy, () => c.g.op('Neg', [c.dy])]),
  Mul: pointwise((c) => [() => c.g.op('Mul', [c.dy, c.x(1)]), () => c.g.op('Mul', [c.dy, c.x(0)])]),
  Div: pointwise((c) => [
    () => c.g.op('Div', [c.dy, c.x(1)]),
    () => c.g.op('Neg', [c.g.op('Div', [c.g.op('Mul', [c.dy, c.y(0)]), c.x(1)])]),
  ]),
  Pow: pointwise((c) => [
    () => {
      const [x, p] = [c.x(0), c.x(1)];
      const constant = c.g.constantOf(p.name);
      if (constant?.data.length === 1 && Number(constant.data[0]) === 2)
        return c.g.op('Mul', [c.dy, c.g.op('Add', [x, x])]);
      const slope = c.g.op('Mul', [p, c.g.op('Pow', [x, c.g.op('Sub', [p, scalar(c, 1, p)])])]);
      // x⁰ is flat, at 0 as well, where x⁻¹ is not finite.
      const zero = scalar(c, 0, p);
      return c.g.op('Mul', [c.dy, where(c, c.g.op('Equal', [p, zero]), zero, slope)]);
    },
    () => {
      // d/dp xᵖ = xᵖ·ln x, which is 0 at x = 0 where xᵖ is.
      const x = c.x(0);
      const safe = where(c, positive(c, x), x, scalar(c, 1, x));
      return c.g.op('Mul', [c.dy, c.g.op('Mul', [c.y(0), c.g.op('Log', [safe])])]);
    },
  ]),
  Mod: pointwise((c) => [() => c.dy, null]),
  Sum: pointwise((c) => c.inputs.map(() => () => c.dy)),
  Mean: pointwise((c) => c.inputs.map(() => () => c.g.op('Mul', [c.dy, scalar(c, 1 / c.inputs.length, c.dy)]))),
  Max: pointwise(extreme),
  Min: pointwise(extreme),
  Where: pointwise((c) => [
    null,
    () => where(c, c.x(0), c.dy, scalar(c, 0, c.dy)),
    () => where(c, c.x(0), scalar(c, 0, c.dy), c.dy),
  ]),
  Neg: pointwise((c) => [() => c.g.op('Neg', [c.dy])]),
  Abs: times((c, x) => c.g.op('Sign', [x])),
  Exp: times((c) => c.y(0)),
  Log: over((_, x) => x),
  Sqrt: pointwise((c) => [() => c.g.op('Div', [c.g.op('Mul', [c.dy, scalar(c, 0.5, c.dy)]), c.y(0)])]),
  Reciprocal: pointwise((c) => [() => c.g.op('Neg', [c.g.op('Mul', [c.dy, c.g.op('Mul', [c.y(0), c.y(0)])])])]),
  Erf: times((c, x) => {
    const bell = c.g.op('Exp', [c.g.op('Neg', [c.g.op('Mul', [x, x])])]);
    return c.g.op('Mul', [bell, scalar(c, twoOverRootPi, x)]);
  }),
  Sin: times((c, x) => c.g.op('Cos', [x])),
  Cos: times((c, x) => c.g.op('Neg', [c.g.op('Sin', [x])])),
  Tan: times((c) => squarePlus(c, c.y(0), 1, 1)),
  Asin: over((c, x) => c.g.op('Sqrt', [squarePlus(c, x, -1, 1)])),
  Acos: over((c, x) => c.g.op('Neg', [c.g.op('Sqrt', [squarePlus(c, x, -1, 1)])])),
  Atan: over((c, x) => squarePlus(c, x, 1, 1)),
  Sinh: times((c, x) => c.g.op('Cosh', [x])),
  Cosh: times((c, x) => c.g.op('Sinh', [x])),
  Asinh: over((c, x) => c.g.op('Sqrt', [squarePlus(c, x, 1, 1)])),
  Acosh: over((c, x) => c.g.op('Sqrt', [squarePlus(c, x, 1, -1)])),
  Atanh: over((c, x) => squarePlus(c, x, -1, 1)),
  Relu: pointwise((c) => [
    () => {
      const y = c.y(0);
      if (y.dtype !== 'float32') return where(c, positive(c, y), c.dy, scalar(c, 0, c.dy));
      // 1 where y > 0 and 0 at 0, by saturation: two plain passes, where Greater and Where take four times as long.
      const step = c.g.op('Clip', [c.g.op('Mul', [y, c.g.constant(largest)]), null, scalar(c, 1, y)]);
      return c.g.op('Mul', [c.dy, step]);
    },
  ]),
  Sigmoid: times((c) => {
    const y = c.y(0);
    return c.g.op('Sub', [y, c.g.op('Mul', [y, y])]);
  }),
  Tanh: times((c) => squarePlus(c, c.y(0), -1, 1)),
  Softplus: times((c, x) => c.g.op('Sigmoid', [x])),
  Softsign: pointwise((c) => [
    () => {
      const root = c.g.op('Add', [c.g.op('Abs', [c.x(0)]), one(c)]);
      return c.g.op('Div', [c.dy, c.g.op('Mul', [root, root])]);
    },
  ]),
  HardSigmoid: pointwise((c) => [
    () => {
      const [y, zero] = [c.y(0), scalar(c, 0, c.dy)];
      const inside = c.g.op('And', [positive(c, y), c.g.op('Less', [y, one(c)])]);
      return where(c, inside, c.g.op('Mul', [c.dy, scalar(c, c.float('alpha', 0.2), c.dy)]), zero);
    },
  ]),
  HardSwish: pointwise((c) => [
    () => {
      // x·clip(x/6 + 1/2, 0, 1): 0 below −3, 1 above 3, x/3 + 1/2 between.
      const x = c.x(0);
      const middle = c.g.op('Add', [c.g.op('Mul', [x, scalar(c, 1 / 3, x)]), scalar(c, 0.5, x)]);
      const right = where(c, c.g.op('Less', [x, scalar(c, 3, x)]), middle, scalar(c, 1, x));
      const slope = where(c, c.g.op('Greater', [x, scalar(c, -3, x)]), right, scalar(c, 0, x));
      return c.g.op('Mul', [c.dy, slope]);
    },
  ]),
  Elu: exponentialUnit(
    (c) => c.float('alpha', 1),
    () => 1,
  ),
  Selu: exponentialUnit(
    (c) => c.float('alpha', seluAlpha),
    (c) => c.float('gamma', seluGamma),
  ),
  Celu: pointwise((c) => [
    () => {
      const alpha = scalar(c, c.float('alpha', 1), c.dy);
      const below = c.g.op('Mul', [c.dy, c.g.op('Add', [c.g.op('Div', [c.y(0), alpha]), one(c)])]);
      return where(c, positive(c, c.x(0)), c.dy, below);
    },
  ]),
  LeakyRelu: pointwise((c) => [
    () => where(c, positive(c, c.x(0)), c.dy, c.g.op('Mul', [c.dy, scalar(c, c.float('alpha', 0.01), c.dy)])),
  ]),
  ThresholdedRelu: pointwise((c) => [
    () => where(c, c.g.op('Greater', [c.x(0), scalar(c, c.float('alpha', 1), c.dy)]), c.dy, scalar(c, 0, c.dy)),
  ]),
  PRelu: pointwise((c) => [
    () => where(c, positive(c, c.x(0)), c.dy, c.g.op('Mul', [c.dy, c.x(1)])),
    () => where(c, positive(c, c.x(0)), scalar(c, 0, c.dy), c.g.op('Mul', [c.dy, c.x(0)])),
  ]),
  Clip: pointwise((c) => [
    () => {
      // PyTorch's clamp: the gradient passes where the input lies inside, bounds included.
      const x = c.x(0);
      const bounds = [
        c.inputs[1] ? c.g.op('GreaterOrEqual', [x, c.inputs[1]]) : undefined,
        c.inputs[2] ? c.g.op('LessOrEqual', [x, c.inputs[2]]) : undefined,
      ].filter((bound) => bound !== undefined);
      if (bounds.length === 0) return c.dy;
      const inside = bounds.length === 1 ? bounds[0] : c.g.op('And', bounds);
      return where(c, inside, c.dy, scalar(c, 0, c.dy));
    },
    ...c.inputs.slice(1).map(() => null),
  ]),
  Cast: pointwise((c) => [
    () => {
      const code = { float32: 1, float64: 11, float16: 10 }[c.x(0).dtype as string];
      return c.g.op('Cast', [c.dy], { to: code ?? c.fail(`a Cast from ${c.x(0).dtype}`) });
    },
  ]),
  Ceil: flat,
  Floor: flat,
  Round: flat,
  Sign: flat,
};
