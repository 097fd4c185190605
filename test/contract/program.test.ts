// What a training program promises, on every runtime of this machine.
import { describe, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { type Graph, graphBuilder, type Value } from '../../engine/graph/index.ts';
import { sameTensor, type Tensor, tensor } from '../../engine/onnx/index.ts';
import { compile } from '../../engine/runtime/index.ts';
import { compileTraining, type ProgramOptions, type TrainingProgram } from '../../engine/train/index.ts';
import { gelu, ones, readFixture } from './fixture.ts';
import { runtimes } from './runtimes.ts';

function filled(name: string, dims: number[], scale = 1): Tensor {
  const random = rng(7, name);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal() * scale),
  );
}

/** A small network with everything that acts otherwise while training. */
function network(dropout: number): Graph {
  const g = graphBuilder('network');
  const x = g.input('x', 'float32', ['batch', 2, 6, 6]);
  const conv = g.op('Conv', [
    x,
    g.parameter('conv', filled('conv', [4, 2, 3, 3], 0.3)),
    g.parameter('conv.bias', filled('cb', [4])),
  ]);
  const norm = g.op('BatchNormalization', [
    conv,
    g.parameter('scale', filled('scale', [4])),
    g.parameter('bias', filled('bias', [4])),
    g.buffer('mean', filled('mean', [4], 0.1)),
    g.buffer('var', tensor('float32', [4], [1, 2, 0.5, 1])),
  ]);
  const flat = g.op('Flatten', [gelu(g, norm)]);
  const dropped: Value = dropout > 0 ? g.op('Dropout', [flat, g.constant(dropout)]) : flat;
  g.output(
    g.op('Gemm', [
      dropped,
      g.parameter('head', filled('head', [64, 3], 0.2)),
      g.parameter('head.bias', filled('hb', [3])),
    ]),
    'logits',
  );
  return g.build();
}

function batchOf(rows: number, label = 'batch') {
  const random = rng(3, label);
  return {
    feeds: { x: filled(label, [rows, 2, 6, 6]) },
    labels: tensor(
      'int64',
      [rows],
      Array.from({ length: rows }, () => random.int(3)),
    ),
    weights: ones(rows),
  };
}

/** The batch with rows of rubbish and weight 0 appended. */
function padded(batch: ReturnType<typeof batchOf>, by: number): ReturnType<typeof batchOf> {
  const rubbish = batchOf(by, 'rubbish');
  const join = (a: Tensor, b: Tensor): Tensor => ({
    dtype: a.dtype,
    dims: [a.dims[0] + b.dims[0], ...a.dims.slice(1)],
    data:
      a.dtype === 'int64'
        ? BigInt64Array.from([...(a.data as BigInt64Array), ...(b.data as BigInt64Array)])
        : Float32Array.from([...(a.data as Float32Array), ...(b.data as Float32Array)]),
  });
  const zeros = tensor('float32', [by]);
  return {
    feeds: { x: join(batch.feeds.x, rubbish.feeds.x) },
    labels: join(batch.labels, rubbish.labels),
    weights: join(batch.weights, zeros),
  };
}

const differing = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): string[] =>
  [...a.keys()].filter((key) => !b.has(key) || !sameTensor(a.get(key) as Tensor, b.get(key) as Tensor));

const furthest = (a: Tensor, b: Tensor): number =>
  Math.max(...Array.from(a.data as Float32Array, (value, i) => Math.abs(value - (b.data as Float32Array)[i])));

for (const { device, skip } of runtimes) {
  const base: ProgramOptions = { loss: 'cross_entropy', optimizer: { kind: 'adamw' }, device, threads: 2, seed: 11 };
  const open = (dropout: number, changes: Partial<ProgramOptions> = {}) =>
    compileTraining(network(dropout), { ...base, ...changes });
  const run = async (training: TrainingProgram, from: number, to: number) => {
    const losses: number[] = [];
    for (let i = from; i < to; i++) {
      const { feeds, labels, weights } = batchOf(8, `batch ${i}`);
      losses.push((await training.step(feeds, labels, weights, 1e-2)).lossSum);
    }
    return losses;
  };

  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    test('the same seed and feeds give the same bits', async () => {
      const [a, b] = [await open(0.3), await open(0.3)];
      expect(await run(a, 0, 6)).toEqual(await run(b, 0, 6));
      expect(differing(await a.snapshot(), await b.snapshot())).toEqual([]);
      await Promise.all([a.dispose(), b.dispose()]);
    });

    test('another seed drops other values', async () => {
      const [a, b] = [await open(0.3), await open(0.3, { seed: 12 })];
      expect(await run(a, 0, 2)).not.toEqual(await run(b, 0, 2));
      await Promise.all([a.dispose(), b.dispose()]);
    });

    test('training resumed from a snapshot ends with the bits of the undisturbed run', async () => {
      const [whole, first, second] = [await open(0.3), await open(0.3), await open(0.3)];
      await run(whole, 0, 6);
      await run(first, 0, 3);
      await second.restore(await first.snapshot());
      await run(second, 3, 6);
      expect(differing(await whole.snapshot(), await second.snapshot())).toEqual([]);
      await Promise.all([whole.dispose(), first.dispose(), second.dispose()]);
    });

    test('what predict, evaluate and the exported graph compute is the same to the bit', async () => {
      const training = await open(0.3);
      await run(training, 0, 4);
      const { feeds, labels, weights } = batchOf(5, 'held out');
      const { logits } = await training.predict(feeds);
      expect(sameTensor((await training.evaluate(feeds, labels, weights)).logits, logits)).toBe(true);
      const served = await compile(await training.trained(), { device });
      expect(sameTensor((await served.run(feeds))['logits'], logits)).toBe(true);
      await Promise.all([training.dispose(), served.dispose()]);
    });

    test('rows of weight 0 add nothing: not to the loss, the gradients or the running statistics', async () => {
      const [plain, more] = [await open(0.3), await open(0.3)];
      const batch = batchOf(6);
      const wide = padded(batch, 3);
      const a = await plain.step(batch.feeds, batch.labels, batch.weights, 1e-2);
      const b = await more.step(wide.feeds, wide.labels, wide.weights, 1e-2);
      expect(b.weightSum).toBe(a.weightSum);
      expect(b.lossSum).toBeCloseTo(a.lossSum, 4);
      const [left, right] = [await plain.weights(), await more.weights()];
      const off = [...left].map(([name, value]) => [name, furthest(value, right.get(name) as Tensor)] as const);
      // Adam's first step is lr·sign(g): a bias before BatchNormalization has gradient 0 and steps by noise.
      expect(off.filter(([name, error]) => name !== 'conv.bias' && error > 1e-4)).toEqual([]);
      await Promise.all([plain.dispose(), more.dispose()]);
    });

    test('a step of learning rate 0 changes no weight, and clipping bounds the step of plain descent', async () => {
      const training = await open(0, { optimizer: { kind: 'sgd' }, clipNorm: 0.5 });
      const before = await training.weights();
      const { feeds, labels, weights } = batchOf(8);
      await training.step(feeds, labels, weights, 0);
      const still = await training.weights();
      const parameters = network(0).parameters;
      expect(parameters.filter((name) => !sameTensor(before.get(name) as Tensor, still.get(name) as Tensor))).toEqual(
        [],
      );
      await training.step(feeds, labels, weights, 1);
      const after = await training.weights();
      const moved = parameters.map((name) => furthest(after.get(name) as Tensor, before.get(name) as Tensor));
      const squares = parameters.flatMap((name) =>
        Array.from(
          (after.get(name) as Tensor).data as Float32Array,
          (v, i) => (v - ((before.get(name) as Tensor).data as Float32Array)[i]) ** 2,
        ),
      );
      expect(Math.max(...moved)).toBeGreaterThan(0);
      expect(Math.sqrt(squares.reduce((a, b) => a + b, 0))).toBeCloseTo(0.5, 3);
      await training.dispose();
    });

    test('label smoothing and class weights give the loss of the definition', async () => {
      const { forward, batch } = readFixture('mlp-adam');
      const classWeights = [1, 2, 0.5];
      const training = await compileTraining(forward, { ...base, labelSmoothing: 0.1, classWeights });
      const { feeds, labels, weights } = batch(0);
      const { logits, lossSum, weightSum } = await training.evaluate(feeds, labels, weights);
      let loss = 0;
      let weight = 0;
      for (let i = 0; i < weights.data.length; i++) {
        const row = Array.from((logits.data as Float32Array).subarray(3 * i, 3 * i + 3));
        const norm = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
        const label = Number((labels.data as BigInt64Array)[i]);
        row.forEach((v, k) => {
          loss -= classWeights[k] * ((k === label ? 0.9 : 0) + 0.1 / 3) * (v - norm);
        });
        weight += classWeights[label];
      }
      expect(lossSum).toBeCloseTo(loss, 3);
      expect(weightSum).toBeCloseTo(weight, 4);
      await training.dispose();
    });
  });
}
