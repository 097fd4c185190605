// `npm run bench -- data/import [ROWS]`: rows shaped like the sample `packages`, all different, imported (typed, encrypted, hashed) by
// the real importer child, beside DuckDB's own CSV to Parquet of the same file in the same run. Prints times, ratio and peak memory:
// with an importer that waits, as an appliance that runs has one (engine/jobs/spare.ts), and `cold` with one that is started first.
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, getPriority, setPriority, tmpdir } from 'node:os';
import { once } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { openDataset, splitRows } from '../../../engine/data/index.ts';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import type { FromImporter } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';

const wanted = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const sample = join(import.meta.dirname, '../../../resources/samples/packages.csv');
const directory = mkdtempSync(join(tmpdir(), 'neutrino-bench-'));

/** Every row differs: names, numbers and texts get the round's mark. */
async function makeFile(path: string): Promise<void> {
  const [header, ...rows] = parse(readFileSync(sample));
  const out = createWriteStream(path);
  out.write(stringify([header]));
  for (let made = 0, round = 0; made < wanted; round++) {
    const part = rows.slice(0, Math.min(rows.length, wanted - made)).map((row, i) =>
      row.map((cell) => {
        if (cell === '') return cell;
        if (/^\d+$/.test(cell)) return String(Number(cell) + ((i * 31 + round * 7) % 97));
        return cell.length > 12 ? `${cell} ${round}-${i % 1000}` : cell;
      }),
    );
    made += part.length;
    if (!out.write(stringify(part))) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

async function duckdb(path: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const began = performance.now();
  await connection.run(
    `COPY (SELECT * FROM read_csv('${path}')) TO '${join(directory, 'peer.parquet')}' (FORMAT parquet)`,
  );
  const seconds = (performance.now() - began) / 1000;
  connection.closeSync();
  instance.closeSync();
  return seconds;
}

interface Ours {
  seconds: number;
  peak: number;
  stored: number;
  phases: Record<string, number>;
}

async function ours(path: string, n: string, waits: boolean): Promise<Ours> {
  const memory = 2 * 1024 ** 3;
  const pack = { id: `bench_${n}`, path: join(directory, `bench_${n}.sqlite`), key: randomBytes(32) };
  let began = performance.now();
  const cache = join(directory, 'cache');
  const child = spawnChild('importer', { log: silentLog, memory, seconds: 600, cache, waits });
  if (waits) {
    child.send({ type: 'prepare' });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    began = performance.now();
  }
  // Importers step back behind predictions; beside a peer that does not, both get the same turn.
  if (child.pid) setPriority(child.pid, getPriority());
  let said: FromImporter | undefined;
  const phases: Record<string, number> = {};
  child.onMessage((message) => {
    if (message.type === 'progress') phases[message.progress.phase] = Math.round(performance.now() - began) / 1000;
    else if (message.type !== 'alive') said = message;
  });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      peak = Math.max(
        peak,
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
      );
    } catch {
      // Gone.
    }
  }, 50);
  child.send({
    type: 'import',
    source: { kind: 'path', path },
    options: {},
    pack,
    // As many as the appliance's lease gives (engine/jobs/leases.ts).
    lease: { id: 'l', device: 'cpu', threads: Math.min(8, availableParallelism()), memory },
  });
  await new Promise((resolve) => child.onExit(resolve));
  clearInterval(watch);
  if (said?.type !== 'imported') throw new Error(JSON.stringify(said));
  const reader = openDataset(openPack(pack.path, pack));
  const column = reader.shape.columns.find(({ type }) => type === 'category');
  splitRows({ rows: reader.rows, seed: 1, ...(column ? { labels: reader.codes(column.name).codes } : {}) });
  reader.close();
  const seconds = (performance.now() - began) / 1000;
  rmSync(pack.path);
  return { seconds, peak, stored: said.bytes.stored, phases };
}

try {
  const path = join(directory, 'rows.csv');
  await makeFile(path);
  const size = statSync(path).size;
  // An appliance's first import has left its compiled code; so has this one.
  const small = join(directory, 'small.csv');
  writeFileSync(small, `a,b\n${'1,x\n2,y\n'.repeat(20)}`);
  await ours(small, 'first', false);
  const results: { duckdb: number; ours: Ours; ratio: number; cold: Ours; coldRatio: number }[] = [];
  for (let n = 0; n < rounds; n++) {
    const peer = await duckdb(path);
    const own = await ours(path, `${n}`, true);
    const cold = await ours(path, `${n}_cold`, false);
    results.push({ duckdb: peer, ours: own, ratio: own.seconds / peer, cold, coldRatio: cold.seconds / peer });
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  console.log(
    JSON.stringify(
      {
        rows: wanted,
        bytes: size,
        results,
        ratio: median(results.map(({ ratio }) => ratio)),
        coldRatio: median(results.map(({ coldRatio }) => coldRatio)),
        peak: Math.max(...results.flatMap(({ ours, cold }) => [ours.peak, cold.peak])),
      },
      null,
      1,
    ),
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
