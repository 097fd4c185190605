// Recipes on datasets of files: rows go, labels change, duplicates are found by what the files hold, and files stay as they came.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DatasetReader, openDataset } from '../../../engine/data/index.ts';
import { deriveDataset, previewRecipe } from '../../../engine/data/recipe/index.ts';
import { type RecipeStep, recipeStep } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { type Bench, openBench } from './bench.ts';
import { folder, image } from './media.ts';

let bench: Bench;
let base: DatasetReader;
const files: Record<string, Uint8Array> = {};
beforeAll(async () => {
  bench = openBench();
  for (let i = 0; i < 6; i++) files[`${i < 3 ? 'cat' : 'dog'}/${i}.png`] = await image('png', i, 8, 8);
  files['dog/copy.png'] = files['cat/1.png'];
  base = (await bench.load(folder(join(bench.dir, 'pets'), files))).reader;
});
afterAll(() => bench.close());

const job = (steps: unknown[]) => ({
  base,
  steps: steps.map((step): RecipeStep => recipeStep.parse(step)),
  other: () => base,
  secret: Buffer.alloc(32, 3),
  threads: 1,
  memory: 512 * 1024 ** 2,
  seconds: 60,
});

/** Names of the rows, their labels, and whether each has the bytes of its file. */
async function run(steps: unknown[]) {
  const pack = bench.pack();
  const { shape } = await deriveDataset(job(steps), pack);
  const reader = openDataset(openPack(pack.path, pack));
  const files_ = shape.columns.find(({ type }) => type === 'image')?.name ?? '';
  const [names, labels] = [reader.texts('file'), reader.texts('label')];
  const rows = names.map((name, row) => [
    name,
    labels[row],
    files_ === '' ? false : Buffer.compare(reader.media(files_, row) ?? Buffer.alloc(0), files[name ?? '']) === 0,
  ]);
  reader.close();
  return { rows, shape, files: files_ };
}

test('rows are filtered by their labels and keep their files', async () => {
  const { rows, shape } = await run([{ op: 'filter', where: "label = 'dog'" }]);
  expect(rows).toEqual([
    ['dog/3.png', 'dog', true],
    ['dog/4.png', 'dog', true],
    ['dog/5.png', 'dog', true],
    ['dog/copy.png', 'dog', true],
  ]);
  expect(shape.columns[0]).toMatchObject({ name: 'image', type: 'image', missing: 0, media: { formats: { png: 4 } } });
});

test('pictures that are the same are found, whatever they are called', async () => {
  const { rows } = await run([{ op: 'deduplicate', columns: ['image'] }]);
  expect(rows.map(([name]) => name)).toEqual([
    'cat/0.png',
    'cat/1.png',
    'cat/2.png',
    'dog/3.png',
    'dog/4.png',
    'dog/5.png',
  ]);
});

test('labels are renamed, rows labelled anew, columns called otherwise; figures of all files stay', async () => {
  const {
    rows,
    shape,
    files: name,
  } = await run([
    { op: 'rename', column: 'image', to: 'picture' },
    { op: 'label', column: 'label', values: [{ row: 6, value: 'cat' }] },
  ]);
  expect([name, rows[6]]).toEqual(['picture', ['dog/copy.png', 'cat', true]]);
  expect(shape.columns[0].media).toEqual(base.shape.columns[0].media);
});

test('without its pictures it is a table; what looks at cells refuses them; a preview stores nothing', async () => {
  const { shape } = await run([{ op: 'drop', columns: ['image'] }]);
  expect(shape.columns.map(({ name }) => name)).toEqual(['label', 'file']);
  await expect(run([{ op: 'normalise', column: 'image' }])).rejects.toThrow(
    'Column "image" holds images: it can be renamed, dropped and searched for duplicates.',
  );
  await expect(run([{ op: 'drop', columns: ['label', 'file'] }])).rejects.toThrow('needs a column beside them');
  const before = bench.stored().length;
  const preview = await previewRecipe(job([{ op: 'filter', where: "label = 'cat'" }]));
  expect(preview.sample[0]).toEqual(['image 1', 'cat', 'cat/0.png']);
  expect(bench.stored().length).toBe(before);
});
