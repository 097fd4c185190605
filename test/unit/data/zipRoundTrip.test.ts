// A dataset of files goes out as a zip and comes in again: the same rows, the same files, byte for byte, whatever they are called.
import { join } from 'node:path';
import { assert, asyncProperty, array, constantFrom, option, record, string } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DatasetReader, exportDataset } from '../../../engine/data/index.ts';
import { type Bench, openBench } from './bench.ts';
import { folder, image } from './media.ts';

let bench: Bench;
const pictures: Uint8Array[] = [];
beforeAll(async () => {
  bench = openBench();
  for (let i = 0; i < 4; i++) pictures.push(await image('png', i, 4 + i, 5));
});
afterAll(() => bench.close());

const rowsOf = (reader: DatasetReader) => {
  const names = reader.shape.columns.map(({ name }) => name).filter((name) => name !== 'image');
  const cells = names.map((name) => reader.texts(name));
  return Array.from({ length: reader.rows }, (_, row) => ({
    image: Buffer.from(reader.media('image', row) ?? []).toString('hex'),
    ...Object.fromEntries(names.map((name, i) => [name, cells[i][row]])),
  })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
};

const cell = option(
  string({ unit: constantFrom('a', 'b', 'é', '数', ' ', ',', '"', ';', "'"), minLength: 1, maxLength: 6 }).filter(
    (text) => text.trim() === text && text.length > 0 && text !== '?',
  ),
  { nil: '', freq: 5 },
);
const quoted = (text: string) => (text === '' ? '' : `"${text.replaceAll('"', '""')}"`);

test('what goes out as a zip comes in the same', { timeout: 120_000 }, async () => {
  let n = 0;
  await assert(
    asyncProperty(array(record({ word: cell, note: cell }), { minLength: 2, maxLength: 8 }), async (rows) => {
      const files: Record<string, Uint8Array> = {};
      const lines = rows.map(({ word, note }, i) => {
        files[`${i}.png`] = pictures[i % pictures.length];
        return `${i}.png,${quoted(word)},${quoted(note)},${i % 2 === 0 ? 'yes' : 'no'}`;
      });
      files['labels.csv'] = Buffer.from(`file,word,note,kind\n${lines.join('\n')}\n`);
      const first = await bench.load(folder(join(bench.dir, `set-${n++}`), files));
      const parts: Uint8Array[] = [];
      for await (const part of exportDataset(first.reader, 'zip')) parts.push(Uint8Array.from(part));
      const second = await bench.load(bench.file(`set-${n}.zip`, Buffer.concat(parts)));
      expect(rowsOf(second.reader)).toEqual(rowsOf(first.reader));
    }),
    { numRuns: 15, seed: 4 },
  );
});
