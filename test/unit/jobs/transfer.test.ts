// A pack on its way: whole whatever is lost, from where it stopped, and never another one.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { type Fetch, fetchFile, hashFile, pieceBytes, readPiece } from '../../../engine/jobs/transfer.ts';
import { Fault } from '../../../engine/schema/index.ts';

let dir: string;
let source: string;
const bytes = 5 * pieceBytes + 1234;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-transfer-'));
  source = join(dir, 'source');
  const random = rng(1, 'pack');
  writeFileSync(
    source,
    Uint8Array.from({ length: bytes }, () => random.int(256)),
  );
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Fetches from the source; `lose` says which asks are never answered. */
async function get(lose: (nth: number) => boolean = () => false, sha256?: string) {
  const asked: number[] = [];
  const stop = new AbortController();
  const told: number[] = [];
  const fetch: Fetch = fetchFile({
    path: join(dir, 'there'),
    bytes,
    sha256: sha256 ?? (await hashFile(source)),
    pull(piece, at, count) {
      asked.push(piece);
      if (!lose(asked.length)) void readPiece(source, at, count).then((data) => fetch.take(piece, data));
      return true;
    },
    progress: (done) => told.push(done),
    signal: stop.signal,
  });
  return { fetch, asked, told, stop };
}

test('comes whole, and says how far it is', async () => {
  const { fetch, asked, told } = await get();
  await fetch.done;
  expect(readFileSync(join(dir, 'there')).equals(readFileSync(source))).toBe(true);
  expect(new Set(asked)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(told.at(-1)).toBe(bytes);
});

test('goes on from the last whole piece of an earlier try', async () => {
  const first = await get((nth) => nth > 3);
  await expect.poll(() => first.told.at(-1)).toBe(3 * pieceBytes);
  first.stop.abort(new Fault('cancelled', 'the link was lost'));
  await expect(first.fetch.done).rejects.toThrow('the link was lost');
  // A piece that was half written does not count.
  truncateSync(join(dir, 'there.part'), 2 * pieceBytes + 10);
  const again = await get();
  await again.fetch.done;
  expect(new Set(again.asked)).toEqual(new Set([2, 3, 4, 5]));
  expect(readFileSync(join(dir, 'there')).equals(readFileSync(source))).toBe(true);
});

test('pieces that nobody asked for, or of another length, are nothing', async () => {
  const { fetch } = await get();
  fetch.take(99, new Uint8Array(5));
  fetch.take(1, new Uint8Array(5));
  await fetch.done;
  expect(readFileSync(join(dir, 'there')).equals(readFileSync(source))).toBe(true);
});

test('another content than was promised is refused, and nothing of it stays', async () => {
  const { fetch } = await get(undefined, 'ab'.repeat(32));
  await expect(fetch.done).rejects.toMatchObject({ code: 'corrupt' });
  expect(() => readFileSync(join(dir, 'there.part'))).toThrow();
});
