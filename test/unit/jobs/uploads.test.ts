import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import type { JobContext } from '../../../engine/jobs/context.ts';
import { createUploads, type Uploads } from '../../../engine/jobs/uploads.ts';
import { openSpool } from '../../../engine/data/sources/spool.ts';
import { applianceConfig, type Call, type Caller, Fault } from '../../../engine/schema/index.ts';

let dir: string;
let uploads: Uploads;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-uploads-'));
  const config = applianceConfig.parse({ dataDir: dir, limits: { freeDisk: 0, upload: 4_000_000 } });
  uploads = createUploads({ config, log: silentLog, now: () => Date.now() } as unknown as JobContext);
});
afterAll(async () => {
  await uploads.close();
  rmSync(dir, { recursive: true, force: true });
});

const ada = { principal: 'ada', role: 'trainer' } as Caller;
const bob = { principal: 'bob', role: 'trainer' } as Caller;
const call = (caller: Caller, stream?: Readable) =>
  ({ caller, ...(stream ? { upload: { stream } } : {}) }) as unknown as Call;
const begin = async (caller = ada) =>
  uploads.handlers['uploads.begin']({ params: undefined, query: undefined, body: { filename: 't.csv' } }, call(caller));
const append = async (id: string, offset: number, stream: Readable, caller = ada) =>
  uploads.handlers['uploads.append']({ params: { id }, query: { offset }, body: undefined }, call(caller, stream));

test('an upload goes on where it broke off, and reads back byte for byte from any place', async () => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) % 251));
  const { id } = await begin();
  const first = new PassThrough();
  const broken = append(id, 0, first);
  first.write(bytes.subarray(0, 1_700_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  first.destroy(new Fault('cancelled', 'the client left'));
  await expect(broken).rejects.toMatchObject({ code: 'cancelled' });
  const { received } = await uploads.handlers['uploads.show']({ params: { id } } as never, call(ada));
  expect(received).toBeGreaterThan(0);
  await expect(append(id, received + 1, Readable.from([Buffer.alloc(5)]))).rejects.toMatchObject({
    code: 'conflict',
    details: { received },
  });
  expect(await append(id, received, Readable.from([bytes.subarray(received)]))).toEqual({
    id,
    filename: 't.csv',
    received: bytes.length,
  });
  const { source, remove } = await uploads.take(id, ada);
  if (source.kind !== 'spool') throw new Error('an upload is a spool');
  const spool = await openSpool(source);
  expect(spool.size).toBe(bytes.length);
  expect((await spool.read(0, bytes.length)).equals(bytes)).toBe(true);
  expect((await spool.read(1_048_570, 2_097_160)).equals(bytes.subarray(1_048_570, 2_097_160))).toBe(true);
  await expect(spool.read(0, bytes.length + 1)).rejects.toMatchObject({ code: 'bad_data' });
  await spool.close();
  await remove();
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});

test('what is spooled is nowhere in the clear, and belongs to who sent it', async () => {
  const { id } = await begin();
  await append(id, 0, Readable.from([Buffer.from('MARKER-7cf1'.repeat(200_000))]));
  const stored = readdirSync(join(dir, 'spool')).map((name) => readFileSync(join(dir, 'spool', name)));
  expect(stored.some((bytes) => bytes.includes('MARKER'))).toBe(false);
  await expect(append(id, 0, Readable.from([]), bob)).rejects.toMatchObject({ code: 'not_found' });
  await expect(uploads.take(id, bob)).rejects.toMatchObject({ code: 'not_found' });
  await uploads.handlers['uploads.cancel']({ params: { id } } as never, call(ada));
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});

test('an upload that is cancelled while it arrives tells its sender so', async () => {
  const { id } = await begin();
  const stream = new PassThrough();
  const adding = append(id, 0, stream).catch((error: unknown) => error);
  stream.write(Buffer.alloc(3_000_000));
  await uploads.handlers['uploads.cancel']({ params: { id } } as never, call(ada));
  expect(await adding).toMatchObject({ code: 'cancelled' });
  expect(readdirSync(join(dir, 'spool'))).toEqual([]);
});

test('parts together may have no more than one upload may', async () => {
  const { id } = await begin();
  await append(id, 0, Readable.from([Buffer.alloc(3_900_000)]));
  await expect(append(id, 3_900_000, Readable.from([Buffer.alloc(200_000)]))).rejects.toMatchObject({
    code: 'payload_too_large',
  });
  expect(await uploads.handlers['uploads.show']({ params: { id } } as never, call(ada))).toMatchObject({
    received: 3_900_000,
  });
  await uploads.handlers['uploads.cancel']({ params: { id } } as never, call(ada));
});

test('sixty slow senders keep nobody else from uploading; one caller cannot take all the room', async () => {
  const slow = Array.from({ length: 60 }, () => new PassThrough());
  const running = slow.map(async (stream) => append((await begin(bob)).id, 0, stream, bob).catch(() => undefined));
  for (const stream of slow) stream.write('x');
  const { id } = await begin(ada);
  expect(await append(id, 0, Readable.from([Buffer.from('a,b\n')]))).toMatchObject({ received: 4 });
  await expect(Promise.all(Array.from({ length: 10 }, () => begin(bob)))).rejects.toMatchObject({
    code: 'too_many_requests',
  });
  for (const stream of slow) stream.destroy();
  await Promise.all(running);
});
