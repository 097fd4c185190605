import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { Fault } from '../../../engine/schema/index.ts';
import { openVault } from '../../../engine/security/index.ts';
import { createPack, openStore, restore, type Store, verifyBackup } from '../../../engine/store/index.ts';
import { aDataset, aRun, faultOf, faultOfAsync, home, scratch } from './sample.ts';

function fill(store: Store): string {
  const dataset = store.datasets.insert(aDataset());
  const run = store.runs.insert(aRun());
  store.journal.append(run.id, [{ step: 1, epoch: 1, name: 'loss', value: 0.5, at: 1 }]);
  store.audit.append({ actor: 'a', action: 'b', subject: 'c', outcome: 'ok' });
  const grant = store.objects.create('dataset');
  const pack = createPack(grant.path, grant);
  pack.append('rows', utf8('some rows'));
  pack.finish();
  store.objects.register(grant.id, { refs: [dataset.id] });
  return grant.id;
}

const contents = (store: Store) => ({
  datasets: store.datasets.list(),
  runs: store.runs.list(),
  points: store.runs.list().items.map(({ id }) => store.journal.read(id)),
  objects: store.objects.list(),
  audit: store.audit.list(),
});

test('a backup made while the store works restores to what it was, under the same vault', async () => {
  const place = await home();
  const store = await place.open();
  const object = fill(store);
  const before = contents(store);
  const file = join(scratch(), 'lab.backup');
  const report = await store.backup(file);
  store.runs.insert(aRun('after the backup'));
  expect(report).toMatchObject({ files: 3, skipped: [] });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(verifyBackup(file)).toEqual({ bytes: report.bytes, files: 3 });
  expect(await faultOfAsync(() => store.backup(file))).toMatchObject({ code: 'conflict' });
  expect(readdirSync(place.dir).filter((name) => name.includes('backup'))).toEqual([]);
  store.close();

  const dir = join(scratch(), 'restored');
  expect(restore(file, dir)).toEqual({ bytes: report.bytes, files: 3 });
  const again = openStore({ dir, vault: await openVault(dir, { configDir: place.configDir }) });
  expect(contents(again)).toEqual(before);
  const pack = again.objects.open(object);
  expect(Buffer.from(pack.read('rows')).toString()).toBe('some rows');
  pack.verify();
  pack.close();
  again.close();
});

test('the key file is not in the backup: without it the restored vault stays locked', async () => {
  const place = await home();
  const store = await place.open();
  fill(store);
  const file = join(scratch(), 'lab.backup');
  await store.backup(file);
  store.close();
  const dir = join(scratch(), 'restored');
  restore(file, dir);
  expect((await faultOfAsync(() => openVault(dir, { configDir: scratch() }))).code).toBe('vault_locked');
});

test('a restore goes into an empty directory, whole, or nowhere', async () => {
  const place = await home();
  const store = await place.open();
  fill(store);
  const file = join(scratch(), 'lab.backup');
  await store.backup(file);
  store.close();
  expect(faultOf(() => restore(file, place.dir)).code).toBe('conflict');
  expect(faultOf(() => restore(`${file}.none`, place.dir)).code).toBe('conflict');
  expect(faultOf(() => verifyBackup(`${file}.none`)).code).toBe('not_found');
  expect(faultOf(() => verifyBackup(join(place.dir, 'neutrino.db')))).toMatchObject({ code: 'bad_input' });
  expect(faultOf(() => verifyBackup(join(place.dir, 'vault.json'))).code).toBe('corrupt');

  const good = readFileSync(file);
  const parent = scratch();
  mkdirSync(join(parent, 'empty'));
  let refused = 0;
  for (let at = 40; at < good.length; at += Math.ceil(good.length / 60)) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 0x20;
    writeFileSync(file, changed);
    try {
      verifyBackup(file);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      expect(error.code).toBe('corrupt');
      refused++;
      expect(faultOf(() => restore(file, join(parent, 'empty'))).message).toBe(
        `the backup ${file} was changed or damaged; use another one`,
      );
      expect(readdirSync(parent)).toEqual(['empty']);
      expect(readdirSync(join(parent, 'empty'))).toEqual([]);
    }
  }
  expect(refused).toBeGreaterThan(20);
  writeFileSync(file, good);
  restore(file, join(parent, 'empty'));
  expect(readdirSync(join(parent, 'empty')).sort()).toEqual(['neutrino.db', 'objects', 'vault.json']);
});

test('what is erased while a backup runs is left out of it, and a failed backup leaves nothing', async () => {
  const place = await home();
  const store = await place.open();
  const object = fill(store);
  const file = join(scratch(), 'lab.backup');
  const running = store.backup(file);
  store.objects.erase(object);
  const { skipped, files } = await running;
  expect([skipped.length + files, verifyBackup(file).files]).toEqual([files === 2 ? 2 : 3, files]);
  const nowhere = join(place.dir, 'neutrino.db', 'backup');
  expect((await faultOfAsync(() => store.backup(nowhere))).code).toBe('not_writable');
  expect(existsSync(nowhere)).toBe(false);
  expect(readdirSync(place.dir).filter((name) => name.includes('backup'))).toEqual([]);
  store.close();
});
