// The live figures of a run: points are gathered and handed on at most ten times a second, training losses averaged in between.
import { type Clock, systemClock } from '../base/index.ts';
import type { MetricPoint } from '../schema/index.ts';

export interface Curve {
  /** A training step's loss and learning rate; averaged until the next hand-over. */
  step(step: number, epoch: number, loss: number, rate: number): void;
  /** Figures that are kept one by one: an epoch's training loss, validation. */
  add(step: number, epoch: number, figures: Record<string, number>): void;
  flush(): void;
}

const everyMs = 100;

/** Gathers points and gives them to `send`. */
export function openCurve(send: (points: MetricPoint[]) => void, clock: Clock = systemClock): Curve {
  let points: MetricPoint[] = [];
  let sent = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  const hand = () => {
    if (points.length > 0) send(points);
    points = [];
    sent = clock.monotonic();
  };
  const add = (step: number, epoch: number, figures: Record<string, number>) => {
    const at = clock.now();
    for (const [name, value] of Object.entries(figures)) points.push({ step, epoch, name, value, at });
  };
  const isDue = () => clock.monotonic() - sent >= everyMs;
  return {
    step(step, epoch, loss, rate) {
      sum += loss;
      count++;
      if (!isDue()) return;
      add(step, epoch, { 'train.loss': sum / count, lr: rate });
      sum = 0;
      count = 0;
      hand();
    },
    add(step, epoch, figures) {
      add(step, epoch, figures);
      sum = 0;
      count = 0;
      if (isDue()) hand();
    },
    flush: hand,
  };
}
