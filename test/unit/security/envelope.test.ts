import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { newKey, seal, sealOverhead, unseal } from '../../../engine/security/index.ts';
import { faultOf } from './scratch.ts';

const key = newKey();
const what = 'dataset ds_1';
const corrupt = { code: 'corrupt', message: 'dataset ds_1 was changed or damaged on disk; restore it from a backup' };

test('a sealed blob opens to what went in, whatever its size and content', () => {
  const texts = ['', 'a', 'x'.repeat(63), 'x'.repeat(64), 'name,age\n'.repeat(40_000)].map((text) => utf8(text));
  const blobs = [...texts, randomBytes(1000), randomBytes(1024 * 1024)];
  for (const plain of blobs) {
    const back = unseal(key, seal(key, plain, 'place'), 'place', what);
    expect(Buffer.compare(back, plain)).toBe(0);
  }
});

test('text shrinks before it is encrypted, and random bytes grow by the overhead only', () => {
  const text = utf8('the same words again and again '.repeat(1000));
  expect(seal(key, text, '').length).toBeLessThan(text.length / 20);
  for (const size of [100, 1000, 1024 * 1024]) {
    expect(seal(key, randomBytes(size), '').length).toBe(size + sealOverhead);
  }
});

test('the same content sealed twice has nothing in common', () => {
  const plain = utf8('marker '.repeat(100));
  const [a, b] = [seal(key, plain, ''), seal(key, plain, '')];
  const same = a.filter((byte, i) => byte === b[i]).length;
  expect(same).toBeLessThan(a.length / 4);
});

test('one flipped bit anywhere, or one byte more or less, is corrupt and names the thing', () => {
  for (const plain of [utf8('short'), utf8('compressible text, '.repeat(20)), randomBytes(80)]) {
    const sealed = seal(key, plain, 'place');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(faultOf(() => unseal(key, changed, 'place', what))).toEqual(corrupt);
    }
    for (const cut of [sealed.subarray(1), sealed.subarray(0, -1), new Uint8Array(), Buffer.concat([sealed, sealed])]) {
      expect(faultOf(() => unseal(key, cut, 'place', what))).toEqual(corrupt);
    }
  }
});

test('a blob opens only where it was put, and only with its key', () => {
  const sealed = seal(key, utf8('secret'), 'place one');
  expect(faultOf(() => unseal(key, sealed, 'place two', what))).toEqual(corrupt);
  expect(faultOf(() => unseal(newKey(), sealed, 'place one', what))).toEqual(corrupt);
});

test('a blob that would unpack to more than allowed is refused', () => {
  const bomb = seal(key, new Uint8Array(8 * 1024 * 1024), '');
  expect(bomb.length).toBeLessThan(10_000);
  expect(faultOf(() => unseal(key, bomb, '', what, 1024 * 1024))).toEqual(corrupt);
  expect(faultOf(() => unseal(key, seal(key, randomBytes(2000), ''), '', what, 1999))).toEqual(corrupt);
});
