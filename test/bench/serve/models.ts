// The models that serving is measured with, as bundles: a small table's network, and BERT-mini (4 layers, 256 wide) with random
// weights. One file each for peers too: the ONNX graph that the bundle holds.
import { rng } from '../../../engine/base/index.ts';
import type { BundleParts } from '../../../engine/bundle/index.ts';
import { graphBuilder, type GraphBuilder, type Value } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import type { Column } from '../../../engine/schema/index.ts';
import { noteParts, regressionParts } from '../../unit/bundle/sample.ts';

export const names = Array.from({ length: 30 }, (_, i) => `f${i}`);
export const row = Object.fromEntries(names.map((name, i) => [name, Math.sin(i) * 3]));
export const vocabulary = 30_522;

const random = rng(1, 'serving bench');
function normal(dims: number[], scale: number): Tensor {
  const out = tensor('float32', dims);
  const data = out.data as Float32Array;
  for (let i = 0; i < data.length; i++) data[i] = random.normal() * scale;
  return out;
}

/** A network on `columns` numbers (input `numeric`, float64) with hidden layers and one output `prediction` of `outputs` numbers. */
function networkParts(names: readonly string[], hidden: readonly number[], outputs: number): BundleParts {
  const g = graphBuilder('tabular');
  const numeric = g.input('numeric', 'float64', ['batch', names.length]);
  let x = g.op('Cast', [numeric], { to: 1 });
  let from = names.length;
  const dense = (to: number) => {
    x = g.op('MatMul', [x, g.constant(normal([from, to], 1 / Math.sqrt(from)))]);
    from = to;
  };
  for (const width of hidden) {
    dense(width);
    x = g.op('Relu', [x]);
  }
  dense(outputs);
  g.output(x, 'prediction');
  const parts = regressionParts();
  const [input] = parts.preprocess.numeric;
  const [column] = parts.manifest.columns as [Column];
  return {
    ...parts,
    graph: g.build(),
    manifest: {
      ...parts.manifest,
      name: 'tabular',
      features: names.map((name) => ({ column: name, type: 'number', as: 'numeric' })),
      columns: names.map((name) => ({ ...column, name })),
    },
    preprocess: {
      ...parts.preprocess,
      numeric: names.map((name) => ({ ...input, column: name })),
      columns: [...names.map((name) => ({ name, type: 'number' as const })), { name: 'height', type: 'number' }],
    },
  };
}

/** A regression on 30 numbers: the size of model that a small table gets. */
export const tableParts = (): BundleParts => networkParts(names, [64, 64], 1);

/** The MLP that training is measured with too: 784-512-512-10. */
export const pixels = Array.from({ length: 784 }, (_, i) => Math.round(1000 * Math.abs(Math.sin(i))) / 1000);
export const mlpParts = (): BundleParts =>
  networkParts(
    pixels.map((_, i) => `p${i}`),
    [512, 512],
    10,
  );

/** A classifier of token ids (`text_0_tokens` int64 [batch, length], at most 128): the size of BERT-mini. */
export function bertParts(): BundleParts {
  const [width, heads, most] = [256, 4, 128];
  const g = graphBuilder('bert-mini');
  const ids = g.input('text_0_tokens', 'int64', ['batch', 'length']);
  const weight = (dims: number[], scale = 0.05) => g.constant(normal(dims, scale));
  const norm = (x: Value) => g.op('LayerNormalization', [x, weight([width], 1), weight([width])]);
  const dense = (x: Value, from: number, to: number) =>
    g.op('Add', [g.op('MatMul', [x, weight([from, to], 1 / Math.sqrt(from))]), weight([to])]);
  const split = (value: Value, perm: number[]) =>
    g.op('Transpose', [g.op('Reshape', [value, g.ints([0, 0, heads, width / heads])])], { perm });
  const length = g.op('Slice', [g.op('Shape', [ids]), g.ints([1]), g.ints([2])]);
  const places = g.op('Slice', [weight([most, width]), g.ints([0]), length, g.ints([0])]);
  let x = norm(g.op('Add', [g.op('Gather', [weight([vocabulary, width], 1), ids]), places]));
  for (let i = 0; i < 4; i++) x = layer(g, x, { width, heads, norm, dense, split });
  const logits = dense(g.op('Gather', [x, g.ints(0)], { axis: 1 }), width, 3);
  g.output(g.op('Softmax', [logits], { axis: -1 }), 'probabilities');
  const index = g.op('ArgMax', [logits], { axis: 1, keepdims: 0 });
  g.output(
    g.op('LabelEncoder', [index], { keys_int64s: [0, 1, 2], values_strings: ['low', 'middle', 'high'] }),
    'label',
  );
  const parts = noteParts();
  return {
    ...parts,
    graph: g.build(),
    manifest: { ...parts.manifest, name: 'bert-mini' },
    preprocess: {
      ...parts.preprocess,
      text: [],
      sequence: [{ column: 'note', words: Array.from({ length: 1000 }, (_, i) => `w${i}`), maxLength: most }],
    },
  };
}

interface Layer {
  width: number;
  heads: number;
  norm: (x: Value) => Value;
  dense: (x: Value, from: number, to: number) => Value;
  split: (x: Value, perm: number[]) => Value;
}

function layer(g: GraphBuilder, x: Value, { width, heads, norm, dense, split }: Layer): Value {
  const q = split(dense(x, width, width), [0, 2, 1, 3]);
  const k = split(dense(x, width, width), [0, 2, 3, 1]);
  const v = split(dense(x, width, width), [0, 2, 1, 3]);
  const scaled = g.op('Div', [g.op('MatMul', [q, k]), g.constant(Math.sqrt(width / heads))]);
  const mixed = g.op('MatMul', [g.op('Softmax', [scaled], { axis: -1 }), v]);
  const joined = g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints([0, 0, width])]);
  const attended = norm(g.op('Add', [x, dense(joined, width, width)]));
  const inner = dense(attended, width, 1024);
  const erf = g.op('Add', [g.op('Erf', [g.op('Mul', [inner, g.constant(Math.SQRT1_2)])]), g.constant(1)]);
  const gelu = g.op('Mul', [g.op('Mul', [inner, g.constant(0.5)]), erf]);
  return norm(g.op('Add', [attended, dense(gelu, 1024, width)]));
}

/** Token ids of one text of this length. */
export const tokens = (length: number): number[] =>
  Array.from({ length }, (_, i) => 1 + ((i * 7919) % (vocabulary - 1)));
