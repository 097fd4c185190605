// Reads backups: checks one, or lays its files out as a data directory. Needs no key; what the files hold stays sealed.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../schema/index.ts';
import { damaged, makeDirectory, syncDirectory } from '../security/index.ts';
import { backupApplication, backupVersion } from './backup.ts';
import { type Db, openBulkFile, storageFault } from './database.ts';

interface FileRow {
  name: string;
  bytes: number;
  sha256: string;
}

/** The only names a backup may write. */
const fileName = /^(vault\.json|neutrino\.db|objects\/[0-9a-z_]+\.sqlite)$/;

/** Reads a whole backup and compares its hashes. Faults: `not_found`, `corrupt`, `newer_version`. */
export function verifyBackup(file: string): { bytes: number; files: number } {
  return reading(file, (db, files) => {
    for (const row of files) copyOut(db, row, file, () => undefined);
    return { bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files: files.length };
  });
}

/** What the single executable lays out in a data directory before it does anything (main/sea.ts). */
const layout = 'app';

/**
 * Restores a backup into a data directory that is missing or empty: all of it, verified and on disk, or nothing.
 * Faults: `not_found`, `conflict`, `corrupt`, `newer_version`, `not_writable`, `disk_full`.
 */
export function restore(file: string, dir: string): { bytes: number; files: number } {
  const target = resolve(dir);
  const found = existsSync(target) ? readdirSync(target) : [];
  if (found.some((name) => name !== layout)) {
    throw new Fault('conflict', `${dir} is not empty; restore into a new directory, or move the old one away`);
  }
  const draft = `${target}.restoring`;
  return reading(file, (db, files) => {
    try {
      rmSync(draft, { recursive: true, force: true });
      makeDirectory(join(draft, 'objects'));
      for (const row of files) writeOut(db, row, file, join(draft, row.name));
      syncDirectory(join(draft, 'objects'));
      syncDirectory(draft);
      if (found.includes(layout)) renameSync(join(target, layout), join(draft, layout));
      if (existsSync(target)) rmdirSync(target);
      renameSync(draft, target);
      syncDirectory(dirname(target));
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw storageFault(error, dir);
    }
    return { bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files: files.length };
  });
}

function reading<T>(file: string, work: (db: Db, files: FileRow[]) => T): T {
  if (!existsSync(file)) throw new Fault('not_found', `there is no backup ${file}; check the path`);
  let db: Db | undefined;
  try {
    db = openBulkFile(file);
    const isOurs = db.pragma('application_id', { simple: true }) === backupApplication;
    if (!isOurs) throw new Fault('bad_input', `${file} is not a Neutrino backup`);
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > backupVersion) {
      throw new Fault('newer_version', `${file} was written by a newer Neutrino; update this one`);
    }
    const files = db.prepare<[], FileRow>('SELECT name, bytes, sha256 FROM files').all();
    const names = new Set(files.map(({ name }) => name));
    const whole = names.has('vault.json') && names.has('neutrino.db') && files.every(({ name }) => fileName.test(name));
    if (version !== backupVersion || !whole) throw damagedBackup(file);
    return work(db, files);
  } catch (error) {
    const fault = storageFault(error, `the backup ${file}`);
    throw fault instanceof Fault && fault.code === 'corrupt' ? damagedBackup(file, error) : fault;
  } finally {
    db?.close();
  }
}

function copyOut(db: Db, { name, bytes, sha256 }: FileRow, file: string, put: (data: Buffer) => void): void {
  const parts = db.prepare<[string], { n: number; data: Buffer }>(
    'SELECT n, data FROM parts WHERE name = ? ORDER BY n',
  );
  const hash = createHash('sha256');
  let total = 0;
  for (const { data } of parts.iterate(name)) {
    hash.update(data);
    total += data.length;
    put(data);
  }
  if (total !== bytes || hash.digest('hex') !== sha256) throw damagedBackup(file, damaged(name));
}

function writeOut(db: Db, row: FileRow, file: string, path: string): void {
  const handle = openSync(path, 'wx', 0o600);
  try {
    copyOut(db, row, file, (data) => {
      for (let done = 0; done < data.length; ) done += writeSync(handle, data, done);
    });
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const damagedBackup = (file: string, cause?: unknown) =>
  new Fault('corrupt', `the backup ${file} was changed or damaged; use another one`, undefined, cause);
