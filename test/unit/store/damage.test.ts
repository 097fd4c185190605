// One flipped byte in a record: a Fault that names the record, never a wrong value, and the rest of the store goes on.
import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { Fault } from '../../../engine/schema/index.ts';
import type { Store } from '../../../engine/store/index.ts';
import { aDataset, aRun, copyOf, faultOf, type Home, home } from './sample.ts';

interface Row {
  id: string;
  kind: string;
  state: string;
  createdAt: number;
  updatedAt: number;
  parentId: string | null;
  seq: number;
  body: Buffer;
}

async function filled(): Promise<{ place: Home; target: string; others: string[] }> {
  const place = await home();
  const store = await place.open();
  const target = store.runs.insert(aRun('target', { parentId: 'exp_1', metrics: { loss: 1 } })).id;
  const others = [store.runs.insert(aRun('other')).id, store.datasets.insert(aDataset()).id];
  store.close();
  return { place, target, others };
}

function damage(path: string, id: string, column: keyof Row, value: unknown): void {
  const db = new Database(path);
  const { changes } = db.prepare(`UPDATE records SET ${column} = ? WHERE id = ?`).run(value, id);
  db.close();
  expect(changes).toBe(1);
}

function rowOf(path: string, id: string): Row {
  const db = new Database(path);
  const row = db.prepare<[string], Row>('SELECT * FROM records WHERE id = ?').get(id);
  db.close();
  return row as Row;
}

function checkOthers(store: Store, others: string[]): void {
  expect(store.runs.get(others[0] ?? '').name).toBe('other');
  expect(store.datasets.get(others[1] ?? '').name).toBe('iris');
}

test('a flipped byte anywhere in a body is named when the record is read, and the list goes on without it', async () => {
  const { place, target, others } = await filled();
  const { path, reset } = copyOf(place.dir);
  const { body } = rowOf(path, target);
  for (let at = 0; at < body.length; at += 7) {
    reset();
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    damage(path, target, 'body', changed);
    const store = await place.open();
    const fault = {
      code: 'corrupt',
      message: `run ${target} was changed or damaged on disk; restore it from a backup`,
    };
    expect(faultOf(() => store.runs.get(target))).toEqual(fault);
    expect(faultOf(() => store.runs.find(target))).toEqual(fault);
    expect(faultOf(() => store.runs.update(target, { name: 'x' }))).toEqual(fault);
    const list = store.runs.list();
    expect([list.items.map(({ name }) => name), list.total, list.damaged]).toEqual([
      ['other'],
      1,
      [{ kind: 'run', id: target }],
    ]);
    expect(store.damaged()).toEqual([{ kind: 'run', id: target }]);
    checkOthers(store, others);
    store.close();
  }
});

test('a flipped character or bit of any clear column is named too', async () => {
  const { place, target, others } = await filled();
  const { path, reset } = copyOf(place.dir);
  const row = rowOf(path, target);
  const flipText = (text: string, at: number) =>
    text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
  const cases: [keyof Row, unknown][] = [];
  for (const column of ['id', 'kind', 'state', 'parentId'] as const) {
    const text = row[column] ?? '';
    for (let at = 0; at < text.length; at += column === 'id' ? 4 : 1) cases.push([column, flipText(text, at)]);
  }
  for (const column of ['createdAt', 'updatedAt', 'seq'] as const) {
    for (const bit of [1, 2, 256, 65_536]) cases.push([column, row[column] ^ 0 || row[column] + bit]);
  }
  cases.push(['parentId', null], ['state', 'finished'], ['kind', 'dataset'], ['createdAt', row.createdAt + 1]);
  for (const [column, value] of cases) {
    reset();
    if (value === row[column]) continue;
    damage(path, target, column, value);
    const store = await place.open();
    const fault = faultOf(() => store.runs.get(target));
    expect(fault.code).toBe('corrupt');
    expect(fault.message).toContain(column === 'id' ? (value as string) : target);
    expect(store.runs.list().items.map(({ name }) => name)).toEqual(['other']);
    expect(store.damaged()).toHaveLength(1);
    checkOthers(store, others);
    store.close();
  }
});

test('two records whose bodies were swapped are both named', async () => {
  const { place, target, others } = await filled();
  const { path } = copyOf(place.dir);
  const [a, b] = [rowOf(path, target), rowOf(path, others[0] ?? '')];
  damage(path, target, 'body', b.body);
  damage(path, others[0] ?? '', 'body', a.body);
  const store = await place.open();
  expect(store.runs.list().damaged).toHaveLength(2);
  expect(store.runs.list().items).toEqual([]);
  store.close();
});

test('a damaged record can be removed, and stays removed', async () => {
  const { place, target } = await filled();
  damage(copyOf(place.dir).path, target, 'body', Buffer.alloc(100));
  let store = await place.open();
  store.runs.remove(target);
  expect(store.damaged()).toEqual([]);
  expect(faultOf(() => store.runs.get(target)).code).toBe('not_found');
  store.close();
  store = await place.open();
  expect(store.damaged()).toEqual([]);
  store.close();
});

test('a flipped bit anywhere in the database file never yields a wrong record', async () => {
  const { place } = await filled();
  const whole = await place.open();
  const good = JSON.stringify([whole.runs.list({ sort: 'name' }).items, whole.datasets.list().items]);
  whole.close();
  const { path } = copyOf(place.dir);
  const bytes = readFileSync(path);
  const outcomes = { same: 0, fault: 0, damaged: 0 };
  for (let at = 0; at < bytes.length; at += 89) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, changed);
    let store: Store | undefined;
    try {
      store = await place.open();
      const damaged = store.damaged().length;
      const now = JSON.stringify([store.runs.list({ sort: 'name' }).items, store.datasets.list().items]);
      if (damaged > 0) outcomes.damaged++;
      else outcomes.same++;
      if (damaged === 0) expect(now, `byte ${at}`).toBe(good);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      expect(['corrupt', 'newer_version'], error.message).toContain(error.code);
      outcomes.fault++;
    } finally {
      store?.close();
    }
  }
  expect(outcomes.damaged).toBeGreaterThan(0);
  expect(outcomes.fault).toBeGreaterThan(0);
});

test('a damaged index hides nothing: it is made anew from the rows', async () => {
  const { place, target } = await filled();
  let store = await place.open();
  const point = { step: 1, epoch: 1, name: 'loss', value: 1, at: 1 };
  store.journal.append(target, [point]);
  store.close();
  const { path } = copyOf(place.dir);
  const db = new Database(path);
  const page = db
    .prepare("SELECT pageno FROM dbstat WHERE name = 'sqlite_autoindex_journal_1'")
    .pluck()
    .get() as number;
  const size = db.pragma('page_size', { simple: true }) as number;
  db.close();
  const bytes = readFileSync(path);
  const from = (page - 1) * size;
  for (let at = bytes.indexOf(target, from); at >= 0 && at < from + size; at = bytes.indexOf(target, at + 1)) {
    bytes.write('run_x', at);
  }
  writeFileSync(path, bytes);
  store = await place.open();
  expect(store.journal.read(target)).toEqual([point]);
  store.close();
});

test('a database of another vault is refused', async () => {
  const [{ place }, other] = [await filled(), await home()];
  const { path } = copyOf(place.dir);
  writeFileSync(`${other.dir}/neutrino.db`, readFileSync(path));
  await expect(other.open()).rejects.toMatchObject({ code: 'corrupt' });
});
