import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, codeOf, openSeam, type Seam } from './seam.ts';

let seam: Seam;
let folder: string;
const script = `console.log(${JSON.stringify('neutrino '.repeat(500))});\n`;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neutrino-static-'));
  await mkdir(join(folder, 'ui', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'outside');
  await writeFile(
    join(folder, 'ui', 'index.html'),
    '<!doctype html><title>app</title><style nonce="__CSP_NONCE__">a{}</style>',
  );
  await writeFile(join(folder, 'ui', 'assets', 'index-a1b2c3d4.js'), script);
  await writeFile(join(folder, 'ui', 'icon.svg'), '<svg/>');
  seam = await openSeam({ staticDir: join(folder, 'ui') });
});
afterAll(async () => {
  await seam.close();
  await rm(folder, { recursive: true });
});

const raw = async (path: string, encoding: string): Promise<{ bytes: Buffer; encoding: string | null }> => {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request({ port: seam.port, host: '127.0.0.1', path, headers: { 'accept-encoding': encoding } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => resolve({ bytes: Buffer.concat(chunks), encoding: res.headers['content-encoding'] ?? null }));
    })
      .on('error', reject)
      .end();
  });
};

test('the page comes with a strict policy and a new nonce each time', async () => {
  const nonces = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const { text, headers } = await ask(seam.port, '/');
    const nonce = /nonce="([\w+/=]+)"/.exec(text)?.[1] ?? '';
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(2);
});

test('the app’s own paths get the page; other missing paths do not', async () => {
  const html = { accept: 'text/html,*/*' };
  expect((await ask(seam.port, '/runs/run_1', { headers: html })).text).toContain('<title>app</title>');
  for (const [path, headers] of [
    ['/runs/run_1', {}],
    ['/assets/gone-12345678.js', html],
    ['/api/v1/nothing', html],
  ] as const) {
    const reply = await ask(seam.port, path, { headers });
    expect([reply.status, codeOf(reply)]).toEqual([404, 'not_found']);
  }
});

test('hashed assets are kept for ever, others are asked for again', async () => {
  const asset = await ask(seam.port, '/assets/index-a1b2c3d4.js');
  expect([asset.text, asset.headers['cache-control']]).toEqual([script, 'public, max-age=31536000, immutable']);
  const icon = await ask(seam.port, '/icon.svg');
  expect([icon.headers['content-type'], icon.headers['cache-control']]).toEqual(['image/svg+xml', 'no-cache']);
  const again = await ask(seam.port, '/icon.svg', { headers: { 'if-none-match': String(icon.headers['etag']) } });
  expect([again.status, again.text]).toEqual([304, '']);
});

test('assets go compressed to those who take it', async () => {
  const brotli = await raw('/assets/index-a1b2c3d4.js', 'gzip, br');
  expect([brotli.encoding, brotliDecompressSync(brotli.bytes).toString()]).toEqual(['br', script]);
  const zipped = await raw('/assets/index-a1b2c3d4.js', 'gzip');
  expect([zipped.encoding, gunzipSync(zipped.bytes).toString()]).toEqual(['gzip', script]);
  expect((await raw('/assets/index-a1b2c3d4.js', 'identity')).encoding).toBeNull();
});

test.each([
  '/../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/assets/..%5c..%5csecret.txt',
  '//etc/passwd',
  '/%00',
])('no path leads outside: %s', async (path) => {
  const reply = await ask(seam.port, path);
  expect([reply.status, reply.text.includes('outside')]).toEqual([404, false]);
});

test('without built pages, / says where the API is described', async () => {
  const bare = await openSeam({ staticDir: join(folder, 'none') });
  const reply = await ask(bare.port, '/');
  expect([reply.status, reply.text.includes('href="/docs"')]).toEqual([200, true]);
  await bare.close();
});
