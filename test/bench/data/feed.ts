// `npm run bench -- data/feed [ROWS]`: batches out of encrypted packs, held decrypted as a run holds what fits into memory, and read
// window by window with nothing held (decrypted, tokenised or decoded by the thread beside the trainer; the first pass over
// files and the later ones told apart), beside what steps of BERT-mini and of the small CNN consume in the same run. Images come
// twice: PNG files as the model wants them, and JPEG files of 200 × 200 that have to be made smaller.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { rng } from '../../../engine/base/index.ts';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import { trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { openBatches } from '../../../engine/train/batches.ts';
import { compileTraining } from '../../../engine/train/index.ts';
import { prepareRun } from '../../../engine/train/prepare.ts';
import { workloads } from '../train/workloads.ts';

const count = Number(process.argv[2] ?? 20_000);
const directory = mkdtempSync(join(tmpdir(), 'neutrino-bench-'));
const random = rng(1, 'feed');

/** Texts of 128 words and more, so that every row of a batch is full. */
function texts(): string {
  const words = Array.from({ length: 20_000 }, (_, i) => `w${i.toString(36)}`);
  const lines = Array.from({ length: count }, (_, i) => {
    const text = Array.from(
      { length: 130 + random.int(60) },
      () => words[Math.floor(random.next() ** 3 * words.length)],
    );
    return `${text.join(' ')},${i % 2 === 0 ? 'a' : 'b'}`;
  });
  const path = join(directory, 'texts.csv');
  writeFileSync(path, `text,label\n${lines.join('\n')}\n`);
  return path;
}

/** Grey images of 28 × 28, as the CNN takes them, or photographs that have to be made so. */
async function images(kind: 'png' | 'jpeg'): Promise<string> {
  const root = join(directory, kind);
  for (const name of ['a', 'b']) mkdirSync(join(root, name), { recursive: true });
  for (let i = 0; i < count; i++) {
    const pixels = Buffer.from(Array.from({ length: 784 }, (_, p) => (p * (1 + (i % 7)) + i * 31) & 0xff));
    const grey = sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } });
    const file = kind === 'png' ? grey.png() : grey.resize(200, 200).jpeg();
    writeFileSync(join(root, i % 2 === 0 ? 'a' : 'b', `${String(i).padStart(6, '0')}.${kind}`), await file.toBuffer());
  }
  return root;
}

async function imported(path: string) {
  const pack = { id: 'bench', path: join(directory, `${randomBytes(4).toString('hex')}.sqlite`), key: randomBytes(32) };
  const signal = new AbortController().signal;
  const job = { options: {}, pack, threads: 2, memory: 2 ** 31, progress: () => undefined, signal };
  await importDataset({ source: { kind: 'path', path }, ...job });
  return { pack, reader: openDataset(openPack(pack.path, pack)) };
}

/** Rows a second of the first epoch and of the next two, with nothing done with them: all held in memory, or read from the pack again and again. */
async function fed(path: string, model: 'transformer' | 'cnn', batchSize: number, held: boolean) {
  const { pack, reader } = await imported(path);
  const request = trainRequest.parse({
    dataset: 'd',
    target: 'label',
    model,
    hyper: model === 'transformer' ? { length: 128 } : { image: [28, 28, 1] },
  });
  const memory = held ? 2 ** 33 : 0;
  const setup = await prepareRun(reader, undefined, request, undefined, { pack, memory, window: 1024 * 1024 });
  const { data, train } = setup.rows;
  if (Boolean(data.stream) === held) throw new Error('the rows are not where they should be');
  const batches = openBatches(data, train, { batchSize, seed: 1 });
  const pass = async (epochs: number[]) => {
    const began = performance.now();
    let rows = 0;
    for (const epoch of epochs)
      for (const batch of batches.order(epoch)) {
        await batches.ready(batch, epoch);
        rows += batches.make(batch, epoch).rows.length;
      }
    return (rows * 1000) / (performance.now() - began);
  };
  const speeds = { first: await pass([1]), later: await pass([2, 3]) };
  reader.close();
  return speeds;
}

/** Rows a second that training takes, at the best of the thread counts. */
async function consumed(name: 'bert-mini' | 'cnn', batchSize: number) {
  const { graph, feeds, labels, weights } = workloads[name]();
  let best = 0;
  for (const threads of [2, 4]) {
    const optimizer = { kind: 'adamw' } as const;
    const program = await compileTraining(graph, { loss: 'cross_entropy', optimizer, device: 'cpu', threads, seed: 1 });
    for (let i = 0; i < 3; i++) await program.step(feeds, labels, weights, 1e-3);
    const began = performance.now();
    const steps = 20;
    for (let i = 0; i < steps; i++) await program.step(feeds, labels, weights, 1e-3);
    best = Math.max(best, (steps * batchSize * 1000) / (performance.now() - began));
    await program.dispose();
  }
  return best;
}

try {
  const results = [];
  const ratio = (given: number, taken: number) => Number((given / taken).toFixed(2));
  const taken = { 'bert-mini': await consumed('bert-mini', 16), cnn: await consumed('cnn', 128) };
  for (const [name, kind, model, batchSize, path] of [
    ['bert-mini', 'texts', 'transformer', 16, texts()],
    ['cnn', 'PNG', 'cnn', 128, await images('png')],
    ['cnn', 'JPEG', 'cnn', 128, await images('jpeg')],
  ] as const) {
    const held = await fed(path, model, batchSize, true);
    const read = await fed(path, model, batchSize, false);
    const own = taken[name];
    results.push({
      work: name,
      kind,
      consumed: Math.round(own),
      held: Math.round(held.later),
      ratio: ratio(held.later, own),
      firstRead: Math.round(read.first),
      firstRatio: ratio(read.first, own),
      read: Math.round(read.later),
      readRatio: ratio(read.later, own),
    });
    console.error(JSON.stringify(results.at(-1)));
  }
  console.log(JSON.stringify({ rows: count, results }, null, 1));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
