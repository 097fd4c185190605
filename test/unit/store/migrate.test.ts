import Database from 'better-sqlite3';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../engine/store/index.ts';
import { openDatabase } from '../../../engine/store/database.ts';
import { metaOf } from '../../../engine/store/meta.ts';
import { migrate } from '../../../engine/store/migrate.ts';
import { type Migration, migrations } from '../../../engine/store/migrations/index.ts';
import { type Clear, openBody, sealBody } from '../../../engine/store/sealing.ts';
import { faultOf, home } from './sample.ts';

const clear: Clear = {
  id: 'exp_1',
  kind: 'experiment',
  state: 'open',
  createdAt: 5,
  updatedAt: 6,
  parentId: null,
  seq: 7,
};

async function atVersion(n: number) {
  const { dir, vault } = await home();
  const path = join(dir, 'neutrino.db');
  const db = openDatabase(path);
  migrate(db, vault, path, migrations.slice(0, n));
  if (n > 0) {
    const body = sealBody(vault, clear, '{"name":"default"}');
    const columns = 'id, kind, state, createdAt, updatedAt, parentId, seq, body';
    db.prepare(`INSERT INTO records (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`).run(...Object.values(clear), body);
  }
  return { dir, vault, path, db };
}

test('the migrations stand in order, one number each', () => {
  expect(migrations.map(({ number, title }) => `${number} ${title}`)).toEqual([
    '1 records and meta',
    '2 journal of runs',
    '3 audit chain',
  ]);
});

test.each(migrations.map((_, n) => n))('a database of version %i is brought up to now with its rows', async (n) => {
  const { dir, vault, db } = await atVersion(n);
  const before = n > 0 ? db.prepare('SELECT * FROM records').all() : [];
  db.close();
  const store = openStore({ dir, vault });
  const { parentId: _none, ...record } = clear;
  expect(store.experiments.list().items).toEqual(n > 0 ? [{ ...record, name: 'default' }] : []);
  store.journal.append('run_1', [{ step: 1, epoch: 1, name: 'a', value: 1, at: 1 }]);
  store.audit.append({ actor: 'a', action: 'b', subject: 'c', outcome: 'ok' });
  expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 1 });
  store.close();
  const after = new Database(join(dir, 'neutrino.db'), { readonly: true });
  expect(after.prepare('SELECT * FROM records').all()).toEqual(before);
  expect(after.pragma('user_version', { simple: true })).toBe(migrations.length);
  after.close();
});

test('a migration may rewrite bodies, and one that fails leaves everything as it was', async () => {
  const { vault, path, db } = await atVersion(migrations.length);
  const number = migrations.length + 1;
  const rename: Migration = {
    number,
    title: 'rename',
    up(target, keys) {
      const { body } = target.prepare<[], { body: Buffer }>('SELECT body FROM records').get() ?? {
        body: Buffer.alloc(0),
      };
      const record = { ...(JSON.parse(openBody(keys, clear, body)) as object), name: 'renamed' };
      target.prepare('UPDATE records SET body = ?').run(sealBody(keys, clear, JSON.stringify(record)));
    },
  };
  const fails: Migration = {
    number: number + 1,
    title: 'fails',
    up() {
      throw new Error('half-way');
    },
  };
  const read = () => {
    const body = db.prepare('SELECT body FROM records').pluck().get() as Buffer;
    const version = db.pragma('user_version', { simple: true });
    return [JSON.parse(openBody(vault, clear, body)), version, metaOf(db, vault).read('about')];
  };
  expect(() => migrate(db, vault, path, [...migrations, rename, fails])).toThrow('half-way');
  expect(read()).toEqual([{ name: 'default' }, migrations.length, { version: migrations.length }]);
  migrate(db, vault, path, [...migrations, rename]);
  expect(read()).toEqual([{ name: 'renamed' }, number, { version: number }]);
  db.close();
});

test('a database from a newer version is refused, and a forged version number is noticed', async () => {
  const { dir, vault, path, db } = await atVersion(migrations.length);
  const next: Migration = { number: migrations.length + 1, title: 'next', up: () => undefined };
  migrate(db, vault, path, [...migrations, next]);
  db.close();
  expect(faultOf(() => openStore({ dir, vault }))).toEqual({
    code: 'newer_version',
    message: `${path} was written by a newer Neutrino (format 4, this one knows 3); update this one`,
  });
  for (const version of [0, 1, 2, 3, 9]) {
    const raw = new Database(path);
    raw.pragma(`user_version = ${version}`);
    raw.close();
    expect(faultOf(() => openStore({ dir, vault })).code).toBe('corrupt');
  }
});
