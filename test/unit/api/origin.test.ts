import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, codeOf, openSeam, type Seam } from './seam.ts';

let seam: Seam;
beforeAll(async () => {
  seam = await openSeam({ allowedHosts: ['lab.example'] });
});
afterAll(() => seam.close());

const health = '/api/v1/system/health';

test.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST', 'localhost.', 'lab.example'])(
  'answers host %s',
  async (host) => {
    const reply = await ask(seam.port, health, { headers: { host: `${host}:${seam.port}` } });
    expect(reply.status).toBe(200);
  },
);

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'a b', 'x@localhost'])(
  'refuses host “%s”, as a rebound name would send it',
  async (host) => {
    const reply = await ask(seam.port, health, { headers: { host } });
    expect([reply.status, codeOf(reply)]).toEqual([421, 'host_refused']);
  },
);

test('refuses foreign hosts on pages and unknown paths too', async () => {
  for (const path of ['/', '/docs', '/nothing', '/api/v1/openapi.json']) {
    expect((await ask(seam.port, path, { headers: { host: 'evil.example' } })).status).toBe(421);
  }
});

test('answers its own pages and refuses those of others, ports included', async () => {
  const host = `localhost:${seam.port}`;
  const from = async (origin: string) => (await ask(seam.port, health, { headers: { host, origin } })).status;
  expect(await from(`http://localhost:${seam.port}`)).toBe(200);
  for (const origin of [
    'https://evil.example',
    `http://localhost:${seam.port + 1}`,
    `http://127.0.0.1:${seam.port}`,
    'null',
  ]) {
    expect(await from(origin)).toBe(421);
  }
});

test('sends no CORS header, whoever asks', async () => {
  const reply = await ask(seam.port, health, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
  expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('refuses a WebSocket with a foreign Host or Origin', async () => {
  const url = `ws://127.0.0.1:${seam.port}/api/v1/events`;
  const statusWith = (headers: Record<string, string>) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, { headers: { authorization: `Bearer ${seam.keys.admin}`, ...headers } });
      socket.on('unexpected-response', (_req, res) => resolve(res.statusCode));
      socket.on('open', () => resolve('open'));
      socket.on('error', () => {});
    });
  expect(await statusWith({ host: 'evil.example' })).toBe(421);
  expect(await statusWith({ origin: 'https://evil.example' })).toBe(421);
});

test('writes refusals to the audit, a flood of them only in part', async () => {
  const flooded = await openSeam();
  for (let i = 0; i < 60; i++) await ask(flooded.port, '/', { headers: { host: 'evil.example' } });
  const first = { actor: 'anonymous', action: 'request', subject: 'host_refused', outcome: 'refused' };
  expect(flooded.audit[0]).toMatchObject(first);
  expect(flooded.audit.length).toBeGreaterThanOrEqual(30);
  expect(flooded.audit.length).toBeLessThan(61);
  await flooded.close();
});

test('every answer carries the security headers and no sign of the framework', async () => {
  for (const path of [health, '/docs', '/', '/api/v1/nothing']) {
    const { headers } = await ask(seam.port, path);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-powered-by']).toBeUndefined();
  }
});
