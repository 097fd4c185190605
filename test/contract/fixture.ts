// Reference runs of PyTorch (test/fixtures/README.md) and the graphs that they were made with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Graph, type GraphBuilder, graphBuilder, type Value } from '../../engine/graph/index.ts';
import { type NumericArray, readSafetensors, type Tensor } from '../../engine/onnx/index.ts';
import type { LossKind, OptimizerSpec } from '../../engine/train/index.ts';

const folder = join(import.meta.dirname, '..', 'fixtures');

interface Hyper {
  lr: number;
  betas?: [number, number];
  eps?: number;
  weight_decay: number;
  momentum?: number;
  nesterov?: boolean;
}

export interface Fixture {
  name: string;
  forward: Graph;
  loss: LossKind;
  optimizer: OptimizerSpec;
  lr: number;
  /** PyTorch's loss of each step. */
  curve: number[];
  /** A tensor of the file; throws when it has none of that name. */
  reference: (key: string) => Tensor;
  /** Feeds and labels of step `i`. */
  batch: (i: number) => { feeds: Record<string, Tensor>; labels: Tensor; weights: Tensor };
}

/** Row `i` of the leading axis. */
function row(value: Tensor, i: number): Tensor {
  const dims = value.dims.slice(1);
  const size = dims.reduce((a, b) => a * b, 1);
  return { dtype: value.dtype, dims, data: (value.data as NumericArray).slice(i * size, (i + 1) * size) };
}

export const ones = (rows: number): Tensor => ({
  dtype: 'float32',
  dims: [rows],
  data: new Float32Array(rows).fill(1),
});

/** Reads weights of a safetensors file by name while a graph is built. */
export type Weights = (name: string) => Value;

/** PyTorch's Linear: x·Wᵀ + b. */
export const linear = (g: GraphBuilder, w: Weights, name: string, x: Value): Value =>
  g.op('Gemm', [x, w(`${name}.weight`), w(`${name}.bias`)], { transB: 1 });

/** GELU as PyTorch computes it: x/2·(1 + erf(x/√2)). */
export function gelu(g: GraphBuilder, x: Value): Value {
  const erf = g.op('Erf', [g.op('Mul', [x, g.constant(Math.SQRT1_2)])]);
  return g.op('Mul', [g.op('Mul', [x, g.constant(0.5)]), g.op('Add', [erf, g.constant(1)])]);
}

function mlp(g: GraphBuilder, w: Weights): Value {
  const x = g.input('x', 'float32', ['batch', 10]);
  const hidden = linear(g, w, '2', g.op('Relu', [linear(g, w, '0', x)]));
  return linear(g, w, '4', gelu(g, hidden));
}

/** The gates of PyTorch's recurrent weights in ONNX's order, with the direction axis that ONNX has. */
function gates(g: GraphBuilder, parts: readonly Value[], order: readonly number[]): Value {
  const ordered = parts.flatMap((value) => {
    const pieces = g.ops('Split', [value], { axis: 0 }, order.length);
    return order.map((i) => pieces[i]);
  });
  return g.op('Unsqueeze', [g.op('Concat', ordered, { axis: 0 }), g.ints([0])]);
}

function recurrent(op: 'LSTM' | 'GRU', order: readonly number[]) {
  return (g: GraphBuilder, w: Weights): Value => {
    const ids = g.input('ids', 'int64', ['batch', 11]);
    const embed = w('embed.weight');
    const [wx, wh, bx, bh] = [w('rnn.weight_ih_l0'), w('rnn.weight_hh_l0'), w('rnn.bias_ih_l0'), w('rnn.bias_hh_l0')];
    const x = g.op('Transpose', [g.op('Gather', [embed, ids])], { perm: [1, 0, 2] });
    const attributes = { hidden_size: 24, ...(op === 'GRU' ? { linear_before_reset: 1 } : {}) };
    const y = g.op(op, [x, gates(g, [wx], order), gates(g, [wh], order), gates(g, [bx, bh], order)], attributes);
    const last = g.op('Slice', [y, g.ints([-1]), g.ints([2 ** 31 - 1]), g.ints([0])]);
    return linear(g, w, 'head', g.op('Squeeze', [last, g.ints([0, 1])]));
  };
}

function textCnn(g: GraphBuilder, w: Weights): Value {
  const ids = g.input('ids', 'int64', ['batch', 20]);
  const x = g.op('Transpose', [g.op('Gather', [w('embed.weight'), ids])], { perm: [0, 2, 1] });
  const pooled = [0, 1, 2].map((i) => {
    const y = g.op('Relu', [g.op('Conv', [x, w(`convs.${i}.weight`), w(`convs.${i}.bias`)])]);
    return g.op('ReduceMax', [y], { axes: [2], keepdims: 0 });
  });
  return linear(g, w, 'head', g.op('Concat', pooled, { axis: 1 }));
}

function cnn(g: GraphBuilder, w: Weights, buffer: (name: string) => Value): Value {
  const x = g.input('x', 'float32', ['batch', 3, 16, 16]);
  const first = g.op('Conv', [x, w('c1.weight'), w('c1.bias')], { pads: [1, 1, 1, 1] });
  const norm = g.op('BatchNormalization', [
    first,
    w('bn.weight'),
    w('bn.bias'),
    buffer('bn.running_mean'),
    buffer('bn.running_var'),
  ]);
  const pooled = g.op('MaxPool', [g.op('Relu', [norm])], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = g.op('Conv', [pooled, w('c2.weight'), w('c2.bias')], { strides: [2, 2], pads: [1, 1, 1, 1] });
  return linear(g, w, 'head', g.op('Flatten', [g.op('Relu', [second])]));
}

const models: Record<string, (g: GraphBuilder, w: Weights, buffer: (name: string) => Value) => Value> = {
  'mlp-sgd': mlp,
  'mlp-adam': mlp,
  'mlp-adamw-mse': mlp,
  'textcnn-adam': textCnn,
  'cnn-adam': cnn,
  'lstm-adam': recurrent('LSTM', [0, 3, 1, 2]),
  'gru-adam': recurrent('GRU', [1, 0, 2]),
};

export const fixtureNames = Object.keys(models);

function optimizerOf(kind: string, hyper: Hyper): OptimizerSpec {
  if (kind === 'SGD')
    return {
      kind: 'sgd',
      momentum: hyper.momentum ?? 0,
      nesterov: hyper.nesterov ?? false,
      weightDecay: hyper.weight_decay,
    };
  const { betas, eps, weight_decay: weightDecay } = hyper;
  return {
    kind: kind === 'AdamW' ? 'adamw' : 'adam',
    ...(betas ? { betas } : {}),
    ...(eps ? { eps } : {}),
    weightDecay,
  };
}

/** Reads a fixture and builds its forward graph from the starting weights. */
export function readFixture(name: string): Fixture {
  const tensors = readSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  const meta = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as {
    optimizer: string;
    hyper: Hyper;
    loss: string;
    curve: number[];
  };
  const get = (key: string): Tensor => {
    const value = tensors.get(key);
    if (!value) throw new Error(`fixture ${name} has no ${key}`);
    return value;
  };
  const g = graphBuilder(name);
  const made = new Map<string, Value>();
  const weight: Weights = (key) => {
    const value = made.get(key) ?? g.parameter(key, get(`start.${key}`));
    made.set(key, value);
    return value;
  };
  const fresh = (key: string): Value => {
    const { dims } = get(`end.${key}`);
    const data = new Float32Array(dims[0]).fill(key.endsWith('var') ? 1 : 0);
    return g.buffer(key, { dtype: 'float32', dims, data });
  };
  g.output(models[name](g, weight, fresh), 'logits');
  const inputs = [...tensors.keys()].filter((key) => key.startsWith('input.'));
  return {
    name,
    forward: g.build(),
    loss: meta.loss === 'mse_loss' ? 'mse' : 'cross_entropy',
    optimizer: optimizerOf(meta.optimizer, meta.hyper),
    lr: meta.hyper.lr,
    curve: meta.curve,
    reference: get,
    batch(i) {
      const labels = row(get('labels'), i);
      return {
        feeds: Object.fromEntries(inputs.map((key) => [key.slice(6), row(get(key), i)])),
        labels,
        weights: ones(labels.dims[0]),
      };
    },
  };
}

/** ‖a − b‖ / ‖b‖. */
export function relativeError(a: Tensor, b: Tensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  let error = 0;
  let norm = 0;
  for (let i = 0; i < y.length; i++) {
    error += (x[i] - y[i]) ** 2;
    norm += y[i] ** 2;
  }
  return Math.sqrt(error / Math.max(norm, 1e-30));
}
