// A file of rows becomes a dataset in an object pack. The whole of an import: open, load, inspect, write; on any failure, a
// cancel included, nothing of it is left on the disk.
import { mkdirSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  type DatasetShape,
  Fault,
  type ImportOptions,
  type ImportSource,
  type MaskOptions,
  type PackGrant,
  type Progress,
} from '../schema/index.ts';
import { createPack, type PackWriter } from '../store/index.ts';
import { type Duck, loadDuck, openDuck } from './duck.ts';
import type { Loader, Table } from './formats/loader.ts';
import { checkNames } from './formats/rows.ts';
import { type ColumnPlan, inspectColumns } from './inspect.ts';
import { maskRaw } from './mask/index.ts';
import { openPool, type Pool } from './pool.ts';
import { shapeOf } from './shape.ts';
import { openImport } from './sources/open.ts';
import { writeDataset } from './write.ts';

/** Threads that seal: two keep up with what DuckDB gives on eight. */
const mostSealers = 2;

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
  /** Key of hashes and stand-ins, 32 bytes; for options that mask. */
  secret?: Uint8Array;
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

/** Loads what an import takes, for a process that waits for one. */
export const prepareImport = (): Promise<unknown> => loadDuck();

/** Imports. Throws a Fault that names the file, line or column and the remedy. */
export async function importDataset(job: ImportJob): Promise<Imported> {
  const { signal } = job;
  signal.throwIfAborted();
  // Beside the pack and named after it, so that whoever erases an object whose writer was killed finds it.
  const directory = `${job.pack.path}.import`;
  mkdirSync(directory, { mode: 0o700, recursive: true });
  let loader: Loader | undefined;
  let duck: Duck | undefined;
  let pool: Pool | undefined;
  let writer: PackWriter | undefined;
  const stop = () => {
    duck?.interrupt();
    pool?.interrupt();
  };
  signal.addEventListener('abort', stop);
  try {
    const stdin = job.stdin ?? (() => process.stdin);
    loader = await openImport(job.source, { options: job.options, directory, stdin });
    duck = await openDuck({ threads: job.threads, memory: job.memory / 2, allow: loader.allow });
    writer = createPack(job.pack.path, job.pack, undefined, Math.min(mostSealers, job.threads));
    const table = await load(duck, loader, writer, job);
    signal.throwIfAborted();
    const [[count] = []] = await duck.rows('SELECT count(*) FROM raw');
    const rows = Number(count);
    if (rows === 0)
      throw new Fault('bad_data', `${loader.file} has a header but no rows. Add rows, or choose another file.`);
    await duck.run('SET threads = 1');
    pool = await openPool(duck, Math.max(1, job.threads));
    if (job.options.mask) await maskTable(duck, table.names, job.options.mask, job);
    const shape = await store(pool, table, writer, rows, job);
    await writer.settle();
    const { sha256, stored } = writer.finish();
    const settled = {
      ...loader.settled,
      ...(job.options.types ? { types: job.options.types } : {}),
      ...(job.options.mask ? { mask: job.options.mask } : {}),
    };
    return { shape, sha256, options: settled, bytes: { source: loader.seen(), stored } };
  } catch (error) {
    if (signal.aborted) throw new Fault('cancelled', 'The import was cancelled.');
    if (error instanceof Fault || !loader) throw error;
    throw loader.fault(error);
  } finally {
    signal.removeEventListener('abort', stop);
    writer?.discard();
    await loader?.close();
    // Giving the tables' memory back takes a tenth of a second, for which nobody has to wait.
    setImmediate(() => {
      pool?.close();
      duck?.close();
    });
    rmSync(directory, { recursive: true, force: true });
  }
}

async function load(duck: Duck, loader: Loader, writer: PackWriter, job: ImportJob): Promise<Table> {
  const { progress, signal, threads } = job;
  const report = () => progress({ phase: 'reading', done: loader.seen(), total: loader.total ?? loader.seen() });
  const timer = setInterval(report, 200);
  try {
    const table = await loader.load({ duck, writer, threads, signal });
    report();
    const names = table.names.map((name, i) => (name.trim() === '' ? `column${i + 1}` : name));
    checkNames(loader.file, names);
    return { ...table, names };
  } finally {
    clearInterval(timer);
  }
}

/** What identifies people goes before anything is looked at or stored. */
function maskTable(
  duck: Duck,
  names: readonly string[],
  options: MaskOptions,
  { secret, signal, progress }: ImportJob,
) {
  if (!secret) throw new Fault('internal', 'an import that masks needs a key');
  return maskRaw(duck, names, options, secret, (done, total) => {
    signal.throwIfAborted();
    progress({ phase: 'masking', done, total });
  });
}

async function store(
  pool: Pool,
  { names, known = [], types = [], media, warnings = [] }: Table,
  writer: PackWriter,
  rows: number,
  { threads, options, signal, progress }: ImportJob,
): Promise<DatasetShape> {
  const found = await inspectColumns(pool, { names, known, types, rows, threads, options }, (done) => {
    signal.throwIfAborted();
    progress({ phase: 'inspecting', done, total: names.length });
  });
  const files: ColumnPlan[] = media
    ? [{ column: media.column, stored: { kind: 'media' }, value: '', bytes: 0, warnings: [] }]
    : [];
  const plans = [...files, ...found];
  const shape = shapeOf(
    rows,
    plans.map(({ column }) => column),
    [...warnings, ...plans.flatMap(({ warnings }) => warnings)],
  );
  await writeDataset(pool, plans, shape, writer, (done) => {
    signal.throwIfAborted();
    progress({ phase: 'writing', done, total: rows });
  });
  signal.throwIfAborted();
  return shape;
}
