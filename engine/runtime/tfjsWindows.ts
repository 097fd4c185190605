// Convolution, pooling and recurrent layers as TensorFlow.js kernels, which put channels last and know two axes of space.
import type * as Tfjs from '@tensorflow/tfjs-core';
import { floats, type Held, type Op, type OpContext } from './tfjsOps.ts';

interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  pads: number[];
}

type Image = Tfjs.Tensor4D;

/** The window over two axes; a single axis of space is the second of two. */
function windowOf(c: OpContext, kernel: readonly number[]): Window {
  if (c.text('auto_pad', 'NOTSET') !== 'NOTSET') c.fail('auto_pad');
  const rank = kernel.length;
  if (rank > 2) c.fail(`${rank} axes of space`);
  const lead = rank === 1 ? [1] : [];
  const pads = [...(c.ints('pads') ?? Array<number>(2 * rank).fill(0))];
  return {
    kernel: [...lead, ...kernel],
    strides: [...lead, ...(c.ints('strides') ?? Array<number>(rank).fill(1))],
    dilations: [...lead, ...(c.ints('dilations') ?? Array<number>(rank).fill(1))],
    pads: rank === 1 ? [0, pads[0], 0, pads[1]] : pads,
  };
}

const twoAxes = (c: OpContext, t: Tfjs.Tensor): Image => (t.rank === 3 ? c.tf.expandDims(t, 2) : t) as Image;
const lastly = (c: OpContext, t: Tfjs.Tensor): Image => c.tf.transpose<Image>(twoAxes(c, t), [0, 2, 3, 1]);
const firstly = (c: OpContext, t: Tfjs.Tensor, rank: number): Tfjs.Tensor => {
  const y = c.tf.transpose(t, [0, 3, 1, 2]);
  return rank === 3 ? c.tf.squeeze(y, [2]) : y;
};
const padded = (c: OpContext, t: Image, [top, left, bottom, right]: readonly number[], value: number): Image =>
  top + left + bottom + right === 0
    ? t
    : c.tf.pad(
        t,
        [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
        value,
      );

function convolve(c: OpContext, x: Image, kernel: Image, w: Window): Image {
  const filter = c.tf.transpose<Image>(kernel, [2, 3, 1, 0]);
  const pair = (values: readonly number[]) => values as [number, number];
  if (w.strides.every((s) => s === 1) || w.dilations.every((d) => d === 1))
    return c.tf.conv2d(x, filter, pair(w.strides), 'valid', 'NHWC', pair(w.dilations));
  // The kernel has no dilated form with a stride: every position, of which those a stride apart are kept.
  const all = c.tf.conv2d(x, filter, 1, 'valid', 'NHWC', pair(w.dilations));
  return c.tf.stridedSlice(all, [0, 0, 0, 0], all.shape, [1, w.strides[0], w.strides[1], 1]) as Image;
}

function conv(c: OpContext): Held[] {
  const [x, kernel] = [c.x(0).t, c.x(1).t];
  const w = windowOf(c, kernel.shape.slice(2));
  const image = padded(c, lastly(c, x), w.pads, 0);
  const group = c.int('group', 1);
  const kernels = group === 1 ? [kernel] : c.tf.split(kernel, group, 0);
  const images = group === 1 ? [image] : c.tf.split<Image>(image, group, 3);
  const parts = kernels.map((part, i) => convolve(c, images[i], twoAxes(c, part), w));
  const y = parts.length === 1 ? parts[0] : c.tf.concat(parts, 3);
  return floats(firstly(c, c.inputs[2] ? c.tf.add(y, c.x(2).t) : y, x.rank));
}

function convTranspose(c: OpContext): Held[] {
  const [x, kernel] = [c.x(0).t, c.x(1).t];
  const w = windowOf(c, kernel.shape.slice(2));
  if (c.int('group', 1) !== 1) c.fail('groups');
  if (w.dilations.some((d) => d !== 1)) c.fail('dilations');
  const image = lastly(c, x);
  const [rows, height, width] = image.shape;
  const full = [height, width].map((size, i) => (size - 1) * w.strides[i] + w.kernel[i]);
  const filter = c.tf.transpose<Image>(twoAxes(c, kernel), [2, 3, 1, 0]);
  const outputs = filter.shape[2];
  const y = c.tf.conv2dTranspose(
    image,
    filter,
    [rows, full[0], full[1], outputs],
    w.strides as [number, number],
    'valid',
  );
  const extra = c.ints('output_padding') ?? [0, 0];
  const more = extra.length === 1 ? [0, extra[0]] : extra;
  const grown = padded(c, y, [0, 0, more[0], more[1]], 0);
  const cut = c.tf.slice(
    grown,
    [0, w.pads[0], w.pads[1], 0],
    [rows, full[0] + more[0] - w.pads[0] - w.pads[2], full[1] + more[1] - w.pads[1] - w.pads[3], outputs],
  );
  return floats(firstly(c, c.inputs[2] ? c.tf.add(cut, c.x(2).t) : cut, x.rank));
}

function maxPool(c: OpContext): Held[] {
  const { t } = c.x(0);
  const w = windowOf(c, c.ints('kernel_shape') ?? []);
  if (c.node.outputs.length > 1) c.fail('the output Indices');
  if (c.int('ceil_mode', 0) === 1) c.fail('ceil_mode');
  if (w.dilations.some((d) => d !== 1)) c.fail('dilations');
  const image = padded(c, lastly(c, t), w.pads, Number.NEGATIVE_INFINITY);
  const y = c.tf.maxPool(image, w.kernel as [number, number], w.strides as [number, number], 'valid');
  return floats(firstly(c, y, t.rank));
}

interface Layer {
  /** x·Wᵀ of a step, R of the one direction, the two halves of the bias. */
  steps: Tfjs.Tensor[];
  r: Tfjs.Tensor2D;
  input: Tfjs.Tensor;
  hidden: Tfjs.Tensor;
  h: Tfjs.Tensor2D;
}

function layerOf(c: OpContext, gates: number): Layer {
  const { tf } = c;
  if (c.text('direction', 'forward') !== 'forward') c.fail('a direction other than forward');
  if (c.inputs[4]) c.fail('sequence_lens');
  for (const name of ['activations', 'clip', 'layout', 'input_forget'])
    if (c.node.attributes[name] !== undefined && c.node.attributes[name].value !== 0) c.fail(name);
  const x = c.x(0).t;
  const size = c.int('hidden_size', 0);
  const [time, batch, features] = x.shape;
  const w = tf.squeeze<Tfjs.Tensor2D>(c.x(1).t, [0]);
  const wide = tf.matMul(tf.reshape(x, [time * batch, features]), w, false, true);
  const bias = c.inputs[3] ? tf.squeeze(c.x(3).t, [0]) : tf.zeros([2 * gates * size]);
  const [input, hidden] = tf.split(bias, 2, 0);
  return {
    steps: tf.unstack(tf.reshape(wide, [time, batch, gates * size])),
    r: tf.squeeze<Tfjs.Tensor2D>(c.x(2).t, [0]),
    input,
    hidden,
    h: c.inputs[5] ? tf.squeeze(c.x(5).t, [0]) : tf.zeros([batch, size]),
  };
}

const sequence = (c: OpContext, states: Tfjs.Tensor[]): Tfjs.Tensor => c.tf.expandDims(c.tf.stack(states), 1);

function lstm(c: OpContext): Held[] {
  const { tf } = c;
  const layer = layerOf(c, 4);
  if (c.inputs[7]) c.fail('peepholes');
  let { h } = layer;
  let cell: Tfjs.Tensor = c.inputs[6] ? tf.squeeze(c.x(6).t, [0]) : tf.zerosLike(h);
  const bias = tf.add(layer.input, layer.hidden);
  const states = layer.steps.map((step) => {
    const gates = tf.add(tf.add(step, tf.matMul(h, layer.r, false, true)), bias);
    const [i, o, f, g] = tf.split(gates, 4, 1);
    cell = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul<Tfjs.Tensor2D>(tf.sigmoid(o), tf.tanh(cell));
    return h;
  });
  return [...floats(sequence(c, states)), ...floats(tf.expandDims(h, 0)), ...floats(tf.expandDims(cell, 0))];
}

/** Every element several times along axes of space. */
function enlarge(c: OpContext): Held[] {
  const { t } = c.x(0);
  const factors = c.host(2);
  const plain = c.text('mode', 'nearest') === 'nearest' && c.text('nearest_mode', '') === 'floor';
  if (!plain || c.text('coordinate_transformation_mode', '') !== 'asymmetric') c.fail('anything but repeated elements');
  if (factors.some((factor) => !Number.isInteger(factor))) c.fail(`factors of ${factors.join(', ')}`);
  // An axis at a time: TensorFlow.js tiles few axes at once.
  const large = factors.reduce<Tfjs.Tensor>((whole, factor, axis) => {
    if (factor === 1) return whole;
    const sizes = [...whole.shape];
    const apart = c.tf.reshape(whole, [sizes.slice(0, axis + 1).reduce((a, b) => a * b, 1), 1, -1]);
    sizes[axis] *= factor;
    return c.tf.reshape(c.tf.tile(apart, [1, factor, 1]), sizes);
  }, t);
  return floats(large);
}

function gru(c: OpContext): Held[] {
  const { tf } = c;
  const layer = layerOf(c, 3);
  if (c.int('linear_before_reset', 0) !== 1) c.fail('linear_before_reset 0');
  let { h } = layer;
  const states = layer.steps.map((step) => {
    const [xz, xr, xh] = tf.split(tf.add(step, layer.input), 3, 1);
    const [hz, hr, hh] = tf.split(tf.add(tf.matMul(h, layer.r, false, true), layer.hidden), 3, 1);
    const update = tf.sigmoid(tf.add(xz, hz));
    const fresh = tf.tanh(tf.add(xh, tf.mul(tf.sigmoid(tf.add(xr, hr)), hh)));
    h = tf.add<Tfjs.Tensor2D>(fresh, tf.mul(update, tf.sub(h, fresh)));
    return h;
  });
  return [...floats(sequence(c, states)), ...floats(tf.expandDims(h, 0))];
}

export const tfjsWindows: Readonly<Record<string, Op>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  GlobalAveragePool: (c) => {
    const { t } = c.x(0);
    return floats(
      c.tf.mean(
        t,
        t.shape.slice(2).map((_, i) => i + 2),
        true,
      ),
    );
  },
  Resize: enlarge,
  LSTM: lstm,
  GRU: gru,
};
