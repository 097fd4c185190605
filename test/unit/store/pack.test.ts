import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { assert as check, array, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { Fault } from '../../../engine/schema/index.ts';
import { newKey } from '../../../engine/security/index.ts';
import { chunkBytes, createPack, openPack, type PackKey } from '../../../engine/store/index.ts';
import { faultOf, scratch } from './sample.ts';

const object = (): PackKey => ({ id: 'obj_1', key: newKey() });
const damaged = { code: 'corrupt', message: 'object obj_1 was changed or damaged on disk; restore it from a backup' };

/** Bytes that shrink, from a seed. */
const pattern = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 0xff);

test('entries come back whole, by chunk and by range, on boundaries that numbers can be viewed from', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  const numbers = Float32Array.from({ length: 700_000 }, (_, i) => i / 3);
  const noise = randomBytes(chunkBytes + 5);
  writer.append('numbers', numbers.subarray(0, 10));
  writer.append('noise', noise);
  writer.append('numbers', numbers.subarray(10));
  writer.append('empty', new Uint8Array());
  writer.append('größe', utf8('text'));
  const summary = writer.finish();
  const reader = openPack(path, key);
  expect(reader.entries()).toEqual(['numbers', 'noise', 'empty', 'größe']);
  expect(reader.summary).toEqual(summary);
  expect(summary).toMatchObject({ bytes: numbers.byteLength + noise.length + 4, chunks: 3 + 2 + 1 });
  const whole = reader.read('numbers');
  expect(Buffer.compare(new Uint8Array(numbers.buffer), whole)).toBe(0);
  expect(new Float32Array(whole.buffer, whole.byteOffset, 700_000)[699_999]).toBe(numbers[699_999]);
  expect(Buffer.compare(reader.read('noise'), noise)).toBe(0);
  for (let i = 0; i < reader.chunkCount('noise'); i++) expect(reader.readChunk('noise', i).byteOffset % 8).toBe(0);
  expect([reader.size('empty'), reader.chunkCount('empty'), reader.read('empty').length]).toEqual([0, 0, 0]);
  expect(Buffer.compare(reader.readRange('noise', chunkBytes - 3, chunkBytes + 5), noise.subarray(-8))).toBe(0);
  expect([reader.has('größe'), reader.has('none')]).toEqual([true, false]);
  expect(faultOf(() => reader.read('none')).code).toBe('not_found');
  expect(faultOf(() => reader.readRange('größe', 0, 5)).code).toBe('internal');
  reader.verify();
  reader.close();
});

test('whatever is appended in whatever order, ranges and hashes agree with the content', () => {
  const dir = scratch();
  let n = 0;
  const pieces = array(tuple(constantFrom('a', 'b', 'c'), integer({ min: 0, max: 3000 })), { maxLength: 30 });
  check(
    property(pieces, integer({ min: 1, max: 97 }), (list, seed) => {
      const key = object();
      const [one, two] = [join(dir, `${n++}.sqlite`), join(dir, `${n++}.sqlite`)];
      const expected: Record<string, Uint8Array> = {};
      const writer = createPack(one, key);
      for (const [name, length] of list) {
        const bytes = pattern(length, seed);
        writer.append(name, bytes);
        expected[name] = Buffer.concat([expected[name] ?? new Uint8Array(), bytes]);
        bytes.fill(0);
      }
      const { sha256 } = writer.finish();
      const again = createPack(two, key);
      for (const name of Object.keys(expected).reverse()) again.append(name, expected[name] ?? new Uint8Array());
      expect(again.finish().sha256).toBe(sha256);
      const reader = openPack(one, key);
      for (const [name, bytes] of Object.entries(expected)) {
        expect(Buffer.compare(reader.read(name), bytes)).toBe(0);
        const [from, to] = [bytes.length >> 2, bytes.length - (bytes.length >> 3)];
        expect(Buffer.compare(reader.readRange(name, from, to), bytes.subarray(from, to))).toBe(0);
      }
      reader.close();
    }),
    { numRuns: 15 },
  );
});

test('different contents, names or borders between entries have different hashes', () => {
  const dir = scratch();
  const hashOf = (entries: [string, string][]) => {
    const writer = createPack(join(dir, `${Math.random()}.sqlite`), object());
    for (const [name, text] of entries) writer.append(name, utf8(text));
    return writer.finish().sha256;
  };
  const hashes = [
    hashOf([]),
    hashOf([['a', '']]),
    hashOf([['a', 'xy']]),
    hashOf([['b', 'xy']]),
    hashOf([
      ['a', 'x'],
      ['b', 'y'],
    ]),
    hashOf([
      ['a', 'y'],
      ['b', 'x'],
    ]),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('a pack is incompressible, private to its owner, and says nothing of its names', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  const text = 'a secret cell, again and again; '.repeat(40_000);
  writer.append('salary', utf8(text));
  writer.append('noise', randomBytes(3 * chunkBytes));
  writer.finish();
  const file = readFileSync(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  for (const word of ['salary', 'noise', 'secret']) expect(file.includes(word)).toBe(false);
  for (const pack of [zstdCompressSync, gzipSync]) expect(pack(file).length).toBeGreaterThan(0.98 * file.length);
});

test('a small pack is as incompressible as a large one, and its pages are sound', () => {
  for (const size of [0, 1, 150, 5000, 20_000, 60_000]) {
    const [path, key] = [join(scratch(), 'a.sqlite'), object()];
    const writer = createPack(path, key);
    for (let i = 0; i < 5; i++) writer.append(`column ${i}`, randomBytes(size));
    writer.finish();
    const file = readFileSync(path);
    // What is left is the text of SQLite's schema.
    for (const pack of [zstdCompressSync, gzipSync]) {
      expect(pack(file).length, `${size}`).toBeGreaterThan(0.97 * file.length);
    }
    const db = new Database(path, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
    openPack(path, key).verify();
  }
});

test('a flipped bit anywhere in the file is a Fault that names the object, or changes nothing', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  const contents = { a: pattern(3000, 7), b: randomBytes(150_000), c: pattern(40_000, 3) };
  for (const [name, bytes] of Object.entries(contents)) writer.append(name, bytes);
  writer.finish();
  const good = readFileSync(path);
  const codes: Record<string, number> = {};
  // Every byte of the file's header, then a walk over all the rest.
  const offsets = Array.from({ length: good.length }, (_, i) => i).filter((i) => i < 110 || i % 499 === 0);
  for (const at of offsets) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, changed);
    let code = 'same';
    try {
      const reader = openPack(path, key);
      try {
        for (const [name, bytes] of Object.entries(contents)) {
          expect(Buffer.compare(reader.read(name), bytes), `byte ${at}`).toBe(0);
        }
        expect(reader.entries()).toEqual(['a', 'b', 'c']);
      } finally {
        reader.close();
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      expect(error.message).toContain('object obj_1');
      ({ code } = error);
    }
    codes[code] = (codes[code] ?? 0) + 1;
  }
  expect(Object.keys(codes).sort()).toEqual(['corrupt', 'newer_version', 'same']);
  expect(codes.corrupt).toBeGreaterThan(offsets.length / 3);
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test('a pack opens with its own key and id only', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  writer.append('a', utf8('x'));
  writer.finish();
  expect(faultOf(() => openPack(path, { ...key, key: newKey() }))).toEqual(damaged);
  expect(faultOf(() => openPack(path, { ...key, id: 'obj_2' })).message).toContain('object obj_2');
});

test('an unfinished pack has no name yet, and a failed or discarded one leaves nothing', () => {
  const dir = scratch();
  const [path, key] = [join(dir, 'objects', 'a.sqlite'), object()];
  const writer = createPack(path, key);
  writer.append('a', randomBytes(2 * chunkBytes));
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, true]);
  expect(statSync(`${path}.part`).mode & 0o777).toBe(0o600);
  expect(faultOf(() => openPack(path, key)).code).toBe('not_found');
  writer.discard();
  expect(existsSync(`${path}.part`)).toBe(false);
  expect(faultOf(() => writer.append('a', new Uint8Array(1))).code).toBe('internal');

  const small = createPack(path, key, chunkBytes);
  const full = faultOf(() => small.append('a', randomBytes(3 * chunkBytes)));
  expect(full.code).toBe('disk_full');
  expect(full.message).toContain('object obj_1');
  expect(existsSync(`${path}.part`)).toBe(false);

  createPack(path, key).finish();
  expect(faultOf(() => createPack(path, key)).code).toBe('conflict');
  writeFileSync(join(dir, 'file'), '');
  expect(faultOf(() => createPack(join(dir, 'file', 'a.sqlite'), key)).code).toBe('not_writable');
});

test('thousands of entries that fill up together are held within bounds and read back', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  const part = pattern(512, 5);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 2000; i++) writer.append(`column ${i}`, part);
  }
  expect(writer.finish()).toMatchObject({ bytes: 3 * 2000 * 512, chunks: 2000 });
  const reader = openPack(path, key);
  expect(Buffer.compare(reader.read('column 1999'), Buffer.concat([part, part, part]))).toBe(0);
  reader.close();
});

test('what is left in a file cut short is never taken for a pack', () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const writer = createPack(path, key);
  writer.append('a', randomBytes(200_000));
  writer.finish();
  const good = readFileSync(path);
  for (const length of [0, 10, 100, 8192, 16_384, good.length - 8192]) {
    writeFileSync(path, good.subarray(0, length));
    expect(faultOf(() => openPack(path, key).read('a')).code).toBe('corrupt');
  }
});

test('threads that seal beside the caller write the same content, which reads back', async () => {
  const [dir, key] = [scratch(), object()];
  const bytes = pattern(500_000, 7);
  const write = async (name: string, threads: number) => {
    const writer = createPack(join(dir, name), key, undefined, threads);
    for (let i = 0; i < 20; i++) {
      writer.append('numbers', bytes.subarray(i, 50_000));
      writer.append('texts', bytes.subarray(i));
      await writer.settle(2);
    }
    await writer.settle();
    return writer.finish();
  };
  const [here, beside] = [await write('here.sqlite', 0), await write('beside.sqlite', 2)];
  expect([beside.sha256, beside.bytes, beside.chunks]).toEqual([here.sha256, here.bytes, here.chunks]);
  const [a, b] = ['here.sqlite', 'beside.sqlite'].map((name) => openPack(join(dir, name), key));
  expect(Buffer.compare(a.read('texts'), b.read('texts'))).toBe(0);
  b.verify();
  for (const reader of [a, b]) reader.close();
});

test('a pack that threads seal is gone when it is given up, and its quota ends it', async () => {
  const [path, key] = [join(scratch(), 'a.sqlite'), object()];
  const full = createPack(path, key, 100_000, 1);
  full.append('noise', randomBytes(2 * chunkBytes));
  await expect(full.settle()).rejects.toMatchObject({ code: 'disk_full' });
  expect(faultOf(() => full.append('noise', randomBytes(1))).code).toBe('disk_full');
  const writer = createPack(path, key, undefined, 1);
  writer.append('noise', randomBytes(chunkBytes));
  writer.discard();
  expect([path, `${path}.part`].map((file) => existsSync(file))).toEqual([false, false]);
});
