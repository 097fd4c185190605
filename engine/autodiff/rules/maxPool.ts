// Gradient of max-pooling without the positions of the maxima: comparing taps with the output costs a few passes over
// contiguous memory, while pooling with `Indices` and scattering by them leave the fast kernels of every runtime.
import type { Dim, Value } from '../../graph/index.ts';
import { type Tensor, tensor } from '../../onnx/index.ts';
import type { GradContext } from '../rule.ts';
import { reshapeLike } from '../shapes.ts';
import { zerosLike } from './shape.ts';

/** One axis of a pooling whose sizes are known. */
interface Axis {
  kernel: number;
  stride: number;
  dilation: number;
  /** Padding before the first element. */
  before: number;
  size: number;
  out: number;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function axesOf(c: GradContext): Axis[] | undefined {
  if (c.text('auto_pad', 'NOTSET') !== 'NOTSET') c.fail('auto_pad: write the pads');
  const kernel = c.ints('kernel_shape') ?? [];
  const known = (dim: Dim): dim is number => typeof dim === 'number';
  const [sizes, outs] = [c.x(0).shape.slice(2), c.y(0).shape.slice(2)];
  if (!sizes.every(known) || !outs.every(known)) return undefined;
  return kernel.map((k, i) => ({
    kernel: k,
    stride: c.ints('strides')?.[i] ?? 1,
    dilation: c.ints('dilations')?.[i] ?? 1,
    before: c.ints('pads')?.[i] ?? 0,
    size: sizes[i],
    out: outs[i],
  }));
}

/** Share of `dy` that each tap gets: all of it where the tap is the first, in row-major order, that is the maximum. */
function shares(c: GradContext, taps: readonly Value[], y: Value, dy: Value): Value[] {
  let left = dy;
  return taps.map((tap, i) => {
    // What no tap before it took is the last one's.
    if (i === taps.length - 1) return left;
    const most = c.g.op('Cast', [c.g.op('Equal', [tap, y])], { to: 1 });
    // A product and a difference, both exact here: together they cost onnxruntime's processor less than two of Where.
    const share = c.g.op('Mul', [left, most]);
    left = c.g.op('Sub', [left, share]);
    return share;
  });
}

/** Every window's element at each tap, in row-major order of taps: strided slices of the shape of the output. */
function tapsOf(c: GradContext, x: Value, axes: readonly Axis[]): Value[] {
  const { g } = c;
  const offsets = axes.reduce<number[][]>(
    (all, a) => all.flatMap((at) => Array.from({ length: a.kernel }, (_, k) => [...at, k * a.dilation])),
    [[]],
  );
  return offsets.map((at) =>
    g.op('Slice', [
      x,
      g.ints(at),
      g.ints(at.map((from, i) => from + (axes[i].out - 1) * axes[i].stride + 1)),
      g.ints(axes.map((_, i) => i + 2)),
      g.ints(axes.map((a) => a.stride)),
    ]),
  );
}

/** Every element of a pooled value in all the places of its window. */
function spread(c: GradContext, value: Value, axes: readonly Axis[]): Value {
  return c.g.op('Resize', [value, null, c.g.constant([1, 1, ...axes.map((a) => a.kernel)])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** For every place of a space tiled by windows, how many taps of its window are left from there on, itself included. */
function rankOfTaps(axes: readonly Axis[]): Tensor {
  const sizes = axes.map((a) => a.out * a.kernel);
  const taps = product(axes.map((a) => a.kernel));
  const rank = tensor('float32', sizes);
  for (let i = 0; i < rank.data.length; i++) {
    let [rest, tap, weight] = [i, 0, 1];
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      tap += ((rest % sizes[axis]) % axes[axis].kernel) * weight;
      weight *= axes[axis].kernel;
      rest = Math.floor(rest / sizes[axis]);
    }
    (rank.data as Float32Array)[i] = taps - tap;
  }
  return rank;
}

/** Takes every difference of float32 numbers above 1. */
const largest = 3.4028234663852886e38;

/**
 * Windows side by side without padding: every element belongs to one window at most. All at the input's resolution, whose
 * rows are long, and by differences that saturate, since comparisons and the casts of their results are several times
 * slower: maxima keep their rank, others fall below 1; the first maximum is where the rank is above its window's less 1.
 */
function disjoint(c: GradContext, axes: readonly Axis[]): Value {
  const { g } = c;
  const covered = axes.map((a) => a.out * a.kernel);
  const over = axes.map((a, i) => a.size - covered[i]);
  const whole = over.every((n) => n === 0);
  const places = g.ints(axes.map((_, i) => i + 2));
  const x = whole ? c.x(0) : g.op('Slice', [c.x(0), g.ints(axes.map(() => 0)), g.ints(covered), places]);
  const taps = g.constant(-product(axes.map((a) => a.kernel)));
  const clip = (value: Value, least: Value, most: Value) => g.op('Clip', [value, least, most]);
  const behind = g.op('Mul', [g.op('Sub', [x, spread(c, c.y(0), axes)]), g.constant(largest)]);
  const ranks = g.op('Add', [clip(behind, taps, g.constant(0)), g.constant(rankOfTaps(axes))]);
  const kernel = axes.map((a) => a.kernel);
  const best = g.op('MaxPool', [ranks], { kernel_shape: kernel, strides: kernel });
  const ahead = g.op('Sub', [ranks, spread(c, g.op('Sub', [best, g.constant(1)]), axes)]);
  const dx = g.op('Mul', [clip(ahead, g.constant(0), g.constant(1)), spread(c, c.dy, axes)]);
  if (whole) return dx;
  return g.op('Pad', [dx, g.ints([0, 0, ...over.map(() => 0), 0, 0, ...over])]);
}

/** Windows that overlap: one transposed convolution by single ones adds the shares where they lie. */
function overlapping(c: GradContext, axes: readonly Axis[]): Value {
  const { g } = c;
  const reach = axes.map((a) => (a.out - 1) * a.stride + a.dilation * (a.kernel - 1) + 1);
  const after = axes.map((a, i) => Math.max(0, reach[i] - a.before - a.size));
  const pads = [0, 0, ...axes.map((a) => a.before), 0, 0, ...after];
  const x = pads.some((p) => p > 0) ? g.op('Pad', [c.x(0), g.ints(pads), g.constant(-Infinity)]) : c.x(0);
  const places = g.ints(axes.map((_, i) => i + 2));
  const taps = tapsOf(c, x, axes);
  const outs = axes.map((a) => a.out);
  const stacked = g.op(
    'Concat',
    shares(c, taps, c.y(0), c.dy).map((share) => g.op('Reshape', [share, g.ints([-1, 1, ...outs])])),
    { axis: 1 },
  );
  const count = taps.length;
  const identity = tensor('float32', [count, 1, ...axes.map((a) => a.kernel)]);
  for (let i = 0; i < count; i++) (identity.data as Float32Array)[i * count + i] = 1;
  const spread = g.op('ConvTranspose', [stacked, g.constant(identity)], {
    strides: axes.map((a) => a.stride),
    dilations: axes.map((a) => a.dilation),
    kernel_shape: axes.map((a) => a.kernel),
  });
  // From the reach of the windows to the input itself.
  const cut = axes.map((a, i) => Math.min(a.size, reach[i] - a.before));
  const inside = axes.every((a, i) => a.before === 0 && cut[i] === reach[i])
    ? spread
    : g.op('Slice', [spread, g.ints(axes.map((a) => a.before)), g.ints(axes.map((a, i) => a.before + cut[i])), places]);
  const missing = axes.map((a, i) => a.size - cut[i]);
  const whole = missing.some((n) => n > 0)
    ? g.op('Pad', [inside, g.ints([0, 0, ...missing.map(() => 0), 0, 0, ...missing])])
    : inside;
  return reshapeLike(g, whole, c.x(0));
}

/** Where sizes are not known: positions count through the whole input, and overlapping windows add. */
function scattered(c: GradContext): Value {
  const flat = (value: Value) => c.g.op('Reshape', [value, c.g.ints([-1])]);
  const zeros = flat(zerosLike(c, c.x(0)));
  const added = c.g.op('ScatterElements', [zeros, flat(c.y(1)), flat(c.dy)], { axis: 0, reduction: 'add' });
  return reshapeLike(c.g, added, c.x(0));
}

/** The first maximum of a window gets its gradient, as in PyTorch. */
export function maxPoolGradient(c: GradContext): Value {
  const axes = axesOf(c);
  if (!axes) return scattered(c);
  const tiled = axes.every(
    (a) => a.stride === a.kernel && a.dilation === 1 && a.before === 0 && a.out * a.kernel <= a.size,
  );
  return tiled ? disjoint(c, axes) : overlapping(c, axes);
}
