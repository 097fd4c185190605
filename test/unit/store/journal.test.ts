import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import type { MetricPoint } from '../../../engine/schema/index.ts';
import { copyOf, faultOf, home, scratch } from './sample.ts';

const points = (n: number, from = 1): MetricPoint[] =>
  Array.from({ length: n }, (_, i) => ({
    step: from + i,
    epoch: Math.floor((from + i) / 10),
    name: i % 2 ? 'train.loss' : 'val.accuracy',
    value: i % 7 ? 1 / (from + i) : Number.NaN,
    at: 1_700_000_000_000 + i,
  }));

test('points come back exactly and in order, before and after they are on disk, NaN included', async () => {
  const place = await home();
  let store = await place.open();
  const all = points(50);
  store.journal.append('run_1', all.slice(0, 20));
  expect(store.journal.read('run_1')).toEqual(all.slice(0, 20));
  store.journal.flush();
  store.journal.append('run_1', all.slice(20));
  store.journal.append('run_2', points(3));
  expect(store.journal.read('run_1')).toEqual(all);
  store.close();
  store = await place.open();
  expect(store.journal.read('run_1')).toEqual(all);
  expect(store.journal.read('run_2')).toEqual(points(3));
  expect(store.journal.read('run_3')).toEqual([]);
  store.close();
});

test('points reach the disk by themselves', async () => {
  const place = await home();
  const store = await place.open();
  store.journal.append('run_1', points(2));
  /** What a restart would find if the process died now. */
  const rowsOnDisk = () => {
    const copy = scratch();
    for (const file of ['neutrino.db', 'neutrino.db-wal']) copyFileSync(join(place.dir, file), join(copy, file));
    const db = new Database(join(copy, 'neutrino.db'));
    const rows = db.prepare('SELECT count(*) FROM journal').pluck().get();
    db.close();
    return rows;
  };
  expect(rowsOnDisk()).toBe(0);
  await vi.waitFor(() => expect(rowsOnDisk()).toBe(2), { timeout: 20_000, interval: 50 });
  store.close();
});

test('a finished run’s parts become one, a resumed run forgets what came after its checkpoint', async () => {
  const store = await (await home()).open();
  for (let i = 0; i < 5; i++) {
    store.journal.append('run_1', points(10, 1 + 10 * i));
    store.journal.flush();
  }
  const whole = store.journal.read('run_1');
  store.journal.compact('run_1');
  expect(store.journal.read('run_1')).toEqual(whole);
  store.journal.cut('run_1', 25);
  expect(store.journal.read('run_1')).toEqual(whole.slice(0, 25));
  store.journal.append('run_1', points(3, 26));
  expect(store.journal.read('run_1')).toHaveLength(28);
  store.journal.remove('run_1');
  expect(store.journal.read('run_1')).toEqual([]);
  store.close();
});

test('points that a failed transaction took back are still held', async () => {
  const store = await (await home()).open();
  store.journal.append('run_1', points(5));
  expect(() =>
    store.transaction(() => {
      store.journal.flush();
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(store.journal.read('run_1')).toEqual(points(5));
  store.close();
});

test('a changed, missing, cut or moved part is named by its run', async () => {
  const place = await home();
  let store = await place.open();
  for (let i = 0; i < 4; i++) {
    store.journal.append('run_1', points(10));
    store.journal.append('run_2', points(2));
    store.journal.flush();
  }
  store.close();
  const { path, reset } = copyOf(place.dir);
  const changes = [
    'DELETE FROM journal WHERE run = ? AND n = 0',
    'DELETE FROM journal WHERE run = ? AND n = 2',
    'DELETE FROM journal WHERE run = ? AND n = 4',
    'UPDATE journal SET n = 9 WHERE run = ? AND n = 4',
    "UPDATE journal SET run = 'run_3' WHERE run = ? AND n = 4",
    "UPDATE journal SET sealed = (SELECT sealed FROM journal WHERE run = 'run_2' AND n = 1) WHERE run = ? AND n = 1",
    'UPDATE journal SET sealed = zeroblob(80) WHERE run = ? AND n = 3',
    'UPDATE journal SET sealed = zeroblob(80) WHERE run = ? AND n = 0',
  ];
  for (const change of changes) {
    reset();
    const db = new Database(path);
    expect(db.prepare(change).run('run_1').changes).toBe(1);
    db.close();
    store = await place.open();
    const fault = faultOf(() => store.journal.read('run_1'));
    expect(fault.code, change).toBe('corrupt');
    expect(fault.message).toContain('the metrics of run run_1');
    expect(store.journal.read('run_2')).toHaveLength(8);
    store.close();
  }
});
