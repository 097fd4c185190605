// An upload on its way: its bytes wait on disk, sealed under a key that is only ever in memory, until an importer reads them at
// any place. A spool whose appliance is gone opens for nobody and is removed at the next start.
import { open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, type ImportSource } from '../../schema/index.ts';
import { newKey, sealLater, unseal } from '../../security/index.ts';
import { type ByteSource, cutOff } from './bytes.ts';

/** Plain bytes of a chunk. */
const chunkBytes = 1024 * 1024;

export interface Spool {
  /** Plain bytes taken so far. */
  readonly received: number;
  /** Takes the next bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Seals what is left; nothing is taken any more. What an importer needs to read it. */
  finish(name: string): Promise<Extract<ImportSource, { kind: 'spool' }>>;
  /** Removes it. */
  remove(): Promise<void>;
}

/** The file is bound to its name, each chunk to its number. */
const bind = (path: string, n: number): string => JSON.stringify(['spool', basename(path), n]);

/** Starts a spool at `path`, whose directory must exist. */
export async function createSpool(path: string): Promise<Spool> {
  const key = newKey();
  const handle = await open(path, 'wx', 0o600);
  const chunks: number[] = [];
  let held: Uint8Array[] = [];
  let [heldBytes, received, at] = [0, 0, 0];
  let closed = false;
  const put = async (plain: Uint8Array) => {
    const sealed = await sealLater(key, plain, bind(path, chunks.length));
    await handle.write(sealed, 0, sealed.length, at);
    chunks.push(sealed.length);
    at += sealed.length;
  };
  const cut = async (least: number) => {
    while (heldBytes >= least && heldBytes > 0) {
      const all = held.length === 1 ? held[0] : Buffer.concat(held);
      const rest = all.subarray(Math.min(chunkBytes, all.length));
      [held, heldBytes] = [rest.length > 0 ? [rest] : [], rest.length];
      await put(all.subarray(0, chunkBytes));
    }
  };
  const close = async () => {
    if (closed) return;
    closed = true;
    await handle.close();
  };
  return {
    get received() {
      return received;
    },
    async write(bytes) {
      held.push(Uint8Array.from(bytes));
      heldBytes += bytes.length;
      received += bytes.length;
      await cut(chunkBytes);
    },
    async finish(name) {
      await cut(1);
      await close();
      return { kind: 'spool', name, path, key, chunks, bytes: received };
    },
    async remove() {
      await close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

/** A finished spool, read at any place. */
export async function openSpool({
  name,
  path,
  key,
  chunks,
  bytes,
}: Extract<ImportSource, { kind: 'spool' }>): Promise<ByteSource> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new Fault('internal', 'the spooled upload is gone', undefined, error);
  });
  const starts = [0];
  for (const size of chunks) starts.push((starts.at(-1) ?? 0) + size);
  const cache = new Map<number, Promise<Uint8Array>>();
  const load = async (n: number) => {
    const sealed = Buffer.alloc(chunks[n]);
    await handle.read(sealed, 0, sealed.length, starts[n]);
    return unseal(key, sealed, bind(path, n), 'the spooled upload', chunkBytes);
  };
  const chunk = (n: number) => {
    let found = cache.get(n);
    if (!found) {
      found = load(n);
      cache.set(n, found);
      // The first to have come leaves first: readers of formats come back to what is near.
      if (cache.size > 8) cache.delete(cache.keys().next().value ?? 0);
    }
    return found;
  };
  return {
    name,
    size: bytes,
    async read(from, to) {
      if (from < 0 || to > bytes || from > to) throw cutOff(name);
      const out = Buffer.allocUnsafe(to - from);
      for (let at = from; at < to; ) {
        const n = Math.floor(at / chunkBytes);
        const start = at - n * chunkBytes;
        const part = (await chunk(n)).subarray(start, start + to - at);
        out.set(part, at - from);
        at += part.length;
      }
      return out;
    },
    close: () => handle.close(),
  };
}
