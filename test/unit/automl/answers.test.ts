// What is made of members' held-out answers: stacks, calibrations, and the class that is named. The merged graph gives the same.
import { describe, expect, test } from 'vitest';
import { calibrated, chooseCalibration } from '../../../engine/automl/calibrate.ts';
import { chooseDecision, metricOf } from '../../../engine/automl/decide.ts';
import type { Ensemble } from '../../../engine/automl/ensemble.ts';
import { mergeParts } from '../../../engine/automl/merge.ts';
import { softmaxOf } from '../../../engine/automl/scores.ts';
import { chooseStack, stacked } from '../../../engine/automl/stack.ts';
import { rng } from '../../../engine/base/index.ts';
import { graphBuilder } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';

const n = 1200;
const rows = Uint32Array.from({ length: n }, (_, i) => i);
const folds = rows.map((i) => i % 5);

/** True shares of two classes, and labels drawn by them. */
function made(seed: number): { share: Float64Array; labels: Int32Array } {
  const random = rng(seed, 'made');
  const share = Float64Array.from(rows, () => 1 / (1 + Math.exp(-2 * random.normal())));
  return { share, labels: Int32Array.from(share, (p) => Number(random.next() < p)) };
}

const logsOf = (share: Float64Array) =>
  Float64Array.from({ length: 2 * share.length }, (_, i) => Math.log(i % 2 === 0 ? 1 - share[i >> 1] : share[i >> 1]));

const lossOf = (logits: ArrayLike<number>, labels: Int32Array) =>
  softmaxOf(logits, 2).reduce((sum, p, i) => sum - (labels[i >> 1] === i % 2 ? Math.log(p) : 0), 0) / labels.length;

describe('calibration', () => {
  test('is one temperature where that is what is wrong', () => {
    const { share, labels } = made(1);
    const logs = logsOf(share).map((log) => log * 3);
    const found = chooseCalibration(logs, rows, folds, { labels, outputs: 2 });
    expect(found.kind).toBe('temperature');
    expect(lossOf(calibrated(found, logs, 2), labels)).toBeLessThan(lossOf(logs, labels));
  });

  test('takes a factor and an offset a class where shares lean to one side', () => {
    const { share, labels } = made(2);
    const leaning = share.map((p) => p ** 3 / (p ** 3 + (1 - p)));
    const found = chooseCalibration(logsOf(leaning), rows, folds, { labels, outputs: 2 });
    expect(found.kind).toBe('scaling');
    expect(lossOf(calibrated(found, logsOf(leaning), 2), labels)).toBeLessThan(lossOf(logsOf(share), labels) + 0.01);
  });

  test('takes curves where shares are wrong by no factor', () => {
    const { share, labels } = made(3);
    // Rises with the true share, but in a step.
    const bent = share.map((p) => 0.5 + 0.02 * Math.tanh(12 * (p - 0.75)) + 0.001 * p);
    const found = chooseCalibration(logsOf(bent), rows, folds, { labels, outputs: 2 });
    expect(found.kind).toBe('isotonic');
  });
});

describe('a stack', () => {
  test('weighs what each member knows, where their mean does not', () => {
    const random = rng(4, 'stack');
    const targets = Float64Array.from(rows, () => random.normal());
    const good = targets.map((value) => value + 0.2 * random.normal());
    const off = targets.map((value) => 0.3 * value + 2 + 0.5 * random.normal());
    const mean = good.map((value, i) => (value + off[i]) / 2);
    const truth = { targets, outputs: 1 };
    const stack = chooseStack([good, off], [0.5, 0.5], mean, rows, folds, truth);
    if (!stack) throw new Error('there is no stack');
    const error = stacked(stack, [good, off]).reduce((sum, v, i) => sum + (v - targets[i]) ** 2, 0) / n;
    expect(error).toBeLessThan(0.05);
  });

  test('is left out where the mean is as good', () => {
    const random = rng(5, 'stack');
    const targets = Float64Array.from(rows, () => random.normal());
    // Targets that spread so widely that leaning towards their mean gains nothing.
    const [a, b] = [1, 2].map(() => targets.map((value) => value + 0.01 * random.normal()));
    const mean = a.map((value, i) => (value + b[i]) / 2);
    expect(chooseStack([a, b], [0.5, 0.5], mean, rows, folds, { targets, outputs: 1 })).toBeUndefined();
  });
});

describe('the class that is named', () => {
  const random = rng(6, 'rare');
  const labels = Int32Array.from(rows, () => Number(random.next() < 0.1));
  // Half as sure of the rare class as it should be.
  const shares = Float64Array.from({ length: 2 * n }, (_, i) => i);
  for (let i = 0; i < n; i++) {
    const p = Math.min(0.45, Math.max(0.01, (labels[i] === 1 ? 0.35 : 0.1) + 0.08 * random.normal()));
    shares.set([1 - p, p], 2 * i);
  }
  const named = (offsets: readonly number[]) =>
    Int32Array.from(rows, (i) =>
      Number(Math.log(shares[2 * i + 1]) + offsets[1] > Math.log(shares[2 * i]) + offsets[0]),
    );

  test.each(['f1', 'balanced-accuracy'] as const)('is chosen for %s', (metric) => {
    const score = metricOf(metric, labels, 2);
    const offsets = chooseDecision(metric, shares, labels, 2);
    if (!offsets) throw new Error('nothing was chosen');
    expect(score(named(offsets))).toBeGreaterThan(score(named([0, 0])) + 0.3);
  });

  test('is the likeliest for accuracy', () => {
    expect(chooseDecision('accuracy', shares, labels, 2)).toBeUndefined();
  });
});

test.each([
  ['a mean under a temperature', { calibration: { kind: 'temperature', factor: 1.4 } }],
  [
    'a stack with offsets',
    {
      stack: { weights: [0.7, 0.2, 0.5, 0.9], offsets: [0.1, -0.3] },
      calibration: { kind: 'scaling', factors: [0.8, 1.1], offsets: [0, 0.2] },
    },
  ],
  [
    'curves',
    {
      calibration: {
        kind: 'isotonic',
        curves: [
          { at: [0.1, 0.4, 0.9], to: [0.05, 0.5, 0.95] },
          { at: [0.2, 0.6], to: [0.1, 0.8] },
        ],
      },
    },
  ],
] satisfies [string, Pick<Ensemble, 'stack' | 'calibration'>][])('the merged graph answers as %s', async (_, whole) => {
  const weights = [0.6, 0.4];
  const factors = [1.2, 0.8];
  const tables = [
    [1, -1, 0.5, 0.3],
    [-0.4, 0.9, 1.5, -2],
  ];
  const parts = tables.map((values, i) => {
    const g = graphBuilder('part');
    const input = g.input('dense', 'float32', ['batch', 2]);
    g.output(g.op('MatMul', [input, g.constant(tensor('float32', [2, 2], Float32Array.from(values)))]), 'logits');
    return { graph: g.build(), weight: weights[i], factor: factors[i] };
  });
  const dense = Float32Array.from([0.3, -0.2, 1, 2, -1.5, 0.4]);
  const program = await compile(mergeParts(parts, whole, true, 'ensemble'));
  const { logits } = await program.run({ dense: tensor('float32', [3, 2], dense) }, ['logits']);
  await program.dispose();
  const answers = tables.map((t, i) =>
    softmaxOf(
      Array.from({ length: 6 }, (_, at) => {
        const [row, c] = [at >> 1, at % 2];
        return dense[2 * row] * t[c] + dense[2 * row + 1] * t[2 + c];
      }),
      2,
      factors[i],
    ),
  );
  const mean = answers[0].map((share, i) => weights[0] * share + weights[1] * answers[1][i]);
  const logs =
    'stack' in whole
      ? softmaxOf(
          stacked(
            whole.stack,
            answers.map((a) => a.map(Math.log)),
          ),
          2,
        )
      : mean;
  const expected = calibrated(whole.calibration, logs.map(Math.log), 2);
  expect(Array.from(logits.data as Float32Array)).toEqual(Array.from(expected, (value) => expect.closeTo(value, 4)));
});
