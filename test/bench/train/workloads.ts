// The networks of torch_bench.py, layer by layer, as forward graphs with random weights and batches.
import { rng } from '../../../engine/base/index.ts';
import { type Graph, type GraphBuilder, graphBuilder, type Value } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';

export interface Workload {
  graph: Graph;
  feeds: Record<string, Tensor>;
  labels: Tensor;
  weights: Tensor;
}

const random = rng(1, 'bench');

function normal(dims: number[], scale: number): Tensor {
  const out = tensor('float32', dims);
  const data = out.data as Float32Array;
  for (let i = 0; i < data.length; i++) data[i] = random.normal() * scale;
  return out;
}

const integers = (dims: number[], below: number): Tensor =>
  tensor(
    'int64',
    dims,
    BigInt64Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => BigInt(random.int(below))),
  );

interface Layers {
  g: GraphBuilder;
  linear(x: Value, from: number, to: number): Value;
  dense(x: Value, from: number, to: number): Value;
  weight(dims: number[], scale?: number): Value;
}

function layers(name: string): Layers {
  const g = graphBuilder(name);
  let count = 0;
  const weight = (dims: number[], scale = 1 / Math.sqrt(dims.slice(1).reduce((a, b) => a * b, 1))) =>
    g.parameter(`w${count++}`, normal(dims, scale));
  return {
    g,
    weight,
    linear: (x, from, to) => g.op('Gemm', [x, weight([to, from]), weight([to], 0.01)], { transB: 1 }),
    dense: (x, from, to) =>
      g.op('Add', [g.op('MatMul', [x, weight([from, to], 1 / Math.sqrt(from))]), weight([to], 0.01)]),
  };
}

function finish(l: Layers, logits: Value, feeds: Record<string, Tensor>, rows: number, classes: number): Workload {
  l.g.output(logits, 'logits');
  return {
    graph: l.g.build(),
    feeds,
    labels: integers([rows], classes),
    weights: tensor('float32', [rows], new Float32Array(rows).fill(1)),
  };
}

function mlp(): Workload {
  const l = layers('mlp');
  const x = l.g.input('x', 'float32', ['batch', 784]);
  const a = l.g.op('Relu', [l.linear(x, 784, 512)]);
  const b = l.g.op('Relu', [l.linear(a, 512, 512)]);
  return finish(l, l.linear(b, 512, 10), { x: normal([128, 784], 1) }, 128, 10);
}

function cnn(): Workload {
  const l = layers('cnn');
  const x = l.g.input('x', 'float32', ['batch', 1, 28, 28]);
  const block = (value: Value, from: number, to: number) => {
    const conv = l.g.op('Conv', [value, l.weight([to, from, 3, 3]), l.weight([to], 0.01)], {
      pads: [1, 1, 1, 1],
      kernel_shape: [3, 3],
    });
    return l.g.op('MaxPool', [l.g.op('Relu', [conv])], { kernel_shape: [2, 2], strides: [2, 2] });
  };
  const flat = l.g.op('Flatten', [block(block(x, 1, 32), 32, 64)]);
  return finish(
    l,
    l.linear(l.g.op('Relu', [l.linear(flat, 3136, 128)]), 128, 10),
    { x: normal([128, 1, 28, 28], 1) },
    128,
    10,
  );
}

function textcnn(): Workload {
  const l = layers('textcnn');
  const ids = l.g.input('ids', 'int64', ['batch', 128]);
  const x = l.g.op('Transpose', [l.g.op('Gather', [l.weight([20000, 128], 1), ids])], { perm: [0, 2, 1] });
  const pooled = [3, 4, 5].map((k) => {
    const y = l.g.op('Relu', [
      l.g.op('Conv', [x, l.weight([100, 128, k]), l.weight([100], 0.01)], { kernel_shape: [k] }),
    ]);
    return l.g.op('ReduceMax', [y], { axes: [2], keepdims: 0 });
  });
  return finish(
    l,
    l.linear(l.g.op('Concat', pooled, { axis: 1 }), 300, 10),
    { ids: integers([64, 128], 20000) },
    64,
    10,
  );
}

function lstm(): Workload {
  const l = layers('lstm');
  const ids = l.g.input('ids', 'int64', ['batch', 64]);
  const x = l.g.op('Transpose', [l.g.op('Gather', [l.weight([5000, 128], 1), ids])], { perm: [1, 0, 2] });
  const y = l.g.op(
    'LSTM',
    [x, l.weight([1, 512, 128], 0.08), l.weight([1, 512, 128], 0.08), l.weight([1, 1024], 0.08)],
    { hidden_size: 128 },
  );
  const last = l.g.op('Slice', [y, l.g.ints([-1]), l.g.ints([2 ** 31 - 1]), l.g.ints([0])]);
  return finish(
    l,
    l.linear(l.g.op('Squeeze', [last, l.g.ints([0, 1])]), 128, 10),
    { ids: integers([64, 64], 5000) },
    64,
    10,
  );
}

function bertMini(): Workload {
  const [width, heads, length] = [256, 4, 128];
  const l = layers('bert-mini');
  const { g } = l;
  const ids = g.input('ids', 'int64', ['batch', length]);
  const norm = (x: Value) =>
    g.op('LayerNormalization', [x, g.parameter(g.unique('gain'), normal([width], 1)), l.weight([width], 0.01)]);
  const embedded = g.op('Add', [g.op('Gather', [l.weight([30522, width], 1), ids]), l.weight([length, width], 0.01)]);
  let x = norm(embedded);
  const split = (value: Value, perm: number[]) =>
    g.op('Transpose', [g.op('Reshape', [value, g.ints([0, 0, heads, width / heads])])], { perm });
  for (let i = 0; i < 4; i++) {
    const q = split(l.dense(x, width, width), [0, 2, 1, 3]);
    const k = split(l.dense(x, width, width), [0, 2, 3, 1]);
    const v = split(l.dense(x, width, width), [0, 2, 1, 3]);
    const scores = g.op('Softmax', [g.op('Div', [g.op('MatMul', [q, k]), g.constant(Math.sqrt(width / heads))])], {
      axis: -1,
    });
    const mixed = g.op('Reshape', [
      g.op('Transpose', [g.op('MatMul', [scores, v])], { perm: [0, 2, 1, 3] }),
      g.ints([0, 0, width]),
    ]);
    x = norm(g.op('Add', [x, l.dense(mixed, width, width)]));
    const inner = l.dense(x, width, 1024);
    const erf = g.op('Add', [g.op('Erf', [g.op('Mul', [inner, g.constant(Math.SQRT1_2)])]), g.constant(1)]);
    const gelu = g.op('Mul', [g.op('Mul', [inner, g.constant(0.5)]), erf]);
    x = norm(g.op('Add', [x, l.dense(gelu, 1024, width)]));
  }
  return finish(
    l,
    l.linear(g.op('Gather', [x, g.ints(0)], { axis: 1 }), width, 2),
    { ids: integers([16, length], 30522) },
    16,
    2,
  );
}

export const workloads: Readonly<Record<string, () => Workload>> = { mlp, cnn, textcnn, lstm, 'bert-mini': bertMini };
