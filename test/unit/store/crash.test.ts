// kill -9 of a process that writes: whatever it had acknowledged is there at the next start, and its rubbish is not.
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { acquireLock, readLock, releaseLock } from '../../../engine/store/index.ts';
import { faultOf, home } from './sample.ts';

interface Said {
  run?: string;
  done?: string;
  object?: string;
  half?: string;
  n: number;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const writer = fileURLToPath(new URL('./processes/writer.ts', import.meta.url));

test.each([7, 60])('a writer killed after %i messages loses nothing that it had acknowledged', async (messages) => {
  const place = await home();
  const said: Said[] = [];
  const child = fork(writer, [place.dir, place.configDir], { execArgv: [] });
  children.push(child);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  await new Promise<void>((enough) => {
    child.on('message', (message) => {
      said.push(message as Said);
      if (said.length === messages) enough();
    });
    child.once('exit', () => enough());
  });
  expect(readLock(place.dir)?.pid).toBe(child.pid);
  expect(faultOf(() => acquireLock(place.dir, { version: '0' })).code).toBe('already_running');
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');

  expect(readLock(place.dir)).toBe(undefined);
  const lock = acquireLock(place.dir, { version: '0' });
  const store = await place.open();
  expect(store.damaged()).toEqual([]);
  const done = said.filter((one) => one.done);
  expect(done.length).toBeGreaterThan(0);
  for (const { run, n } of said) if (run) expect(store.runs.get(run).name).toBe(`run ${n}`);
  for (const { done: id = '', n } of done) {
    expect(store.runs.get(id)).toMatchObject({ state: 'preparing', metrics: { n } });
    expect(store.journal.read(id)).toEqual([{ step: n, epoch: 0, name: 'loss', value: n, at: n }]);
  }
  const report = await store.audit.verify();
  expect(report.ok).toBe(true);
  expect(report.entries).toBeGreaterThanOrEqual(done.length);
  for (const { object, n } of said) {
    if (!object) continue;
    const pack = store.objects.open(object);
    expect(Buffer.from(pack.read('weights')).toString()).toBe(`weights ${n}`);
    pack.close();
  }
  expect(store.cleared.objects).toContain(said[0]?.half);
  const kept = store.objects.list().map(({ id }) => `${id}.sqlite`);
  expect(readdirSync(join(place.dir, 'objects')).sort()).toEqual(kept.sort());
  store.close();
  releaseLock(place.dir, lock);
});
