import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, codeOf, newDataset, openSeam, type Seam, until } from './seam.ts';

let seam: Seam;
const mostUpload = 3 * 1024 * 1024;
beforeAll(async () => {
  seam = await openSeam({ limits: { upload: mostUpload } });
  for (const name of ['iris', 'broken']) seam.datasets.set(`ds_${name}`, newDataset(name));
});
afterAll(() => seam.close());

const path = '/api/v1/datasets/upload?filename=x.csv';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('an upload reaches its handler byte for byte, with its declared length', async () => {
  const body = randomBytes(2_000_000);
  const reply = await ask(seam.port, `${path}&name=big`, { body, key: seam.keys.admin });
  expect([reply.status, reply.json()]).toMatchObject([
    202,
    { name: 'big', bytes: { source: 2_000_000, stored: 2_000_000 } },
  ]);
  expect(seam.uploads.at(-1)).toBe(sha256(body));
});

test('a chunked upload needs no length', async () => {
  const body = randomBytes(300_000);
  const reply = await ask(seam.port, path, { body, key: seam.keys.admin, headers: { 'transfer-encoding': 'chunked' } });
  expect([reply.status, seam.uploads.at(-1)]).toEqual([202, sha256(body)]);
});

test('an upload that is declared too large is refused before it is sent', async () => {
  const refused = await new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${seam.keys.admin}`,
      'content-length': String(mostUpload + 1),
      expect: '100-continue',
    };
    const req = request({ host: '127.0.0.1', port: seam.port, path, method: 'POST', headers }, (res) => {
      resolve(res.statusCode);
      req.destroy();
    });
    req.on('continue', () => reject(new Error('the server asked for the body')));
    req.on('error', reject);
    req.flushHeaders();
  });
  expect(refused).toBe(413);
});

test('an upload that grows too large is refused on the way, and the client sees why', async () => {
  const response = await fetch(`${seam.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${seam.keys.admin}` },
    body: new Blob([randomBytes(mostUpload + 500_000)]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'payload_too_large' } }]);
});

test('an upload to a handler that refuses without reading it gets the refusal', async () => {
  const reply = await ask(seam.port, '/api/v1/models', { body: randomBytes(1_500_000), key: seam.keys.admin });
  expect([reply.status, codeOf(reply), reply.headers['connection']]).toEqual([503, 'unavailable', 'close']);
});

test('a client that leaves during an upload ends the handler’s stream with cancelled', async () => {
  const failures: unknown[] = [];
  let began = false;
  const other = await openSeam({
    handlers: {
      'datasets.upload': async (_input, { upload }) => {
        try {
          for await (const _chunk of upload?.stream ?? []) began = true;
        } catch (error) {
          failures.push((error as { code: string }).code);
          throw error;
        }
        return newDataset('never');
      },
    },
  });
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${other.keys.admin}\r\nContent-Length: 100000\r\n\r\n`;
  const socket = connect(other.port, '127.0.0.1', () => socket.write(`${head}some,rows\n`));
  await until(() => began);
  socket.destroy();
  await until(() => failures.length > 0);
  expect(failures).toEqual(['cancelled']);
  expect(other.audit.map(({ action, outcome }) => [action, outcome])).toEqual([['datasets.upload', 'failed']]);
  await other.close();
});

test('a download streams with its name and type, and enters the audit', async () => {
  const reply = await ask(seam.port, '/api/v1/datasets/iris/export?format=jsonl', { key: seam.keys.admin });
  expect(reply.text.split('\n').length).toBe(50_001);
  expect(reply.headers).toMatchObject({
    'content-type': 'text/csv',
    'content-disposition': `attachment; filename="iris_rows.jsonl"; filename*=UTF-8''iris%20%E2%80%93%20rows.jsonl`,
    'content-security-policy': expect.stringContaining('sandbox'),
  });
  expect(seam.audit.at(-1)).toMatchObject({ action: 'datasets.export', subject: 'iris', outcome: 'ok' });
});

test('a download that fails half-way is cut, so that it never looks whole', async () => {
  await expect(ask(seam.port, '/api/v1/datasets/broken/export', { key: seam.keys.admin })).rejects.toThrow();
});

test('a download that fails before its first byte answers the fault', async () => {
  const reply = await ask(seam.port, '/api/v1/datasets/none/export', { key: seam.keys.admin });
  expect([reply.status, codeOf(reply)]).toEqual([404, 'not_found']);
});

test('a client that leaves aborts the handler’s signal', async () => {
  const body = JSON.stringify({ inputs: ['x'] });
  const headers = { authorization: `Bearer ${seam.keys.admin}`, 'content-type': 'application/json' };
  const leaving = new AbortController();
  const asked = fetch(`${seam.url}/api/v1/models/m/predict`, { method: 'POST', headers, body, signal: leaving.signal });
  await until(() => seam.started.length > 0);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await until(() => seam.aborted.length > 0);
  expect(seam.aborted).toEqual([{ name: 'models.predict', code: 'cancelled' }]);
});
