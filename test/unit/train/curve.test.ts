// Live figures arrive at most ten times a second, and none of an epoch is lost.
import { expect, test } from 'vitest';
import type { MetricPoint } from '../../../engine/schema/index.ts';
import { openCurve } from '../../../engine/train/curve.ts';

function open() {
  const sent: MetricPoint[][] = [];
  let now = 0;
  const curve = openCurve((points) => sent.push(points), { now: () => now, monotonic: () => now });
  return { sent, curve, wait: (ms: number) => void (now += ms) };
}

test('steps within a tenth of a second become one point, their mean', () => {
  const { sent, curve, wait } = open();
  curve.step(1, 1, 4, 0.1);
  wait(40);
  curve.step(2, 1, 3, 0.1);
  wait(70);
  curve.step(3, 1, 1, 0.2);
  expect(sent).toEqual([
    [
      { step: 1, epoch: 1, name: 'train.loss', value: 4, at: 0 },
      { step: 1, epoch: 1, name: 'lr', value: 0.1, at: 0 },
    ],
    [
      { step: 3, epoch: 1, name: 'train.loss', value: 2, at: 110 },
      { step: 3, epoch: 1, name: 'lr', value: 0.2, at: 110 },
    ],
  ]);
});

test('figures of every epoch are kept, however quick the epochs are', () => {
  const { sent, curve, wait } = open();
  for (let epoch = 1; epoch <= 50; epoch++) {
    curve.add(epoch * 3, epoch, { 'val.loss': 1 / epoch });
    wait(10);
  }
  curve.flush();
  expect(sent.flat().map((point) => point.epoch)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(sent.length).toBeLessThanOrEqual(7);
});
