// Gradients of operators that move elements.
import type { Value } from '../../graph/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { reshapeLike, shapeValue } from '../shapes.ts';

const reshaped = rule((c) => [() => reshapeLike(c.g, c.dy, c.x(0)), ...c.inputs.slice(1).map(() => null)]);

/** Zeros of the shape of a value. */
export function zerosLike(c: GradContext, value: Value): Value {
  return c.g.op('ConstantOfShape', [shapeValue(c.g, value.shape, [value])]);
}

const axisOf = (c: GradContext, axis: number): number => (axis < 0 ? axis + c.x(0).shape.length : axis);

/** Sizes along an axis as an int64 vector, for Split. */
const sizesOf = (c: GradContext, values: readonly Value[], axis: number): Value => {
  const sizes = values.map((value) => value.shape[axis]);
  if (sizes.every((size) => typeof size === 'number')) return c.g.ints(sizes);
  return c.g.op(
    'Concat',
    values.map((value) => c.g.op('Shape', [value], { start: axis, end: axis + 1 })),
    { axis: 0 },
  );
};

/** Where a slice's elements came from: pads before and after with zeros, or scatters when it skips. */
function unslice(c: GradContext): Value {
  const x = c.x(0);
  const starts = c.g.known(c.x(1)) as number[];
  const axes = (c.inputs[3] ? (c.g.known(c.x(3)) as number[]) : starts.map((_, i) => i)).map((axis) => axisOf(c, axis));
  const steps = c.inputs[4] ? (c.g.known(c.x(4)) as number[]) : starts.map(() => 1);
  if (axes.length === 1) {
    // The positions themselves, sliced the same way, say where the gradient goes.
    const [axis] = axes;
    const size = c.g.op('Squeeze', [c.g.op('Shape', [x], { start: axis, end: axis + 1 }), c.g.ints([0])]);
    const dim = x.shape[axis];
    if (steps[0] === 1 && typeof dim === 'number') {
      const out = c.y(0).shape[axis] as number;
      const begin = Math.min(starts[0] < 0 ? Math.max(0, starts[0] + dim) : starts[0], dim);
      const pads = x.shape.flatMap(() => [0, 0]);
      pads[axis] = begin;
      pads[axis + x.shape.length] = dim - begin - out;
      return c.g.op('Pad', [c.dy, c.g.ints(pads)]);
    }
    const positions = c.g.op('Range', [c.g.ints(0), size, c.g.ints(1)]);
    const cut = c.g.op('Slice', [positions, c.x(1), c.x(2), c.g.ints([0]), ...(c.inputs[4] ? [c.x(4)] : [])]);
    return scatterAxis(c, cut, axis);
  }
  const dims = axes.map((axis) => x.shape[axis]);
  if (steps.some((step) => step !== 1) || dims.some((dim) => typeof dim !== 'number'))
    c.fail('it slices several axes with steps: slice one axis at a time');
  const pads = x.shape.flatMap(() => [0, 0]);
  axes.forEach((axis, i) => {
    const dim = dims[i] as number;
    const begin = Math.min(starts[i] < 0 ? Math.max(0, starts[i] + dim) : starts[i], dim);
    pads[axis] = begin;
    pads[axis + x.shape.length] = dim - begin - (c.y(0).shape[axis] as number);
  });
  return c.g.op('Pad', [c.dy, c.g.ints(pads)]);
}

/** Adds slices of dy at positions of one axis into zeros like the input. */
function scatterAxis(c: GradContext, positions: Value, axis: number): Value {
  const rank = c.x(0).shape.length;
  const perm = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const moved = axis === 0 ? c.x(0) : c.g.op('Transpose', [c.x(0)], { perm });
  const dy = axis === 0 ? c.dy : c.g.op('Transpose', [c.dy], { perm });
  const at = c.g.op('Unsqueeze', [positions, c.g.ints([-1])]);
  const sum = c.g.op('ScatterND', [zerosLike(c, moved), at, dy], { reduction: 'add' });
  const back = perm.map((_, i) => perm.indexOf(i));
  return axis === 0 ? sum : c.g.op('Transpose', [sum], { perm: back });
}

export const shapeRules: RuleTable = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: rule((c) => {
    const perm = c.ints('perm') ?? c.x(0).shape.map((_, i) => c.x(0).shape.length - 1 - i);
    return [() => c.g.op('Transpose', [c.dy], { perm: perm.map((_, i) => perm.indexOf(i)) })];
  }),
  Concat: rule((c) => {
    const axis = axisOf(c, c.int('axis', 0));
    let parts: Value[] | undefined;
    const split = () => {
      parts ??= c.g.ops('Split', [c.dy, sizesOf(c, c.inputs as Value[], axis)], { axis }, c.inputs.length);
      return parts;
    };
    return c.inputs.map((_, i) => () => (c.inputs.length === 1 ? c.dy : split()[i]));
  }),
  Split: rule((c) => [
    () => {
      const axis = axisOf(c, c.int('axis', 0));
      const parts = c.dys.map((dy, i) => dy ?? zerosLike(c, c.y(i)));
      return parts.length === 1 ? parts[0] : c.g.op('Concat', parts, { axis });
    },
    ...c.inputs.slice(1).map(() => null),
  ]),
  Slice: rule((c) => [() => unslice(c), ...c.inputs.slice(1).map(() => null)]),
  Pad: rule((c) => [
    () => {
      if (c.text('mode', 'constant') !== 'constant') c.fail(`padding by ${c.text('mode', '')}`);
      const pads = c.g.known(c.x(1)) as number[];
      if (pads.some((pad) => pad < 0)) c.fail('negative pads');
      const rank = c.x(0).shape.length;
      const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => pads[i] !== 0 || pads[i + rank] !== 0);
      if (axes.length === 0) return c.dy;
      const ends = axes.map((i) => (pads[i + rank] === 0 ? 2 ** 31 - 1 : -pads[i + rank]));
      return c.g.op('Slice', [c.dy, c.g.ints(axes.map((i) => pads[i])), c.g.ints(ends), c.g.ints(axes)]);
    },
    ...c.inputs.slice(1).map(() => null),
  ]),
  // The walker sums what was broadcast.
  Expand: rule((c) => [() => c.dy, null]),
  Tile: rule((c) => [
    () => {
      const x = c.x(0);
      const repeats = c.g.known(c.x(1)) as number[];
      const split = c.g.op(
        'Concat',
        x.shape.flatMap((dim, i) => [
          c.g.ints([repeats[i]]),
          typeof dim === 'number' ? c.g.ints([dim]) : shapeValue(c.g, [dim], [x]),
        ]),
        { axis: 0 },
      );
      const apart = c.g.op('Reshape', [c.dy, split]);
      return c.g.op('ReduceSum', [apart, c.g.ints(x.shape.map((_, i) => 2 * i))], { keepdims: 0 });
    },
    null,
  ]),
  Trilu: rule((c) => [
    () => c.g.op('Trilu', [c.dy, ...c.inputs.slice(1)], { upper: c.int('upper', 1) }),
    ...c.inputs.slice(1).map(() => null),
  ]),
  DepthToSpace: rule((c) => [
    () => {
      const [, channels, h, w] = c.x(0).shape;
      const block = c.int('blocksize', 1);
      const [batch] = c.x(0).shape;
      const depth = (channels as number) / (block * block);
      const size = (dim: Value['shape'][number]) =>
        typeof dim === 'number' ? c.g.ints([dim]) : shapeValue(c.g, [dim], [c.x(0)]);
      const apart = c.g.op('Reshape', [
        c.dy,
        c.g.op('Concat', [size(batch), c.g.ints([depth]), size(h), c.g.ints([block]), size(w), c.g.ints([block])], {
          axis: 0,
        }),
      ]);
      const perm = c.text('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
      return reshapeLike(c.g, c.g.op('Transpose', [apart], { perm }), c.x(0));
    },
  ]),
};
