// The same step programs on TensorFlow.js, on its own processor kernels (those of @tensorflow/tfjs-node-gpu have the same
// interface), against PyTorch's reference runs and onnxruntime.
import { describe, expect, test } from 'vitest';
import { type GraphBuilder, graphBuilder, type Value } from '../../engine/graph/index.ts';
import { type NumericArray, type Tensor, tensor } from '../../engine/onnx/index.ts';
import { compile, listDevices } from '../../engine/runtime/index.ts';
import { compileTraining } from '../../engine/train/index.ts';
import { bertExpected, bertGraph } from './bert.ts';
import { fixtureNames, ones, readFixture, relativeError } from './fixture.ts';

const device = 'tfjs-cpu';

/** Gradients that are exactly 0: floats hold noise (see training.test.ts). */
const undetermined = new Set(['c1.bias']);

test.each(fixtureNames)('%s: first gradients, steps and predictions are those of PyTorch', async (name) => {
  const fixture = readFixture(name);
  const { forward, loss, optimizer } = fixture;
  const training = await compileTraining(forward, { loss, optimizer, device, threads: 1, seed: 1 });
  const first = fixture.batch(0);
  const gradients = await training.gradients(first.feeds, first.labels, first.weights);
  const errors = [...gradients].map(
    ([key, value]) => [key, relativeError(value, fixture.reference(`grad.${key}`))] as const,
  );
  expect(errors.filter(([key, error]) => !undetermined.has(key) && !(error < 1e-3))).toEqual([]);
  const cpu = await compileTraining(forward, { loss, optimizer, device: 'cpu', threads: 1, seed: 1 });
  const [own, other] = [await training.predict(first.feeds), await cpu.predict(first.feeds)];
  expect(relativeError(own['logits'], other['logits'])).toBeLessThan(1e-4);
  const off: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { feeds, labels, weights } = fixture.batch(i);
    const { lossSum, weightSum } = await training.step(feeds, labels, weights, fixture.lr);
    off.push(Math.abs(lossSum / weightSum - fixture.curve[i]));
  }
  expect(off.filter((error) => !(error < 1e-3))).toEqual([]);
  await training.dispose();
  await cpu.dispose();
});

test('BERT: first gradients are those of PyTorch', async () => {
  const expected = bertExpected();
  const start = (key: string): Tensor => {
    const value = expected.tensors.get(key) as Tensor;
    const size = (value.data.length / value.dims[0]) * 4;
    return { ...value, dims: [4, ...value.dims.slice(1)], data: (value.data as NumericArray).slice(0, size) };
  };
  const training = await compileTraining(bertGraph(), {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw' },
    device,
    threads: 1,
    seed: 1,
  });
  const feeds = { input_ids: start('input_ids'), attention_mask: start('attention_mask') };
  const gradients = await training.gradients(feeds, start('labels'), ones(4));
  const off = Object.entries(expected.gradientNorms).flatMap(([name, norm]) => {
    const own = Math.hypot(...((gradients.get(name) as Tensor).data as Float32Array));
    // The key's bias has a gradient of exactly 0.
    return Math.abs(own - norm) <= 1e-3 * norm + 1e-6 ? [] : [{ name, own, norm }];
  });
  expect(off).toEqual([]);
  await training.dispose();
});

const image = (g: GraphBuilder): Value => g.input('x', 'float32', ['n', 2, 9, 7]);
const weight = (g: GraphBuilder, dims: number[]): Value => {
  const size = dims.reduce((a, b) => a * b, 1);
  return g.constant(
    tensor(
      'float32',
      dims,
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7)),
    ),
  );
};

/** Forms that the fixtures do not have. */
const forms: Record<string, (g: GraphBuilder) => Value> = {
  'a convolution with stride and dilation': (g) =>
    g.op('Conv', [image(g), weight(g, [3, 2, 2, 3])], { strides: [2, 1], dilations: [3, 2], pads: [1, 0, 0, 2] }),
  'a convolution in groups': (g) => g.op('Conv', [image(g), weight(g, [4, 1, 3, 3])], { group: 2 }),
  'a transposed convolution': (g) =>
    g.op('ConvTranspose', [image(g), weight(g, [2, 3, 3, 2])], {
      strides: [2, 3],
      pads: [1, 0, 0, 1],
      output_padding: [1, 2],
    }),
  'max-pooling with pads': (g) =>
    g.op('MaxPool', [image(g)], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }),
  'a slice backwards': (g) =>
    g.op('Slice', [image(g), g.ints([-2, 0]), g.ints([-(2 ** 31), 5]), g.ints([2, 3]), g.ints([-2, 3])]),
  'places counted from the end': (g) =>
    g.op('Gather', [image(g), g.constant(tensor('int64', [2, 2], [0, -1, 3, -2]))], { axis: 2 }),
};

describe('gives what onnxruntime gives for', () => {
  test.each(Object.entries(forms))('%s', async (_, make) => {
    const g = graphBuilder('form');
    g.output(make(g), 'y');
    const x = tensor(
      'float32',
      [3, 2, 9, 7],
      Float32Array.from({ length: 378 }, (_unused, i) => Math.cos(i * 0.9)),
    );
    const results: Tensor[] = [];
    for (const on of ['cpu', device]) {
      const program = await compile(g.build(), { device: on });
      results.push((await program.run({ x }))['y']);
      await program.dispose();
    }
    expect(results[1].dims).toEqual(results[0].dims);
    expect(relativeError(results[1], results[0])).toBeLessThan(1e-5);
  });
});

test('memory does not grow from run to run', async () => {
  const fixture = readFixture('mlp-sgd');
  const { forward, loss, optimizer } = fixture;
  const training = await compileTraining(forward, { loss, optimizer, device, threads: 1, seed: 1 });
  const { feeds, labels, weights } = fixture.batch(0);
  const { memory } = await import('@tensorflow/tfjs-core');
  await training.step(feeds, labels, weights, 0);
  const before = memory().numTensors;
  for (let i = 0; i < 5; i++) await training.step(feeds, labels, weights, 0);
  expect(memory().numTensors).toBe(before);
  await training.dispose();
});

test('an operator without a kernel is refused by name before anything runs', async () => {
  const g = graphBuilder('rounding');
  g.output(g.op('Round', [g.input('x', 'float32', [1])]), 'y');
  await expect(compile(g.build(), { device })).rejects.toMatchObject({
    code: 'unsupported_operator',
    message: 'device tfjs-cpu has no kernel for Round "Round_0": use --device webgpu or cpu',
  });
});

test('the device says what to install where it is missing', async () => {
  const found = (await listDevices()).find(({ id }) => id === 'tfjs');
  if (found?.available) return;
  expect(found?.why).toBe('install @tensorflow/tfjs-node-gpu and CUDA 11, or use --device webgpu or cpu');
});

test('dropout drops what it drops elsewhere: the same steps as onnxruntime', async () => {
  const g = graphBuilder('dropout');
  const x = g.input('x', 'float32', ['batch', 12]);
  const table = (rows: number, columns: number) =>
    tensor(
      'float32',
      [rows, columns],
      Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 1.3)),
    );
  const hidden = g.op('Dropout', [
    g.op('Tanh', [g.op('MatMul', [x, g.parameter('w', table(12, 20))])]),
    g.constant(0.4),
  ]);
  g.output(g.op('MatMul', [hidden, g.parameter('v', table(20, 3))]), 'logits');
  const graph = g.build();
  const options = { loss: 'cross_entropy', optimizer: { kind: 'adamw' }, threads: 1, seed: 9 } as const;
  const [own, other] = [
    await compileTraining(graph, { ...options, device }),
    await compileTraining(graph, { ...options, device: 'cpu' }),
  ];
  const feeds = { x: table(8, 12) };
  const labels = tensor(
    'int64',
    [8],
    Array.from({ length: 8 }, (_, i) => i % 3),
  );
  for (let i = 0; i < 4; i++) {
    const [a, b] = [await own.step(feeds, labels, ones(8), 1e-2), await other.step(feeds, labels, ones(8), 1e-2)];
    expect(Math.abs(a.lossSum - b.lossSum)).toBeLessThan(1e-3);
  }
  await Promise.all([own.dispose(), other.dispose()]);
});
