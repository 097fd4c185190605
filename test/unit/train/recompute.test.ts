// Recomputation: the same numbers with less held, and the estimate of what is held.
import { describe, expect, test } from 'vitest';
import { checkGraph, graphBuilder, optimise } from '../../../engine/graph/index.ts';
import { families, type Layout, settleHyper } from '../../../engine/models/index.ts';
import { sameTensor, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { compileTraining, type ProgramOptions } from '../../../engine/train/index.ts';
import { peakBytes, sizeOfDim } from '../../../engine/train/liveness.ts';
import { recomputing } from '../../../engine/train/recompute.ts';
import { bufferNames, gradGraph } from '../../../engine/train/steps.ts';

const layout: Layout = {
  dense: 0,
  parts: { numeric: 0, indicated: [], oneHot: [] },
  embedded: [],
  texts: [],
  sequences: [{ rows: 50, length: 16 }],
  image: null,
};
const images: Layout = {
  ...layout,
  dense: 64,
  parts: { numeric: 64, indicated: [], oneHot: [] },
  sequences: [],
  image: { first: 0, height: 8, width: 8, channels: 1 },
};
const build = (name: 'transformer' | 'resnet', own: Layout, hyper = {}) =>
  families[name].build(own, 3, settleHyper(families[name], hyper), 1);

const text = {
  graph: () => build('transformer', layout, { layers: 4, width: 32, inner: 64, ngrams: 0 }),
  feeds: {
    text_0_tokens: tensor(
      'int64',
      [6, 16],
      Array.from({ length: 96 }, (_, i) => (i % 16 < 9 ? (i * 7) % 50 : 0)),
    ),
  },
};
const picture = {
  graph: () => build('resnet', images),
  feeds: {
    dense: tensor(
      'float32',
      [6, 64],
      Array.from({ length: 384 }, (_, i) => Math.sin(i)),
    ),
  },
};
const options: ProgramOptions = {
  loss: 'cross_entropy',
  // Adam would make a step of a gradient that is nothing but rounding.
  optimizer: { kind: 'sgd' },
  device: 'cpu',
  threads: 1,
  seed: 3,
};
const labels = tensor('int64', [6], [0, 1, 2, 0, 1, 2]);
const weights = tensor('float32', [6], [1, 1, 1, 1, 1, 0]);

/** Sum of squares of a tensor, or of what two differ by. */
const squares = (a: Tensor, b?: Tensor): number =>
  (a.data as Float32Array).reduce((sum, value, i) => sum + (value - ((b?.data as Float32Array)?.[i] ?? 0)) ** 2, 0);

describe.each([
  ['a transformer', text, 0.75],
  // What the gradient of a convolution unfolds is most of it, whatever is held.
  ['a convolutional network with batch normalisation', picture, 1],
] as const)('%s', (_name, { graph, feeds }, share) => {
  test('takes the same steps but for rounding, dropout included', async () => {
    const [held, again] = [
      await compileTraining(graph(), options),
      await compileTraining(graph(), { ...options, recompute: true }),
    ];
    const [one, other] = [await held.gradients(feeds, labels, weights), await again.gradients(feeds, labels, weights)];
    const whole = [...one.values()].reduce((sum, value) => sum + squares(value), 0);
    const apart = [...one].reduce((sum, [name, value]) => sum + squares(value, other.get(name)), 0);
    expect(Math.sqrt(apart / whole)).toBeLessThan(1e-5);
    for (let i = 0; i < 3; i++) {
      const { lossSum } = await held.step(feeds, labels, weights, 1e-2);
      expect(Math.abs((await again.step(feeds, labels, weights, 1e-2)).lossSum - lossSum)).toBeLessThan(1e-3);
    }
    await Promise.all([held.dispose(), again.dispose()]);
  });

  test('holds less', () => {
    const forward = graph();
    const grad = gradGraph(forward, { loss: 'cross_entropy' });
    const short = optimise(grad.graph);
    const less = recomputing(short, grad.forward, [...forward.parameters, ...bufferNames(forward)]);
    checkGraph(less);
    const sizes = { named: { batch: 64 }, otherwise: 128 };
    expect(peakBytes(less, sizes)).toBeLessThan(share * peakBytes(short, sizes));
  });
});

test('a graph too small to cut stays as it is', () => {
  const g = graphBuilder('small');
  const x = g.input('x', 'float32', ['batch', 3]);
  g.output(g.op('MatMul', [x, g.parameter('w', tensor('float32', [3, 2]))]), 'logits');
  const forward = g.build();
  const grad = gradGraph(forward, { loss: 'cross_entropy' });
  expect(recomputing(grad.graph, grad.forward, forward.parameters)).toBe(grad.graph);
});

test('sizes of dimensions: names, products, sums and quotients; what cannot be read counts as usual', () => {
  const sizes = { named: { batch: 6, words_0: 5 }, otherwise: 100 };
  const of = (dim: number | string) => sizeOfDim(dim, sizes);
  expect(
    [7, 'batch', '2*batch', 'batch*words_0', '(batch+words_0)', '3*(words_0-1)', '(batch/2)', 'other', '(range y)'].map(
      of,
    ),
  ).toEqual([7, 6, 12, 30, 11, 12, 3, 100, 100]);
});

test('the estimate counts what is alive: a chain holds two values, a fan all of them', () => {
  const g = graphBuilder('chain');
  let y = g.input('x', 'float32', ['batch', 4]);
  for (let i = 0; i < 5; i++) y = g.op('Relu', [y]);
  g.output(g.op('ReduceSum', [y], { keepdims: 0 }), 'y');
  expect(peakBytes(g.build(), { named: { batch: 10 }, otherwise: 1 })).toBe(2 * 160);
  const fan = graphBuilder('fan');
  const x = fan.input('x', 'float32', ['batch', 4]);
  const parts = Array.from({ length: 5 }, (_, i) => fan.op('Mul', [x, fan.constant(i)]));
  fan.output(fan.op('ReduceSum', [fan.op('Sum', parts)], { keepdims: 0 }), 'y');
  expect(peakBytes(fan.build(), { named: { batch: 10 }, otherwise: 1 })).toBe(6 * 160);
});

test('gradients run as soon as they can: the runtime gives the same numbers in that order', async () => {
  const forward = text.graph();
  const grad = gradGraph(forward, { loss: 'cross_entropy' });
  const state = new Map(forward.parameters.map((name) => [name, forward.initializers.get(name) as Tensor]));
  const given = { ...text.feeds, 'train.labels': labels, 'train.weights': weights, ...Object.fromEntries(state) };
  const more: Record<string, Tensor> = grad.random
    ? { 'dropout.step': tensor('int32', [1], [5]), 'dropout.rows': tensor('int32', [6], [0, 1, 2, 3, 4, 5]) }
    : {};
  const [a, b] = await Promise.all([compile(grad.graph), compile(optimise(grad.graph))]);
  const [left, right] = [await a.run({ ...given, ...more }), await b.run({ ...given, ...more })];
  expect(Object.keys(left).filter((name) => !sameTensor(left[name], right[name]))).toEqual([]);
  await Promise.all([a.dispose(), b.dispose()]);
});
