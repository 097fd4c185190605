import { expect, test } from 'vitest';
import { createMeter } from '../../../engine/serve/meter.ts';
import { judge } from '../../../engine/serve/judge.ts';
import type { ReplicaSet } from '../../../engine/serve/index.ts';
import { createTraffic, type Traffic } from '../../../engine/serve/traffic.ts';
import { Fault, type ModelRef } from '../../../engine/schema/index.ts';

const model = (version: number): ModelRef => ({ id: `mdl_${version}`, name: 'flowers', version });
const rules = { requests: 50, errors: 0.02, slower: 1.5 };

/** A set whose answers the test gives; it counts what it was asked and notes that it was stopped. */
function handSet() {
  const held = { asked: 0, stopped: false, answer: async () => ({ queueMs: 0, computeMs: 1, version: 0 }) };
  const set = {
    manifest: undefined,
    status: () => ({ state: 'ready', replicas: [], waiting: 0, batching: [], crashes: 0 }),
    stop: async () => void (held.stopped = true),
  } as unknown as ReplicaSet;
  return { held, set };
}

function place(verdicts: unknown[] = []) {
  const traffic = createTraffic({ onVerdict: (of, verdict) => verdicts.push([of.version, verdict.is]) });
  const sets = new Map<ReplicaSet, ReturnType<typeof handSet>['held']>();
  const make = (version: number) => {
    const { held, set } = handSet();
    held.answer = async () => ({ queueMs: 0, computeMs: 1, version });
    sets.set(set, held);
    return { held, set };
  };
  const ask = (version?: string) =>
    traffic.ask({
      version,
      rows: 1,
      send: ({ set }) => {
        const held = sets.get(set);
        if (!held) throw new Error('an unknown set');
        held.asked++;
        return held.answer();
      },
      same: (one, other) => one.version === other.version,
    });
  return { traffic, make, ask };
}

async function two(verdicts: unknown[] = [], spec: Partial<Parameters<Traffic['add']>[0]> = {}) {
  const parts = place(verdicts);
  const stable = parts.make(1);
  const other = parts.make(2);
  await parts.traffic.setStable(model(1), stable.set);
  parts.traffic.add({ model: model(2), role: 'canary', weight: 20, rules, ...spec }, other.set);
  return { ...parts, stable, other };
}

test('traffic is parted by weight, evenly over few requests too', async () => {
  const { ask, stable, other } = await two();
  for (let i = 0; i < 50; i++) await ask();
  expect([stable.held.asked, other.held.asked]).toEqual([39, 11]);
});

test('a version that is named answers, and one that is not served is refused', async () => {
  const { ask, other } = await two([], { role: 'split', weight: 0 });
  expect((await ask('2')).version).toBe(2);
  expect((await ask('flowers@2')).version).toBe(2);
  expect(other.held.asked).toBe(2);
  await expect(ask('3')).rejects.toMatchObject({
    code: 'not_found',
    message: 'version 3 is not served here; versions 1, 2 are',
  });
});

test('a canary that fails costs no caller an answer and goes back by itself', async () => {
  const verdicts: unknown[] = [];
  const { ask, other, traffic } = await two(verdicts, { weight: 50 });
  other.held.answer = () => Promise.reject(new Fault('internal', 'broken'));
  for (let i = 0; i < 40; i++) expect((await ask()).version).toBe(1);
  expect(verdicts).toEqual([[2, 'rollback']]);
  const { asked } = other.held;
  expect(asked).toBeLessThan(20);
  for (let i = 0; i < 20; i++) await ask();
  expect([other.held.asked, traffic.status()[1]?.errors]).toEqual([asked, asked]);
});

test('a request that no model can take is refused and ends no canary', async () => {
  const verdicts: unknown[] = [];
  const { ask, stable, other, traffic } = await two(verdicts, { weight: 50 });
  const refuse = () => Promise.reject(new Fault('bad_input', 'no such column'));
  stable.held.answer = refuse;
  other.held.answer = refuse;
  for (let i = 0; i < 60; i++) await expect(ask()).rejects.toMatchObject({ code: 'bad_input' });
  expect(verdicts).toEqual([]);
  const figures = traffic.status().map(({ requests, errors, refused }) => ({ requests, errors, refused }));
  expect(figures).toEqual([
    { requests: 0, errors: 0, refused: 60 },
    { requests: 0, errors: 0, refused: other.held.asked },
  ]);
});

test('a canary that refuses what the stable model answers has failed', async () => {
  const verdicts: unknown[] = [];
  const { ask, other, traffic } = await two(verdicts, { weight: 50 });
  other.held.answer = () => Promise.reject(new Fault('bad_input', 'no such column'));
  for (let i = 0; i < 40; i++) expect((await ask()).version).toBe(1);
  expect(verdicts).toEqual([[2, 'rollback']]);
  const { errors, refused } = traffic.status()[1] ?? {};
  expect([errors, refused]).toEqual([other.held.asked, 0]);
});

test('a shadow is asked too, never answers, and is compared', async () => {
  const { ask, other, traffic } = await two([], { role: 'shadow', weight: 0 });
  for (let i = 0; i < 10; i++) expect((await ask()).version).toBe(1);
  other.held.answer = async () => ({ queueMs: 0, computeMs: 1, version: 1 });
  for (let i = 0; i < 30; i++) await ask();
  await new Promise((resolve) => setImmediate(resolve));
  expect([other.held.asked, traffic.status()[1]?.agreement]).toEqual([40, 0.75]);
});

test('promotion lets what is on the way be answered before the old model is stopped', async () => {
  const { ask, stable, traffic } = await two();
  const gate = Promise.withResolvers<void>();
  stable.held.answer = async () => {
    await gate.promise;
    return { queueMs: 0, computeMs: 1, version: 1 };
  };
  const running = ask('1');
  const promoted = traffic.promote('mdl_2');
  expect((await ask()).version).toBe(2);
  expect(stable.held.stopped).toBe(false);
  gate.resolve();
  expect((await running).version).toBe(1);
  await promoted;
  expect([stable.held.stopped, traffic.list().map((variant) => variant.model.version)]).toEqual([true, [2]]);
});

const metered = (answers: number, ms: number, failures = 0) => {
  const meter = createMeter();
  for (let i = 0; i < answers; i++) meter.answered(1, ms, 0, ms);
  for (let i = 0; i < failures; i++) meter.failed(ms);
  return meter;
};

test.each([
  ['too few requests', metered(9, 10, 0), metered(100, 10), 'wait'],
  ['as good as the stable one', metered(100, 11), metered(400, 10), 'wait'],
  ['one failure of many', metered(99, 10, 1), metered(400, 10), 'wait'],
  ['failures', metered(40, 10, 8), metered(400, 10), 'rollback'],
  ['failures that the stable model has too', metered(40, 10, 8), metered(320, 10, 80), 'wait'],
  ['slowness', metered(60, 20), metered(400, 10), 'rollback'],
  ['slowness before enough was seen', metered(40, 20), metered(400, 10), 'wait'],
])('a canary with %s: %#', (_name, canary, stable, verdict) => {
  expect(judge(rules, canary, stable).is).toBe(verdict);
});

test('a canary that stays good is promoted where that is wanted', () => {
  expect(judge({ ...rules, promoteAfter: 100 }, metered(100, 10), metered(400, 10))).toEqual({ is: 'promote' });
});

test('a meter counts, sums and gives percentiles of the last requests', () => {
  const meter = createMeter(() => 5);
  for (let i = 1; i <= 100; i++) meter.answered(2, i, 1, 3);
  meter.failed(7);
  meter.ran(8, 4);
  meter.ran(8, 6);
  const { requests, errors, rows, lastAt, sums } = meter;
  expect({ requests, errors, rows, lastAt, sums, batches: [...meter.batches], p50: meter.latency().p50 }).toEqual({
    requests: 101,
    errors: 1,
    rows: 200,
    lastAt: 5,
    sums: {
      success: { count: 100, ms: 5050 },
      fail: { count: 1, ms: 7 },
      queue: { count: 100, ms: 100 },
      compute: { count: 100, ms: 300 },
    },
    batches: [[8, { count: 2, ms: 10 }]],
    p50: 50,
  });
});
