import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { openDataset } from '../../../engine/data/index.ts';
import type { ChildExit, FromImporter, ToImporter } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { type Bench, openBench } from './bench.ts';

const topics = join(import.meta.dirname, '../../../resources/samples/package-topics.csv');
let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

type Job = Omit<Extract<ToImporter, { type: 'import' }>, 'type' | 'lease'>;

/** Runs the real child to its end. */
async function runImporter(
  job: Job,
  input?: NodeJS.ReadableStream,
  cancelAt?: string,
): Promise<{ said: FromImporter[]; exit: ChildExit }> {
  const memory = 1024 ** 3;
  const child = spawnChild('importer', { log: silentLog, memory, input: input !== undefined, seconds: 60 });
  const said: FromImporter[] = [];
  child.onMessage((message) => {
    said.push(message);
    if (message.type === 'progress' && message.progress.phase === cancelAt) child.send({ type: 'cancel' });
  });
  child.send({ type: 'import', ...job, lease: { id: 'lease', device: 'cpu', threads: 2, memory } });
  if (input && child.stdin) await pipeline(input, child.stdin).catch(() => undefined);
  return { said, exit: await new Promise((resolve) => child.onExit(resolve)) };
}

test('a file on the machine and the same bytes on standard input become the same dataset', async () => {
  const bytes = readFileSync(topics).length;
  const [file, stream] = [bench.pack(), bench.pack()];
  const first = await runImporter({ source: { kind: 'path', path: topics }, options: {}, pack: file });
  const second = await runImporter(
    { source: { kind: 'stream', name: 'topics.csv', bytes }, options: {}, pack: stream },
    createReadStream(topics),
  );
  expect([first.exit, second.exit]).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  const [one, two] = [first.said.at(-1), second.said.at(-1)];
  if (one?.type !== 'imported' || two?.type !== 'imported') throw new Error('both imports should have ended well');
  expect(two).toEqual({ ...one, bytes: { source: bytes, stored: two.bytes.stored } });
  expect(one).toMatchObject({
    options: { format: 'csv', encoding: 'utf-8', delimiter: ',', header: true },
    shape: { rows: 5058, target: 'label' },
  });
  const phases = new Set(
    first.said.flatMap((message) => (message.type === 'progress' ? [message.progress.phase] : [])),
  );
  expect([...phases]).toEqual(['reading', 'inspecting', 'writing']);
  const reader = openDataset(openPack(stream.path, stream));
  expect(reader.rows).toBe(5058);
  reader.close();
});

test('a bad file is told as a Fault, and nothing is left', async () => {
  const before = bench.stored();
  const path = bench.file('bad.csv', 'a,b\n1\n');
  const { said, exit } = await runImporter({ source: { kind: 'path', path }, options: {}, pack: bench.pack() });
  expect(said.at(-1)).toEqual({
    type: 'failed',
    fault: {
      code: 'bad_data',
      message: 'bad.csv: line 2 has 1 field where 2 are expected. Correct the line, or quote values that contain ",".',
    },
  });
  expect(exit).toEqual({ code: 0, signal: null });
  expect(bench.stored()).toEqual(before);
});

test('a cancel ends it and leaves nothing', async () => {
  const before = bench.stored();
  const lines = Array.from({ length: 200_000 }, (_, i) => `${i},some text ${i}`);
  const path = bench.file('long.csv', `a,b\n${lines.join('\n')}\n`);
  const { said } = await runImporter(
    { source: { kind: 'path', path }, options: {}, pack: bench.pack() },
    undefined,
    'inspecting',
  );
  expect(said.at(-1)).toEqual({ type: 'failed', fault: { code: 'cancelled', message: 'The import was cancelled.' } });
  expect(bench.stored()).toEqual(before);
});
