import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventsClose, eventsProtocol, type LiveEvent } from '../../../engine/schema/index.ts';
import { ask, openSeam, type Seam, until } from './seam.ts';

let seam: Seam;
beforeEach(async () => {
  seam = await openSeam();
});
afterEach(() => seam.close());

interface Follower {
  socket: WebSocket;
  events: LiveEvent[];
  closed: Promise<number>;
}

async function follow(query = '', headers: Record<string, string> = {}, protocols: string[] = []): Promise<Follower> {
  const socket = new WebSocket(`ws://127.0.0.1:${seam.port}/api/v1/events${query}`, protocols, { headers });
  const events: LiveEvent[] = [];
  socket.on('message', (data: Buffer) => events.push(JSON.parse(data.toString()) as LiveEvent));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('unexpected-response', (_req, res) => reject(new Error(`HTTP ${res.statusCode}`)));
    socket.on('error', reject);
  });
  return { socket, events, closed };
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const brief = (events: LiveEvent[]) => events.map(({ seq, type }) => [seq, type]);

test('events arrive as they happen, after a first resync that says where the feed stands', async () => {
  const { events } = await follow('', bearer(seam.keys.admin));
  await until(() => events.length === 1);
  seam.events.emit('dataset.changed', 'ds_1', { name: 'iris' });
  await until(() => events.length === 2);
  expect(events).toEqual([
    { v: 1, seq: 100, at: expect.any(Number), type: 'resync', id: '', data: null },
    { v: 1, seq: 101, at: expect.any(Number), type: 'dataset.changed', id: 'ds_1', data: { name: 'iris' } },
  ]);
});

test('a client that comes back gets what it missed, in order and once', async () => {
  for (const id of ['a', 'b', 'c']) seam.events.emit('run.changed', id, {});
  const { events } = await follow('?after=101', bearer(seam.keys.admin));
  seam.events.emit('run.changed', 'd', {});
  await until(() => events.length === 3);
  expect(events.map(({ seq, id }) => [seq, id])).toEqual([
    [102, 'b'],
    [103, 'c'],
    [104, 'd'],
  ]);
});

test('a gap that is too old, and a number from the future, answer resync', async () => {
  for (let i = 0; i < 40; i++) seam.events.emit('run.changed', `r${i}`, {});
  for (const after of [101, 9999]) {
    const { events } = await follow(`?after=${after}`, bearer(seam.keys.admin));
    await until(() => events.length > 0);
    expect(brief(events)).toEqual([[140, 'resync']]);
  }
});

test('a plain GET answers the same as a list', async () => {
  seam.events.emit('run.changed', 'r', { a: 1 });
  const get = async (query: string) =>
    (await ask(seam.port, `/api/v1/events${query}`, { key: seam.keys.admin })).json() as { events: LiveEvent[] };
  expect(brief((await get('?after=100')).events)).toEqual([[101, 'run.changed']]);
  expect(brief((await get('')).events)).toEqual([[101, 'resync']]);
});

test('a key, a key as protocol, and a session with Origin may follow; nobody else', async () => {
  const origin = `http://127.0.0.1:${seam.port}`;
  const login = await ask(seam.port, '/api/v1/session', { send: { key: seam.keys.admin } });
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const { socket } = await follow('', {}, [eventsProtocol, `bearer.${seam.keys.admin}`]);
  expect(socket.protocol).toBe(eventsProtocol);
  await follow('', { cookie, origin });
  await expect(follow('', { cookie })).rejects.toThrow('HTTP 403');
  await expect(follow('')).rejects.toThrow('HTTP 401');
  await expect(follow('', {}, [eventsProtocol, 'bearer.nk_wrong'])).rejects.toThrow('HTTP 401');
  await expect(follow('?since=3', bearer(seam.keys.admin))).rejects.toThrow('HTTP 400');
});

test('nobody sees events of what they may not read, and no one the hash of a key', async () => {
  const predictor = await follow('?after=100', bearer(seam.keys.predictor));
  const trainer = await follow('?after=100', bearer(seam.keys.trainer));
  const admin = await follow('?after=100', bearer(seam.keys.admin));
  seam.events.emit('run.changed', 'r', { secret: 'name' });
  seam.revoke('deployer');
  seam.events.emit('run.changed', 'r', {});
  await until(() => admin.events.length === 3 && trainer.events.length === 2);
  expect(brief(predictor.events)).toEqual([]);
  expect(brief(trainer.events)).toEqual([
    [101, 'run.changed'],
    [103, 'run.changed'],
  ]);
  expect(admin.events[1]).toMatchObject({ type: 'key.changed', data: { role: 'deployer', state: 'revoked' } });
  expect(JSON.stringify(admin.events)).not.toContain('hash');
});

test('revoking a key closes its sockets and the sockets of its sessions', async () => {
  const login = await ask(seam.port, '/api/v1/session', { send: { key: seam.keys.trainer } });
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const byKey = await follow('', bearer(seam.keys.trainer));
  const bySession = await follow('', { cookie, origin: `http://127.0.0.1:${seam.port}` });
  const other = await follow('', bearer(seam.keys.admin));
  seam.revoke('trainer');
  expect([await byKey.closed, await bySession.closed]).toEqual([eventsClose.signedOut, eventsClose.signedOut]);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
});

test('logging out closes the sockets of that session', async () => {
  const login = await ask(seam.port, '/api/v1/session', { send: { key: seam.keys.admin } });
  const headers = {
    cookie: login.headers['set-cookie']?.[0]?.split(';')[0] ?? '',
    origin: `http://127.0.0.1:${seam.port}`,
  };
  const { closed } = await follow('', headers);
  await ask(seam.port, '/api/v1/session', { method: 'DELETE', headers });
  expect(await closed).toBe(eventsClose.signedOut);
});

test('a client that does not read is dropped, and the others go on', async () => {
  const good = await follow('', bearer(seam.keys.admin));
  const slow = connect(seam.port, '127.0.0.1');
  const gone = new Promise((resolve) => slow.on('close', resolve));
  slow.on('error', () => {});
  slow.write(
    `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nAuthorization: Bearer ${seam.keys.admin}\r\n\r\n`,
  );
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 40; i++) {
    seam.events.emit('system.changed', String(i), megabyte);
    await until(() => good.events.length === i + 2);
  }
  slow.resume();
  await gone;
  expect(good.events.length).toBe(41);
});

test('closing the server tells the clients to come back later', async () => {
  const { closed } = await follow('', bearer(seam.keys.admin));
  await seam.close();
  expect(await closed).toBe(eventsClose.leaving);
});

test('no other path takes a WebSocket', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${seam.port}/api/v1/runs`, { headers: bearer(seam.keys.admin) });
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_req, res) => resolve(res.statusCode));
    socket.on('error', () => {});
  });
  expect(status).toBe(404);
});
