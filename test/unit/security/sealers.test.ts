import { randomFillSync } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { newKey, openSealers, type Sealers, unseal } from '../../../engine/security/index.ts';

const started: Sealers[] = [];
const open = (key: Uint8Array, threads: number) => {
  const sealers = openSealers(key, threads);
  started.push(sealers);
  return sealers;
};
afterEach(() => {
  for (const sealers of started.splice(0)) sealers.close();
});

const shared = (length: number, fill: (bytes: Uint8Array) => void) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(length));
  fill(bytes);
  return bytes;
};

test('what threads seal opens where it was put, as it went in, whichever thread it was', async () => {
  const key = newKey();
  const sealers = open(key, 2);
  const plains = [0, 1, 300, 70_000, 1024 * 1024].flatMap((length, i) => [
    shared(length, (bytes) => bytes.fill(i)),
    shared(length, (bytes) => randomFillSync(bytes)),
  ]);
  const sealed = await Promise.all(plains.map((plain, i) => sealers.seal(plain, `place ${i}`)));
  const opened = sealed.map((blob, i) => unseal(key, blob, `place ${i}`, 'object'));
  expect(opened.map((bytes, i) => Buffer.compare(bytes, plains[i]))).toEqual(plains.map(() => 0));
  expect(sealed[8].length).toBeLessThan(1000);
  expect(() => unseal(key, sealed[3], 'place 4', 'object')).toThrow('object was changed or damaged');
});

test('threads that are ended answer nothing more, and say so', async () => {
  const sealers = open(newKey(), 1);
  const asked = sealers.seal(
    shared(1024 * 1024, (bytes) => randomFillSync(bytes)),
    'place',
  );
  sealers.close();
  await expect(asked).rejects.toMatchObject({ code: 'internal' });
  await expect(
    sealers.seal(
      shared(1, () => undefined),
      'place',
    ),
  ).rejects.toMatchObject({ code: 'internal' });
});
