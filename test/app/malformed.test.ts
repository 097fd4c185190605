// The worst of the malformed files, brought to a running appliance: it answers all the while, each file gets a word, and the disk
// is as it was.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { malformed } from '../unit/data/malformed.ts';
import { launch, makePlace, type Place, type Running } from './parts/appliance.ts';

const worst = [
  'a wide header',
  'a million short columns',
  'NUL bytes',
  'a gzip bomb',
  'a zip bomb',
  'a path out of it',
  'a lie about sizes',
  'entities that grow',
  'deep JSON',
  'a huge image',
  'Parquet called CSV',
];

let place: Place;
let appliance: Running;
beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const bytesOfData = (): number =>
  readdirSync(place.dataDir, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(place.dataDir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

it('files that are made to do harm end as records with a reason, and the appliance goes on', {
  timeout: 240_000,
}, async () => {
  const { client } = appliance;
  const none = Buffer.alloc(64, 'PAR1');
  const cases = (await malformed(none, none)).filter(({ name }) => worst.some((one) => name.startsWith(`${one},`)));
  expect(cases.length).toBe(worst.length);
  const before = bytesOfData();
  const ends = await Promise.all(
    cases.map(async ({ name, content }, n) => {
      const path = join(place.root, `case-${n}`, name.slice(name.lastIndexOf(', ') + 2));
      const files = content instanceof Uint8Array ? { '': content } : content;
      for (const [inner, bytes] of Object.entries(files)) {
        mkdirSync(dirname(join(path, inner)), { recursive: true });
        writeFileSync(join(path, inner), bytes);
      }
      const { id } = await client.call('datasets.import', { body: { path, name: `case-${n}` } });
      for (;;) {
        const { state, error } = await client.call('datasets.show', { params: { id } });
        // Whatever its importers do, the appliance answers.
        expect((await client.call('system.show')).version).toBeTruthy();
        if (state !== 'importing') return { id, name, state, code: error?.code, words: error?.message.length ?? 99 };
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }),
  );
  expect(
    ends.filter(({ state, code }) => state === 'failed' && code !== 'bad_data' && code !== 'out_of_memory'),
  ).toEqual([]);
  expect(ends.filter(({ words }) => words < 20)).toEqual([]);
  expect(ends.filter(({ state }) => state === 'failed').length).toBeGreaterThan(6);
  for (const { id } of ends) await client.call('datasets.delete', { params: { id } });
  expect(readdirSync(join(place.dataDir, 'objects'))).toEqual([]);
  // What is left is the journal of it.
  expect(bytesOfData() - before).toBeLessThan(8 * 1024 ** 2);
});
