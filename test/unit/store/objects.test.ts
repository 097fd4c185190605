import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { createPack, openStore, type Store } from '../../../engine/store/index.ts';
import { aDataset, faultOf, home } from './sample.ts';

function write(store: Store, text: string, refs: string[] = []) {
  const grant = store.objects.create('dataset');
  const writer = createPack(grant.path, grant);
  writer.append('rows', utf8(text));
  const summary = writer.finish();
  return store.objects.register(grant.id, { refs, sha256: summary.sha256 });
}

test('an object that was written and registered is there after a restart, with its figures', async () => {
  const place = await home();
  let store = await place.open();
  const info = write(store, 'hello', ['ds_1']);
  expect(info).toMatchObject({ is: 'dataset', bytes: 5, chunks: 1, refs: ['ds_1'] });
  store.close();
  store = await place.open();
  expect(store.cleared).toEqual({ objects: [], files: [] });
  expect(store.objects.list()).toEqual([info]);
  expect(store.objects.usage()).toBe(info.stored);
  const reader = store.objects.open(info.id);
  expect(Buffer.from(reader.read('rows')).toString()).toBe('hello');
  reader.close();
  store.close();
});

test('what a child says of its pack is not believed: the pack itself is', async () => {
  const store = await (await home()).open();
  const grant = store.objects.create('bundle');
  expect(faultOf(() => store.objects.register(grant.id)).code).toBe('not_found');
  expect(faultOf(() => store.objects.open(grant.id)).code).toBe('conflict');
  createPack(grant.path, grant).finish();
  expect(faultOf(() => store.objects.register(grant.id, { sha256: '00' })).code).toBe('corrupt');
  expect(store.objects.register(grant.id).bytes).toBe(0);
  store.close();
});

test('erasing an object forgets its key and unlinks its file, once the transaction around it holds', async () => {
  const place = await home();
  const store = await place.open();
  const info = write(store, 'hello');
  const { path } = store.objects.grant(info.id);
  expect(() =>
    store.transaction(() => {
      store.objects.erase(info.id);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(store.objects.info(info.id)).toEqual(info);
  expect(existsSync(path)).toBe(true);
  store.objects.erase(info.id);
  store.objects.erase(info.id);
  expect(existsSync(path)).toBe(false);
  expect(faultOf(() => store.objects.key(info.id))).toEqual({
    code: 'not_found',
    message: `there is no object ${info.id}; it was erased`,
  });
  store.close();
});

test('an object lives as long as one record needs it', async () => {
  const store = await (await home()).open();
  const { id } = write(store, 'weights', ['run_1']);
  store.objects.hold(id, 'mdl_1');
  store.objects.release(id, 'run_1');
  expect(store.objects.info(id).refs).toEqual(['mdl_1']);
  store.objects.release(id, 'mdl_1');
  store.objects.release(id, 'mdl_1');
  expect(store.objects.list()).toEqual([]);
  store.close();
});

test('the start clears up what a crash left: objects half-written, finished but never registered, and stray files', async () => {
  const place = await home();
  let store = await place.open();
  const kept = write(store, 'kept');
  const [half, unregistered] = [store.objects.create('dataset'), store.objects.create('checkpoint')];
  createPack(half.path, half).append('a', new Uint8Array(10));
  createPack(unregistered.path, unregistered).finish();
  const folder = join(place.dir, 'objects');
  writeFileSync(join(folder, 'obj_stray.sqlite'), 'x');
  store.close();
  store = await place.open();
  expect(store.cleared.objects.sort()).toEqual([half.id, unregistered.id].sort());
  expect(readdirSync(folder)).toEqual([`${kept.id}.sqlite`]);
  expect(store.objects.list().map(({ id }) => id)).toEqual([kept.id]);
  store.close();
});

test('a quota stops new objects with a remedy, and a missing file is named', async () => {
  const place = await home();
  const store = openStore({ dir: place.dir, vault: place.vault, quotaBytes: 40_000 });
  const info = write(store, 'a');
  const fault = faultOf(() => write(store, 'b'));
  expect(fault).toEqual({
    code: 'disk_full',
    message: 'the quota of 40000 bytes for data and models is used up; delete some, or raise it',
  });
  rmSync(store.objects.grant(info.id).path);
  expect(faultOf(() => store.objects.open(info.id)).message).toContain(`the file of object ${info.id} is missing`);
  store.close();
});

test('a record and its object are registered together or not at all', async () => {
  const store = await (await home()).open();
  const dataset = store.datasets.insert(aDataset('iris', { state: 'importing' }));
  const grant = store.objects.create('dataset');
  createPack(grant.path, grant).finish();
  const publish = (state: 'ready' | 'deleting') =>
    store.transaction(() => {
      store.objects.register(grant.id, { refs: [dataset.id] });
      store.datasets.update(dataset.id, { state, object: grant.id });
    });
  expect(faultOf(() => publish('deleting')).code).toBe('conflict');
  expect(store.objects.list()).toEqual([]);
  publish('ready');
  expect(store.datasets.get(dataset.id).object).toBe(store.objects.list()[0]?.id);
  store.close();
});

test('erasing what a killed child was writing takes its private folder along', async () => {
  const place = await home();
  const store = await place.open();
  const grant = store.objects.create('dataset');
  createPack(grant.path, grant);
  mkdirSync(`${grant.path}.import`);
  writeFileSync(join(`${grant.path}.import`, 'fifo'), '');
  store.objects.erase(grant.id);
  expect(readdirSync(dirname(grant.path))).toEqual([]);
  store.close();
});
