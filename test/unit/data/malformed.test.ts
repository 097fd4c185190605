import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportDataset } from '../../../engine/data/index.ts';
import { Fault } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';
import { malformed } from './malformed.ts';
import { folder } from './media.ts';

/** Most processor time of a case, s: the time limit of importers, told so that a busy machine does not matter. */
const mostSeconds = 10;
/** Most bytes that packs and what is beside them may take while a case is looked at. */
const mostDisk = 64 * 1024 ** 2;

/** Bytes of the files below a folder. */
function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

test('a hundred malformed files are each refused or repaired in clear words within ten seconds, and leave nothing', {
  timeout: 300_000,
}, async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => `${i},word ${i % 40},${i / 8}`).join('\n');
  const base = await bench.load(bench.file('base.csv', `n,word,x\n${lines}\n`));
  const written = async (format: 'parquet' | 'arrow') => {
    const parts: Uint8Array[] = [];
    for await (const part of exportDataset(base.reader, format)) parts.push(part);
    return Buffer.concat(parts);
  };
  const cases = await malformed(await written('parquet'), await written('arrow'));
  expect(cases.length).toBeGreaterThanOrEqual(100);
  const before = bench.stored().length;
  const wrong: string[] = [];
  let repaired = 0;
  let longest = 0;
  for (const [n, { name, content }] of cases.entries()) {
    const place = join(bench.dir, `case-${n}`);
    const path = join(place, name.slice(name.lastIndexOf(', ') + 2));
    mkdirSync(content instanceof Uint8Array ? place : path, { recursive: true });
    if (content instanceof Uint8Array) folder(place, { [path.slice(place.length + 1)]: content });
    else folder(path, content);
    const before = process.cpuUsage();
    const own = bytesBelow(bench.objects);
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, bytesBelow(bench.objects) - own)), 50);
    const refused = await bench.load(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    clearInterval(watch);
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    longest = Math.max(longest, seconds);
    if (seconds > mostSeconds) wrong.push(`${name}: ${seconds} s of processor time`);
    if (peak > mostDisk) wrong.push(`${name}: ${peak} bytes on disk`);
    if (refused === undefined) repaired++;
    else if (!(refused instanceof Fault) || !['bad_data', 'out_of_memory'].includes(refused.code))
      wrong.push(`${name}: ${refused instanceof Error ? refused.message : 'something else'}`);
    // A word about what is wrong, not only that something is.
    else if (refused.message.length < 20) wrong.push(`${name}: ${refused.message}`);
  }
  expect(wrong).toEqual([]);
  expect(longest).toBeLessThan(mostSeconds);
  expect(repaired).toBeGreaterThan(5);
  expect(bench.stored().length).toBe(before + repaired);
});
