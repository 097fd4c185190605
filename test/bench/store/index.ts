// The store beside the same work without encryption, in one run: lists, filters and searches over runs against plain SQLite
// with JSON columns, and object packs against plain files. A table on stderr, JSON on stdout; a ratio above 1 is slower.
//   node test/bench/store/index.ts [--runs 10000] [--mib 128]
import { closeSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { rng } from '../../../engine/base/index.ts';
import { type Run, trainRequest } from '../../../engine/schema/index.ts';
import { createVault, newKey, openVault } from '../../../engine/security/index.ts';
import { createPack, type New, openPack, openStore } from '../../../engine/store/index.ts';

interface Row {
  work: string;
  ms: number;
  /** The same work on plain SQLite or a plain file. */
  peerMs: number;
  ratio: number;
}

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, mib: { type: 'string', default: '128' } },
});
const [count, mebibytes] = [Number(values.runs), Number(values.mib)];
const root = mkdtempSync(join(tmpdir(), 'neutrino-bench-'));
const random = rng(1, 'store bench');
const words = ['iris', 'churn', 'topics', 'prices', 'tickets', 'sensors', 'images', 'orders'];
const rows: Row[] = [];

function median(work: () => unknown, times = 15): number {
  work();
  const taken = Array.from({ length: times }, () => once(work)).sort((a, b) => a - b);
  return taken[times >> 1] ?? 0;
}

function once(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function report(work: string, ms: number, peerMs: number): void {
  const round = (value: number) => Number(value.toPrecision(3));
  rows.push({ work, ms: round(ms), peerMs: round(peerMs), ratio: round(ms / peerMs) });
}

const someRun = (i: number): New<Run> => {
  const name = words[random.int(words.length)] ?? '';
  return {
    state: (['finished', 'failed', 'stopped', 'interrupted'] as const)[random.int(4)] ?? 'failed',
    name: `${name}-${i}`,
    request: trainRequest.parse({ dataset: name, target: 'y', seed: i }),
    dataset: { id: `ds_${name}`, name, sha256: 'f'.repeat(64) },
    metrics: { 'val.loss': random.next(), 'val.accuracy': random.next(), 'train.loss': random.next() },
    startedAt: i,
  };
};

async function records(): Promise<void> {
  const [dir, configDir] = [join(root, 'data'), join(root, 'config')];
  const { vault } = await createVault(dir, { configDir });
  const runs = Array.from({ length: count }, (_, i) => someRun(i));
  let store = openStore({ dir, vault });
  const plain = new Database(join(root, 'plain.db'));
  plain.pragma('journal_mode = WAL');
  plain.exec('CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT, createdAt INTEGER, body TEXT)');
  const insert = plain.prepare('INSERT INTO runs (state, createdAt, body) VALUES (?, ?, ?)');
  const fillPlain = plain.transaction(() => {
    for (const run of runs) insert.run(run.state, run.startedAt, JSON.stringify(run));
  });
  const inserted = once(() => store.transaction(() => runs.forEach((run) => store.runs.insert(run))));
  report(`insert ${count} runs in one transaction`, inserted, once(fillPlain));
  store.close();
  const again = await openVault(dir, { configDir });
  const all = () => plain.prepare<[], { body: string }>('SELECT body FROM runs').all();
  const opened = once(() => {
    store = openStore({ dir, vault: again });
  });
  report(
    `open ${count} runs (peer: parse every body)`,
    opened,
    once(() => all().map(({ body }) => JSON.parse(body) as Run)),
  );

  const ask = (sql: string, ...given: unknown[]) => {
    const statement = plain.prepare<unknown[], { body: string }>(sql);
    return () => statement.all(...given).map(({ body }) => JSON.parse(body) as Run);
  };
  const cases: [string, Parameters<typeof store.runs.list>[0], () => unknown][] = [
    ['list, newest 100', {}, ask('SELECT body FROM runs ORDER BY createdAt DESC, id DESC LIMIT 100')],
    [
      'filter by state',
      { state: 'failed' },
      ask("SELECT body FROM runs WHERE state = 'failed' ORDER BY id DESC LIMIT 100"),
    ],
    [
      'search two words',
      { search: 'topics 77' },
      ask("SELECT body FROM runs WHERE body LIKE '%topics%' AND body LIKE '%77%' LIMIT 100"),
    ],
    [
      'sort by a nested figure',
      { sort: '-metrics.val.loss' },
      ask(`SELECT body FROM runs ORDER BY json_extract(body, '$.metrics."val.loss"') DESC LIMIT 100`),
    ],
  ];
  for (const [work, query, peer] of cases) {
    report(
      work,
      median(() => store.runs.list({ limit: 100, ...query })),
      median(peer),
    );
  }
  const id = store.runs.list({ limit: 1 }).items[0]?.id ?? '';
  const touch = plain.prepare('UPDATE runs SET body = ? WHERE id = 1');
  plain.pragma('synchronous = FULL');
  report(
    'update one run, on disk',
    median(() => store.runs.update(id, { name: 'x' })),
    median(() => touch.run(JSON.stringify(runs[0]))),
  );
  plain.close();
  store.close();
}

function packs(): void {
  const numbers = new Float32Array(256 * 1024).map(() => Math.round(random.next() * 1000) / 10);
  const bytes = new Uint8Array(numbers.buffer);
  const [pack, plain] = [{ id: 'obj_1', key: newKey() }, join(root, 'plain.bin')];
  const path = join(root, 'a.sqlite');
  const written = once(() => {
    const writer = createPack(path, pack);
    for (let i = 0; i < mebibytes; i++) writer.append(`column ${i % 8}`, bytes);
    writer.finish();
  });
  const peerWritten = once(() => {
    const handle = openSync(plain, 'w');
    for (let i = 0; i < mebibytes; i++) writeSync(handle, bytes);
    fsyncSync(handle);
    closeSync(handle);
  });
  report('write a MiB of a pack (of floats, on disk)', written / mebibytes, peerWritten / mebibytes);
  const reader = openPack(path, pack);
  const handle = openSync(plain, 'r');
  const buffer = Buffer.alloc(bytes.length);
  const chunks = reader.chunkCount('column 0');
  const read = median(() => reader.readChunk('column 0', random.int(chunks)), 50);
  report(
    'read a random MiB',
    read,
    median(() => readSync(handle, buffer, 0, buffer.length, random.int(mebibytes) * bytes.length), 50),
  );
  closeSync(handle);
  reader.close();
}

try {
  await records();
  packs();
  console.error(
    rows.map(({ work, ms, peerMs, ratio }) => `${work.padEnd(48)} ${ms} ms  plain ${peerMs} ms  × ${ratio}`).join('\n'),
  );
  console.log(JSON.stringify({ bench: 'store', runs: count, mib: mebibytes, rows }));
} finally {
  rmSync(root, { recursive: true, force: true });
}
