import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileFault, makeDirectory, replaceFile } from '../../../engine/security/index.ts';
import { faultOf, scratch } from './scratch.ts';

test('a file is replaced whole, mode 0600, and nothing is left beside it', () => {
  const path = join(scratch(), 'a.json');
  writeFileSync(path, 'old', { mode: 0o644 });
  replaceFile(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(path, '..'))).toEqual(['a.json']);
});

test('a place that cannot be written to is named with a remedy', () => {
  const dir = scratch();
  writeFileSync(join(dir, 'file'), '');
  expect(faultOf(() => makeDirectory(join(dir, 'file', 'below'))).code).toBe('not_writable');
  expect(faultOf(() => replaceFile(join(dir, 'file', 'below'), '')).code).toBe('not_writable');
  if (process.getuid?.() !== 0) {
    chmodSync(dir, 0o500);
    expect(faultOf(() => replaceFile(join(dir, 'other'), '')).code).toBe('not_writable');
    chmodSync(dir, 0o700);
  }
});

test('errors of the system have one meaning each, and others stay what they are', () => {
  const coded = (code: string) => Object.assign(new Error(code), { code });
  const meaning = (code: string) =>
    faultOf(() => {
      throw fileFault(coded(code), '/data');
    });
  expect(['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT'].map((code) => meaning(code).code)).toEqual([
    'not_writable',
    'not_writable',
    'disk_full',
    'disk_full',
  ]);
  expect(meaning('ENOSPC').message).toBe('/data cannot grow, the disk is full; free some space and try again');
  const other = coded('EIO');
  expect(fileFault(other, '/data')).toBe(other);
});
