// Convolution, pooling and resizing over [batch, channels, ...space].
import type { Dim } from '../../onnx/index.ts';
import { numbersOf } from '../../onnx/index.ts';
import { addDims, floorDims, multiplyDims } from '../dims.ts';
import type { InferContext, OpRule, OpTable, ValueType } from '../rule.ts';

/** Window geometry of Conv and pooling nodes, all attributes filled in; pads are [starts..., ends...]. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  pads: number[];
}

/** Reads the geometry; `auto_pad` is resolved against the input's space. */
export function windowOf(c: InferContext, kernel: readonly number[], space: readonly Dim[]): Window {
  const rank = kernel.length;
  const strides = c.ints('strides') ?? Array<number>(rank).fill(1);
  const dilations = c.ints('dilations') ?? Array<number>(rank).fill(1);
  const auto = c.text('auto_pad', 'NOTSET');
  if (auto === 'NOTSET')
    return { kernel: [...kernel], strides, dilations, pads: c.ints('pads') ?? Array<number>(2 * rank).fill(0) };
  const total = kernel.map((k, i) => {
    if (auto === 'VALID') return 0;
    const size = space[i];
    const reach = dilations[i] * (k - 1) + 1;
    if (typeof size !== 'number')
      return strides[i] === 1 ? reach - 1 : c.fail(`auto_pad needs a known size, got ${size}`);
    return Math.max(0, (Math.ceil(size / strides[i]) - 1) * strides[i] + reach - size);
  });
  const small = total.map((t) => Math.floor(t / 2));
  const large = total.map((t) => Math.ceil(t / 2));
  return {
    kernel: [...kernel],
    strides,
    dilations,
    pads: auto === 'SAME_LOWER' ? [...large, ...small] : [...small, ...large],
  };
}

/** Size after a window slid over one axis. */
function slid(size: Dim, w: Window, axis: number, ceil: boolean): Dim {
  const reach = w.dilations[axis] * (w.kernel[axis] - 1) + 1;
  const free = addDims(size, w.pads[axis] + w.pads[axis + w.kernel.length] - reach);
  const stride = w.strides[axis];
  if (typeof free === 'number' && ceil) {
    const out = Math.ceil(free / stride) + 1;
    // A window that would start in the end padding does not count.
    return (out - 1) * stride >= (size as number) + w.pads[axis] ? out - 1 : out;
  }
  return addDims(floorDims(free, stride), 1);
}

const windowAttributes = {
  kernel_shape: 'ints',
  strides: 'ints',
  dilations: 'ints',
  pads: 'ints',
  auto_pad: 'string',
} as const;

function numericSpace(c: InferContext, shape: readonly Dim[]): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : c.fail(`needs known sizes, got [${shape.join(',')}]`)));
}

function conv(c: InferContext): ValueType[] {
  const [x, w] = [c.input(0), c.input(1)];
  if (x.shape.length < 3 || w.shape.length !== x.shape.length)
    c.fail(`shapes [${x.shape.join(',')}] and [${w.shape.join(',')}] do not convolve`);
  const group = c.int('group', 1);
  if (multiplyDims([w.shape[1], group]) !== x.shape[1])
    c.fail(`${x.shape[1]} channels for a kernel of ${w.shape[1]} in ${group} groups`);
  const kernel = w.shape.slice(2);
  // A kernel of symbolic size is a gradient under way (autodiff/rules/conv.ts), which knows what comes out.
  const numeric = kernel.every((dim) => typeof dim === 'number');
  const window = numeric ? windowOf(c, kernel, x.shape.slice(2)) : undefined;
  const space = x.shape
    .slice(2)
    .map((size, axis) => (window ? slid(size, window, axis, false) : `(${size}:${kernel[axis]})`));
  return [{ dtype: x.dtype, shape: [x.shape[0], w.shape[0], ...space] }];
}

function convTranspose(c: InferContext): ValueType[] {
  const [x, w] = [c.input(0), c.input(1)];
  if (x.shape[1] !== w.shape[0]) c.fail(`${x.shape[1]} channels for a kernel of ${w.shape[0]}`);
  if (c.text('auto_pad', 'NOTSET') !== 'NOTSET' || c.ints('output_shape'))
    c.fail('auto_pad and output_shape are not supported: give pads');
  const window = windowOf(c, numericSpace(c, w.shape.slice(2)), x.shape.slice(2));
  const extra = c.ints('output_padding') ?? window.kernel.map(() => 0);
  const space = window.kernel.map((k, i) => {
    const reach = window.dilations[i] * (k - 1) + 1;
    const grown = multiplyDims([addDims(x.shape[i + 2], -1), window.strides[i]]);
    return addDims(grown, reach + extra[i] - window.pads[i] - window.pads[i + window.kernel.length]);
  });
  return [{ dtype: x.dtype, shape: [x.shape[0], multiplyDims([w.shape[1], c.int('group', 1)]), ...space] }];
}

const pool = (attributes: OpRule['attributes'], outputs: readonly [number, number]): OpRule => ({
  inputs: [1, 1],
  outputs,
  attributes: { ...windowAttributes, ceil_mode: 'int', ...attributes },
  infer: (c) => {
    const x = c.input(0);
    const kernel = c.ints('kernel_shape') ?? c.fail('kernel_shape is missing');
    if (kernel.length !== x.shape.length - 2)
      c.fail(`a kernel of rank ${kernel.length} over shape [${x.shape.join(',')}]`);
    const window = windowOf(c, kernel, x.shape.slice(2));
    const shape = [
      ...x.shape.slice(0, 2),
      ...x.shape.slice(2).map((size, axis) => slid(size, window, axis, c.int('ceil_mode', 0) === 1)),
    ];
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
});

const globalPool: OpRule = {
  inputs: [1, 1],
  infer: (c) => {
    const { dtype, shape } = c.input(0);
    return [{ dtype, shape: [...shape.slice(0, 2), ...shape.slice(2).map(() => 1)] }];
  },
};

function resize(c: InferContext): ValueType[] {
  const { dtype, shape } = c.input(0);
  if (c.inputs[3]) return [{ dtype, shape: c.known(3) }];
  const scales = c.constant(2) ?? c.fail('scales must be known when the graph is built');
  const factors = numbersOf(scales);
  return [
    {
      dtype,
      shape: shape.map((dim, i) =>
        typeof dim === 'number'
          ? Math.floor(dim * factors[i])
          : factors[i] === 1
            ? dim
            : multiplyDims([dim, factors[i]]),
      ),
    },
  ];
}

export const convOps: OpTable = {
  Conv: { inputs: [2, 3], attributes: { ...windowAttributes, group: 'int' }, infer: conv },
  ConvTranspose: {
    inputs: [2, 3],
    attributes: { ...windowAttributes, group: 'int', output_padding: 'ints', output_shape: 'ints' },
    infer: convTranspose,
  },
  MaxPool: pool({ storage_order: 'int' }, [1, 2]),
  AveragePool: pool({ count_include_pad: 'int' }, [1, 1]),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  Resize: {
    inputs: [1, 4],
    attributes: {
      mode: 'string',
      coordinate_transformation_mode: 'string',
      nearest_mode: 'string',
      cubic_coeff_a: 'float',
      exclude_outside: 'int',
      extrapolation_value: 'float',
    },
    infer: resize,
  },
};
