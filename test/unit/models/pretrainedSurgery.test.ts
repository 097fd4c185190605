// Heads, freezing and low-rank updates on graphs that were read, run for real.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkGraph, type Graph, graphBuilder } from '../../../engine/graph/index.ts';
import { freeze, mergeLora, readOnnx, readPretrained, withHead, withLora } from '../../../engine/models/index.ts';
import { readSafetensors, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { compileTraining } from '../../../engine/train/index.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const bert = () => readPretrained(join(fixtures, 'bert-tiny'), { dropout: false }).graph;
const expected = readSafetensors(readFileSync(join(fixtures, 'bert-tiny', 'expected.safetensors')));
const feeds = {
  input_ids: expected.get('input_ids') as Tensor,
  attention_mask: expected.get('attention_mask') as Tensor,
};

async function run(graph: Graph, inputs: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  checkGraph(graph);
  const program = await compile(graph);
  const wanted = Object.fromEntries(graph.inputs.map(({ name }) => [name, inputs[name]]));
  const out = await program.run(wanted);
  await program.dispose();
  return out;
}

const values = (value: Tensor): number[] => Array.from(value.data as Float32Array);
const furthest = (a: Tensor, b: Tensor): number =>
  values(a).reduce((most, x, i) => Math.max(most, Math.abs(x - values(b)[i])), 0);

/** A few steps of training over the labels 0, 1, 2 … */
async function train(
  graph: Graph,
  inputs: Record<string, Tensor>,
  classes: number,
  steps: number,
): Promise<{ curve: number[]; graph: Graph }> {
  const rows = Object.values(inputs)[0].dims[0];
  const labels = tensor(
    'int64',
    [rows],
    Array.from({ length: rows }, (_, i) => i % classes),
  );
  const weights = tensor('float32', [rows], new Float32Array(rows).fill(1));
  const training = await compileTraining(graph, {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw' },
    device: 'cpu',
    threads: 1,
    seed: 1,
  });
  const curve: number[] = [];
  for (let i = 0; i < steps; i++) curve.push((await training.step(inputs, labels, weights, 1e-2)).lossSum / rows);
  const trained = await training.trained();
  await training.dispose();
  return { curve, graph: trained };
}

describe('a new head', () => {
  test('keeps what it reads, drops the old head, and is the only output', () => {
    const graph = withHead(bert(), { output: 'pooler_output', classes: 5, dropout: 0.1 });
    checkGraph(graph);
    expect(graph.outputs).toEqual([{ name: 'logits', dtype: 'float32', shape: ['batch', 5] }]);
    expect(graph.parameters).toEqual([
      ...bert().parameters.filter((name) => !name.startsWith('classifier.')),
      'head.weight',
      'head.bias',
    ]);
    expect(graph.nodes.filter(({ op }) => op === 'Dropout')).toHaveLength(1);
  });

  test.each(['mean', 'last'] as const)('pools the %s of the tokens and never the padding', async (pool) => {
    const graph = withHead(bert(), { output: 'last_hidden_state', classes: 3, pool, seed: 4 });
    const { logits } = await run(graph, feeds);
    const wide = (value: Tensor) => {
      const [rows, length] = value.dims;
      const data = new BigInt64Array(rows * (length + 16));
      for (let r = 0; r < rows; r++)
        data.set((value.data as BigInt64Array).subarray(r * length, (r + 1) * length), r * (length + 16));
      return tensor('int64', [rows, length + 16], data);
    };
    const padded = await run(graph, { input_ids: wide(feeds.input_ids), attention_mask: wide(feeds.attention_mask) });
    expect(furthest(padded['logits'], logits)).toBeLessThan(1e-6);
  });

  test('stands on any value inside, here on a convolution’s image', () => {
    const bytes = readFileSync(join(fixtures, 'onnx', 'torch-image.onnx'));
    const inner = readOnnx(bytes).nodes.find(({ op }) => op === 'MaxPool')?.outputs[0] as string;
    const graph = withHead(readOnnx(bytes), { output: inner, classes: 2 });
    checkGraph(graph);
    expect(graph.parameters).toEqual([
      'stem.weight',
      'bn1.weight',
      'bn1.bias',
      'conv.weight',
      'bn2.weight',
      'bn2.bias',
      'head.weight',
      'head.bias',
    ]);
  });

  test.each([
    ['hidden', 'the model has no output "hidden"; it has last_hidden_state, pooler_output, logits'],
    ['input_ids', 'a head needs float32, but "input_ids" is int64: choose another output'],
    ['pooler_bias', 'the model has no output "pooler_bias"; it has last_hidden_state, pooler_output, logits'],
    ['classifier.bias', 'a head needs a value of rank 2 to 4, but "classifier.bias" is [10]: choose another output'],
  ])('%s carries none', (output, message) => {
    expect(() => withHead(bert(), { output, classes: 2 })).toThrow(message);
  });
});

describe('freezing', () => {
  test('leaves frozen weights bit for bit while the rest learns', async () => {
    const graph = freeze(withHead(bert(), { output: 'pooler_output', classes: 4 }), [
      'bert.embeddings.*',
      'bert.encoder.layer.0.*',
    ]);
    expect(graph.parameters.filter((name) => /embeddings|layer\.0/.test(name))).toEqual([]);
    const trained = await train(graph, feeds, 4, 3);
    const changed = [...graph.initializers.keys()].filter(
      (name) => trained.graph.initializers.get(name)?.data.toString() !== graph.initializers.get(name)?.data.toString(),
    );
    // A key's bias has no gradient, so that AdamW's noise alone may or may not move it.
    const sure = (name: string) => !name.endsWith('key.bias');
    expect(changed.filter(sure).toSorted()).toEqual(graph.parameters.filter(sure).toSorted());
  });

  test('names a pattern that matches nothing', () => {
    expect(() => freeze(bert(), ['bert.encoder.layer.7.*'])).toThrow(
      /^no parameter matches "bert\.encoder\.layer\.7\.\*"; there are "bert\.embeddings\.word_embeddings\.weight", /,
    );
  });
});

/** Every form in which a graph multiplies by a matrix. */
function products(): Graph {
  const g = graphBuilder('products');
  const x = g.input('x', 'float32', ['batch', 6]);
  const matrix = (name: string, rows: number, columns: number) =>
    g.parameter(
      name,
      tensor(
        'float32',
        [rows, columns],
        Array.from({ length: rows * columns }, (_, i) => Math.sin(i + rows + name.length)),
      ),
    );
  let y = g.op('MatMul', [x, matrix('plain', 6, 5)]);
  y = g.op('MatMul', [y, g.op('Transpose', [matrix('turned', 4, 5)], { perm: [1, 0] })]);
  y = g.op('Gemm', [y, matrix('gemm', 4, 4)]);
  y = g.op('Gemm', [y, matrix('gained', 4, 4)], { transB: 1, alpha: 0.5 });
  y = g.op('Gemm', [g.op('Transpose', [y], { perm: [1, 0] }), matrix('sideways', 4, 4)], { transA: 1 });
  const shared = matrix('shared', 4, 4);
  y = g.op('MatMul', [g.op('MatMul', [y, shared]), shared]);
  const tied = matrix('tied', 3, 4);
  g.output(
    g.op('Add', [g.op('Gemm', [y, tied], { transB: 1 }), g.op('ReduceSum', [tied, g.ints([1])], { keepdims: 0 })]),
    'logits',
  );
  return g.build();
}
const x = tensor(
  'float32',
  [7, 6],
  Array.from({ length: 42 }, (_, i) => Math.cos(i)),
);

describe('low-rank updates', () => {
  test('say nothing before they are trained, and are all that is trained', async () => {
    const base = products();
    const graph = withLora(base, { rank: 2 });
    expect(graph.parameters).toEqual(
      ['plain', 'turned', 'gemm', 'gained', 'sideways', 'shared'].flatMap((name) => [
        `${name}.lora_A`,
        `${name}.lora_B`,
      ]),
    );
    expect(values((await run(graph, { x }))['logits'])).toEqual(values((await run(base, { x }))['logits']));
  });

  test('merge into every form of product: the nodes from before, the outputs from after', async () => {
    const base = products();
    const { graph, curve } = await train(withLora(base, { rank: 2, alpha: 3 }), { x }, 3, 10);
    expect(curve[9]).toBeLessThan(curve[0]);
    const merged = mergeLora(graph);
    expect(merged.nodes).toEqual(base.nodes);
    expect([...merged.initializers.keys()]).toEqual([...base.initializers.keys()]);
    const [before, after] = [await run(graph, { x }), await run(merged, { x })];
    const size = values(before['logits']).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(furthest(after['logits'], before['logits']) / size).toBeLessThan(1e-5);
  });

  test('fine-tune BERT with its base frozen and its head trained; merged, it answers the same', async () => {
    const base = withHead(bert(), { output: 'pooler_output', classes: 4 });
    const graph = withLora(base, { rank: 4, targets: ['*.query.weight', '*.value.weight'], train: ['head.*'] });
    expect(graph.parameters).toEqual([
      'head.weight',
      'head.bias',
      ...[0, 1].flatMap((i) =>
        ['query', 'value'].flatMap((part) =>
          ['A', 'B'].map((half) => `bert.encoder.layer.${i}.attention.self.${part}.weight.lora_${half}`),
        ),
      ),
    ]);
    const { graph: trained, curve } = await train(graph, feeds, 4, 12);
    expect(curve[11]).toBeLessThan(0.95 * curve[0]);
    const merged = mergeLora(trained);
    expect(merged.nodes).toEqual(base.nodes);
    expect(furthest((await run(merged, feeds))['logits'], (await run(trained, feeds))['logits'])).toBeLessThan(1e-5);
    const moved = [...base.initializers.keys()].filter(
      (name) => merged.initializers.get(name)?.data.toString() !== base.initializers.get(name)?.data.toString(),
    );
    expect(moved).toEqual([
      ...[0, 1].flatMap((i) =>
        ['query', 'value'].map((part) => `bert.encoder.layer.${i}.attention.self.${part}.weight`),
      ),
      'head.weight',
      'head.bias',
    ]);
  });

  test('refuse what they cannot adapt, by name', () => {
    expect(() => withLora(products(), { rank: 2, targets: ['tied'] })).toThrow(
      'no matrix that LoRA can adapt matches "tied"; there are "plain", "turned", "gemm", "gained", "sideways" and 1 more',
    );
    expect(() => withLora(products(), { rank: 0 })).toThrow('a LoRA rank must be a whole number from 1, got 0');
  });
});

describe('ONNX files', () => {
  const read = (name: string, options = {}) => readOnnx(readFileSync(join(fixtures, 'onnx', `${name}.onnx`)), options);

  test('weights become parameters, whoever wrote them down; other constants do not', () => {
    expect(read('onnx-table').parameters).toEqual(['first.weight', 'first.bias', 'second.bias', 'second.weight']);
    expect(read('torch-text').parameters).toHaveLength(19);
  });

  test('a batch of one in the file becomes any batch', () => {
    const { inputs, outputs } = read('torch-image');
    expect([inputs[0].shape, outputs[0].shape]).toEqual([
      ['batch', 3, 12, 12],
      ['batch', 3],
    ]);
  });

  test('a value inside is kept as the only output, and what it does not need is gone', () => {
    const graph = read('onnx-table', { output: 'active' });
    expect([graph.outputs, graph.parameters]).toEqual([
      [{ name: 'active', dtype: 'float32', shape: ['batch', 16] }],
      ['first.weight', 'first.bias'],
    ]);
  });

  test('an operator that is lacking is named with its node and what to do', () => {
    expect(() => read('onnx-foreign')).toThrow(
      'operator com.microsoft.BiasGelu of node BiasGelu "fused_gelu" is not supported: export the model with standard operators of opset 17, or keep what stands before it as the output ("hidden"), or import it to be served as it is (--as-is)',
    );
    checkGraph(read('onnx-foreign', { output: 'hidden' }));
  });

  test('an output that is not there, and bytes that are no model', () => {
    expect(() => read('onnx-table', { output: 'nothing' })).toThrow(
      'the model has no value "nothing" to keep; its outputs are scores, label',
    );
    expect(() => readOnnx(new TextEncoder().encode('no model'))).toThrow('this is not an ONNX file');
  });
});
