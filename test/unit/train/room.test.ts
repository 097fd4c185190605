// A step that does not fit is refused before it starts, with what would fit.
import { expect, test } from 'vitest';
import { families, type Layout, settleHyper } from '../../../engine/models/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compileTraining, type ProgramOptions } from '../../../engine/train/index.ts';
import { peakBytes } from '../../../engine/train/liveness.ts';
import { type Room, rowsThatFit, sizesOf } from '../../../engine/train/room.ts';

const layout: Layout = {
  dense: 0,
  parts: { numeric: 0, indicated: [], oneHot: [] },
  embedded: [],
  texts: [],
  sequences: [{ rows: 100, length: 128 }],
  image: null,
};
const graph = families.transformer.build(
  layout,
  3,
  settleHyper(families.transformer, { layers: 3, width: 64, inner: 256, ngrams: 0 }),
  1,
);
const feeds = { text_0_tokens: tensor('int64', [64, 128]) };
const sizes = sizesOf(graph.inputs, feeds);
const room = (mib: number, accumulate = 1): Room => ({ bytes: mib * 2 ** 20, rows: 64, accumulate, sizes });
const options = (more: Partial<ProgramOptions>): ProgramOptions => ({
  loss: 'cross_entropy',
  optimizer: { kind: 'adamw' },
  device: 'cpu',
  threads: 1,
  seed: 1,
  ...more,
});
const fault = (more: Partial<ProgramOptions>) =>
  compileTraining(graph, options(more)).then(
    (program) => program.dispose(),
    (error: Error) => error,
  );

test('sizes of a batch are read off its feeds', () => {
  expect(sizes).toEqual({ named: { batch: 64, words_0: 128 }, otherwise: 128 });
});

test('a batch that does not fit is refused with one that does; what was advised is then taken', async () => {
  const refused = (await fault({ room: room(150) })) as Error & { details: { batchSize: number; accumulate: number } };
  expect(refused).toMatchObject({ code: 'out_of_memory' });
  expect(refused.message).toMatch(
    /^a batch of 64 rows needs about \d.* beside \d+ MiB for weights and their updates, but the run has 150 MiB left: use --batch-size \d+ or --accumulate \d+/,
  );
  const { batchSize, accumulate } = refused.details;
  expect(batchSize).toBeGreaterThan(0);
  expect(await fault({ room: { ...room(150), rows: batchSize } })).toBeUndefined();
  expect(await fault({ room: room(150, accumulate) })).toBeUndefined();
});

test('where computing layers again is enough, that is said; where nothing is, that too', async () => {
  const held = (await fault({ room: room(250) })) as Error;
  expect(held.message).toContain('or --recompute');
  expect(await fault({ room: room(250), recompute: true })).toBeUndefined();
  expect(((await fault({ room: room(2) })) as Error).message).toContain(
    'use a smaller model, shorter texts or smaller images, or raise limits.trainerMemory',
  );
});

test('rows of an evaluation are halved until they fit', () => {
  const most = peakBytes(graph, { named: { ...sizes.named, batch: 256 }, otherwise: 128 });
  expect(rowsThatFit(graph, sizes, most * 2, 256)).toBe(256);
  expect(rowsThatFit(graph, sizes, most / 2, 256)).toBe(64);
  expect(rowsThatFit(graph, sizes, 1, 256)).toBe(1);
});
