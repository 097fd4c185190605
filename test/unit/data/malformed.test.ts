import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportDataset } from '../../../engine/data/index.ts';
import { Fault } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';
import { malformed } from './malformed.ts';
import { folder } from './media.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

test('a hundred malformed files are each refused or repaired in clear words, and leave nothing', {
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
  for (const [n, { name, content }] of cases.entries()) {
    const place = join(bench.dir, `case-${n}`);
    const path = join(place, name.slice(name.lastIndexOf(', ') + 2));
    mkdirSync(content instanceof Uint8Array ? place : path, { recursive: true });
    if (content instanceof Uint8Array) folder(place, { [path.slice(place.length + 1)]: content });
    else folder(path, content);
    const refused = await bench.load(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refused === undefined) repaired++;
    else if (!(refused instanceof Fault) || !['bad_data', 'out_of_memory'].includes(refused.code))
      wrong.push(`${name}: ${refused instanceof Error ? refused.message : 'something else'}`);
    // A word about what is wrong, not only that something is.
    else if (refused.message.length < 20) wrong.push(`${name}: ${refused.message}`);
  }
  expect(wrong).toEqual([]);
  expect(repaired).toBeGreaterThan(5);
  expect(bench.stored().length).toBe(before + repaired);
});
