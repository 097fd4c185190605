// A file of rows becomes a dataset in an object pack. The whole of an import: open, load, inspect, write; on any failure, a
// cancel included, nothing of it is left on the disk.
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  type DatasetShape,
  Fault,
  type ImportOptions,
  type ImportSource,
  type PackGrant,
  type Progress,
} from '../schema/index.ts';
import { createPack } from '../store/index.ts';
import { type Duck, openDuck } from './duck.ts';
import type { Form } from './head.ts';
import { inspectColumns } from './inspect.ts';
import { loadFault, loadRaw } from './load.ts';
import { openPool, type Pool } from './pool.ts';
import { shapeOf } from './shape.ts';
import { type OpenSource, openSource } from './source.ts';
import { writeDataset } from './write.ts';

export interface ImportJob {
  source: ImportSource;
  options: ImportOptions;
  /** Where the dataset goes; its directory must exist. */
  pack: PackGrant;
  threads: number;
  /** Memory that the process may take, bytes. */
  memory: number;
  progress: (progress: Progress) => void;
  signal: AbortSignal;
  /** Where the bytes of a `stream` source come from. */
  stdin?: () => Readable;
}

export interface Imported {
  shape: DatasetShape;
  /** SHA-256 over the content, hex: the same for the same rows, however they were encrypted or spelled as a file. */
  sha256: string;
  /** The options with everything detected filled in. */
  options: ImportOptions;
  bytes: { source: number; stored: number };
}

/** Imports. Throws a Fault that names the file, line or column and the remedy. */
export async function importDataset(job: ImportJob): Promise<Imported> {
  const { signal } = job;
  signal.throwIfAborted();
  const directory = mkdtempSync(join(dirname(job.pack.path), '.import-'));
  let source: OpenSource | undefined;
  let duck: Duck | undefined;
  let pool: Pool | undefined;
  const stop = () => {
    duck?.interrupt();
    pool?.interrupt();
  };
  signal.addEventListener('abort', stop);
  try {
    source = await openSource(job.source, job.options, directory, job.stdin ?? (() => process.stdin));
    duck = await openDuck({ threads: job.threads, memory: job.memory / 2, allow: [source.path] });
    const names = await load(duck, source, job);
    signal.throwIfAborted();
    const { form } = source;
    const [[count] = []] = await duck.rows('SELECT count(*) FROM raw');
    const rows = Number(count);
    if (rows === 0)
      throw new Fault('bad_data', `${form.file} has a header but no rows. Add rows, or choose another file.`);
    await duck.run('SET threads = 1');
    pool = await openPool(duck, Math.max(1, job.threads));
    return await store(pool, duck, source, names, rows, job);
  } catch (error) {
    if (signal.aborted) throw new Fault('cancelled', 'The import was cancelled.');
    if (error instanceof Fault || !source) throw error;
    throw loadFault(source.form, error);
  } finally {
    signal.removeEventListener('abort', stop);
    pool?.close();
    duck?.close();
    source?.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** DuckDB parses while the source is fed or checked; a bad byte found there explains more than what the parser says. */
async function load(duck: Duck, source: OpenSource, { progress, signal }: ImportJob): Promise<string[]> {
  const stop = new AbortController();
  const report = () => progress({ phase: 'reading', done: source.seen(), total: source.total ?? source.seen() });
  const timer = setInterval(report, 200);
  const parsing = loadRaw(duck, source.form, source.path);
  const feeding = source.run(AbortSignal.any([signal, stop.signal])).catch((error: unknown) => {
    // Whoever reads must not wait for bytes that will not come.
    duck.interrupt();
    source.close();
    throw error;
  });
  try {
    const [parsed, fed] = await Promise.allSettled([
      parsing.catch((error: unknown) => {
        // The check of a file in place may still find the better reason; a FIFO without reader ends by itself.
        setTimeout(() => stop.abort(), 5_000).unref();
        source.close();
        throw error;
      }),
      feeding,
    ]);
    const fedFault = fed.status === 'rejected' && fed.reason instanceof Fault ? fed.reason : undefined;
    if (fedFault) throw fedFault;
    if (parsed.status === 'rejected') throw parsed.reason;
    if (fed.status === 'rejected') throw fed.reason;
    report();
    return parsed.value;
  } finally {
    clearInterval(timer);
  }
}

async function store(
  pool: Pool,
  duck: Duck,
  source: OpenSource,
  names: string[],
  rows: number,
  job: ImportJob,
): Promise<Imported> {
  const { form } = source;
  const plans = await inspectColumns(pool, names, rows, job.threads, job.options.types ?? {}, (done) => {
    job.signal.throwIfAborted();
    job.progress({ phase: 'inspecting', done, total: names.length });
  });
  const shape = shapeOf(
    rows,
    plans.map(({ column }) => column),
    plans.flatMap(({ warnings }) => warnings),
  );
  const writer = createPack(job.pack.path, job.pack);
  try {
    await writeDataset(pool, duck, plans, shape, writer, (done) => {
      job.signal.throwIfAborted();
      job.progress({ phase: 'writing', done, total: rows });
    });
    job.signal.throwIfAborted();
    const { sha256, stored } = writer.finish();
    return { shape, sha256, options: settled(form, job.options), bytes: { source: source.seen(), stored } };
  } finally {
    writer.discard();
  }
}

function settled(form: Form, { types }: ImportOptions): ImportOptions {
  const csv = form.format === 'csv' ? { delimiter: form.delimiter, header: form.header } : {};
  return { format: form.format, encoding: form.encoding, ...csv, ...(types ? { types } : {}) };
}
