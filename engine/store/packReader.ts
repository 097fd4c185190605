// Reads an object pack, in any process that was given its data key. Every byte that comes out was verified.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fromUtf8, must } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged, fileFault, unseal } from '../security/index.ts';
import { openBulkFile } from './database.ts';
import {
  bindChunk,
  bindDirectory,
  chunkBytes,
  contentHash,
  mostDirectoryBytes,
  type PackEntry,
  type PackKey,
  type PackSummary,
  packVersion,
} from './packFormat.ts';

/** Bytes that come back start on an 8-byte boundary, so that they can be viewed as numbers; they are the caller's own. */
export interface PackReader {
  readonly id: string;
  readonly summary: PackSummary;
  /** Names of the entries, in the order in which they were first appended to. */
  entries(): string[];
  has(name: string): boolean;
  /** Plain bytes of an entry. Fault `not_found`, here and below, when there is no such entry. */
  size(name: string): number;
  chunkCount(name: string): number;
  /** Chunk `i` of an entry; where it starts and ends is the writer's affair, `read` and `readRange` do not show it. */
  readChunk(name: string, i: number): Uint8Array;
  /** A whole entry. */
  read(name: string): Uint8Array;
  /** Bytes `from` to `to` (exclusive) of an entry. */
  readRange(name: string, from: number, to: number): Uint8Array;
  /** Reads everything and compares the hashes; Fault `corrupt`. */
  verify(): void;
  close(): void;
}

/** Opens a finished pack. Faults, here and while reading, named after the object: `not_found`, `corrupt`, `newer_version`. */
export function openPack(path: string, { id, key }: PackKey): PackReader {
  const what = `object ${id}`;
  const db = orDamaged(what, () => {
    checkHeader(path, what);
    return openBulkFile(path);
  });
  try {
    const directory = orDamaged(what, () => readDirectory(db, id, key, what));
    return readerOver(db, id, key, directory, statSync(path).size);
  } catch (error) {
    db.close();
    throw error;
  }
}

function readerOver(
  db: Database.Database,
  id: string,
  key: Uint8Array,
  directory: PackEntry[],
  stored: number,
): PackReader {
  const what = `object ${id}`;
  const entries = new Map(directory.map((entry) => [entry.name, entry]));
  const select = orDamaged(what, () =>
    db.prepare<[number], { sealed: Buffer }>('SELECT sealed FROM chunks WHERE n = ?'),
  );
  const entryOf = (name: string): PackEntry => {
    const entry = entries.get(name);
    if (!entry) throw new Fault('not_found', `${what} has no entry ${name}`);
    return entry;
  };
  const chunk = (entry: PackEntry, i: number): Uint8Array => {
    const n = entry.at[i];
    if (n === undefined) throw new Fault('not_found', `${what} has no chunk ${i} of ${entry.name}`);
    const row = orDamaged(what, () => select.get(n));
    if (!row) throw damaged(what);
    const plain = unseal(key, row.sealed, bindChunk(id, n, entry.name, i), what, chunkBytes);
    if (plain.length !== entry.sizes[i]) throw damaged(what);
    return plain.byteOffset % 8 === 0 ? plain : Uint8Array.from(plain);
  };
  /** Reads of ranges come in order, so the chunk that one ends in is where the next begins. */
  let last: { entry: PackEntry; i: number; plain: Uint8Array } | undefined;
  const cached = (entry: PackEntry, i: number) => {
    if (last?.entry !== entry || last.i !== i) last = { entry, i, plain: chunk(entry, i) };
    return last.plain;
  };
  const readRange = (name: string, from: number, to: number) => {
    const entry = entryOf(name);
    if (!(from >= 0 && from <= to && to <= entry.size)) {
      throw new Fault('internal', `bytes ${from} to ${to} are outside the ${entry.size} of ${what}`);
    }
    const bytes = new Uint8Array(to - from);
    let start = 0;
    for (const [i, size] of entry.sizes.entries()) {
      if (start >= to) break;
      if (start + size > from) {
        const lo = Math.max(from - start, 0);
        bytes.set(cached(entry, i).subarray(lo, to - start), start + lo - from);
      }
      start += size;
    }
    return bytes;
  };

  return {
    id,
    summary: {
      bytes: directory.reduce((sum, { size }) => sum + size, 0),
      stored,
      chunks: directory.reduce((sum, { at }) => sum + at.length, 0),
      sha256: contentHash(directory),
    },
    entries: () => [...entries.keys()],
    has: (name) => entries.has(name),
    size: (name) => entryOf(name).size,
    chunkCount: (name) => entryOf(name).at.length,
    readChunk: (name, i) => chunk(entryOf(name), i),
    read(name) {
      const entry = entryOf(name);
      const bytes = new Uint8Array(entry.size);
      let start = 0;
      for (let i = 0; i < entry.at.length; i++) {
        const plain = chunk(entry, i);
        bytes.set(plain, start);
        start += plain.length;
      }
      return bytes;
    },
    readRange,
    verify() {
      for (const entry of directory) {
        const hash = createHash('sha256');
        for (let i = 0; i < entry.at.length; i++) hash.update(chunk(entry, i));
        if (hash.digest('hex') !== entry.sha256) throw damaged(what);
      }
    },
    close: () => void db.close(),
  };
}

function readDirectory(db: Database.Database, id: string, key: Uint8Array, what: string): PackEntry[] {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > packVersion) {
    throw new Fault('newer_version', `${what} was written by a newer Neutrino; update this one`);
  }
  const row = db.prepare<[], { sealed: Buffer }>('SELECT sealed FROM directory').get();
  if (!row || version !== packVersion) throw damaged(what);
  const plain = unseal(key, row.sealed, bindDirectory(id), what, mostDirectoryBytes);
  const directory = JSON.parse(fromUtf8(plain)) as PackEntry[];
  for (const { size, at, sizes } of directory) {
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (total !== size || at.length !== sizes.length) throw damaged(what);
  }
  return directory;
}

/** A pack never has a write-ahead log: a header that says so was changed, and opening it would leave files behind. */
function checkHeader(path: string, what: string): void {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileFault(error, what);
    throw new Fault('not_found', `the file of ${what} is missing; restore it from a backup`);
  }
  try {
    const header = Buffer.alloc(20);
    readSync(handle, header, 0, header.length, 0);
    if (must(header[18], 'a byte') !== 1 || header[19] !== 1) throw damaged(what);
  } finally {
    closeSync(handle);
  }
}

/** Whatever SQLite says against a finished pack, somebody changed it. */
function orDamaged<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code !== 'SQLITE_NOMEM') throw damaged(what, error);
    throw error;
  }
}
