// Opens SQLite files the way this project needs them, and says what their errors mean. Nothing else touches better-sqlite3.
import { closeSync, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../schema/index.ts';
import { damaged, fileFault, syncDirectory } from '../security/index.ts';
import { dirname } from 'node:path';

export type Db = Database.Database;
export type Statement = Database.Statement;

/** A SQLite or file system error as a Fault about `what`; anything else comes back as it is. */
export const storageFault = (error: unknown, what: string): unknown => fileFault(databaseFault(error, what), what);

/** A SQLite error as a Fault about `what`; anything else comes back as it is. */
export function databaseFault(error: unknown, what: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code } = error;
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return damaged(what, error);
  if (code === 'SQLITE_FULL') {
    return new Fault(
      'disk_full',
      `${what} cannot grow, the disk is full; free some space and try again`,
      undefined,
      error,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED') {
    return new Fault(
      'already_running',
      `${what} is in use by another process; stop it, or use its address`,
      undefined,
      error,
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM') {
    const remedy = 'change its owner or mode, or choose another directory';
    return new Fault('not_writable', `${what} is not writable for this user; ${remedy}`, undefined, error);
  }
  return error;
}

/** Whether an error is SQLite's own. All statements are fixed, so while opening it means that the schema was changed on disk. */
export const isDatabaseError = (error: unknown): boolean => error instanceof Database.SqliteError;

/** Runs `work`, turning storage errors into Faults about `what`. */
export function guarded<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFault(error, what);
  }
}

/** Makes an empty file with mode 0600, so that SQLite never makes one with a wider mode. */
export function touchPrivate(path: string): void {
  closeSync(openSync(path, 'wx', 0o600));
  syncDirectory(dirname(path));
}

/** The write-ahead log is cut to this when it has been emptied. */
const mostLogBytes = 16 * 1024 * 1024;

/**
 * Opens the metadata database, making it when missing: write-ahead log, every commit on disk before it returns, deleted
 * content overwritten, nothing temporary on disk. The file stays locked while open, so that a second process is refused.
 */
export function openDatabase(path: string): Db {
  return guarded(path, () => {
    if (!existsSync(path)) touchPrivate(path);
    const db = new Database(path, { timeout: 200 });
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma(`journal_size_limit = ${mostLogBytes}`);
      db.pragma('secure_delete = ON');
      db.pragma('temp_store = MEMORY');
      db.pragma('trusted_schema = OFF');
      checkStructure(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * Sealed rows prove themselves, but a damaged index can hide one. Indexes say nothing that the rows do not, so they are
 * made anew when they do not fit; damage to anything else is a Fault.
 */
function checkStructure(db: Db, path: string): void {
  const problem = () => db.pragma('integrity_check(1)', { simple: true }) as string;
  if (problem() === 'ok') return;
  db.exec('REINDEX');
  const left = problem();
  if (left !== 'ok') throw damaged(path, new Error(left));
}

/** Twice as quick to write as SQLite's 4 KiB; more wastes room in small packs. */
export const bulkPageBytes = 8192;

/**
 * Makes a file for one writer's bulk: larger pages, no journal, no sync until the writer asks for it. A crash leaves a file
 * that is worth nothing, so the caller gives it its final name only when it is whole.
 */
export function createBulkFile(path: string): Db {
  return guarded(path, () => {
    touchPrivate(path);
    const db = new Database(path);
    db.pragma(`page_size = ${bulkPageBytes}`);
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.pragma('temp_store = MEMORY');
    db.pragma('cache_size = -16384');
    return db;
  });
}

/** Opens such a file for reading. */
export function openBulkFile(path: string): Db {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
  db.pragma('temp_store = MEMORY');
  db.pragma('trusted_schema = OFF');
  return db;
}
