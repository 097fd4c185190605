import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importablePath } from '../../../engine/jobs/paths.ts';
import type { Caller } from '../../../engine/schema/index.ts';

let dir: string;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'neutrino-paths-')));
  mkdirSync(join(dir, 'open'));
  mkdirSync(join(dir, 'open-not'));
  for (const file of ['open/a.csv', 'open-not/b.csv', 'secret.csv']) writeFileSync(join(dir, file), 'a\n1\n');
  symlinkSync(join(dir, 'secret.csv'), join(dir, 'open', 'out.csv'));
  symlinkSync(join(dir, 'open'), join(dir, 'also'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const remote: Caller = { principal: 'p', key: 'k', role: 'admin', address: '10.0.0.1', local: false };
const local: Caller = { ...remote, key: 'local', local: true };
const ask = (path: string, caller: Caller, folders: string[] = []) =>
  importablePath(path.startsWith('/') ? path : join(dir, path), caller, folders).catch(
    (error: { code: string }) => error.code,
  );

describe('paths that may be imported', () => {
  it('are all files of the machine for its own user', async () => {
    expect(await ask('secret.csv', local)).toBe(join(dir, 'secret.csv'));
    expect(await ask('also/a.csv', local)).toBe(join(dir, 'open/a.csv'));
    expect(await ask('missing.csv', local)).toBe('not_found');
    expect(await ask('open', local)).toBe(join(dir, 'open'));
    expect(await ask('/dev/zero', local)).toBe('bad_input');
  });

  it('are those below listed folders for everybody else, links followed first', async () => {
    const folders = [join(dir, 'also')];
    expect(await ask('open/a.csv', remote, folders)).toBe(join(dir, 'open/a.csv'));
    const refused = [
      'secret.csv',
      'open/out.csv',
      'open/../secret.csv',
      'open-not/b.csv',
      'open',
      'missing.csv',
      '/etc/passwd',
    ];
    for (const path of refused) expect([path, await ask(path, remote, folders)]).toEqual([path, 'path_refused']);
    expect(await ask('open/a.csv', remote)).toBe('path_refused');
  });

  it('must be absolute', async () => {
    await expect(importablePath('a.csv', local, [])).rejects.toMatchObject({ code: 'bad_request' });
    await expect(importablePath('a.csv', remote, [process.cwd()])).rejects.toMatchObject({ code: 'path_refused' });
  });
});
