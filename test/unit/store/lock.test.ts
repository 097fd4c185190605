import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processStart } from '../../../engine/store/processStart.ts';
import { acquireLock, type LockInfo, readLock, releaseLock, updateLock } from '../../../engine/store/index.ts';
import { faultOf, scratch } from './sample.ts';

const write = (dir: string, change: Partial<LockInfo>, lock: LockInfo) =>
  writeFileSync(join(dir, 'lock.json'), JSON.stringify({ ...lock, ...change }));

test('the lock says who serves the directory, is private, and goes when it is given back', () => {
  const dir = join(scratch(), 'new');
  const lock = acquireLock(dir, { version: '1.2.3' });
  expect(lock).toEqual({
    pid: process.pid,
    started: processStart(process.pid),
    host: hostname(),
    url: undefined,
    token: lock.token,
    version: '1.2.3',
  });
  expect(lock.token).toMatch(/^[0-9a-f]{64}$/);
  expect(statSync(join(dir, 'lock.json')).mode & 0o777).toBe(0o600);
  updateLock(dir, { ...lock, url: 'http://127.0.0.1:7317' });
  expect(readLock(dir)).toEqual({ ...lock, url: 'http://127.0.0.1:7317' });
  expect(faultOf(() => acquireLock(dir, { version: '1.2.3' }))).toEqual({
    code: 'already_running',
    message: `process ${process.pid} serves ${dir} already at http://127.0.0.1:7317; use it, or stop it first`,
  });
  releaseLock(dir, { token: 'another' });
  expect(existsSync(join(dir, 'lock.json'))).toBe(true);
  releaseLock(dir, lock);
  releaseLock(dir, lock);
  expect(readLock(dir)).toBe(undefined);
  expect(faultOf(() => updateLock(dir, lock)).code).toBe('conflict');
});

test('a lock is stale when its process is gone, when its pid is another process’s by now, or when it is not a lock', async () => {
  const dir = scratch();
  const lock = acquireLock(dir, { version: '1' });
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  const stale: Partial<LockInfo>[] = [{ pid: child.pid ?? 0 }, { started: 'another boot:1' }, { host: 'elsewhere' }];
  for (const change of stale) {
    write(dir, change, lock);
    expect(readLock(dir)).toBe(undefined);
    const next = acquireLock(dir, { version: '2' });
    expect(readLock(dir)?.token).toBe(next.token);
  }
  for (const text of ['', 'null', '[]', '{"pid":1}']) {
    writeFileSync(join(dir, 'lock.json'), text);
    expect(readLock(dir)).toBe(undefined);
    expect(acquireLock(dir, { version: '2' }).version).toBe('2');
  }
  expect(JSON.parse(readFileSync(join(dir, 'lock.json'), 'utf8'))).toMatchObject({ version: '2' });
});

test('a directory that cannot be written is said to be so', () => {
  const dir = scratch();
  writeFileSync(join(dir, 'file'), '');
  const fault = faultOf(() => acquireLock(join(dir, 'file', 'below'), { version: '1' }));
  expect(fault.code).toBe('not_writable');
  expect(fault.message).toContain('choose another directory');
});

test('the start of a process tells it from others, and no process has none', () => {
  expect(processStart(process.pid)).toBe(processStart(process.pid));
  if (process.platform === 'linux') expect(processStart(process.ppid)).not.toBe(processStart(process.pid));
  expect(processStart(2 ** 22 + 1)).toBe(undefined);
  expect(processStart(process.pid, 'win32')).toBe(undefined);
});
