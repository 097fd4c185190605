// BertForSequenceClassification (Devlin et al. 2019) from a Hugging Face folder's weights, as the reference computes it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Graph, graphBuilder, type Value } from '../../engine/graph/index.ts';
import { readSafetensors, type Tensor } from '../../engine/onnx/index.ts';
import { gelu, linear, type Weights } from './fixture.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'bert-tiny');

export interface Expected {
  tensors: Map<string, Tensor>;
  curve: number[];
  gradientNorms: Record<string, number>;
}

export function bertExpected(): Expected {
  const meta = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
    curve: number[];
    gradient_norms: Record<string, number>;
  };
  return {
    tensors: readSafetensors(readFileSync(join(folder, 'expected.safetensors'))),
    curve: meta.curve,
    gradientNorms: meta.gradient_norms,
  };
}

interface Config {
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  layer_norm_eps: number;
}

/** Inputs `input_ids` and `attention_mask` int64 [batch, length]; outputs `hidden` and `logits`. */
export function bertGraph(): Graph {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Config;
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  const tensors = readSafetensors(readFileSync(join(folder, 'model.safetensors')));
  const g = graphBuilder('bert');
  const ids = g.input('input_ids', 'int64', ['batch', 'length']);
  const mask = g.input('attention_mask', 'int64', ['batch', 'length']);
  const made = new Map<string, Value>();
  const w: Weights = (name) => {
    const value = made.get(name) ?? g.parameter(name, tensors.get(name) as Tensor);
    made.set(name, value);
    return value;
  };
  const dense = (name: string, x: Value): Value =>
    g.op('Add', [g.op('MatMul', [x, g.op('Transpose', [w(`${name}.weight`)], { perm: [1, 0] })]), w(`${name}.bias`)]);
  const norm = (name: string, x: Value): Value =>
    g.op('LayerNormalization', [x, w(`${name}.weight`), w(`${name}.bias`)], { axis: -1, epsilon });
  const e = 'bert.embeddings';
  const length = g.op('Squeeze', [g.op('Shape', [ids], { start: 1, end: 2 }), g.ints([0])]);
  const positions = g.op('Range', [g.ints(0), length, g.ints(1)]);
  const words = g.op('Gather', [w(`${e}.word_embeddings.weight`), ids]);
  const placed = g.op('Add', [words, g.op('Gather', [w(`${e}.position_embeddings.weight`), positions])]);
  const typed = g.op('Add', [placed, g.op('Gather', [w(`${e}.token_type_embeddings.weight`), g.ints(0)])]);
  let x = norm(`${e}.LayerNorm`, typed);
  const absent = g.op('Sub', [g.constant(1), g.op('Cast', [g.op('Unsqueeze', [mask, g.ints([1, 2])])], { to: 1 })]);
  const bias = g.op('Mul', [absent, g.constant(-3.4028234663852886e38)]);
  const split = (value: Value, perm: number[]): Value =>
    g.op('Transpose', [g.op('Reshape', [value, g.ints([0, 0, heads, width / heads])])], { perm });
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `bert.encoder.layer.${i}`;
    const a = `${layer}.attention`;
    const q = split(dense(`${a}.self.query`, x), [0, 2, 1, 3]);
    const k = split(dense(`${a}.self.key`, x), [0, 2, 3, 1]);
    const v = split(dense(`${a}.self.value`, x), [0, 2, 1, 3]);
    const scores = g.op('Div', [g.op('MatMul', [q, k]), g.constant(Math.sqrt(width / heads))]);
    const weights = g.op('Softmax', [g.op('Add', [scores, bias])], { axis: -1 });
    const mixed = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
    const joined = g.op('Reshape', [mixed, g.ints([0, 0, width])]);
    x = norm(`${a}.output.LayerNorm`, g.op('Add', [dense(`${a}.output.dense`, joined), x]));
    const inner = gelu(g, dense(`${layer}.intermediate.dense`, x));
    x = norm(`${layer}.output.LayerNorm`, g.op('Add', [dense(`${layer}.output.dense`, inner), x]));
  }
  g.output(x, 'hidden');
  const first = g.op('Gather', [x, g.ints(0)], { axis: 1 });
  g.output(linear(g, w, 'classifier', g.op('Tanh', [linear(g, w, 'bert.pooler.dense', first)])), 'logits');
  return g.build();
}
