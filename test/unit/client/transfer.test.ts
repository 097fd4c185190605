import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, createClient, type UploadSource } from '../../../engine/client/index.ts';
import { newDataset, openSeam, type Seam } from '../api/seam.ts';

let seam: Seam;
let client: Client;
beforeAll(async () => {
  seam = await openSeam({ limits: { upload: 2_000_000 } });
  client = createClient({ url: seam.url, key: seam.keys.admin });
  for (const name of ['iris', 'broken']) seam.datasets.set(`ds_${name}`, newDataset(name));
});
afterAll(() => seam.close());

const bytes = new Uint8Array(randomBytes(1_000_000));
const sha256 = createHash('sha256').update(bytes).digest('hex');
const pieces = async function* () {
  for (let i = 0; i < 10; i++) yield bytes.subarray(i * 100_000, (i + 1) * 100_000);
};
const sources: [string, () => UploadSource][] = [
  ['a blob', () => new Blob([bytes])],
  ['bytes', () => bytes],
  ['a web stream', () => new Blob([bytes]).stream()],
  ['a Node stream', () => Readable.from(pieces())],
  ['a generator', pieces],
];

test.each(sources)('uploads %s with progress', async (_what, source) => {
  const seen: [number, number | undefined][] = [];
  const onProgress = (sent: number, total: number | undefined) => seen.push([sent, total]);
  const options = { bytes: bytes.length, onProgress };
  const made = await client.upload('datasets.upload', source(), { query: { filename: 'x.csv', name: 'up' } }, options);
  expect(made.bytes).toEqual({ source: bytes.length, stored: bytes.length });
  expect(seam.uploads.at(-1)).toBe(sha256);
  expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
  expect(seen.map(([sent]) => sent)).toEqual(seen.map(([sent]) => sent).sort((a, b) => a - b));
});

test('an upload that is too large rejects with the appliance’s reason', async () => {
  const endless = async function* () {
    for (;;) yield bytes;
  };
  const upload = client.upload('datasets.upload', endless(), { query: { filename: 'x.csv' } });
  await expect(upload).rejects.toMatchObject({ code: 'payload_too_large' });
});

test('a source that fails rejects the upload, and nothing is kept', async () => {
  const before = seam.uploads.length;
  const failing = async function* () {
    yield bytes;
    throw new Error('disk gone');
  };
  const upload = client.upload('datasets.upload', failing(), { query: { filename: 'x.csv' } });
  await expect(upload).rejects.toMatchObject({ name: 'Fault' });
  expect(seam.uploads.length).toBe(before);
});

test('an upload can be cancelled', async () => {
  const leaving = new AbortController();
  const slow = async function* () {
    yield bytes;
    leaving.abort();
    await new Promise(() => {});
  };
  const upload = client.upload('datasets.upload', slow(), { query: { filename: 'x' } }, { signal: leaving.signal });
  await expect(upload).rejects.toMatchObject({ code: 'cancelled' });
});

test('downloads with name, type and progress', async () => {
  let received = 0;
  const download = await client.download(
    'datasets.export',
    { params: { id: 'iris' }, query: { format: 'csv' } },
    { onProgress: (bytesSoFar) => (received = bytesSoFar) },
  );
  expect([download.filename, download.type]).toEqual(['iris – rows.csv', 'text/csv']);
  const text = await new Response(download.body).text();
  expect([text.split('\n').length, received]).toEqual([50_001, text.length]);
});

test('a download that breaks off is an error, never a short file', async () => {
  const download = await client.download('datasets.export', { params: { id: 'broken' } });
  await expect(new Response(download.body).text()).rejects.toMatchObject({ code: 'unreachable' });
});

test('a download that is refused rejects before any byte', async () => {
  await expect(client.download('datasets.export', { params: { id: 'none' } })).rejects.toMatchObject({
    code: 'not_found',
  });
});
