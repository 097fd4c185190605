// A backup is one SQLite file: a list of files with their sizes and hashes, and their bytes in parts. What it holds is the
// ciphertext of the data directory and nothing more: the same vault opens it, by passphrase or recovery code, or by a key
// file that is still where it was (a key file is never part of it).
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../schema/index.ts';
import { syncDirectory, vaultPath } from '../security/index.ts';
import { createBulkFile, type Db, guarded, storageFault } from './database.ts';
import { objectPath, type Objects } from './objects.ts';

/** `PRAGMA user_version` and `application_id` (`NTRB`) of a backup. */
export const backupVersion = 1;
export const backupApplication = 0x4e545242;
/** Folders of unfinished backups in the data directory. */
const scratchPrefix = '.backup-';
const partBytes = 4 * 1024 * 1024;

export interface BackupReport {
  /** Bytes of the backed-up files. */
  bytes: number;
  files: number;
  /** Objects that were erased while the backup was made, and are not in it. */
  skipped: string[];
}

/** A file of the data directory, by its path below it. */
interface Source {
  name: string;
  path: string;
}

/**
 * Copies everything into `file`, which must not exist, while the store goes on working. The backup gets its name when it is
 * whole and on disk. Faults: `conflict`, `not_writable`, `disk_full`.
 */
export async function backup(db: Db, dir: string, objects: Objects, file: string): Promise<BackupReport> {
  const target = resolve(file);
  const part = `${target}.part`;
  if (existsSync(target)) throw new Fault('conflict', `${file} exists already; choose another name`);
  if (existsSync(part)) rmSync(part);
  const scratch = guarded(dir, () => mkdtempSync(join(dir, scratchPrefix)));
  try {
    const snapshot = join(scratch, 'neutrino.db');
    await db.backup(snapshot);
    // Packs never change once they are registered, so those of the snapshot are still what they were.
    const ids = objects.list().map(({ id }) => id);
    const out = createBulkFile(part);
    try {
      out.exec(`
        PRAGMA application_id = ${backupApplication};
        PRAGMA user_version = ${backupVersion};
        CREATE TABLE files (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;
        CREATE TABLE parts (name TEXT NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (name, n)) STRICT;
      `);
      const report: BackupReport = { bytes: 0, files: 0, skipped: [] };
      const copy = async (source: Source) => {
        report.bytes += await copyIn(out, source);
        report.files++;
      };
      await copy({ name: 'vault.json', path: vaultPath(dir) });
      await copy({ name: 'neutrino.db', path: snapshot });
      for (const id of ids) {
        try {
          await copy({ name: `objects/${id}.sqlite`, path: objectPath(dir, id) });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
          report.skipped.push(id);
        }
      }
      out.close();
      const handle = openSync(part, 'r+');
      fsyncSync(handle);
      closeSync(handle);
      renameSync(part, target);
      syncDirectory(dirname(target));
      return report;
    } finally {
      out.close();
    }
  } catch (error) {
    throw storageFault(error, file);
  } finally {
    if (existsSync(part)) rmSync(part);
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Removes what a backup left that died half-way; for the start. */
export function removeScratch(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (name.startsWith(scratchPrefix)) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** Copies one file in parts, giving way to other work between them. */
async function copyIn(out: Db, { name, path }: Source): Promise<number> {
  const handle = openSync(path, 'r');
  try {
    const insert = out.prepare('INSERT INTO parts (name, n, data) VALUES (?, ?, ?)');
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(partBytes);
    let bytes = 0;
    for (let n = 0; ; n++) {
      const got = readSync(handle, buffer, 0, partBytes, null);
      if (got === 0) break;
      const data = buffer.subarray(0, got);
      hash.update(data);
      insert.run(name, n, data);
      bytes += got;
      await new Promise((next) => setImmediate(next));
    }
    out.prepare('INSERT INTO files (name, bytes, sha256) VALUES (?, ?, ?)').run(name, bytes, hash.digest('hex'));
    return bytes;
  } finally {
    closeSync(handle);
  }
}
