// Optimisers against their papers, written out in double precision.
import { expect, test } from 'vitest';
import { tensor } from '../../../engine/onnx/index.ts';
import { optimise } from '../../../engine/graph/index.ts';
import { compile, fuse, fusedVectors } from '../../../engine/runtime/index.ts';
import { applyGraph, type OptimizerSpec, optimizerScalars, optimizerSlots } from '../../../engine/train/index.ts';

type Reference = (w: number, g: number, slots: number[], lr: number, step: number) => { w: number; slots: number[] };

const cases: [string, OptimizerSpec, Reference][] = [
  ['plain descent', { kind: 'sgd' }, (w, g, _, lr) => ({ w: w - lr * g, slots: [] })],
  [
    'momentum with L2 decay',
    { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
    (w, g, [b], lr) => {
      const next = 0.9 * b + g + 0.1 * w;
      return { w: w - lr * next, slots: [next] };
    },
  ],
  [
    'Nesterov',
    { kind: 'sgd', momentum: 0.8, nesterov: true },
    (w, g, [b], lr) => {
      const next = 0.8 * b + g;
      return { w: w - lr * (g + 0.8 * next), slots: [next] };
    },
  ],
  [
    'Adam with L2 decay',
    { kind: 'adam', weightDecay: 0.1 },
    (w, g, [m, v], lr, t) => {
      const d = g + 0.1 * w;
      const [m2, v2] = [0.9 * m + 0.1 * d, 0.999 * v + 0.001 * d * d];
      return { w: w - (lr * (m2 / (1 - 0.9 ** t))) / (Math.sqrt(v2 / (1 - 0.999 ** t)) + 1e-8), slots: [m2, v2] };
    },
  ],
  [
    'AdamW',
    { kind: 'adamw', betas: [0.8, 0.9], eps: 1e-3, weightDecay: 0.2 },
    (w, g, [m, v], lr, t) => {
      const [m2, v2] = [0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g];
      return {
        w: w * (1 - lr * 0.2) - (lr * (m2 / (1 - 0.8 ** t))) / (Math.sqrt(v2 / (1 - 0.9 ** t)) + 1e-3),
        slots: [m2, v2],
      };
    },
  ],
  [
    'Lion',
    { kind: 'lion', weightDecay: 0.1 },
    (w, g, [m], lr) => ({
      w: w * (1 - lr * 0.1) - lr * Math.sign(0.9 * m + 0.1 * g),
      slots: [0.99 * m + 0.01 * g],
    }),
  ],
];

test.each(cases)(
  '%s follows its definition over five steps, in place, by the runtime and in one fused pass, in the same bits',
  async (_, spec, reference) => {
    const graph = optimise(applyGraph(spec));
    const program = await compile(graph);
    const start = [0.5, -1, 2, 0.1];
    const weight = tensor('float32', [4], start);
    const slots = optimizerSlots(spec).map((name) => [name, tensor('float32', [4])] as const);
    const vectors = fusedVectors(
      Object.fromEntries(['weight', 'gradient', ...optimizerSlots(spec)].map((name) => [name, 4])),
    );
    vectors.data['weight'].set(start);
    const pass = fuse(graph, vectors, 4);
    const expected = start.map((w) => ({ w, slots: slots.map(() => 0) }));
    for (let step = 1; step <= 5; step++) {
      const sums = start.map((_, i) => Math.sin(step * 3 + i) * 4);
      const lr = 0.1 / step;
      const scalars = optimizerScalars(spec, { lr, scale: 0.25, step });
      await program.run(
        {
          weight,
          gradient: tensor('float32', [4], sums),
          ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, tensor('float32', [], [value])])),
          ...Object.fromEntries(slots),
        },
        { 'next.weight': weight, ...Object.fromEntries(slots.map(([name, value]) => [`next.${name}`, value])) },
      );
      vectors.data['gradient'].set(sums);
      pass(scalars);
      sums.forEach((sum, i) => {
        expected[i] = reference(expected[i].w, sum * 0.25, expected[i].slots, lr, step);
      });
    }
    expected.forEach(({ w, slots: state }, i) => {
      expect((weight.data as Float32Array)[i]).toBeCloseTo(w, 5);
      state.forEach((value, k) => {
        expect((slots[k][1].data as Float32Array)[i]).toBeCloseTo(value, 5);
      });
    });
    expect(vectors.data['weight']).toEqual(weight.data);
    for (const [name, { data }] of slots) expect(vectors.data[name]).toEqual(data);
    await program.dispose();
  },
);
