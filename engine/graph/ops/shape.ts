// Operators that move or make elements without computing: layout, cutting, joining, filling.
import type { Dim } from '../../onnx/index.ts';
import { numbersOf } from '../../onnx/index.ts';
import { addDims, broadcastShapes, divideDims, multiplyDims } from '../dims.ts';
import type { InferContext, OpTable, ValueType } from '../rule.ts';

function reshape(c: InferContext): ValueType[] {
  const { dtype, shape, known } = c.input(0);
  const allowZero = c.int('allowzero', 0) === 1;
  const target = c
    .known(1)
    .map((dim, i) => (dim === 0 && !allowZero ? (shape[i] ?? c.fail(`dimension ${i} has nothing to copy`)) : dim));
  const total = multiplyDims(shape);
  const others = multiplyDims(target.filter((dim) => dim !== -1));
  const free = target.includes(-1) ? divideDims(total, others) : undefined;
  const out = target.map((dim) =>
    dim === -1 ? (free ?? c.fail(`[${shape.join(',')}] does not divide by [${target.join(',')}]`)) : dim,
  );
  if (multiplyDims(out) !== total) c.fail(`[${shape.join(',')}] has another size than [${out.join(',')}]`);
  return [{ dtype, shape: out, ...(known ? { known } : {}) }];
}

function slice(c: InferContext): ValueType[] {
  const { dtype, shape, known } = c.input(0);
  const starts = c.numbers(1);
  const ends = c.known(2);
  const axes = c.inputs[3] ? c.numbers(3).map((axis) => c.axis(axis, shape.length)) : starts.map((_, i) => i);
  const steps = c.inputs[4] ? c.numbers(4) : starts.map(() => 1);
  const out = [...shape];
  axes.forEach((axis, i) => {
    out[axis] = sliceDim(c, shape[axis], starts[i], ends[i], steps[i]);
  });
  if (known && shape.length === 1) {
    const cut = known.slice(starts[0], (ends[0] as number) >= 2 ** 31 ? undefined : (ends[0] as number));
    if (steps[0] === 1) return [{ dtype, shape: [cut.length], known: cut }];
  }
  return [{ dtype, shape: out }];
}

const everything = 2 ** 31 - 1;

function sliceDim(c: InferContext, dim: Dim, start: number, end: Dim, step: number): Dim {
  if (step === 0) c.fail('a step of 0');
  if (typeof dim === 'number') {
    if (typeof end !== 'number') return end;
    const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + dim : at, low), high);
    if (step > 0) return Math.max(0, Math.ceil((clamp(end, 0, dim) - clamp(start, 0, dim)) / step));
    return Math.max(0, Math.ceil((clamp(end, -1, dim - 1) - clamp(start, 0, dim - 1)) / step));
  }
  if (Math.abs(step) === 1 && (start === 0 || start === -1) && typeof end === 'number' && Math.abs(end) >= everything)
    return dim;
  if (step !== 1) return `(${dim}:${start}:${end}:${step})`;
  if (end === dim || (typeof end === 'number' && end >= everything)) return start < 0 ? -start : addDims(dim, -start);
  if (typeof end === 'number' && end < 0) return start >= 0 ? addDims(dim, end - start) : end - start;
  if (typeof end === 'number' && start >= 0) return end - start;
  return `(${dim}:${start}:${end})`;
}

function concatenate(c: InferContext): ValueType[] {
  const all = c.inputs.map((_, i) => c.input(i));
  const [first] = all;
  const rank = first.shape.length;
  const axis = c.axis(c.int('axis', 0), rank);
  for (const one of all) {
    if (one.dtype !== first.dtype) c.fail(`inputs have types ${first.dtype} and ${one.dtype}`);
    if (one.shape.length !== rank || one.shape.some((dim, i) => i !== axis && dim !== first.shape[i])) {
      c.fail(`shapes [${first.shape.join(',')}] and [${one.shape.join(',')}] differ off axis ${axis}`);
    }
  }
  const joined = all.map((one) => one.shape[axis]).reduce(addDims);
  const knowns = all.map((one) => one.known);
  const known = knowns.every((k) => k !== undefined) ? knowns.flat() : undefined;
  return [{ dtype: first.dtype, shape: first.shape.with(axis, joined), ...(known ? { known } : {}) }];
}

function split(c: InferContext): ValueType[] {
  const { dtype, shape } = c.input(0);
  const axis = c.axis(c.int('axis', 0), shape.length);
  const count = c.node.outputs.length;
  const even = divideDims(shape[axis], count);
  const sizes = c.inputs[1]
    ? c.known(1)
    : Array.from({ length: count }, () => even ?? c.fail(`${shape[axis]} does not split into ${count}`));
  if (sizes.length !== count) c.fail(`${sizes.length} sizes for ${count} outputs`);
  if (sizes.reduce(addDims) !== shape[axis]) c.fail(`sizes ${sizes.join('+')} are not ${shape[axis]}`);
  return sizes.map((size) => ({ dtype, shape: shape.with(axis, size) }));
}

function squeezed(c: InferContext): Dim[] {
  const { shape } = c.input(0);
  const axes = c.inputs[1]
    ? c.numbers(1).map((axis) => c.axis(axis, shape.length))
    : shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  for (const axis of axes) if (shape[axis] !== 1) c.fail(`axis ${axis} has size ${shape[axis]}, not 1`);
  return shape.filter((_, i) => !axes.includes(i));
}

function unsqueezed(c: InferContext): Dim[] {
  const { shape } = c.input(0);
  const given = c.numbers(1);
  const rank = shape.length + given.length;
  const axes = given.map((axis) => c.axis(axis, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as Dim)));
}

function pad(c: InferContext): ValueType[] {
  const { dtype, shape } = c.input(0);
  const pads = c.numbers(1);
  if (pads.length !== 2 * shape.length) c.fail(`needs ${2 * shape.length} pads, got ${pads.length}`);
  return [{ dtype, shape: shape.map((dim, i) => addDims(addDims(dim, pads[i]), pads[i + shape.length])) }];
}

const filled = (c: InferContext, dtype: ValueType['dtype']): ValueType => {
  const shape = c.known(0);
  return { dtype, shape };
};

export const shapeOps: OpTable = {
  Reshape: { inputs: [2, 2], attributes: { allowzero: 'int' }, infer: reshape },
  Flatten: {
    inputs: [1, 1],
    attributes: { axis: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const given = c.int('axis', 1);
      const axis = given === shape.length ? given : c.axis(given, shape.length);
      return [{ dtype, shape: [multiplyDims(shape.slice(0, axis)), multiplyDims(shape.slice(axis))] }];
    },
  },
  Transpose: {
    inputs: [1, 1],
    attributes: { perm: 'ints' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const perm = c.ints('perm') ?? shape.map((_, i) => shape.length - 1 - i);
      if (perm.toSorted((a, b) => a - b).join() !== shape.map((_, i) => i).join())
        c.fail(`[${perm.join(',')}] does not permute rank ${shape.length}`);
      return [{ dtype, shape: perm.map((i) => shape[i]) }];
    },
  },
  Squeeze: {
    inputs: [1, 2],
    infer: (c) => [
      {
        dtype: c.input(0).dtype,
        shape: squeezed(c),
        ...(c.input(0).known ? { known: c.input(0).known } : {}),
      },
    ],
  },
  Unsqueeze: {
    inputs: [2, 2],
    infer: (c) => [
      {
        dtype: c.input(0).dtype,
        shape: unsqueezed(c),
        ...(c.input(0).known ? { known: c.input(0).known } : {}),
      },
    ],
  },
  Concat: { inputs: [1, 4096], attributes: { axis: 'int' }, infer: concatenate },
  Split: { inputs: [1, 2], outputs: [1, 4096], attributes: { axis: 'int' }, infer: split },
  Slice: { inputs: [3, 5], infer: slice },
  Pad: { inputs: [2, 3], attributes: { mode: 'string' }, infer: pad },
  Expand: {
    inputs: [2, 2],
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const target = c.known(1);
      return [
        {
          dtype,
          shape:
            broadcastShapes(shape, target) ?? c.fail(`[${shape.join(',')}] does not expand to [${target.join(',')}]`),
        },
      ];
    },
  },
  Tile: {
    inputs: [2, 2],
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const repeats = c.known(1);
      if (repeats.length !== shape.length) c.fail(`${repeats.length} repeats for rank ${shape.length}`);
      return [{ dtype, shape: shape.map((dim, i) => multiplyDims([dim, repeats[i]])) }];
    },
  },
  Shape: {
    inputs: [1, 1],
    attributes: { start: 'int', end: 'int' },
    infer: (c) => {
      const { shape } = c.input(0);
      const known = shape.slice(c.int('start', 0), c.int('end', shape.length));
      return [{ dtype: 'int64', shape: [known.length], known }];
    },
  },
  Size: { inputs: [1, 1], infer: (c) => [{ dtype: 'int64', shape: [], known: [multiplyDims(c.input(0).shape)] }] },
  ConstantOfShape: {
    inputs: [1, 1],
    attributes: { value: 'tensor' },
    infer: (c) => {
      const value = c.node.attributes['value'];
      const fill = value?.type === 'tensor' ? value.value : undefined;
      const out = filled(c, fill?.dtype ?? 'float32');
      const [count] = out.shape;
      if (fill?.dtype !== 'int64' || out.shape.length !== 1 || typeof count !== 'number' || count > 16) return [out];
      return [{ ...out, known: Array<Dim>(count).fill(numbersOf(fill)[0]) }];
    },
  },
  Range: {
    inputs: [3, 3],
    infer: (c) => {
      const { dtype } = c.input(0);
      const [start, limit, delta] = [0, 1, 2].map((i) => c.inputs[i]?.known?.[0]);
      if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
        return [{ dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
      }
      if (start === 0 && delta === 1 && limit !== undefined) return [{ dtype, shape: [limit] }];
      return [{ dtype, shape: [`(range ${c.node.outputs[0]})`] }];
    },
  },
  EyeLike: {
    inputs: [1, 1],
    attributes: { dtype: 'int', k: 'int' },
    infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }],
  },
  Trilu: {
    inputs: [1, 2],
    attributes: { upper: 'int' },
    infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }],
  },
  DepthToSpace: {
    inputs: [1, 1],
    attributes: { blocksize: 'int', mode: 'string' },
    infer: (c) => {
      const [n, channels, h, w] = c.input(0).shape;
      const block = c.int('blocksize', 1);
      const out =
        divideDims(channels, block * block) ?? c.fail(`${channels} channels do not divide by ${block * block}`);
      return [{ dtype: c.input(0).dtype, shape: [n, out, multiplyDims([h, block]), multiplyDims([w, block])] }];
    },
  },
};
