// lock.json: which process serves a data directory, at which address, and the token of this start, so that a command on
// the same machine can attach to it. A lock whose process is gone is stale and is taken over. The database's own lock is
// what really keeps two processes apart; this file is how they find each other.
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../schema/index.ts';
import { fileFault, makeDirectory, replaceFile, syncDirectory } from '../security/index.ts';
import { processStart } from './processStart.ts';

export interface LockInfo {
  pid: number;
  /** When the process started, in words of the operating system; tells it from a later one with the same pid. */
  started?: string | undefined;
  /** Machine (or container) that it runs on. */
  host: string;
  /** Where its API is; absent until it listens. */
  url?: string | undefined;
  /** An admin key for this start only. */
  token: string;
  version: string;
}

const lockPath = (dir: string): string => join(dir, 'lock.json');

/**
 * Takes the lock for this process, with a fresh token. Faults: `already_running` with the holder's url in its details,
 * `not_writable`, `disk_full`.
 */
export function acquireLock(dir: string, { version, url }: { version: string; url?: string }): LockInfo {
  makeDirectory(dir);
  const token = randomBytes(32).toString('hex');
  const info: LockInfo = {
    pid: process.pid,
    started: processStart(process.pid),
    host: hostname(),
    url,
    token,
    version,
  };
  const path = lockPath(dir);
  const draft = `${path}.${token.slice(0, 12)}`;
  replaceFile(draft, JSON.stringify(info));
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linkNew(draft, path)) return info;
      const held = readFile(path);
      if (held && isAlive(held)) throw running(dir, held);
      takeAway(path, held);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new Fault('already_running', `${dir} is being started by another process; try again`);
}

/** The lock of a process that is alive, or undefined. */
export function readLock(dir: string): LockInfo | undefined {
  const info = readFile(lockPath(dir));
  return info && isAlive(info) ? info : undefined;
}

/** Writes what has become known, e.g. the url, into a lock that this process holds. */
export function updateLock(dir: string, info: LockInfo): void {
  if (readFile(lockPath(dir))?.token !== info.token)
    throw new Fault('conflict', `the lock of ${dir} is not ours any more`);
  replaceFile(lockPath(dir), JSON.stringify(info));
}

/** Gives a lock back; one that is not ours stays. */
export function releaseLock(dir: string, { token }: Pick<LockInfo, 'token'>): void {
  if (readFile(lockPath(dir))?.token !== token) return;
  rmSync(lockPath(dir), { force: true });
  syncDirectory(dir);
}

const running = (dir: string, { pid, url }: LockInfo) =>
  new Fault(
    'already_running',
    `process ${pid} serves ${dir} already${url ? ` at ${url}` : ''}; use it, or stop it first`,
    {
      pid,
      ...(url ? { url } : {}),
    },
  );

/** A lock of another machine or container cannot be asked; the database's lock decides then. */
function isAlive(info: LockInfo): boolean {
  if (info.host !== hostname()) return false;
  try {
    process.kill(info.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = processStart(info.pid);
  return started === undefined || info.started === undefined || started === info.started;
}

/** Gives the file its name unless the name is taken. */
function linkNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileFault(error, path);
  }
}

/** Removes a stale lock, unless it has just been replaced by a good one: then that is put back. */
function takeAway(path: string, stale: LockInfo | undefined): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw fileFault(error, path);
  }
  if (readFile(aside)?.token !== stale?.token) linkNew(aside, path);
  rmSync(aside, { force: true });
}

function readFile(path: string): LockInfo | undefined {
  try {
    const info = JSON.parse(readFileSync(path, 'utf8')) as Partial<LockInfo> | null;
    const { pid, host, token } = info ?? {};
    if (Number.isInteger(pid) && typeof host === 'string' && typeof token === 'string') return info as LockInfo;
  } catch {
    // Missing, or not ours to understand: no lock.
  }
  return undefined;
}
