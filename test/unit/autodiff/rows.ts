// One row or more for each differentiable operator: inputs, attributes, and where to look. `n` and `m` are symbolic.
import type { AttributeValue, Dim } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';

/** Where the random elements of an input lie. */
type Range = readonly [low: number, high: number];

export interface Floats {
  shape: readonly Dim[];
  range?: Range;
  /** Elements are pushed at least this far away from these kinks. */
  avoid?: readonly number[];
}

/** Floats are differentiated by; a tensor is a constant; null is left out. */
export type RowInput = Floats | Tensor | null;

export interface Row {
  op: string;
  inputs: readonly RowInput[];
  attributes?: Record<string, AttributeValue>;
  /** Number of outputs; 1 when absent. */
  outputs?: number;
  /** Of finite differences, relative to the largest gradient; 2e-3 when absent. */
  tolerance?: number;
}

/** What the symbolic dimensions are while testing. */
export const sizes: Readonly<Record<string, number>> = { n: 2, m: 3 };

const f = (shape: readonly Dim[], range?: Range, avoid?: readonly number[]): Floats => ({
  shape,
  ...(range ? { range } : {}),
  ...(avoid ? { avoid } : {}),
});
const i64 = (values: number | readonly number[], dims?: readonly number[]): Tensor =>
  typeof values === 'number' ? tensor('int64', [], [values]) : tensor('int64', dims ?? [values.length], values);
const f32 = (values: readonly number[], dims: readonly number[] = [values.length]): Tensor =>
  tensor('float32', dims, values);
const bool = (values: readonly number[], dims: readonly number[]): Tensor => tensor('bool', dims, values);

const unary = (
  op: string,
  range: Range = [-2, 2],
  avoid: readonly number[] = [],
  attributes: Record<string, AttributeValue> = {},
): Row => ({
  op,
  inputs: [f(['n', 3, 'm'], range, avoid)],
  attributes,
});

const binary = (op: string, right: Range = [-2, 2], left: Range = [-2, 2]): Row[] => [
  { op, inputs: [f(['n', 3], left), f(['n', 3], right)] },
  { op, inputs: [f(['n', 1, 4], left), f([3, 1], right)] },
  { op, inputs: [f([3], left), f(['n', 3], right)] },
];

const reduce = (op: string, range: Range = [-2, 2]): Row[] => [
  { op, inputs: [f(['n', 3, 'm'], range)], attributes: { axes: [1], keepdims: 0 } },
  { op, inputs: [f(['n', 3, 'm'], range)], attributes: { axes: [0, -1], keepdims: 1 } },
  { op, inputs: [f([2, 3], range)], attributes: { keepdims: 0 } },
];

const image = (channels: number, ...space: Dim[]): Floats => f(['n', channels, ...space]);

const conv: Row[] = [
  { op: 'Conv', inputs: [image(2, 5, 6), f([3, 2, 3, 2]), f([3])] },
  { op: 'Conv', inputs: [image(2, 5, 6), f([3, 2, 3, 3]), f([3])], attributes: { pads: [1, 0, 1, 2] } },
  { op: 'Conv', inputs: [image(2, 7, 6), f([3, 2, 3, 3])], attributes: { strides: [2, 3], pads: [1, 1, 1, 1] } },
  { op: 'Conv', inputs: [image(4, 6, 5), f([6, 2, 3, 2]), f([6])], attributes: { group: 2, strides: [1, 2] } },
  { op: 'Conv', inputs: [image(3, 6, 6), f([3, 1, 3, 3])], attributes: { group: 3, pads: [1, 1, 1, 1] } },
  { op: 'Conv', inputs: [image(2, 7, 7), f([2, 2, 2, 3])], attributes: { dilations: [2, 2], pads: [1, 1, 1, 1] } },
  { op: 'Conv', inputs: [image(2, 9), f([3, 2, 4]), f([3])], attributes: { strides: [2], pads: [2, 1] } },
  { op: 'Conv', inputs: [image(2, 'm'), f([3, 2, 2]), f([3])], attributes: { pads: [1, 1] } },
  { op: 'Conv', inputs: [image(2, 5, 5), f([3, 2, 1, 1]), f([3])] },
  {
    op: 'Conv',
    inputs: [image(8, 5, 4), f([3, 8, 3, 2], [-0.5, 0.5]), f([3])],
    attributes: { pads: [1, 0, 1, 1], strides: [2, 1] },
  },
  {
    op: 'Conv',
    inputs: [image(9, 8), f([2, 9, 3], [-0.5, 0.5])],
    attributes: { pads: [1, 2], dilations: [2], strides: [2] },
  },
  {
    op: 'ConvTranspose',
    inputs: [image(2, 4, 3), f([2, 3, 3, 2]), f([3])],
    attributes: { strides: [2, 2], pads: [1, 0, 1, 0], output_padding: [1, 0] },
  },
  { op: 'ConvTranspose', inputs: [image(4, 3, 3), f([4, 2, 2, 2])], attributes: { group: 2 } },
];

const pools: Row[] = [
  { op: 'MaxPool', inputs: [image(2, 6, 6)], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  {
    op: 'MaxPool',
    inputs: [image(2, 5, 5)],
    attributes: { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] },
  },
  { op: 'MaxPool', inputs: [image(2, 7)], attributes: { kernel_shape: [3], strides: [2] } },
  { op: 'MaxPool', inputs: [image(2, 7)], attributes: { kernel_shape: [3], strides: [3] } },
  { op: 'MaxPool', inputs: [image(2, 7, 5)], attributes: { kernel_shape: [3, 2], strides: [3, 2] } },
  { op: 'MaxPool', inputs: [image(1, 4, 2, 6)], attributes: { kernel_shape: [2, 1, 3], strides: [2, 1, 3] } },
  { op: 'MaxPool', inputs: [image(2, 8, 8)], attributes: { kernel_shape: [2, 2], strides: [3, 3] } },
  { op: 'MaxPool', inputs: [image(2, 7)], attributes: { kernel_shape: [2], strides: [2], ceil_mode: 1 } },
  { op: 'MaxPool', inputs: [image(2, 8)], attributes: { kernel_shape: [2], dilations: [3], pads: [1, 0] } },
  { op: 'MaxPool', inputs: [image(2, 'm')], attributes: { kernel_shape: [3], pads: [1, 1] } },
  { op: 'AveragePool', inputs: [image(2, 6, 6)], attributes: { kernel_shape: [2, 3], strides: [2, 3] } },
  {
    op: 'AveragePool',
    inputs: [image(2, 5, 5)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  { op: 'AveragePool', inputs: [image(2, 5)], attributes: { kernel_shape: [2], pads: [1, 1], count_include_pad: 1 } },
  { op: 'GlobalAveragePool', inputs: [image(3, 4, 2)] },
  { op: 'GlobalAveragePool', inputs: [image(3, 'm')] },
  { op: 'GlobalMaxPool', inputs: [image(3, 4, 2)] },
  {
    op: 'Resize',
    inputs: [image(2, 3, 2), null, f32([1, 1, 2, 2])],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  },
  { op: 'Resize', inputs: [image(2, 4, 3), null, f32([1, 1, 2, 1.5])], attributes: { mode: 'linear' } },
  {
    op: 'Resize',
    inputs: [f([2, 2, 4, 5]), null, null, i64([2, 2, 7, 3])],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
  },
];

const norms: Row[] = [
  { op: 'BatchNormalization', inputs: [image(3, 4), f([3]), f([3]), f32([0.1, -0.2, 0.3]), f32([1, 0.5, 2])] },
  { op: 'InstanceNormalization', inputs: [image(3, 4, 2), f([3]), f([3])], tolerance: 5e-3 },
  { op: 'LayerNormalization', inputs: [f(['n', 3, 5]), f([5]), f([5])], tolerance: 5e-3 },
  { op: 'LayerNormalization', inputs: [f(['n', 3, 4]), f([3, 4])], attributes: { axis: 1 }, tolerance: 5e-3 },
];

const layers: Row[] = ['LSTM', 'GRU', 'RNN'].flatMap((op): Row[] => {
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[op] as number;
  const small: Range = [-0.7, 0.7];
  const inputs = (directions: number, more = false): RowInput[] => [
    f([4, 'n', 3], small),
    f([directions, gates * 2, 3], small),
    f([directions, gates * 2, 2], small),
    f([directions, gates * 4], small),
    ...(more ? [null, f([directions, 'n', 2], small), ...(op === 'LSTM' ? [f([directions, 'n', 2], small)] : [])] : []),
  ];
  const outputs = op === 'LSTM' ? 3 : 2;
  return [
    { op, inputs: inputs(1), attributes: { hidden_size: 2 } },
    { op, inputs: inputs(1, true), attributes: { hidden_size: 2, direction: 'reverse' }, outputs },
    { op, inputs: inputs(2, true), attributes: { hidden_size: 2, direction: 'bidirectional' }, outputs },
    ...(op === 'GRU'
      ? [{ op, inputs: inputs(1, true), attributes: { hidden_size: 2, linear_before_reset: 1 }, outputs }]
      : []),
  ];
});

const moves: Row[] = [
  { op: 'Reshape', inputs: [f(['n', 3, 4]), i64([0, 2, -1])] },
  { op: 'Reshape', inputs: [f(['n', 'm', 4]), i64([-1, 2])] },
  { op: 'Flatten', inputs: [f(['n', 3, 4])], attributes: { axis: 1 } },
  { op: 'Squeeze', inputs: [f(['n', 1, 4, 1]), i64([1, -1])] },
  { op: 'Unsqueeze', inputs: [f(['n', 4]), i64([0, -1])] },
  { op: 'Transpose', inputs: [f(['n', 3, 4])], attributes: { perm: [2, 0, 1] } },
  { op: 'Transpose', inputs: [f(['n', 3])] },
  { op: 'Concat', inputs: [f(['n', 2]), f(['n', 3]), f(['n', 1])], attributes: { axis: 1 } },
  { op: 'Concat', inputs: [f(['n', 2]), f(['m', 2])], attributes: { axis: 0 } },
  { op: 'Split', inputs: [f(['n', 5]), i64([2, 3])], attributes: { axis: 1 }, outputs: 2 },
  { op: 'Slice', inputs: [f(['n', 5]), i64([1]), i64([4]), i64([1])] },
  { op: 'Slice', inputs: [f(['n', 5]), i64([-2]), i64([2 ** 31 - 1]), i64([-1])] },
  { op: 'Slice', inputs: [f([2, 7]), i64([5]), i64([0]), i64([1]), i64([-2])] },
  { op: 'Slice', inputs: [f(['m', 4]), i64([-1]), i64([2 ** 31 - 1]), i64([0])] },
  { op: 'Slice', inputs: [f([4, 5, 'n']), i64([1, 0]), i64([3, -1]), i64([0, 1])] },
  { op: 'Pad', inputs: [f(['n', 3]), i64([0, 1, 0, 2])] },
  { op: 'Expand', inputs: [f([3, 1]), i64([2, 3, 4])] },
  { op: 'Tile', inputs: [f(['n', 3]), i64([2, 3])] },
  { op: 'Trilu', inputs: [f(['n', 4, 4])], attributes: { upper: 0 } },
  { op: 'Trilu', inputs: [f(['n', 3, 4]), i64(1)] },
  { op: 'DepthToSpace', inputs: [f(['n', 8, 2, 3])], attributes: { blocksize: 2 } },
  { op: 'DepthToSpace', inputs: [f(['n', 8, 2, 3])], attributes: { blocksize: 2, mode: 'CRD' } },
  { op: 'Gather', inputs: [f([5, 3]), i64([1, 4, 1, 0], [2, 2])] },
  { op: 'Gather', inputs: [f(['n', 5, 2]), i64([3, 3, 0])], attributes: { axis: 1 } },
  { op: 'Gather', inputs: [f(['n', 4, 3]), i64(0)], attributes: { axis: 1 } },
  { op: 'GatherElements', inputs: [f([3, 4]), i64([0, 2, 2, 1, 1, 1], [3, 2])], attributes: { axis: 1 } },
  { op: 'GatherND', inputs: [f([3, 4, 2]), i64([0, 1, 2, 3, 0, 1], [3, 2])] },
  { op: 'ScatterElements', inputs: [f([3, 4]), i64([0, 2, 3, 1, 1, 0], [3, 2]), f([3, 2])], attributes: { axis: 1 } },
  {
    op: 'ScatterElements',
    inputs: [f([3, 4]), i64([0, 0, 3, 1, 1, 1], [3, 2]), f([3, 2])],
    attributes: { axis: 1, reduction: 'add' },
  },
  { op: 'ScatterND', inputs: [f([4, 3]), i64([3, 1], [2, 1]), f([2, 3])] },
  { op: 'ScatterND', inputs: [f([4, 3]), i64([1, 1], [2, 1]), f([2, 3])], attributes: { reduction: 'add' } },
];

export const rows: readonly Row[] = [
  ...[
    'Identity',
    'Neg',
    'Exp',
    'Erf',
    'Sin',
    'Cos',
    'Atan',
    'Sinh',
    'Cosh',
    'Asinh',
    'Sigmoid',
    'Tanh',
    'Softplus',
  ].map((op) => unary(op)),
  ...['Abs', 'Relu', 'Elu', 'Selu', 'Celu', 'LeakyRelu', 'Softsign'].map((op) => unary(op, [-2, 2], [0])),
  ...['Log', 'Sqrt', 'Reciprocal'].map((op) => unary(op, [0.5, 3])),
  ...['Asin', 'Acos', 'Atanh'].map((op) => unary(op, [-0.8, 0.8])),
  unary('Tan', [-1, 1]),
  unary('Acosh', [1.5, 3]),
  unary('Elu', [-2, 2], [0], { alpha: 0.5 }),
  unary('Selu', [-2, 2], [0], { alpha: 1.2, gamma: 1.5 }),
  unary('Celu', [-2, 2], [0], { alpha: 0.7 }),
  unary('LeakyRelu', [-2, 2], [0], { alpha: 0.3 }),
  unary('ThresholdedRelu', [-2, 2], [0.5], { alpha: 0.5 }),
  unary('HardSigmoid', [-4, 4], [-2.5, 2.5]),
  unary('HardSwish', [-5, 5], [-3, 3]),
  unary('Cast', [-2, 2], [], { to: 1 }),
  { op: 'Clip', inputs: [f(['n', 6], [-2, 2], [-1, 1]), f32([-1], []), f32([1], [])] },
  { op: 'Clip', inputs: [f(['n', 6], [-2, 2], [0]), null, f32([0], [])] },
  { op: 'PRelu', inputs: [f(['n', 3, 4], [-2, 2], [0]), f([3, 1])] },
  ...binary('Add'),
  ...binary('Sub'),
  ...binary('Mul'),
  ...binary('Div', [0.5, 2]),
  ...binary('Pow', [0.5, 2], [0.5, 2]),
  { op: 'Pow', inputs: [f(['n', 3]), f32([2], [])] },
  { op: 'Pow', inputs: [f(['n', 3]), f32([3], [])] },
  { op: 'Mod', inputs: [f(['n', 3], [0.6, 0.9]), f32([0.5], [])], attributes: { fmod: 1 } },
  ...['Sum', 'Mean', 'Max', 'Min'].map((op) => ({ op, inputs: [f(['n', 3]), f([3]), f(['n', 1])] })),
  { op: 'Where', inputs: [bool([1, 0, 1], [3]), f(['n', 3]), f(['n', 1])] },
  { op: 'MatMul', inputs: [f(['n', 3]), f([3, 4])] },
  { op: 'MatMul', inputs: [f(['n', 'm', 3]), f([3, 4])] },
  { op: 'MatMul', inputs: [f(['n', 2, 'm', 3]), f(['n', 2, 3, 4])] },
  { op: 'MatMul', inputs: [f([2, 2, 3]), f([1, 3, 2])] },
  { op: 'MatMul', inputs: [f([4, 3]), f(['n', 3, 2])] },
  { op: 'MatMul', inputs: [f([3]), f([3, 4])] },
  { op: 'MatMul', inputs: [f(['n', 4, 3]), f([3])] },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB) => ({
      op: 'Gemm',
      inputs: [f(transA ? [3, 'n'] : ['n', 3]), f(transB ? [4, 3] : [3, 4]), f(transA ? [4] : ['n', 1])],
      attributes: { transA, transB, alpha: 0.5, beta: 2 },
    })),
  ),
  { op: 'Gemm', inputs: [f(['n', 3]), f([3, 4])] },
  { op: 'Einsum', inputs: [f(['n', 3, 4]), f([4, 5])], attributes: { equation: 'bij,jk->bik' } },
  { op: 'Einsum', inputs: [f(['n', 3, 4]), f(['n', 5, 4])], attributes: { equation: 'bid,bjd->bij' } },
  { op: 'Einsum', inputs: [f([3]), f([4])], attributes: { equation: 'i,j->ij' } },
  { op: 'ReduceSum', inputs: [f(['n', 3, 'm']), i64([1])], attributes: { keepdims: 0 } },
  { op: 'ReduceSum', inputs: [f(['n', 3, 'm']), i64([0, -1])] },
  { op: 'ReduceSum', inputs: [f(['n', 3])], attributes: { keepdims: 0 } },
  ...['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceSumSquare', 'ReduceLogSumExp', 'ReduceL2'].flatMap((op) =>
    reduce(op),
  ),
  ...['ReduceProd', 'ReduceL1', 'ReduceLogSum'].flatMap((op) => reduce(op, [0.5, 2])),
  { op: 'Softmax', inputs: [f(['n', 3, 4])], attributes: { axis: -1 } },
  { op: 'Softmax', inputs: [f(['n', 3, 4])], attributes: { axis: 1 } },
  { op: 'LogSoftmax', inputs: [f(['n', 3, 4])], attributes: { axis: -1 } },
  { op: 'CumSum', inputs: [f(['n', 4]), i64(1)] },
  { op: 'CumSum', inputs: [f(['n', 4]), i64(1)], attributes: { exclusive: 1, reverse: 1 } },
  { op: 'TopK', inputs: [f(['n', 6]), i64([3])], outputs: 2 },
  ...moves,
  ...conv,
  ...pools,
  ...norms,
  ...layers,
];

/** Gradients at kinks and edges, as PyTorch has them: the gradient of the sum of the output. */
export interface SpecialPoint {
  op: string;
  x: readonly number[];
  dx: readonly number[];
  more?: readonly Tensor[];
  attributes?: Record<string, AttributeValue>;
}

export const specialPoints: readonly SpecialPoint[] = [
  { op: 'Relu', x: [0, -0, 1e-30], dx: [0, 0, 1] },
  { op: 'Abs', x: [0, -3], dx: [0, -1] },
  { op: 'LeakyRelu', x: [0], dx: [0.25], attributes: { alpha: 0.25 } },
  { op: 'Elu', x: [0], dx: [1] },
  { op: 'Clip', x: [-1, 1, 1.5], dx: [1, 1, 0], more: [f32([-1], []), f32([1], [])] },
  { op: 'Sigmoid', x: [-200, 200, 0], dx: [0, 0, 0.25] },
  { op: 'Tanh', x: [-50, 50, 0], dx: [0, 0, 1] },
  { op: 'Softplus', x: [-200, 200, 0], dx: [0, 1, 0.5] },
  { op: 'Erf', x: [-20, 20], dx: [0, 0] },
  { op: 'HardSwish', x: [-3, 3], dx: [0, 1] },
  { op: 'Sqrt', x: [0, 4], dx: [Number.POSITIVE_INFINITY, 0.25] },
  { op: 'Pow', x: [0, 3], dx: [0, 6], more: [f32([2], [])] },
  { op: 'Pow', x: [0, 3], dx: [0, 0], more: [f32([0], [])] },
  { op: 'Max', x: [1, 2], dx: [0.5, 1], more: [f32([1], [])] },
  { op: 'ReduceMax', x: [2, 2, 1], dx: [0.5, 0.5, 0] },
  { op: 'ReduceProd', x: [0, 2, 3], dx: [6, 0, 0] },
  { op: 'ReduceProd', x: [0, 2, 0], dx: [0, 0, 0] },
  { op: 'ReduceL2', x: [0, 0], dx: [0, 0] },
  { op: 'Floor', x: [0.5], dx: [0] },
  { op: 'Sign', x: [0.5], dx: [0] },
];
