import { afterEach, describe, expect, it } from 'vitest';
import { createEvents, type EventLog } from '../../../engine/jobs/events.ts';
import type { LiveEvent, MetricPoint } from '../../../engine/schema/index.ts';

const point = (step: number): MetricPoint => ({ step, epoch: 1, name: 'train.loss', value: 1 / step, at: step });
let log: EventLog | undefined;
afterEach(() => log?.close());

describe('the event log', () => {
  it('replays what came after a sequence number', () => {
    log = createEvents({ first: 40, now: () => 5 });
    log.emit('run.changed', 'r1', { a: 1 });
    log.emit('dataset.removed', 'd1', null);
    expect(log.latest()).toBe(42);
    expect(log.after(41)).toEqual([{ v: 1, seq: 42, at: 5, type: 'dataset.removed', id: 'd1', data: null }]);
    expect(log.after(42)).toEqual([]);
    expect(log.after(40)?.map((event) => event.seq)).toEqual([41, 42]);
  });

  it('answers undefined for numbers it no longer keeps or never gave', () => {
    log = createEvents({ kept: 100 });
    for (let i = 0; i < 1000; i++) log.emit('run.changed', `r${i}`, null);
    expect(log.after(1001)).toBeUndefined();
    expect(log.after(0)).toBeUndefined();
    expect(log.after(900)?.length).toBe(100);
    const reach = [...Array(1000).keys()].filter((seq) => log?.after(seq) !== undefined);
    expect(reach.length).toBeGreaterThanOrEqual(100);
    for (const seq of reach) expect(log.after(seq)?.[0]?.seq).toBe(seq + 1);
  });

  it('sends metrics of a run at most once in the coalescing time, in order and none lost', () => {
    let now = 1000;
    log = createEvents({ coalesceMs: 100, now: () => now });
    const events: LiveEvent[] = [];
    log.subscribe((event) => events.push(event));
    for (let step = 1; step <= 500; step++) {
      log.metrics('r1', [point(step)]);
      now += 1;
    }
    log.flush('r1');
    log.emit('run.changed', 'r1', null);
    const sent = events.filter((event) => event.type === 'run.metric');
    expect(sent.length).toBeLessThanOrEqual(7);
    expect(sent.flatMap((event) => event.data)).toEqual(Array.from({ length: 500 }, (_, i) => point(i + 1)));
    expect(events.at(-1)?.type).toBe('run.changed');
  });

  it('stops calling a listener that left', () => {
    log = createEvents();
    let calls = 0;
    const leave = log.subscribe(() => calls++);
    log.emit('system.changed', 'system', null);
    leave();
    log.emit('system.changed', 'system', null);
    expect(calls).toBe(1);
  });
});
