import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { openVault } from '../../../engine/security/index.ts';
import { type Clear, openBody } from '../../../engine/store/sealing.ts';
import { createPack, openStore, type Store } from '../../../engine/store/index.ts';
import { aDataset, aRun, faultOf, type Home, home, scratch } from './sample.ts';

function fill(store: Store) {
  const run = store.runs.insert(aRun());
  store.datasets.insert(aDataset());
  store.settings.set('identity', { key: 'x' });
  store.journal.append(run.id, [{ step: 1, epoch: 1, name: 'loss', value: 0.5, at: 1 }]);
  const grant = store.objects.create('dataset');
  const pack = createPack(grant.path, grant);
  pack.append('rows', utf8('some rows'));
  pack.finish();
  store.objects.register(grant.id);
  store.audit.append({ actor: 'a', action: 'b', subject: 'c', outcome: 'ok' });
}

const contents = async (store: Store) => ({
  runs: store.runs.list(),
  datasets: store.datasets.list(),
  identity: store.settings.get('identity'),
  points: store.runs.list().items.map(({ id }) => store.journal.read(id)),
  rows: store.objects.list().map(({ id }) => {
    const pack = store.objects.open(id);
    const text = Buffer.from(pack.read('rows')).toString();
    pack.close();
    return text;
  }),
  audit: await store.audit.verify(),
  damaged: store.damaged(),
});

async function reopened(place: Home): Promise<{ store: Store; previous: boolean }> {
  const vault = await openVault(place.dir, { configDir: place.configDir });
  const previous = vault.previous !== undefined;
  return { store: openStore({ dir: place.dir, vault }), previous };
}

test('after a rotation everything reads as before, here and after a restart', async () => {
  const place = await home();
  const store = await place.open();
  fill(store);
  store.journal.flush();
  const before = await contents(store);
  await store.rotate();
  const run = store.runs.insert(aRun('written after'));
  store.runs.remove(run.id);
  expect(await contents(store)).toEqual(before);
  store.close();
  const next = await reopened(place);
  expect([next.previous, next.store.vault.generation]).toEqual([false, 2]);
  expect(await contents(next.store)).toEqual(before);
  next.store.close();
});

test('a crash between the vault and the database, on either side of the commit, is finished at the next start', async () => {
  const place = await home();
  let store = await place.open();
  fill(store);
  store.journal.flush();
  const before = await contents(store);
  store.close();
  const [vaultFile, database, aside] = [join(place.dir, 'vault.json'), join(place.dir, 'neutrino.db'), scratch()];
  // Died before the database was touched: the vault is ahead.
  const vault = await openVault(place.dir, { configDir: place.configDir });
  await vault.rotate({}, () => undefined);
  copyFileSync(vaultFile, join(aside, 'vault.json'));
  let next = await reopened(place);
  expect(next.previous).toBe(true);
  expect(await contents(next.store)).toEqual(before);
  next.store.close();
  // Died after the commit, before the vault forgot its old key.
  copyFileSync(join(aside, 'vault.json'), vaultFile);
  const committed = readFileSync(database);
  next = await reopened(place);
  expect(next.previous).toBe(true);
  expect(await contents(next.store)).toEqual(before);
  next.store.close();
  expect(readFileSync(database).length).toBe(committed.length);
  store = (await reopened(place)).store;
  expect(store.vault.previous).toBe(undefined);
  store.close();
});

test('no row that the old key sealed is left', async () => {
  const place = await home();
  const store = await place.open();
  fill(store);
  store.journal.flush();
  const [old, ...rest] = [place.vault, store.vault];
  await store.rotate();
  store.close();
  const db = new Database(join(place.dir, 'neutrino.db'), { readonly: true });
  const rows = db.prepare<[], Clear & { body: Buffer }>('SELECT * FROM records').all();
  db.close();
  expect(rows).toHaveLength(4);
  for (const row of rows) {
    expect(faultOf(() => openBody(old, row, row.body)).code).toBe('corrupt');
    for (const vault of rest) expect(openBody(vault, row, row.body)).toContain('{');
  }
});
