// ONNX operators as TensorFlow.js kernels: those that step graphs of the fixtures are made of. Whoever adds one adds a
// row; what has none is refused by name before anything runs.
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { DType, Node } from '../onnx/index.ts';

export type Library = typeof Tfjs;

/** A value during a run; TensorFlow.js has no int64, so those are int32 there and keep their name here. */
export interface Held {
  dtype: DType;
  t: Tfjs.Tensor;
}

export interface OpContext {
  tf: Library;
  node: Node;
  /** Input `i`; undefined where it is left out. */
  inputs: (Held | undefined)[];
  x(i: number): Held;
  int(name: string, otherwise: number): number;
  float(name: string, otherwise: number): number;
  ints(name: string): readonly number[] | undefined;
  text(name: string, otherwise: string): string;
  /** Integers of input `i`. */
  host(i: number): number[];
  fail(message: string): never;
}

export type Op = (c: OpContext) => Held[];

export const floats = (t: Tfjs.Tensor): Held[] => [{ dtype: 'float32', t }];
const same = (c: OpContext, t: Tfjs.Tensor): Held[] => [{ dtype: c.x(0).dtype, t }];
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const unary =
  (name: 'neg' | 'exp' | 'log' | 'sqrt' | 'abs' | 'erf' | 'relu' | 'sigmoid' | 'tanh' | 'sign' | 'reciprocal'): Op =>
  (c) =>
    same(c, c.tf[name](c.x(0).t));

const binary =
  (name: 'add' | 'sub' | 'mul' | 'pow' | 'maximum' | 'minimum'): Op =>
  (c) => {
    const combine =
      name === 'mul' && c.x(0).dtype === 'int32'
        ? (a: Held['t'], b: Held['t']) => wrapped(c, a, b)
        : (a: Held['t'], b: Held['t']) => c.tf[name](a, b);
    return same(
      c,
      c.inputs.slice(1).reduce((sum, held) => combine(sum, (held as Held).t), c.x(0).t),
    );
  };

/**
 * The product of int32 modulo 2³², as ONNX has it and dropout's hash needs it: TensorFlow.js's processor kernels multiply in
 * double precision, so that it is put together of products that fit (a times either half of b) and sums that wrap.
 */
function wrapped({ tf }: OpContext, a: Held['t'], b: Held['t']): Held['t'] {
  const half = tf.scalar(65536, 'int32');
  const high = tf.floorDiv(b, half);
  const low = tf.sub(b, tf.mul(high, half));
  return tf.add(tf.mul(tf.mul(a, high), half), tf.mul(a, low));
}

const compare =
  (name: 'equal' | 'greater' | 'greaterEqual' | 'less' | 'lessEqual'): Op =>
  (c) => [{ dtype: 'bool', t: c.tf[name](c.x(0).t, c.x(1).t) }];

const reduce =
  (name: 'sum' | 'mean' | 'max' | 'min'): Op =>
  (c) => {
    const { t } = c.x(0);
    const axes = c.inputs[1] ? c.host(1) : c.ints('axes');
    return same(c, c.tf[name](t, axes && axes.length > 0 ? [...axes] : undefined, c.int('keepdims', 1) === 1));
  };

/** The shape that Reshape asks for: 0 keeps a size, −1 is what is left. */
function reshaped(c: OpContext): number[] {
  const { shape } = c.x(0).t;
  const wanted = c.host(1).map((size, i) => (size === 0 ? shape[i] : size));
  const rest = product(wanted.filter((size) => size !== -1));
  return wanted.map((size) => (size === -1 ? (rest === 0 ? 0 : product(shape) / rest) : size));
}

function slice(c: OpContext): Held[] {
  let { t } = c.x(0);
  const [starts, ends] = [c.host(1), c.host(2)];
  const axes = c.inputs[3] ? c.host(3) : starts.map((_, i) => i);
  const steps = c.inputs[4] ? c.host(4) : starts.map(() => 1);
  axes.forEach((wanted, i) => {
    const axis = axisOf(wanted, t.rank);
    const size = t.shape[axis];
    const step = steps[i];
    const place = (at: number, low: number, high: number) => Math.min(high, Math.max(low, at < 0 ? at + size : at));
    const from = step > 0 ? place(starts[i], 0, size) : place(starts[i], 0, size - 1);
    const to = step > 0 ? place(ends[i], 0, size) : place(ends[i], -1, size - 1);
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (step === 1) {
      const begin = t.shape.map((_, k) => (k === axis ? from : 0));
      t = c.tf.slice(
        t,
        begin,
        t.shape.map((s, k) => (k === axis ? count : s)),
      );
      return;
    }
    const places = Int32Array.from({ length: count }, (_, k) => from + k * step);
    t = c.tf.gather(t, c.tf.tensor1d(places, 'int32'), axis);
  });
  return same(c, t);
}

function split(c: OpContext): Held[] {
  const { t } = c.x(0);
  const axis = axisOf(c.int('axis', 0), t.rank);
  const count = c.node.outputs.length;
  const each = Math.ceil(t.shape[axis] / count);
  const sizes = c.inputs[1]
    ? c.host(1)
    : Array.from({ length: count }, (_, i) => Math.min(each, t.shape[axis] - i * each));
  return c.tf.split(t, sizes, axis).map((part) => ({ dtype: c.x(0).dtype, t: part }));
}

function gather(c: OpContext): Held[] {
  const { t } = c.x(0);
  const at = c.x(1).t;
  const axis = axisOf(c.int('axis', 0), t.rank);
  const flat = c.tf.reshape(at, [-1]);
  const fromEnd = c.tf.add(flat, c.tf.scalar(t.shape[axis], 'int32'));
  const places = c.tf.where(c.tf.less(flat, c.tf.scalar(0, 'int32')), fromEnd, flat);
  const taken = c.tf.gather(t, c.tf.cast(places, 'int32') as Tfjs.Tensor1D, axis);
  return same(c, c.tf.reshape(taken, [...t.shape.slice(0, axis), ...at.shape, ...t.shape.slice(axis + 1)]));
}

/** Adds every update at its place, counted through the whole tensor. */
function scatterElements(c: OpContext): Held[] {
  if (c.text('reduction', 'none') !== 'add') c.fail('a reduction other than add');
  const { tf } = c;
  const [data, at, updates] = [c.x(0).t, c.x(1).t, c.x(2).t];
  const axis = axisOf(c.int('axis', 0), data.rank);
  const strides = data.shape.map((_, i) => product(data.shape.slice(i + 1)));
  const along = at.dataSync();
  const places = Int32Array.from(along, (index, i) => {
    let rest = i;
    let place = axisOf(index, data.shape[axis]) * strides[axis];
    for (let k = at.rank - 1; k >= 0; k--) {
      if (k !== axis) place += (rest % at.shape[k]) * strides[k];
      rest = Math.floor(rest / at.shape[k]);
    }
    return place;
  });
  const added = tf.scatterND(tf.tensor2d(places, [places.length, 1], 'int32'), tf.reshape(updates, [-1]), [data.size]);
  return same(c, tf.add(data, tf.reshape(added, data.shape)));
}

function softmax(c: OpContext): { shifted: Tfjs.Tensor; sum: Tfjs.Tensor } {
  const { t } = c.x(0);
  const axis = axisOf(c.int('axis', -1), t.rank);
  const shifted = c.tf.sub(t, c.tf.max(t, axis, true));
  return { shifted, sum: c.tf.sum(c.tf.exp(shifted), axis, true) };
}

function gemm(c: OpContext): Held[] {
  const [a, b] = [c.x(0).t as Tfjs.Tensor2D, c.x(1).t as Tfjs.Tensor2D];
  const y = c.tf.matMul(a, b, c.int('transA', 0) === 1, c.int('transB', 0) === 1);
  const alpha = c.float('alpha', 1);
  const scaled = alpha === 1 ? y : c.tf.mul(y, alpha);
  const bias = c.inputs[2];
  return floats(bias ? c.tf.add(scaled, c.tf.mul(bias.t, c.float('beta', 1))) : scaled);
}

function matMul(c: OpContext): Held[] {
  const [a, b] = [c.x(0).t, c.x(1).t];
  if (a.rank > 2 && b.rank === 2) {
    const flat = c.tf.matMul(c.tf.reshape(a, [-1, a.shape[a.rank - 1]]), b);
    return floats(c.tf.reshape(flat, [...a.shape.slice(0, -1), b.shape[b.rank - 1]]));
  }
  if (a.rank < 2 || b.rank < 2) c.fail('vectors');
  return floats(c.tf.matMul(a, b));
}

function layerNormalization(c: OpContext): Held[] {
  const { t } = c.x(0);
  const axes = t.shape.map((_, i) => i).slice(axisOf(c.int('axis', -1), t.rank));
  const mean = c.tf.mean(t, axes, true);
  const centred = c.tf.sub(t, mean);
  const inverse = c.tf.rsqrt(c.tf.add(c.tf.mean(c.tf.square(centred), axes, true), c.float('epsilon', 1e-5)));
  const scaled = c.tf.mul(c.tf.mul(centred, inverse), c.x(1).t);
  const y = c.inputs[2] ? c.tf.add(scaled, c.x(2).t) : scaled;
  return [y, mean, inverse].map((value) => ({ dtype: 'float32', t: value }));
}

function batchNormalization(c: OpContext): Held[] {
  const { t } = c.x(0);
  const aligned = (i: number) => c.tf.reshape(c.x(i).t, [1, -1, ...t.shape.slice(2).map(() => 1)]);
  const gain = c.tf.div(aligned(1), c.tf.sqrt(c.tf.add(aligned(4), c.float('epsilon', 1e-5))));
  return floats(c.tf.add(c.tf.mul(c.tf.sub(t, aligned(3)), gain), aligned(2)));
}

function cast(c: OpContext): Held[] {
  const to = c.int('to', 1);
  const kinds: Readonly<Record<number, [DType, 'float32' | 'int32' | 'bool']>> = {
    1: ['float32', 'float32'],
    6: ['int32', 'int32'],
    7: ['int64', 'int32'],
    9: ['bool', 'bool'],
  };
  const kind = kinds[to] ?? c.fail(`type ${to}`);
  return [{ dtype: kind[0], t: c.tf.cast(c.x(0).t, kind[1]) }];
}

function pad(c: OpContext): Held[] {
  if (c.text('mode', 'constant') !== 'constant') c.fail('a mode other than constant');
  const [pads, { t }] = [c.host(1), c.x(0)];
  const value = c.inputs[2] ? c.x(2).t.dataSync()[0] : 0;
  return same(
    c,
    c.tf.pad(
      t,
      t.shape.map((_, i) => [pads[i], pads[i + t.rank]] as [number, number]),
      value,
    ),
  );
}

function clip(c: OpContext): Held[] {
  const low = c.inputs[1] ? c.tf.maximum(c.x(0).t, c.x(1).t) : c.x(0).t;
  return same(c, c.inputs[2] ? c.tf.minimum(low, c.x(2).t) : low);
}

function constantOfShape(c: OpContext): Held[] {
  const value = c.node.attributes['value'];
  const filler = value?.type === 'tensor' ? value.value : undefined;
  const dtype = filler?.dtype ?? 'float32';
  const kind = dtype === 'float32' ? 'float32' : dtype === 'int64' ? 'int32' : c.fail(`type ${dtype}`);
  return [{ dtype, t: c.tf.fill(c.host(0), Number(filler?.data[0] ?? 0), kind) }];
}

function oneHot(c: OpContext): Held[] {
  const { t } = c.x(0);
  if (axisOf(c.int('axis', -1), t.rank + 1) !== t.rank) c.fail('an axis other than the last');
  const [off, on] = c.x(2).t.dataSync();
  return floats(c.tf.cast(c.tf.oneHot(c.tf.cast(t, 'int32'), c.host(1)[0], on, off, 'float32'), 'float32'));
}

function unsqueeze(c: OpContext): Held[] {
  const { t } = c.x(0);
  const axes = c.host(1).map((axis) => axisOf(axis, t.rank + c.host(1).length));
  const shape = [...t.shape];
  for (const axis of axes.toSorted((a, b) => a - b)) shape.splice(axis, 0, 1);
  return same(c, c.tf.reshape(t, shape));
}

function squeeze(c: OpContext): Held[] {
  const { t } = c.x(0);
  const axes = c.inputs[1]
    ? c.host(1).map((axis) => axisOf(axis, t.rank))
    : t.shape.flatMap((size, i) => (size === 1 ? [i] : []));
  return same(
    c,
    c.tf.reshape(
      t,
      t.shape.filter((_, i) => !axes.includes(i)),
    ),
  );
}

export const tfjsOps: Readonly<Record<string, Op>> = {
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: (c) => same(c, c.x(0).dtype === 'float32' ? c.tf.div(c.x(0).t, c.x(1).t) : c.tf.floorDiv(c.x(0).t, c.x(1).t)),
  Pow: binary('pow'),
  Max: binary('maximum'),
  Min: binary('minimum'),
  Sum: binary('add'),
  Neg: unary('neg'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Abs: unary('abs'),
  Erf: unary('erf'),
  Relu: unary('relu'),
  Sigmoid: unary('sigmoid'),
  Tanh: unary('tanh'),
  Sign: unary('sign'),
  Reciprocal: unary('reciprocal'),
  Equal: compare('equal'),
  Greater: compare('greater'),
  GreaterOrEqual: compare('greaterEqual'),
  Less: compare('less'),
  LessOrEqual: compare('lessEqual'),
  Where: (c) => [{ dtype: c.x(1).dtype, t: c.tf.where(c.x(0).t, c.x(1).t, c.x(2).t) }],
  Cast: cast,
  Clip: clip,
  Identity: (c) => [c.x(0)],
  // What is served drops nothing; while training it is written in other operators.
  Dropout: (c) => same(c, c.x(0).t),
  Concat: (c) =>
    same(
      c,
      c.tf.concat(
        c.inputs.map((held) => (held as Held).t),
        axisOf(c.int('axis', 0), c.x(0).t.rank),
      ),
    ),
  ConstantOfShape: constantOfShape,
  Expand: (c) => {
    const [{ t }, shape] = [c.x(0), c.host(1)];
    return same(c, c.tf.broadcastTo(t, c.tf.backend_util.assertAndGetBroadcastShape(t.shape, shape)));
  },
  Flatten: (c) => {
    const { t } = c.x(0);
    const axis = axisOf(c.int('axis', 1), t.rank);
    return same(c, c.tf.reshape(t, [product(t.shape.slice(0, axis)), product(t.shape.slice(axis))]));
  },
  Gather: gather,
  Gemm: gemm,
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  MatMul: matMul,
  LogSoftmax: (c) => {
    const { shifted, sum } = softmax(c);
    return floats(c.tf.sub(shifted, c.tf.log(sum)));
  },
  Softmax: (c) => {
    const { shifted, sum } = softmax(c);
    return floats(c.tf.div(c.tf.exp(shifted), sum));
  },
  OneHot: oneHot,
  Pad: pad,
  Range: (c) => {
    const [from, to, step] = [c.host(0)[0], c.host(1)[0], c.host(2)[0]];
    return same(c, c.tf.range(from, to, step, c.x(0).dtype === 'float32' ? 'float32' : 'int32'));
  },
  ReduceSum: reduce('sum'),
  ReduceMean: reduce('mean'),
  ReduceMax: reduce('max'),
  ReduceMin: reduce('min'),
  Reshape: (c) => same(c, c.tf.reshape(c.x(0).t, reshaped(c))),
  ScatterElements: scatterElements,
  ScatterND: (c) => {
    if (c.text('reduction', 'none') !== 'none') c.fail('a reduction');
    const [data, at, updates] = [c.x(0).t, c.x(1).t, c.x(2).t];
    const depth = at.shape[at.rank - 1];
    const rows = c.tf.reshape(updates, [-1, ...data.shape.slice(depth)]);
    return same(c, c.tf.tensorScatterUpdate(data, c.tf.reshape(at, [-1, depth]), rows));
  },
  Shape: (c) => {
    const { shape } = c.x(0).t;
    const part = shape.slice(c.int('start', 0), c.int('end', shape.length));
    return [{ dtype: 'int64', t: c.tf.tensor1d(part, 'int32') }];
  },
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Transpose: (c) => {
    const { t } = c.x(0);
    return same(c, c.tf.transpose(t, [...(c.ints('perm') ?? t.shape.map((_, i) => t.rank - 1 - i))]));
  },
  Unsqueeze: unsqueeze,
};
