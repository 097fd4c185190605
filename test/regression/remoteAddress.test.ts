// Addresses of imports that ended as "something went wrong inside": paths with a broken %, credentials named like parts of every
// object, redirects to nowhere. And a redirect from https to http took the credentials along.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { send } from '../../engine/data/sources/remote/http.ts';
import type { JobContext } from '../../engine/jobs/context.ts';
import { createCredentials } from '../../engine/jobs/credentials.ts';
import { createVault } from '../../engine/security/index.ts';
import { openStore } from '../../engine/store/index.ts';

const after: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const undo of after.splice(0).reverse()) await undo();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  after.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['http://[', 'bad_data'],
  ['file:///etc/hostname', 'bad_data'],
  ['http://127.0.0.1:1/', 'forbidden'],
])('a redirect to %s is %s', async (location, code) => {
  const base = await serve((_req, res) => res.writeHead(302, { location }).end());
  await expect(send({ url: new URL(`${base}/t.csv`) })).rejects.toMatchObject({ code });
});

test('what is missing at a path with a broken % is not found', async () => {
  const base = await serve((_req, res) => res.writeHead(404).end());
  await expect(send({ url: new URL(`${base}/%zz.csv`) })).rejects.toMatchObject({ code: 'not_found' });
});

test('credentials do not go from https to http of the same host', async () => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.href);
    return new Response(null, { status: 302, headers: { location: 'http://data.lab/t.csv' } });
  });
  await expect(
    send({ url: new URL('https://data.lab/t.csv'), headers: { authorization: 'Bearer tk' } }),
  ).rejects.toMatchObject({ code: 'forbidden' });
  expect(asked).toEqual(['https://data.lab/t.csv']);
});

test('credentials named like parts of every object are nobody’s until they are set', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-address-'));
  after.push(() => rmSync(dir, { recursive: true, force: true }));
  const { vault } = await createVault(join(dir, 'data'), { configDir: join(dir, 'config') });
  const store = openStore({ dir: join(dir, 'data'), vault });
  after.push(() => store.close());
  const credentials = createCredentials({ store } as JobContext);
  const faultOf = (work: () => unknown) => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  for (const name of ['constructor', '__proto__', 'toString']) {
    expect(faultOf(() => credentials.sourceOf('http://data.lab/t.csv', name, undefined))).toMatchObject({
      code: 'not_found',
    });
  }
  expect(faultOf(() => credentials.sourceOf('http://data.lab/%zz.csv', undefined, undefined))).toMatchObject({
    code: 'bad_request',
  });
});
