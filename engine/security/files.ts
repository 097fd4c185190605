// Small files that must never be half-written, and what a failing file system means to the user.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { type ErrorCode, Fault } from '../schema/index.ts';

const meanings: Record<string, [ErrorCode, string]> = {
  EACCES: ['not_writable', 'is not writable for this user; change its owner or mode, or choose another directory'],
  EPERM: ['not_writable', 'is not writable for this user; change its owner or mode, or choose another directory'],
  ENOENT: ['not_writable', 'cannot be made there; choose another directory'],
  EROFS: ['not_writable', 'is on a read-only file system; choose another directory'],
  ENOTDIR: ['not_writable', 'lies below something that is not a directory; choose another directory'],
  EEXIST: ['not_writable', 'is in the way of a directory; choose another directory'],
  ENOSPC: ['disk_full', 'cannot grow, the disk is full; free some space and try again'],
  EDQUOT: ['disk_full', 'cannot grow, the disk quota is used up; free some space and try again'],
};

/** A file system error as a Fault that names `what`; anything else comes back as it is. */
export function fileFault(error: unknown, what: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const meaning = typeof code === 'string' ? meanings[code] : undefined;
  return meaning ? new Fault(meaning[0], `${what} ${meaning[1]}`, { system: code }, error) : error;
}

/** Makes a directory (mode 0700, parents too); Fault `not_writable` or `disk_full`. */
export function makeDirectory(path: string): void {
  try {
    makeEach(resolve(path));
  } catch (error) {
    throw fileFault(error, path);
  }
}

/** Parents first, one by one: Node's own recursive form never returns for some paths that cannot be made (below /proc). */
function makeEach(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeEach(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}

/** Makes renames and removals in a directory durable. Windows cannot open directories and needs no such call. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Replaces a file whole (write, fsync, rename, fsync the directory), mode 0600: a reader sees the old or the new. */
export function replaceFile(path: string, content: Uint8Array | string): void {
  const bytes = Buffer.from(content);
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = openSync(draft, 'wx', 0o600);
    try {
      if (process.platform !== 'win32') fchmodSync(handle, 0o600);
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, path);
    syncDirectory(dirname(path));
  } catch (error) {
    if (existsSync(draft)) rmSync(draft, { force: true });
    throw fileFault(error, path);
  }
}
