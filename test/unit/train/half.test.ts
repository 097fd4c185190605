// Half precision: steps close to those in single, small gradients not lost, overflows left out.
import { expect, test } from 'vitest';
import { checkGraph, graphBuilder } from '../../../engine/graph/index.ts';
import { rng } from '../../../engine/base/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compileTraining, type ProgramOptions } from '../../../engine/train/index.ts';
import { inHalf, lossScaleName, openLossScale } from '../../../engine/train/half.ts';
import { gradGraph } from '../../../engine/train/steps.ts';

const random = rng(4, 'half');
const filled = (dims: number[], scale: number): Tensor =>
  tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal() * scale),
  );

/** `small` makes gradients so small that float16 would lose them. */
function network(small = 1) {
  const g = graphBuilder('network');
  const x = g.input('x', 'float32', ['batch', 8]);
  const hidden = g.op('Tanh', [
    g.op('Gemm', [x, g.parameter('w', filled([8, 16], 0.4)), g.parameter('b', filled([16], 0.1))]),
  ]);
  const scaled = g.op('Mul', [hidden, g.constant(small)]);
  g.output(g.op('MatMul', [scaled, g.parameter('v', filled([16, 3], 0.4))]), 'logits');
  return g.build();
}
const feeds = { x: filled([12, 8], 1) };
const labels = tensor(
  'int64',
  [12],
  Array.from({ length: 12 }, (_, i) => i % 3),
);
const weights = tensor('float32', [12], new Float32Array(12).fill(1));
const options: ProgramOptions = {
  loss: 'cross_entropy',
  optimizer: { kind: 'adamw' },
  clipNorm: 10,
  device: 'cpu',
  threads: 1,
  seed: 1,
};
const relative = (a: Tensor, b: Tensor): number => {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  const error = x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0);
  return Math.sqrt(error / y.reduce((sum, value) => sum + value * value, 0));
};

test('products change type and nothing else does', () => {
  const { graph } = gradGraph(network(), { loss: 'cross_entropy', precision: 'fp16' });
  const half = inHalf(graph);
  checkGraph(half);
  expect([half.inputs, half.outputs]).toEqual([graph.inputs, graph.outputs]);
  const halves = half.nodes.filter(({ outputs }) => half.types.get(outputs[0])?.dtype === 'float16');
  expect(new Set(halves.map(({ op }) => op))).toEqual(new Set(['Cast', 'MatMul', 'Gemm']));
});

test('gradients and the loss curve are those of single precision within what half can tell', async () => {
  const graph = network();
  const [single, half] = [
    await compileTraining(graph, options),
    await compileTraining(graph, { ...options, precision: 'fp16' }),
  ];
  const [a, b] = [await single.gradients(feeds, labels, weights), await half.gradients(feeds, labels, weights)];
  for (const [name, value] of a) expect(relative(b.get(name) as Tensor, value)).toBeLessThan(5e-3);
  for (let i = 0; i < 20; i++) {
    const left = await single.step(feeds, labels, weights, 1e-2);
    const right = await half.step(feeds, labels, weights, 1e-2);
    expect(Math.abs(left.lossSum - right.lossSum)).toBeLessThan(0.02 * left.lossSum);
  }
  await Promise.all([single.dispose(), half.dispose()]);
});

test('gradients too small for half precision are kept by the scale', async () => {
  const graph = network(1e-7);
  const [single, half] = [
    await compileTraining(graph, options),
    await compileTraining(graph, { ...options, precision: 'fp16' }),
  ];
  const [a, b] = [await single.gradients(feeds, labels, weights), await half.gradients(feeds, labels, weights)];
  expect(relative(b.get('w') as Tensor, a.get('w') as Tensor)).toBeLessThan(0.2);
  await Promise.all([single.dispose(), half.dispose()]);
});

// The processor's kernels compute half products in single, so that what overflows here does so for another reason.
test('a step whose gradients are not finite is left out, and training goes on', async () => {
  const training = await compileTraining(network(), { ...options, precision: 'fp16' });
  const before = await training.snapshot();
  const broken = { x: { ...feeds.x, data: new Float32Array(96).fill(Number.POSITIVE_INFINITY) } };
  await training.step(broken, labels, weights, 1e-2);
  const [name, halved] = [lossScaleName, tensor('float32', [2], [2 ** 11, 0])];
  expect(await training.snapshot()).toEqual(new Map([...before, [name, halved]]));
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) losses.push((await training.step(feeds, labels, weights, 1e-2)).lossSum);
  expect(losses[9]).toBeLessThan(losses[0]);
  await training.dispose();
});

test('goes on from a snapshot with the scale that it had, and from one without a scale with a new one', async () => {
  const open = () => compileTraining(network(), { ...options, precision: 'fp16' });
  const [one, other] = [await open(), await open()];
  const broken = { x: { ...feeds.x, data: new Float32Array(96).fill(Number.POSITIVE_INFINITY) } };
  await one.step(broken, labels, weights, 1e-2);
  await one.step(feeds, labels, weights, 1e-2);
  const saved = await one.snapshot();
  await other.restore(saved);
  expect(await other.snapshot()).toEqual(saved);
  await Promise.all([one, other].map((training) => training.step(feeds, labels, weights, 1e-2)));
  expect(await other.snapshot()).toEqual(await one.snapshot());
  await other.restore(new Map([...saved].filter(([name]) => name !== lossScaleName)));
  expect((await other.snapshot()).get(lossScaleName)).toEqual(tensor('float32', [2], [2 ** 12, 0]));
  await Promise.all([one.dispose(), other.dispose()]);
});

test('the loss scale halves at once and grows with patience', () => {
  const scale = openLossScale(1024);
  scale.observe(false);
  expect(scale.value).toBe(512);
  for (let i = 0; i < 500; i++) scale.observe(true);
  expect(scale.value).toBe(1024);
  for (let i = 0; i < 40; i++) scale.observe(false);
  expect(scale.value).toBe(1);
});
