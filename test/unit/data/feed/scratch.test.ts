import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rng } from '../../../../engine/base/index.ts';
import { keepUpTo, loadRows } from '../../../../engine/data/feed/load.ts';
import { openScratch } from '../../../../engine/data/feed/scratch.ts';
import { type DatasetReader, fitMedia, fitPreprocess, readTarget } from '../../../../engine/data/index.ts';
import type { Preprocess } from '../../../../engine/schema/index.ts';
import { type Bench, openBench } from '../bench.ts';
import { folder, image, wav } from '../media.ts';

let directory: string;
let bench: Bench;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'neutrino-scratch-'));
  bench = openBench();
});
afterAll(() => {
  bench.close();
  rmSync(directory, { recursive: true, force: true });
});

const fit = async (reader: DatasetReader, rows: Uint32Array): Promise<Preprocess> => {
  const media = await fitMedia(reader, rows, { image: { size: [8, 8] } });
  return fitPreprocess(reader, rows, { target: readTarget(reader, 'label'), media });
};

const values = (() => {
  const random = rng(1, 'scratch');
  return new Map(
    Array.from({ length: 600 }, (_, i) => [
      `${i} image`,
      Uint8Array.from({ length: 1 + random.int(i % 50 === 0 ? 200_000 : 900) }, () => random.int(256)),
    ]),
  );
})();

test('gives back what was put, in any order, and has no name that could be left behind', () => {
  const scratch = openScratch(directory);
  if (!scratch) throw new Error('no scratch file');
  expect(readdirSync(directory)).toEqual([]);
  for (const [name, value] of values) scratch.put(name, value);
  expect(scratch.stored).toBeGreaterThan(1_000_000);
  for (const [name, value] of rng(2, 'order').shuffle([...values]))
    expect(Buffer.compare(scratch.get(name) ?? Buffer.alloc(0), value)).toBe(0);
  expect(scratch.get('600 image')).toBeUndefined();
  scratch.close();
});

test('a file that may not grow any more keeps what it has', () => {
  const scratch = openScratch(directory, 300_000);
  if (!scratch) throw new Error('no scratch file');
  for (const [name, value] of values) scratch.put(name, value);
  expect(scratch.stored).toBeLessThanOrEqual(300_000);
  const found = [...values].filter(([name]) => scratch.get(name));
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThan(values.size);
  for (const [name, value] of found) expect(Buffer.compare(scratch.get(name) ?? Buffer.alloc(0), value)).toBe(0);
  scratch.close();
});

test('files are decoded in the first pass over them and only then, to the same bits', async () => {
  const root = join(bench.dir, 'pets');
  const names = Array.from({ length: 24 }, (_, i) => i);
  folder(
    root,
    Object.fromEntries(
      await Promise.all(names.map(async (i) => [`${i % 2 ? 'cat' : 'dog'}/${i}.jpg`, await image('jpeg', i)] as const)),
    ),
  );
  const { reader } = await bench.load(root);
  const rows = Uint32Array.from(names);
  const fitted = await fit(reader, rows);
  let decoded = 0;
  const counting = { ...reader, media: (column: string, row: number) => (decoded++, reader.media(column, row)) };
  const kept = keepUpTo(5 * 3 * 8 * 8, openScratch(directory));
  const first = await loadRows(counting, fitted, rows, kept);
  expect(decoded).toBe(24);
  const odd = await loadRows(
    counting,
    fitted,
    rows.filter((row) => row % 2 === 1),
    kept,
  );
  expect(await loadRows(counting, fitted, rows, kept)).toEqual(first);
  expect(decoded).toBe(24);
  expect(odd.pictures[0]).toEqual(
    Uint8Array.from(names.filter((i) => i % 2).flatMap((i) => [...first.pictures[0].subarray(192 * i, 192 * (i + 1))])),
  );
  expect(await loadRows(reader, fitted, rows)).toEqual(first);
});

test('spectra come back as the numbers that they were', async () => {
  const root = join(bench.dir, 'tones');
  folder(
    root,
    Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i % 2 ? 'high' : 'low'}/${i}.wav`, wav(200 + 50 * i)])),
  );
  const { reader } = await bench.load(root);
  const rows = Uint32Array.from({ length: 12 }, (_, i) => i);
  const fitted = await fit(reader, rows);
  const kept = keepUpTo(0, openScratch(directory));
  const first = await loadRows(reader, fitted, rows, kept);
  expect(first.sounds[0].length).toBeGreaterThan(0);
  expect(await loadRows(reader, fitted, rows, kept)).toEqual(first);
});
