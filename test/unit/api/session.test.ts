import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, codeOf, openSeam, type Reply, type Seam } from './seam.ts';

let seam: Seam;
beforeAll(async () => {
  seam = await openSeam();
});
afterAll(() => seam.close());

const path = '/api/v1/session';
const origin = () => `http://127.0.0.1:${seam.port}`;
const cookieOf = (reply: Reply): string => reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
const logIn = (send: unknown) => ask(seam.port, path, { send, headers: { origin: origin() } });

test('a key opens a session in a cookie that scripts and other sites cannot use', async () => {
  const reply = await logIn({ key: seam.keys.admin });
  expect(reply.json()).toEqual({ principal: 'ada', role: 'admin', expiresAt: expect.any(Number) });
  const cookie = reply.headers['set-cookie']?.[0] ?? '';
  expect(cookie).toMatch(
    new RegExp(`^neutrino_${seam.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\\d+$`),
  );
  const shown = await ask(seam.port, path, { headers: { cookie: cookieOf(reply) } });
  expect(shown.json()).toMatchObject({ principal: 'ada', role: 'admin' });
});

test('a session that logged out is over', async () => {
  const cookie = cookieOf(await logIn({ key: seam.keys.admin }));
  const out = await ask(seam.port, path, { method: 'DELETE', headers: { cookie, origin: origin() } });
  expect(out.json()).toEqual({ ok: true });
  expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0');
  expect(codeOf(await ask(seam.port, path, { headers: { cookie } }))).toBe('unauthenticated');
});

test('a ticket opens one session, once', async () => {
  const made = await ask(seam.port, `${path}/ticket`, { send: {}, key: seam.token });
  const { ticket, url } = made.json() as { ticket: string; url: string };
  expect(url).toBe(`${origin()}/#ticket=${ticket}`);
  expect((await logIn({ ticket })).status).toBe(200);
  expect(codeOf(await logIn({ ticket }))).toBe('unauthenticated');
});

test('a change by cookie needs the Origin of this server; a change by key does not', async () => {
  const cookie = cookieOf(await logIn({ key: seam.keys.admin }));
  const change = { method: 'DELETE', path: '/api/v1/datasets/none' };
  const without = await ask(seam.port, change.path, { method: 'DELETE', headers: { cookie } });
  expect([without.status, codeOf(without)]).toEqual([403, 'forbidden']);
  const foreign = await ask(seam.port, change.path, {
    method: 'DELETE',
    headers: { cookie, origin: 'https://evil.example' },
  });
  expect(foreign.status).toBe(421);
  const own = await ask(seam.port, change.path, { method: 'DELETE', headers: { cookie, origin: origin() } });
  expect(codeOf(own)).toBe('not_found');
  expect(codeOf(await ask(seam.port, change.path, { method: 'DELETE', key: seam.keys.admin }))).toBe('not_found');
});

test('a form of another site cannot log a browser in: only JSON is taken', async () => {
  const body = `key=${seam.keys.admin}`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(codeOf(await ask(seam.port, path, { body, headers }))).toBe('bad_request');
});

test('wrong keys are told so, then slowed down, and the audit has them', async () => {
  const strict = await openSeam({ limits: { failedLogins: 3 } });
  const wrong = `nk_${'0'.repeat(16)}_${'0'.repeat(64)}`;
  const codes = [];
  for (let i = 0; i < 5; i++) codes.push(codeOf(await ask(strict.port, path, { send: { key: wrong } })));
  expect(codes).toEqual([
    'unauthenticated',
    'unauthenticated',
    'unauthenticated',
    'too_many_requests',
    'too_many_requests',
  ]);
  const last = await ask(strict.port, '/api/v1/datasets', { key: wrong });
  expect([last.status, Number(last.headers['retry-after']) > 0]).toEqual([429, true]);
  expect(strict.audit.map(({ action, subject, outcome }) => ({ action, subject, outcome }))).toEqual(
    Array.from({ length: 3 }, () => ({ action: 'session.create', subject: 'unauthenticated', outcome: 'refused' })),
  );
  await strict.close();
});

test('without a key: 401 that says how to log in', async () => {
  const reply = await ask(seam.port, '/api/v1/datasets');
  expect([reply.status, reply.headers['www-authenticate'], codeOf(reply)]).toEqual([401, 'Bearer', 'unauthenticated']);
  expect(codeOf(await ask(seam.port, '/api/v1/datasets', { headers: { authorization: 'Basic abc' } }))).toBe(
    'unauthenticated',
  );
});

test('the session of a revoked key is over with it', async () => {
  const other = await openSeam();
  const cookie = cookieOf(await ask(other.port, path, { send: { key: other.keys.trainer } }));
  expect((await ask(other.port, path, { headers: { cookie } })).status).toBe(200);
  other.revoke('trainer');
  expect(codeOf(await ask(other.port, path, { headers: { cookie } }))).toBe('unauthenticated');
  await other.close();
});

test('one key may make so many requests a minute, another is not affected', async () => {
  const limited = await openSeam({ limits: { requests: 3 } });
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await ask(limited.port, path, { key: limited.keys.admin })).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect((await ask(limited.port, path, { key: limited.keys.trainer })).status).toBe(200);
  await limited.close();
});
