// Element-wise operators with numpy's broadcasting.
import type { Dim, DType } from '../../onnx/index.ts';
import { dtypes } from '../../onnx/index.ts';
import { addDims, broadcastShapes, divideDims, multiplyDims } from '../dims.ts';
import type { InferContext, OpRule, OpTable, ValueType } from '../rule.ts';

const floats: readonly DType[] = ['float32', 'float64', 'float16'];

/** Shape of the broadcast of the given inputs, or a fault naming both shapes. */
export function broadcastInputs(context: InferContext, from = 0): Dim[] {
  const shapes = context.inputs.slice(from).flatMap((input) => (input ? [input.shape] : []));
  return (
    broadcastShapes(...shapes) ??
    context.fail(`shapes ${shapes.map((s) => `[${s.join(',')}]`).join(' and ')} do not broadcast`)
  );
}

function sameDtypes(context: InferContext, from = 0): DType {
  const types = context.inputs.slice(from).flatMap((input) => (input ? [input.dtype] : []));
  const [first] = types;
  if (first === undefined || types.some((type) => type !== first))
    context.fail(`inputs have types ${types.join(' and ')}; add a Cast`);
  return first;
}

const unary = (attributes: OpRule['attributes'] = {}): OpRule => ({
  inputs: [1, 1],
  attributes,
  infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }],
});

const unaryFloat = (attributes: OpRule['attributes'] = {}): OpRule => ({
  inputs: [1, 1],
  attributes,
  infer: (c) => {
    const { dtype, shape } = c.input(0);
    if (!floats.includes(dtype)) c.fail(`needs a float input, got ${dtype}`);
    return [{ dtype, shape }];
  },
});

/** Integer arithmetic on shapes that are known while the graph is built. */
type Fold = (a: Dim, b: Dim) => Dim | undefined;

function foldKnown(c: InferContext, fold: Fold): Dim[] | undefined {
  const a = c.input(0).known;
  const b = c.input(1).known;
  if (!a || !b) return undefined;
  const out = Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    fold(a[a.length === 1 ? 0 : i], b[b.length === 1 ? 0 : i]),
  );
  return out.every((dim) => dim !== undefined) ? out : undefined;
}

const binary = (fold?: Fold): OpRule => ({
  inputs: [2, 2],
  infer: (c) => {
    const known = fold && foldKnown(c, fold);
    return [{ dtype: sameDtypes(c), shape: broadcastInputs(c), ...(known ? { known } : {}) }];
  },
});

const compare: OpRule = {
  inputs: [2, 2],
  infer: (c) => {
    sameDtypes(c);
    return [{ dtype: 'bool', shape: broadcastInputs(c) }];
  },
};

const logical: OpRule = {
  inputs: [2, 2],
  infer: (c) => {
    if (sameDtypes(c) !== 'bool') c.fail('needs bool inputs');
    return [{ dtype: 'bool', shape: broadcastInputs(c) }];
  },
};

const variadic: OpRule = { inputs: [1, 64], infer: (c) => [{ dtype: sameDtypes(c), shape: broadcastInputs(c) }] };

const alpha = { alpha: 'float' } as const;

const cast: OpRule = {
  inputs: [1, 1],
  attributes: { to: 'int' },
  infer: (c) => {
    const code = c.int('to', -1);
    const dtype = (Object.keys(dtypes) as DType[]).find((name) => dtypes[name].code === code);
    const { shape, known } = c.input(0);
    const keeps: ValueType = { dtype: dtype ?? c.fail(`cannot cast to element type ${code}`), shape };
    return [known && (dtype === 'int64' || dtype === 'int32') ? { ...keeps, known } : keeps];
  },
};

export const elementwiseOps: OpTable = {
  Add: binary(addDims),
  Sub: binary((a, b) => (typeof b === 'number' ? addDims(a, -b) : a === b ? 0 : undefined)),
  Mul: binary((a, b) => multiplyDims([a, b])),
  Div: binary(divideDims),
  Pow: { inputs: [2, 2], infer: (c) => [{ dtype: c.input(0).dtype, shape: broadcastInputs(c) }] },
  Mod: { ...binary(), attributes: { fmod: 'int' } },
  Max: variadic,
  Min: variadic,
  Sum: variadic,
  Mean: variadic,
  BitShift: { ...binary(), attributes: { direction: 'string' } },
  Equal: compare,
  Less: compare,
  LessOrEqual: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  And: logical,
  Or: logical,
  Xor: logical,
  Not: unary(),
  Neg: unary(),
  Abs: unary(),
  Sign: unary(),
  Identity: { inputs: [1, 1], infer: (c) => [c.input(0)] },
  Ceil: unaryFloat(),
  Floor: unaryFloat(),
  Round: unaryFloat(),
  Exp: unaryFloat(),
  Log: unaryFloat(),
  Sqrt: unaryFloat(),
  Reciprocal: unaryFloat(),
  Erf: unaryFloat(),
  Sin: unaryFloat(),
  Cos: unaryFloat(),
  Tan: unaryFloat(),
  Asin: unaryFloat(),
  Acos: unaryFloat(),
  Atan: unaryFloat(),
  Sinh: unaryFloat(),
  Cosh: unaryFloat(),
  Asinh: unaryFloat(),
  Acosh: unaryFloat(),
  Atanh: unaryFloat(),
  Relu: unary(),
  Sigmoid: unaryFloat(),
  Tanh: unaryFloat(),
  Softplus: unaryFloat(),
  Softsign: unaryFloat(),
  HardSwish: unaryFloat(),
  HardSigmoid: unaryFloat({ alpha: 'float', beta: 'float' }),
  Elu: unaryFloat(alpha),
  Selu: unaryFloat({ alpha: 'float', gamma: 'float' }),
  Celu: unaryFloat(alpha),
  LeakyRelu: unaryFloat(alpha),
  ThresholdedRelu: unaryFloat(alpha),
  Clip: { inputs: [1, 3], infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }] },
  PRelu: binary(),
  IsNaN: { inputs: [1, 1], infer: (c) => [{ dtype: 'bool', shape: c.input(0).shape }] },
  IsInf: {
    inputs: [1, 1],
    attributes: { detect_negative: 'int', detect_positive: 'int' },
    infer: (c) => [{ dtype: 'bool', shape: c.input(0).shape }],
  },
  Where: {
    inputs: [3, 3],
    infer: (c) => {
      if (c.input(0).dtype !== 'bool') c.fail('needs a bool condition');
      return [{ dtype: sameDtypes(c, 1), shape: broadcastInputs(c) }];
    },
  },
  Cast: cast,
  Dropout: {
    inputs: [1, 3],
    outputs: [1, 2],
    attributes: { seed: 'int' },
    infer: (c) => [
      { dtype: c.input(0).dtype, shape: c.input(0).shape },
      { dtype: 'bool', shape: c.input(0).shape },
    ],
  },
};
