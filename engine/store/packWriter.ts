// Writes an object pack, in the process that makes the object. Needs the data key only, never the vault.
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { assert, bytesOf, utf8 } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { makeDirectory, openSealers, seal, type Sealers, syncDirectory } from '../security/index.ts';
import { bulkPageBytes, createBulkFile, guarded } from './database.ts';
import {
  bindChunk,
  bindDirectory,
  chunkBytes,
  contentHash,
  type PackEntry,
  type PackKey,
  type PackSummary,
  packVersion,
} from './packFormat.ts';
import { fillGaps, findGaps } from './packGaps.ts';

export interface PackWriter {
  /** Adds bytes to the end of an entry, making it when it is new; the bytes may be reused afterwards. Entries may take turns. */
  append(name: string, bytes: ArrayBufferView): void;
  /**
   * Waits until at most `left` chunks are being sealed; with none, what is held back is written first; without it a pack that
   * seals on threads grows in memory. To be called with none before `finish`.
   */
  settle(left?: number): Promise<void>;
  /** Writes what is left and the directory, puts all on disk and gives the file its name. */
  finish(): PackSummary;
  /** Gives up and removes the file; does nothing after `finish`. */
  discard(): void;
}

/** Bytes held back, over all entries, before the fullest entry is written as a short chunk. */
const mostHeld = 64 * chunkBytes;
const chunksPerCommit = 64;
/** In a larger pack, gaps are a hundredth of the file at most. */
const chunksWithGaps = 64;
/** `NTRN`, so that `file` and people can tell what it is. */
const applicationId = 0x4e54524e;

interface Open extends PackEntry {
  hash: Hash;
  held: Uint8Array[];
  heldBytes: number;
}

/**
 * Starts a pack that will be at `path`. `mostBytes` is the most its file may take. With `threads` that seal beside this one the
 * caller must `settle`. Faults, here and while writing, named
 * after the object: `disk_full`, `not_writable`, `conflict` when the pack exists.
 */
export function createPack(
  path: string,
  { id, key }: PackKey,
  mostBytes = Number.POSITIVE_INFINITY,
  threads = 0,
): PackWriter {
  const part = `${path}.part`;
  const what = `object ${id}`;
  makeDirectory(dirname(path));
  if (statSync(path, { throwIfNoEntry: false })) throw new Fault('conflict', `${what} is written already`);
  rmSync(part, { force: true });
  const db = createBulkFile(part);
  const entries = new Map<string, Open>();
  let [chunks, inCommit, held, stored] = [0, 0, 0, 0];
  let state: 'open' | 'finished' | 'discarded' = 'open';
  let failure: { error: unknown } | undefined;
  let sealers: Sealers | undefined;
  const dismiss = () => {
    sealers?.close();
    sealers = undefined;
  };

  const discard = () => {
    if (state !== 'open') return;
    state = 'discarded';
    dismiss();
    db.close();
    rmSync(part, { force: true });
  };
  /** Any failure ends the pack: half of one is worth nothing. */
  const orDiscard = <T>(work: () => T): T => {
    // What a thread was asked for went wrong meanwhile: that is what the caller is told.
    if (failure) {
      discard();
      throw failure.error;
    }
    assert(state === 'open', `${what} is ${state} already`);
    try {
      return guarded(what, work);
    } catch (error) {
      discard();
      throw error;
    }
  };
  const insert = orDiscard(() => {
    db.exec(`
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${packVersion};
      CREATE TABLE chunks (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
      CREATE TABLE directory (sealed BLOB NOT NULL) STRICT;
      BEGIN;
    `);
    return db.prepare('INSERT INTO chunks (n, sealed) VALUES (?, ?)');
  });
  if (threads > 0) sealers = openSealers(key, threads);

  const pending = new Set<Promise<void>>();
  /** Memory of chunks that were sealed, for the next ones. */
  const spare: SharedArrayBuffer[] = [];
  const gather = (pieces: readonly Uint8Array[], length: number) => {
    const chunk = new Uint8Array(spare.pop() ?? new SharedArrayBuffer(chunkBytes), 0, length);
    let at = 0;
    for (const piece of pieces) {
      chunk.set(piece, at);
      at += piece.length;
    }
    return chunk;
  };
  const write = (entry: Open, pieces: readonly Uint8Array[], length: number) => {
    const n = chunks++;
    const aad = bindChunk(id, n, entry.name, entry.at.length);
    entry.at.push(n);
    entry.sizes.push(length);
    if (!sealers) {
      const [only, another] = pieces;
      const plain = only && !another ? only : Buffer.concat(pieces);
      entry.hash.update(plain);
      return insertSealed(n, seal(key, plain, aad));
    }
    const chunk = gather(pieces, length);
    entry.hash.update(chunk);
    const asked = sealers.seal(chunk, aad);
    const work = async () => {
      try {
        const sealed = await asked;
        spare.push(chunk.buffer);
        if (state === 'open') orDiscard(() => insertSealed(n, sealed));
      } catch (error) {
        failure ??= { error };
      } finally {
        pending.delete(own);
      }
    };
    const own: Promise<void> = work();
    pending.add(own);
  };
  const insertSealed = (n: number, sealed: Uint8Array) => {
    stored += sealed.length;
    if (stored > mostBytes) {
      throw new Fault(
        'disk_full',
        `${what} would take more than the ${mostBytes} bytes it may; free some space or raise the quota`,
      );
    }
    insert.run(n, sealed);
    if (++inCommit < chunksPerCommit) return;
    inCommit = 0;
    db.exec('COMMIT; BEGIN');
  };
  const writeHeld = (entry: Open) => {
    if (entry.heldBytes === 0) return;
    const [pieces, length] = [entry.held, entry.heldBytes];
    held -= length;
    entry.held = [];
    entry.heldBytes = 0;
    write(entry, pieces, length);
  };
  const hold = (entry: Open, bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    entry.held.push(bytes.slice());
    entry.heldBytes += bytes.length;
    held += bytes.length;
    if (entry.heldBytes === chunkBytes) writeHeld(entry);
    // Thousands of columns filling up together must not fill the memory.
    if (held > mostHeld) writeHeld([...entries.values()].reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a)));
  };

  return {
    append(name, bytes) {
      orDiscard(() => {
        let entry = entries.get(name);
        if (!entry) {
          entry = { name, size: 0, sha256: '', at: [], sizes: [], hash: createHash('sha256'), held: [], heldBytes: 0 };
          entries.set(name, entry);
        }
        const view = bytesOf(bytes);
        entry.size += view.length;
        let from = 0;
        while (view.length - from >= chunkBytes - entry.heldBytes) {
          const to = from + chunkBytes - entry.heldBytes;
          if (entry.heldBytes === 0) write(entry, [view.subarray(from, to)], to - from);
          else hold(entry, view.subarray(from, to));
          from = to;
        }
        hold(entry, view.subarray(from));
      });
    },
    async settle(left = 0) {
      // What is held is sealed with the rest, side by side, and not one after the other at the end.
      if (left === 0 && sealers) for (const entry of entries.values()) writeHeld(entry);
      while (pending.size > left) await Promise.race(pending);
      if (failure) throw failure.error;
    },
    finish: () =>
      orDiscard(() => {
        assert(pending.size === 0 && !failure, `${what} is settled before it is finished`);
        dismiss();
        for (const entry of entries.values()) writeHeld(entry);
        const directory: PackEntry[] = [...entries.values()].map(({ name, size, hash, at, sizes }) => {
          return { name, size, sha256: hash.digest('hex'), at, sizes };
        });
        const sealed = seal(key, utf8(JSON.stringify(directory)), bindDirectory(id));
        db.prepare('INSERT INTO directory (sealed) VALUES (?)').run(sealed);
        db.exec('COMMIT');
        const gaps = chunks <= chunksWithGaps ? findGaps(db) : [];
        db.close();
        const handle = openSync(part, 'r+');
        try {
          fillGaps(handle, bulkPageBytes, gaps);
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
        renameSync(part, path);
        syncDirectory(dirname(path));
        state = 'finished';
        const bytes = directory.reduce((sum, entry) => sum + entry.size, 0);
        return { bytes, stored: statSync(path).size, chunks, sha256: contentHash(directory) };
      }),
    discard,
  };
}
