import { request } from 'node:https';
import { Agent, request as plainRequest } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Fault } from '../../../engine/schema/index.ts';
import { createAuthority, issueServer } from '../../../engine/security/index.ts';
import { ask, codeOf, openSeam, until } from './seam.ts';

test('a taken port is named, with what to do', async () => {
  const first = await openSeam();
  const second = openSeam({ port: first.port });
  await expect(second).rejects.toMatchObject({ code: 'port_taken', message: expect.stringContaining('--port') });
  await first.close();
});

test('closing ends idle keep-alive connections at once', async () => {
  const seam = await openSeam();
  const agent = new Agent({ keepAlive: true });
  await new Promise((resolve, reject) => {
    plainRequest({ host: '127.0.0.1', port: seam.port, path: '/api/v1/system/health', agent }, (res) => {
      res.resume().on('end', resolve);
    })
      .on('error', reject)
      .end();
  });
  const began = performance.now();
  await seam.close();
  expect(performance.now() - began).toBeLessThan(1000);
  agent.destroy();
});

test('closing aborts what runs, and answers it', async () => {
  const seam = await openSeam();
  const asked = fetch(`${seam.url}/api/v1/models/m/predict`, {
    method: 'POST',
    headers: { authorization: `Bearer ${seam.keys.admin}`, 'content-type': 'application/json' },
    body: '{"inputs":["x"]}',
  });
  await until(() => seam.started.length > 0);
  await seam.close();
  const response = await asked;
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'unavailable' } }]);
  expect(seam.aborted).toEqual([{ name: 'models.predict', code: 'unavailable' }]);
});

test('what is not HTTP is answered with 400 and the server lives on', async () => {
  const seam = await openSeam();
  let text = '';
  const socket = connect(seam.port, '127.0.0.1', () => socket.write('hello there\r\n\r\n'));
  socket.on('data', (chunk) => (text += chunk.toString()));
  await until(() => socket.closed);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(`${seam.url}/api/v1/system/health`)).status).toBe(200);
  await seam.close();
});

test('a client that offers HTTP/2 on a plain request gets an answer all the same', async () => {
  const seam = await openSeam();
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const reply = await ask(seam.port, '/api/v1/system/health', { headers });
  expect(reply.json()).toEqual({ ok: true, version: '1.2.3' });
  await seam.close();
});

test('a malformed escape in an address is refused, on pages as in the API', async () => {
  const seam = await openSeam();
  for (const path of ['/%zz', '/api/v1/datasets/%zz']) {
    expect(codeOf(await ask(seam.port, path, { key: seam.keys.admin }))).toBe('bad_request');
  }
  await seam.close();
});

test('with TLS material it speaks HTTPS, and cookies are Secure', async () => {
  const authority = await createAuthority('test');
  const server = await issueServer(authority, ['localhost', '127.0.0.1']);
  const seam = await openSeam({ tls: { cert: server.certificate, key: server.privateKey } });
  expect(seam.url).toBe(`https://127.0.0.1:${seam.port}`);
  const cookie = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = {
      host: '127.0.0.1',
      port: seam.port,
      path: '/api/v1/session',
      method: 'POST',
      headers,
      ca: authority.certificate,
    };
    request(options, (res) => resolve(res.headers['set-cookie']?.[0] ?? ''))
      .on('error', reject)
      .end(JSON.stringify({ key: seam.keys.admin }));
  });
  expect(cookie).toMatch(new RegExp(`^__Host-neutrino_${seam.port}=.*; Secure`));
  await seam.close();
});

test('TLS material that does not belong together is refused by name', async () => {
  await expect(openSeam({ tls: { cert: 'nonsense', key: 'nonsense' } })).rejects.toBeInstanceOf(Fault);
});
