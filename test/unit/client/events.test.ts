import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient } from '../../../engine/client/index.ts';
import { type Dataset, Fault, type LiveEvent, type Run, run } from '../../../engine/schema/index.ts';
import { newDataset, openSeam, type Seam, until } from '../api/seam.ts';

const runOf = (state: Run['state']): Run =>
  run.parse({
    id: 'run_1',
    kind: 'run',
    state,
    createdAt: 1,
    updatedAt: 1,
    seq: 1,
    name: 'iris 1',
    request: { dataset: 'iris' },
    dataset: { id: 'ds_iris', name: 'iris', sha256: '' },
  });

let seam: Seam;
let client: Client;
let current: Run;
/** How often `runs.show` was asked. */
let asked: number;
const handlers = {
  'runs.show': () => {
    asked++;
    return current;
  },
};
beforeEach(async () => {
  current = runOf('running');
  asked = 0;
  seam = await openSeam({ handlers });
  client = createClient({ url: seam.url, key: seam.keys.admin });
});
afterEach(() => seam.close());

test('events arrive with a key, after a first onResync', async () => {
  const seen: LiveEvent[] = [];
  const resyncs: number[] = [];
  const stop = client.events({ onEvent: (event) => seen.push(event), onResync: (seq) => resyncs.push(seq) });
  await until(() => resyncs.length > 0);
  seam.events.emit('dataset.changed', 'ds_1', { a: 1 });
  await until(() => seen.length > 0);
  stop();
  expect([resyncs, seen]).toMatchObject([[100], [{ seq: 101, type: 'dataset.changed', id: 'ds_1', data: { a: 1 } }]]);
});

test('after a restart the client comes back by itself and is told that it missed something', async () => {
  const seen: string[] = [];
  const states: string[] = [];
  const stop = client.events({
    after: 100,
    onEvent: ({ id }) => seen.push(id),
    onResync: (seq) => seen.push(`resync ${seq}`),
    onState: (state) => states.push(state),
  });
  await until(() => states.length === 1);
  seam.events.emit('run.changed', 'before', {});
  await until(() => seen.length === 1);
  const { port, keyring } = seam;
  await seam.close();
  await until(() => states.length === 2);
  seam = await openSeam({ port, keyring, handlers });
  await until(() => seen.length === 2);
  seam.events.emit('run.changed', 'after', {});
  await until(() => seen.length === 3);
  stop();
  expect(seen).toEqual(['before', 'resync 100', 'after']);
  expect(states).toEqual(['live', 'waiting', 'live']);
});

test('a dropped connection is taken up where it was left', async () => {
  const sockets: WebSocket[] = [];
  class Kept extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  const followed = createClient({ url: seam.url, key: seam.keys.admin, WebSocket: Kept });
  const seen: string[] = [];
  const stop = followed.events({ after: 100, onEvent: ({ id }) => seen.push(id), onResync: () => seen.push('resync') });
  await until(() => sockets[0]?.readyState === WebSocket.OPEN);
  seam.events.emit('run.changed', 'a', {});
  await until(() => seen.length === 1);
  sockets[0]?.close();
  seam.events.emit('run.changed', 'b', {});
  await until(() => sockets.length === 2);
  seam.events.emit('run.changed', 'c', {});
  await until(() => seen.length === 3);
  stop();
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('a wrong key and a revoked one end the following with a fault', async () => {
  const faults: string[] = [];
  const onFault = (fault: Fault) => faults.push(fault.code);
  createClient({ url: seam.url, key: 'nk_wrong' }).events({ onEvent: () => {}, onFault });
  await until(() => faults.length === 1);
  const trainer = createClient({ url: seam.url, key: seam.keys.trainer });
  const states: string[] = [];
  trainer.events({ onEvent: () => {}, onFault, onState: (state) => states.push(state) });
  await until(() => states.includes('live'));
  seam.revoke('trainer');
  await until(() => faults.length === 2);
  expect(faults).toEqual(['unauthenticated', 'unauthenticated']);
});

test('waitRun hands on the events of its run and resolves with its end', async () => {
  const seen: string[] = [];
  const waiting = client.waitRun('run_1', ({ type }) => seen.push(type), { pollMs: 60_000 });
  // The first look and the look after the first resync.
  await until(() => asked >= 2);
  seam.events.emit('run.metric', 'run_1', []);
  seam.events.emit('run.metric', 'run_2', []);
  current = runOf('finished');
  seam.events.emit('run.changed', 'run_1', current);
  expect(await waiting).toEqual(runOf('finished'));
  expect(seen).toEqual(['run.metric', 'run.changed']);
});

test('waitRun asks now and then when no events get through', async () => {
  class Dead extends WebSocket {
    constructor() {
      super(`${seam.url.replace('http', 'ws')}/nowhere`);
    }
  }
  const deaf = createClient({ url: seam.url, key: seam.keys.admin, WebSocket: Dead });
  const waiting = deaf.waitRun('run_1', undefined, { pollMs: 20 });
  await until(() => asked >= 3);
  current = runOf('stopped');
  expect((await waiting).state).toBe('stopped');
});

test('waitDataset resolves when the import is over', async () => {
  const importing = newDataset('iris', 'importing');
  seam.datasets.set('ds_iris', importing);
  const waiting = client.waitDataset('ds_iris', undefined, { pollMs: 60_000 });
  setTimeout(() => {
    const ready: Dataset = { ...importing, state: 'ready' };
    seam.datasets.set('ds_iris', ready);
    seam.events.emit('dataset.changed', 'ds_iris', ready);
  }, 100);
  expect((await waiting).state).toBe('ready');
});

test('waiting for what does not exist rejects; cancelling rejects at once', async () => {
  await expect(client.waitDataset('none')).rejects.toMatchObject({ code: 'not_found' });
  const leaving = new AbortController();
  const waiting = client.waitRun('run_1', undefined, { signal: leaving.signal });
  leaving.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});
