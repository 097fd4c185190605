// A batch computed in parts, one after the other or by several members, is the batch computed at once: on every runtime.
import { describe, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { type Graph, graphBuilder } from '../../engine/graph/index.ts';
import { sameTensor, type Tensor, tensor } from '../../engine/onnx/index.ts';
import { canStay } from '../../engine/runtime/index.ts';
import { compileTraining, type ProgramOptions, type TrainingProgram } from '../../engine/train/index.ts';
import { ones } from './fixture.ts';
import { runtimes } from './runtimes.ts';

function filled(name: string, dims: number[], scale = 1): Tensor {
  const random = rng(9, name);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal() * scale),
  );
}

/** Two layers with dropout between; with running statistics where asked. */
function network(withStatistics: boolean): Graph {
  const g = graphBuilder('network');
  const x = g.input('x', 'float32', ['batch', 6]);
  let y = g.op('Gemm', [x, g.parameter('first', filled('first', [6, 8], 0.4)), g.parameter('bias', filled('b', [8]))]);
  if (withStatistics)
    y = g.op('BatchNormalization', [
      y,
      g.parameter('scale', filled('scale', [8])),
      g.parameter('shift', filled('shift', [8])),
      g.buffer('mean', filled('mean', [8], 0.1)),
      g.buffer('var', tensor('float32', [8], new Float32Array(8).fill(1))),
    ]);
  const dropped = g.op('Dropout', [g.op('Tanh', [y]), g.constant(0.3)]);
  g.output(g.op('MatMul', [dropped, g.parameter('second', filled('second', [8, 3], 0.4))]), 'logits');
  return g.build();
}

const size = 12;
const labels = Array.from({ length: size }, (_, i) => (i * 7) % 3);
const weights = Float32Array.from({ length: size }, (_, i) => (i === 4 ? 0 : 1 + (i % 3)));
const rows = filled('rows', [size, 6]);

/** Rows `from` up to `to` of the batch. */
const part = (from: number, to: number) => ({
  feeds: { x: tensor('float32', [to - from, 6], (rows.data as Float32Array).slice(from * 6, to * 6)) },
  labels: tensor('int64', [to - from], labels.slice(from, to)),
  weights: tensor('float32', [to - from], weights.slice(from, to)),
});

const furthest = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): number =>
  Math.max(
    ...[...a].flatMap(([name, { dtype, data }]) =>
      dtype !== 'float32'
        ? []
        : Array.from(data as Float32Array, (value, i) =>
            Math.abs(value - ((b.get(name) as Tensor).data as Float32Array)[i]),
          ),
    ),
  );

for (const { device, skip } of runtimes) {
  const options: ProgramOptions = {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw', eps: 1e-4 },
    clipNorm: 0.5,
    device,
    threads: 2,
    seed: 4,
  };
  const open = (withStatistics = false) => compileTraining(network(withStatistics), options);
  const whole = part(0, size);
  const grad = (program: TrainingProgram, from: number, to: number, add: boolean) => {
    const own = part(from, to);
    return program.grad(own.feeds, own.labels, own.weights, { firstRow: from, add });
  };

  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    // Where state stays on the device, the fused step sums squares there: the last bit may differ.
    const expectAlike = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>) => {
      if (canStay(device)) return expect(furthest(a, b)).toBeLessThan(1e-6);
      return expect([...a].filter(([name, value]) => !sameTensor(value, b.get(name) as Tensor))).toEqual([]);
    };
    test('grad and then apply are the fused step, to the bit', async () => {
      const [fused, parted] = [await open(true), await open(true)];
      for (let i = 0; i < 4; i++) {
        const sums = await fused.step(whole.feeds, whole.labels, whole.weights, 1e-2);
        const parts = await parted.grad(whole.feeds, whole.labels, whole.weights);
        expect(parts.lossSum).toBeCloseTo(sums.lossSum, 4);
        expect(await parted.apply(1e-2)).toEqual(parts);
      }
      expectAlike(await fused.snapshot(), await parted.snapshot());
      await Promise.all([fused.dispose(), parted.dispose()]);
    });

    test('a step computed again after grad alone is the same to the bit', async () => {
      const [once, twice] = [await open(true), await open(true)];
      await once.step(whole.feeds, whole.labels, whole.weights, 1e-2);
      await grad(twice, 0, 5, false);
      await twice.grad(whole.feeds, whole.labels, whole.weights);
      await twice.apply(1e-2);
      expectAlike(await once.snapshot(), await twice.snapshot());
      await Promise.all([once.dispose(), twice.dispose()]);
    });

    test.each([[2], [3], [5]])(
      'a batch in parts of %i rows gives the step of the whole, dropout included',
      async (by) => {
        const [at, parted] = [await open(), await open()];
        for (let i = 0; i < 3; i++) {
          const sums = await at.step(whole.feeds, whole.labels, whole.weights, 1e-2);
          for (let from = 0; from < size; from += by) await grad(parted, from, Math.min(size, from + by), from > 0);
          const own = await parted.apply(1e-2);
          expect(own.weightSum).toBe(sums.weightSum);
          expect(Math.abs(own.lossSum - sums.lossSum)).toBeLessThan(1e-4);
        }
        expect(furthest(await at.weights(), await parted.weights())).toBeLessThan(1e-5);
        await Promise.all([at.dispose(), parted.dispose()]);
      },
    );

    test('members with unequal shares, one without any, end with one set of weights: those of the whole batch', async () => {
      const alone = await open();
      const members = await Promise.all([open(), open(), open()]);
      const shares = [
        [0, 7],
        [7, 12],
        [12, 12],
      ];
      for (let i = 0; i < 3; i++) {
        await alone.step(whole.feeds, whole.labels, whole.weights, 1e-2);
        for (const [m, member] of members.entries()) {
          const [from, to] = shares[m];
          if (from === to) member.none();
          else await grad(member, from, to, false);
        }
        const sum = Float32Array.from(members[0].reduced, (_, j) =>
          members.reduce((total, { reduced }) => total + reduced[j], 0),
        );
        for (const member of members) {
          member.reduced.set(sum);
          await member.apply(1e-2, true);
        }
      }
      const [first, ...others] = await Promise.all(members.map((member) => member.weights()));
      for (const other of others) expect(furthest(first, other)).toBe(0);
      expect(furthest(await alone.weights(), first)).toBeLessThan(1e-5);
      await Promise.all([alone, ...members].map((member) => member.dispose()));
    });

    test('running statistics of members become their mean, weighted by what each computed', async () => {
      const members = await Promise.all([open(true), open(true), open(true)]);
      await grad(members[0], 0, 8, false);
      await grad(members[1], 8, 12, false);
      members[2].none();
      const own = await Promise.all(
        [part(0, 8), part(8, 12)].map(async (one) => {
          const program = await open(true);
          await program.step(one.feeds, one.labels, one.weights, 0);
          const { data } = (await program.weights()).get('mean') as Tensor;
          await program.dispose();
          return { mean: data as Float32Array, weight: (one.weights.data as Float32Array).reduce((a, b) => a + b, 0) };
        }),
      );
      const sum = Float32Array.from(members[0].reduced, (_, j) =>
        members.reduce((total, { reduced }) => total + reduced[j], 0),
      );
      for (const member of members) {
        member.reduced.set(sum);
        await member.apply(1e-2, true);
        const mean = (await member.weights()).get('mean')?.data as Float32Array;
        mean.forEach((value, i) => {
          const all = own.reduce((total, one) => total + one.mean[i] * one.weight, 0);
          expect(value).toBeCloseTo(all / own.reduce((total, one) => total + one.weight, 0), 5);
        });
      }
      await Promise.all(members.map((member) => member.dispose()));
    });
  });
}

test('padding within a part adds nothing', async () => {
  const program = await compileTraining(network(false), {
    loss: 'cross_entropy',
    optimizer: { kind: 'sgd' },
    device: 'cpu',
    threads: 1,
    seed: 4,
  });
  const one = part(0, 3);
  const zero = { ...one, weights: tensor('float32', [3]) };
  await program.grad(one.feeds, one.labels, ones(3));
  const before = program.reduced.slice();
  await program.grad(zero.feeds, zero.labels, zero.weights, { add: true, firstRow: 3 });
  expect(program.reduced).toEqual(before);
  await program.dispose();
});
