// Gradients of convolution and pooling over [batch, channels, ...space].
import { type Dim, multiplyDims, type Value } from '../../graph/index.ts';
import { type GradContext, pointwise, rule, type RuleTable } from '../rule.ts';
import { reshapeLike, shapeValue } from '../shapes.ts';
import { maxPoolGradient } from './maxPool.ts';
import { resizeMatrix } from './resize.ts';

interface Geometry {
  kernel: number[];
  strides: number[];
  dilations: number[];
  pads: number[];
  group: number;
}

function geometry(c: GradContext, kernel: readonly Dim[]): Geometry {
  if (c.text('auto_pad', 'NOTSET') !== 'NOTSET') c.fail('auto_pad: write the pads');
  const rank = kernel.length;
  return {
    kernel: kernel.map((k) => (typeof k === 'number' ? k : c.fail(`a kernel of size ${k}`))),
    strides: [...(c.ints('strides') ?? Array<number>(rank).fill(1))],
    dilations: [...(c.ints('dilations') ?? Array<number>(rank).fill(1))],
    pads: [...(c.ints('pads') ?? Array<number>(2 * rank).fill(0))],
    group: c.int('group', 1),
  };
}

const space = (value: Value): readonly Dim[] => value.shape.slice(2);

/** How much longer an input is than what its transposed convolution gives back. */
function remainder(
  c: GradContext,
  { kernel, strides, dilations, pads }: Geometry,
  input: Value,
  output: Value,
): number[] {
  return kernel.map((k, i) => {
    const [size, out] = [input.shape[i + 2], output.shape[i + 2]];
    if (typeof size !== 'number' || typeof out !== 'number')
      return strides[i] === 1 ? 0 : c.fail(`a stride over a size of ${size}`);
    return size - ((out - 1) * strides[i] + dilations[i] * (k - 1) + 1 - pads[i] - pads[i + kernel.length]);
  });
}

/** Gradient of a convolution by its input. */
function inputGradient(c: GradContext, w: Geometry, dy: Value, weight: Value, input: Value): Value {
  const rank = w.kernel.length;
  const plain =
    w.group === 1 &&
    w.strides.every((s) => s === 1) &&
    w.pads.every((p, i) => p <= w.dilations[i % rank] * (w.kernel[i % rank] - 1));
  if (plain) {
    // At stride 1 it is a convolution with the kernel turned round, which runtimes compute faster.
    const swapped = c.g.op('Transpose', [weight], { perm: [1, 0, ...w.kernel.map((_, i) => i + 2)] });
    const axes = w.kernel.map((_, i) => i + 2);
    const turned = w.kernel.every((k) => k === 1)
      ? swapped
      : c.g.op('Slice', [
          swapped,
          c.g.ints(axes.map(() => -1)),
          c.g.ints(axes.map(() => -(2 ** 31))),
          c.g.ints(axes),
          c.g.ints(axes.map(() => -1)),
        ]);
    const pads = w.pads.map((p, i) => w.dilations[i % rank] * (w.kernel[i % rank] - 1) - p);
    return c.g.op('Conv', [dy, turned], { dilations: w.dilations, pads, kernel_shape: w.kernel });
  }
  return c.g.op('ConvTranspose', [dy, weight], {
    strides: w.strides,
    dilations: w.dilations,
    pads: w.pads,
    group: w.group,
    output_padding: remainder(c, w, input, dy),
    kernel_shape: w.kernel,
  });
}

/** Below it a patch with channels last is made of copies too short to be fast. */
const leastChannels = 8;

/** Gradient by the kernel of a convolution from `input` to `dy`, in the form that runtimes compute faster. */
function kernelGradient(c: GradContext, w: Geometry, input: Value, dy: Value): Value {
  const numeric = [...space(input), ...space(dy), input.shape[1]].every((dim) => typeof dim === 'number');
  if (!numeric || w.group !== 1) return byCorrelation(c, w, input, dy);
  return (input.shape[1] as number) >= leastChannels ? byPatches(c, w, input, dy) : byTaps(c, w, input, dy);
}

const tapsOf = (w: Geometry): number[][] =>
  w.kernel.reduce<number[][]>((all, k) => all.flatMap((tap) => Array.from({ length: k }, (_, i) => [...tap, i])), [[]]);

/** Gradient by the outputs before a convolution as [outputs, positions of all images]. */
function outputRows(c: GradContext, w: Geometry, dy: Value): Value {
  const first = c.g.op('Transpose', [dy], { perm: [1, 0, ...w.kernel.map((_, i) => i + 2)] });
  return c.g.op('Reshape', [first, c.g.ints([dy.shape[1] as number, -1])]);
}

/** One product of dy with the input as each tap of the kernel sees it: long copies where channels are few. */
function byTaps(c: GradContext, w: Geometry, input: Value, dy: Value): Value {
  const { g } = c;
  const rank = w.kernel.length;
  const axes = w.kernel.map((_, i) => i + 2);
  const [channels, outputs] = [input.shape[1] as number, dy.shape[1] as number];
  const outs = space(dy) as number[];
  const first = g.op('Transpose', [input], { perm: [1, 0, ...axes] });
  const pads = [0, 0, ...w.pads.slice(0, rank), 0, 0, ...w.pads.slice(rank)];
  const padded = pads.some((pad) => pad > 0) ? g.op('Pad', [first, g.ints(pads)]) : first;
  const taps = tapsOf(w).map((tap) => {
    const starts = tap.map((k, i) => k * w.dilations[i]);
    const ends = starts.map((start, i) => start + (outs[i] - 1) * w.strides[i] + 1);
    const seen = g.op('Slice', [padded, g.ints(starts), g.ints(ends), g.ints(axes), g.ints(w.strides)]);
    return g.op('Reshape', [seen, g.ints([channels, -1])]);
  });
  const rows = outputRows(c, w, dy);
  const patches = g.assume(g.op('Concat', taps, { axis: 0 }), [taps.length * channels, rows.shape[1]]);
  const summed = g.op('Gemm', [rows, patches], { transB: 1 });
  return kernelOf(c, w, summed, outputs, channels);
}

/** A product [outputs, taps · channels] in the layout of a kernel. */
function kernelOf(c: GradContext, w: Geometry, summed: Value, outputs: number, channels: number): Value {
  const { g } = c;
  const apart = g.op('Reshape', [summed, g.ints([outputs, -1, channels])]);
  return g.op('Reshape', [g.op('Transpose', [apart], { perm: [0, 2, 1] }), g.ints([outputs, channels, ...w.kernel])]);
}

/** Where the patches of a padded image lie: for every output position and kernel tap, a place counted through its space. */
function patchPlaces(w: Geometry, padded: readonly number[], out: readonly number[]): number[] {
  const walk = (sizes: readonly number[]): number[][] => tapsOf({ ...w, kernel: [...sizes] });
  const taps = tapsOf(w);
  return walk(out).flatMap((at) =>
    taps.map((tap) =>
      tap.reduce((place, k, axis) => place * padded[axis] + at[axis] * w.strides[axis] + k * w.dilations[axis], 0),
    ),
  );
}

/**
 * One product of dy with the patches that made it (im2col, Chellapilla et al. 2006), gathered with channels last so that
 * a patch is a few long copies: it runs in parallel where a convolution with so few outputs would not.
 */
function byPatches(c: GradContext, w: Geometry, input: Value, dy: Value): Value {
  const { g } = c;
  const rank = w.kernel.length;
  const last = [0, ...w.kernel.map((_, i) => i + 2), 1];
  const [channels, outputs] = [input.shape[1] as number, dy.shape[1] as number];
  const image = g.op('Transpose', [input], { perm: last });
  const pads = [0, ...w.pads.slice(0, rank), 0, 0, ...w.pads.slice(rank), 0];
  const padded = pads.some((pad) => pad > 0) ? g.op('Pad', [image, g.ints(pads)]) : image;
  const sizes = padded.shape.slice(1, 1 + rank) as number[];
  const places = patchPlaces(w, sizes, space(dy) as number[]);
  const flat = g.op('Reshape', [padded, g.ints([0, sizes.reduce((a, b) => a * b, 1), channels])]);
  const taps = w.kernel.reduce((a, b) => a * b, 1);
  const patches = g.op('Reshape', [g.op('Gather', [flat, g.ints(places)], { axis: 1 }), g.ints([-1, taps * channels])]);
  const rows = outputRows(c, w, dy);
  const gradient = g.assume(rows, [outputs, patches.shape[0]]);
  return kernelOf(c, w, g.op('MatMul', [gradient, patches]), outputs, channels);
}

/** The correlation of the two over batch and space, as a convolution whose channels are the batch and whose kernel is dy. */
function byCorrelation(c: GradContext, w: Geometry, input: Value, dy: Value): Value {
  const axes = w.kernel.map((_, i) => i + 2);
  const channels = input.shape[1] as number;
  const each = channels / w.group;
  const rest = w.kernel.map((_, i) => i + 3);
  const sizes = shapeValue(c.g, space(input), [input]);
  const dims = (...parts: number[]) => c.g.op('Concat', [c.g.ints(parts), sizes], { axis: 0 });
  const turned = (() => {
    if (w.group === 1) return c.g.op('Transpose', [input], { perm: [1, 0, ...axes] });
    const apart = c.g.op('Reshape', [input, dims(-1, w.group, each)]);
    return c.g.op('Reshape', [c.g.op('Transpose', [apart], { perm: [2, 1, 0, ...rest] }), dims(each, -1)]);
  })();
  const filter = c.g.op('Transpose', [dy], { perm: [1, 0, ...axes] });
  const correlated = c.g.op('Conv', [turned, filter], {
    strides: w.dilations,
    dilations: w.strides,
    pads: w.pads,
    group: w.group,
  });
  const symbolic = correlated.shape.some((dim, i) => i > 1 && typeof dim !== 'number');
  if (symbolic && w.strides.some((s) => s !== 1)) c.fail('a stride over a size that is not known');
  const full = symbolic ? c.g.assume(correlated, [...correlated.shape.slice(0, 2), ...w.kernel]) : correlated;
  // A stride that does not reach the end leaves positions beyond the kernel.
  const cut = w.kernel.some((k, i) => full.shape[i + 2] !== k)
    ? c.g.op('Slice', [full, c.g.ints(axes.map(() => 0)), c.g.ints(w.kernel), c.g.ints(axes)])
    : full;
  return c.g.op('Transpose', [cut], { perm: [1, 0, ...axes] });
}

const biasGradient = (c: GradContext): Value => {
  const axes = [0, ...c.dy.shape.slice(2).map((_, i) => i + 2)];
  return c.g.op('ReduceSum', [c.dy, c.g.ints(axes)], { keepdims: 0 });
};

/** Rows of the batch and channels as single-channel images, for pooling by a kernel of ones. */
function images(c: GradContext, value: Value): Value {
  return c.g.op('Reshape', [
    value,
    c.g.op('Concat', [c.g.ints([-1, 1]), shapeValue(c.g, space(value), [value])], { axis: 0 }),
  ]);
}

function averagePool(c: GradContext): Value {
  const x = c.x(0);
  const w = geometry(c, c.ints('kernel_shape') ?? []);
  if (c.int('ceil_mode', 0) === 1) c.fail('ceil_mode');
  const ones = c.g.op('ConstantOfShape', [c.g.ints([1, 1, ...w.kernel])], {
    value: { dtype: 'float32', dims: [1], data: new Float32Array([1]) },
  });
  const share = (() => {
    const size = w.kernel.reduce((a, b) => a * b, 1);
    if (c.int('count_include_pad', 0) === 1 || w.pads.every((p) => p === 0))
      return c.g.op('Mul', [c.dy, c.g.constant(1 / size)]);
    const inside = c.g.op(
      'ConstantOfShape',
      [c.g.op('Concat', [c.g.ints([1, 1]), shapeValue(c.g, space(x), [x])], { axis: 0 })],
      {
        value: { dtype: 'float32', dims: [1], data: new Float32Array([1]) },
      },
    );
    return c.g.op('Div', [c.dy, c.g.op('Conv', [inside, ones], { strides: w.strides, pads: w.pads })]);
  })();
  const apart = images(c, share);
  const spread = inputGradient(c, { ...w, dilations: w.kernel.map(() => 1) }, apart, ones, x);
  return reshapeLike(c.g, spread, x);
}

export const convRules: RuleTable = {
  Conv: rule((c) => {
    const w = geometry(c, space(c.x(1)));
    return [
      () => inputGradient(c, w, c.dy, c.x(1), c.x(0)),
      () => kernelGradient(c, w, c.x(0), c.dy),
      () => biasGradient(c),
    ].slice(0, c.inputs.length);
  }),
  ConvTranspose: rule((c) => {
    const w = geometry(c, space(c.x(1)));
    const forward = () =>
      c.g.op('Conv', [c.dy, c.x(1)], {
        strides: w.strides,
        dilations: w.dilations,
        pads: w.pads,
        group: w.group,
        kernel_shape: w.kernel,
      });
    return [forward, () => kernelGradient(c, w, c.dy, c.x(0)), () => biasGradient(c)].slice(0, c.inputs.length);
  }),
  MaxPool: rule((c) => [() => maxPoolGradient(c)]),
  AveragePool: rule((c) => [() => averagePool(c)]),
  GlobalAveragePool: pointwise((c) => [
    () => {
      const x = c.x(0);
      const count = multiplyDims(space(x));
      if (typeof count === 'number') return c.g.op('Mul', [c.dy, c.g.constant(1 / count)]);
      const sizes = space(x).map((_, i) =>
        c.g.op('Cast', [c.g.op('Shape', [x], { start: i + 2, end: i + 3 })], { to: 1 }),
      );
      return c.g.op('Div', [c.dy, sizes.reduce((a, b) => c.g.op('Mul', [a, b]))]);
    },
  ]),
  GlobalMaxPool: rule((c) => [
    () => {
      const mask = c.g.op('Cast', [c.g.op('Equal', [c.x(0), c.y(0)])], { to: 1 });
      const axes = space(c.x(0)).map((_, i) => i + 2);
      return c.g.op('Mul', [mask, c.g.op('Div', [c.dy, c.g.op('ReduceSum', [mask, c.g.ints(axes)], { keepdims: 1 })])]);
    },
  ]),
  Resize: rule((c) => [
    () => {
      // Linear in its input and separable: one matrix an axis.
      const [x, y] = [c.x(0), c.y(0)];
      let dx = c.dy;
      x.shape.forEach((size, axis) => {
        const out = y.shape[axis];
        if (size === out) return;
        if (typeof size !== 'number' || typeof out !== 'number') c.fail('a size that is not known');
        const matrix = c.g.constant(resizeMatrix(c, axis, Number(size), Number(out)));
        const last = x.shape.length - 1;
        const perm = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
        const moved = axis === last ? dx : c.g.op('Transpose', [dx], { perm });
        const product = c.g.op('MatMul', [moved, matrix]);
        dx = axis === last ? product : c.g.op('Transpose', [product], { perm });
      });
      return dx;
    },
    ...c.inputs.slice(1).map(() => null),
  ]),
};
