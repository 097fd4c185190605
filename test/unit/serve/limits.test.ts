import { expect, test } from 'vitest';
import { fleetDefaults } from '../../../engine/serve/replicaSet.ts';

test('the bounds of a replica set are these', () => {
  expect(fleetDefaults).toEqual({
    slots: 2,
    batch: 64,
    latencyMs: 100,
    queue: 1024,
    scaleUpMs: 50,
    idleMs: 60_000,
    loadMs: 120_000,
    hangMs: 35_000,
    uselessMs: 5000,
    pingMs: 5000,
    retryFirstMs: 200,
    retryMostMs: 30_000,
    deadlineMs: 30_000,
  });
});
