import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createIdentity, type Identity } from '../../../engine/security/index.ts';
import { addressOf, closeAll, member, memoryBook, pairUp, until } from './room.ts';

afterEach(closeAll);

/** A WebSocket to a door with an identity of one's own. */
function knock(port: number, door: string, identity: Identity): WebSocket {
  return new WebSocket(`wss://127.0.0.1:${port}/${door}`, {
    cert: identity.certificate,
    key: identity.privateKey,
    rejectUnauthorized: false,
  });
}

const answerOf = (socket: WebSocket): Promise<{ status?: number; code?: number; text: string }> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => resolve({ code, text: reason.toString() }));
    socket.on('unexpected-response', (_req, res) => {
      let text = '';
      res.on('data', (data: Buffer) => (text += data.toString()));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
    });
  });

test('two machines pair, greet, measure their link, and both forget when one unpairs', async () => {
  const a = await member('anna');
  const b = await member('bert');
  await pairUp(a, b);
  const seen = await until(() => a.cluster.peers().find((one) => one.granted && one.load));
  expect(seen).toMatchObject({
    id: b.cluster.id,
    name: 'bert',
    trust: 'paired',
    link: 'up',
    build: '1.0.0',
    granted: { train: true, data: true, serve: false },
    hardware: { cores: 4, devices: ['cpu'] },
  });
  expect(await a.cluster.measure(b.cluster.id)).toBeGreaterThan(1e6);
  a.cluster.unpair(b.cluster.id);
  await until(() => b.book.list().length === 0);
  expect(a.book.list()).toEqual([]);
  const again = await answerOf(knock(b.cluster.port, 'link', a.identity));
  expect(again).toMatchObject({ status: 403, text: expect.stringContaining('bert does not trust this machine') });
});

test('a peer that leaves while its link is measured ends the measuring, and nothing else', async () => {
  const a = await member('anna');
  const b = await member('bert');
  await pairUp(a, b);
  // A rejection that nobody hears fails the run.
  const measured = a.cluster.measure(b.cluster.id);
  const left = expect(measured).rejects.toMatchObject({ code: 'unreachable' });
  a.cluster.unpair(b.cluster.id);
  await left;
  expect(a.cluster.status().state).toBe('up');
});

test('a link comes back by itself when a peer restarts at another port', async () => {
  const a = await member('anna');
  const b = await member('bert');
  await pairUp(a, b);
  await b.cluster.close();
  await until(() => a.cluster.peers()[0]?.link !== 'up');
  const back = await member('bert', { identity: b.identity, trust: b.book });
  await until(() => a.cluster.peers()[0]?.link === 'up');
  expect(a.book.get(b.cluster.id)?.addresses[0]).toEqual(addressOf(back));
});

test('strangers, people without a certificate and unknown doors are refused', async () => {
  const a = await member('anna');
  const stranger = await createIdentity('stranger');
  expect(await answerOf(knock(a.cluster.port, 'link', stranger))).toMatchObject({ status: 403 });
  expect(await answerOf(knock(a.cluster.port, 'elsewhere', stranger))).toMatchObject({ status: 404 });
  const bare = new WebSocket(`wss://127.0.0.1:${a.cluster.port}/link`, { rejectUnauthorized: false });
  expect(await answerOf(bare)).toMatchObject({ text: expect.stringContaining('no certificate') });
  const old = connect({ port: a.cluster.port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  const refusal = await new Promise<Error>((resolve) => old.once('error', resolve));
  expect(refusal.message).toMatch(/protocol version|alert/i);
});

test('a peer whose certificate was swapped is not taken for itself', async () => {
  const a = await member('anna');
  const b = await member('bert');
  await pairUp(a, b);
  const port = b.cluster.port;
  await b.cluster.close();
  await member('bert', { port });
  await until(() => /answers as .* not as/.test(a.cluster.peers()[0]?.why ?? ''));
  expect(a.cluster.peers()[0]?.link).not.toBe('up');
});

test('a certificate out of its time is refused by both sides', async () => {
  const past = { now: () => Date.now() - 30 * 365 * 86_400_000, monotonic: () => 0 };
  const expired = await createIdentity('old', past);
  const a = await member('anna');
  expect(await answerOf(knock(a.cluster.port, 'pair', expired))).toMatchObject({
    status: 403,
    text: expect.stringContaining('certificate is good from'),
  });
  const b = await member('bert', { identity: expired });
  await expect(a.cluster.pair(`127.0.0.1:${b.cluster.port}`)).rejects.toMatchObject({ code: 'untrusted' });
});

test('codes that differ end the pairing on both sides and trust nobody', async () => {
  const a = await member('anna');
  const b = await member('bert');
  const { id, code } = await a.cluster.pair(`127.0.0.1:${b.cluster.port}`);
  await until(() => b.cluster.status().pairings.find((one) => one.code));
  a.cluster.confirm(id);
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  expect(() => b.cluster.confirm(a.cluster.id, wrong)).toThrow(/codes differ/);
  const ended = await until(() => a.cluster.status().pairings.find((one) => one.outcome));
  expect(ended).toMatchObject({ outcome: 'failed', why: expect.stringContaining('refused: the codes differ') });
  expect([a.book.list(), b.book.list()]).toEqual([[], []]);
});

test('a stranger may try to pair three times a minute', async () => {
  const a = await member('anna');
  const stranger = await createIdentity('stranger');
  const tries: (number | undefined)[] = [];
  for (let i = 0; i < 5; i++) {
    const socket = knock(a.cluster.port, 'pair', stranger);
    socket.once('open', () => socket.close(1000));
    tries.push((await answerOf(socket)).status);
  }
  expect(tries).toEqual([undefined, undefined, undefined, 429, 429]);
});

test('garbage, silence before the greeting and oversize end that link only', async () => {
  const a = await member('anna');
  const b = await member('bert');
  await pairUp(a, b);
  const c = await member('carl');
  await pairUp(a, c);
  const rude = async (send: (socket: WebSocket) => void) => {
    const socket = knock(a.cluster.port, 'link', b.identity);
    socket.once('open', () => send(socket));
    return answerOf(socket);
  };
  expect(await rude((s) => s.send('not json'))).toMatchObject({
    code: 4003,
    text: expect.stringContaining('not JSON'),
  });
  expect(await rude((s) => s.send('{"type":"hello"}'))).toMatchObject({ code: 4003 });
  expect(await rude((s) => s.send('{"type":"ping","n":1}'))).toMatchObject({
    code: 4003,
    text: expect.stringContaining('begins with hello'),
  });
  expect(await rude((s) => s.send(randomBytes(100)))).toMatchObject({ code: 4003 });
  expect(await rude((s) => s.send(Buffer.alloc(5 * 1024 * 1024)))).toMatchObject({ code: 1009 });
  expect(a.cluster.peers().find((one) => one.name === 'carl')?.link).toBe('up');
});

test('the same identity at two machines is named', async () => {
  const a = await member('anna');
  const copy = await member('anna', { identity: a.identity, trust: memoryBook() });
  await expect(copy.cluster.pair(`127.0.0.1:${a.cluster.port}`)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('data directory was copied'),
  });
  expect(a.cluster.status().clones).toEqual([{ address: '127.0.0.1', at: expect.any(Number) }]);
  const findings = await a.cluster.diagnose();
  expect(findings[0]).toMatchObject({ level: 'problem', says: expect.stringContaining('data directory was copied') });
});

test('diagnosis tells a closed port from a stranger and from a machine that is not paired yet', async () => {
  const b = await member('bert');
  const gone = await member('gone');
  const { port } = gone.cluster;
  await gone.cluster.close();
  const a = await member('anna', { peers: [`127.0.0.1:${b.cluster.port}`, `127.0.0.1:${port}`] });
  await until(() => a.cluster.peers().length === 1);
  const says = (await a.cluster.diagnose()).map((one) => `${one.level} ${one.says}`).join('\n');
  expect(says).toContain(`problem 127.0.0.1:${port} cannot be reached: nothing listens there`);
  expect(says).toContain('is not paired yet: neutrino cluster pair bert');
  expect(says).toContain('discovery is off');
});
