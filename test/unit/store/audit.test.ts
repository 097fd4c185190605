import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Store } from '../../../engine/store/index.ts';
import { copyOf, heldClock, home } from './sample.ts';

const write = (store: Store, n: number) => {
  for (let i = 0; i < n; i++) {
    store.audit.append({ actor: 'ada', action: 'runs.create', subject: `run_${i}`, outcome: 'ok', details: { i } });
  }
};

test('entries are listed newest first, in pages, and the chain holds over restarts and rotations', async () => {
  const place = await home();
  const clock = heldClock();
  let store = await place.open(clock);
  write(store, 3);
  store.close();
  store = await place.open(clock);
  write(store, 2);
  const { entries, total } = store.audit.list({ limit: 3 });
  expect([entries.map(({ seq }) => seq), total]).toEqual([[5, 4, 3], 5]);
  expect(store.audit.list({ before: 3 }).entries.map(({ subject }) => subject)).toEqual(['run_1', 'run_0']);
  expect(entries[0]).toMatchObject({ actor: 'ada', at: clock.now(), details: { i: 1 } });
  await store.rotate();
  write(store, 1);
  const head = store.audit.list({ limit: 1 }).entries[0]?.hash;
  expect(await store.audit.verify()).toEqual({ ok: true, entries: 6, head });
  store.close();
});

test('a chain of many stretches verifies while it grows', async () => {
  const store = await (await home()).open();
  store.transaction(() => write(store, 1100));
  const verified = store.audit.verify();
  write(store, 3);
  expect(await verified).toMatchObject({ ok: true, entries: 1100 });
  expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 1103 });
  store.close();
});

test('a changed, removed, moved or cut entry is found, and so is a head that was changed', async () => {
  const place = await home();
  let store = await place.open();
  write(store, 6);
  store.close();
  const { path, reset } = copyOf(place.dir);
  const cases: [string, { seq: number; why: string }][] = [
    ['UPDATE audit SET sealed = zeroblob(90) WHERE n = 3', { seq: 3, why: 'entry 3 was changed or damaged' }],
    ['DELETE FROM audit WHERE n = 3', { seq: 3, why: 'entry 3 is missing (4 follows 2)' }],
    ['DELETE FROM audit WHERE n > 4', { seq: 5, why: 'the chain ends at 4, but 6 entries were written' }],
    ['UPDATE audit SET n = 9 WHERE n = 6', { seq: 9, why: 'entry 9 was changed or damaged' }],
    ["DELETE FROM meta WHERE name = 'audit head'", { seq: 7, why: 'is not the one that followed 6' }],
  ];
  for (const [change, broken] of cases) {
    reset();
    const db = new Database(path);
    db.exec(change);
    db.close();
    store = await place.open();
    const report = await store.audit.verify();
    expect(report.ok, change).toBe(false);
    expect(report.broken?.seq, change).toBe(broken.seq);
    expect(report.broken?.why, change).toContain(broken.why);
    write(store, 1);
    expect(store.audit.list().entries[0]?.action).toBe('runs.create');
    store.close();
  }
});

test('a damaged head does not stop the start, and its loss stands in the trail', async () => {
  const place = await home();
  let store = await place.open();
  write(store, 2);
  store.close();
  const db = new Database(copyOf(place.dir).path);
  db.exec("UPDATE meta SET sealed = zeroblob(90) WHERE name = 'audit head'");
  db.close();
  store = await place.open();
  write(store, 1);
  expect(store.audit.list().entries.map(({ action }) => action)).toEqual([
    'runs.create',
    'audit.head_lost',
    'runs.create',
    'runs.create',
  ]);
  expect(await store.audit.verify()).toMatchObject({ ok: false, broken: { seq: 3 } });
  store.close();
});

test('an entry that cannot be read is left out of the list and named', async () => {
  const place = await home();
  let store = await place.open();
  write(store, 3);
  store.close();
  const db = new Database(copyOf(place.dir).path);
  db.exec('UPDATE audit SET sealed = zeroblob(90) WHERE n = 2');
  db.close();
  store = await place.open();
  const { entries, damaged } = store.audit.list();
  expect([entries.map(({ seq }) => seq), damaged]).toEqual([[3, 1], [2]]);
  store.close();
});
