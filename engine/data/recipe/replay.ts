// Runs a recipe: a dataset's rows through its steps, in a DuckDB that can reach nothing but them, into a pack of its own or a
// preview. The same rows, steps and key give the same content, bit for bit.
import { must } from '../../base/index.ts';
import {
  type CellType,
  type Column,
  type ColumnType,
  type DatasetShape,
  Fault,
  type PackGrant,
  type Progress,
  type RecipePreview,
  type RecipeStep,
  type StepOf,
} from '../../schema/index.ts';
import { createPack, type PackWriter } from '../../store/index.ts';
import { type Duck, openDuck } from '../duck.ts';
import { openFigures } from '../formats/media.ts';
import { type ColumnPlan, inspectColumns } from '../inspect.ts';
import { entries, missingLength } from '../layout.ts';
import { probeAudio } from '../media/audio.ts';
import { probeImage } from '../media/image.ts';
import { keepSmall } from '../media/small.ts';
import { openPool } from '../pool.ts';
import type { DatasetReader } from '../reader.ts';
import { shapeOf } from '../shape.ts';
import { writeDataset } from '../write.ts';
import { sayStep } from './says.ts';
import { type Did, runStep } from './steps.ts';
import { asText, countRows, fileRow, loadTable, type Shaped, type TableColumn } from './table.ts';

export interface Replay {
  base: DatasetReader;
  steps: readonly RecipeStep[];
  other: (step: StepOf<'join'>) => DatasetReader;
  secret: Uint8Array;
  threads: number;
  /** Memory that the process may take, bytes. */
  memory: number;
  /** Longest time for all steps together, seconds. */
  seconds: number;
  progress?: (progress: Progress) => void;
}

export interface Derived {
  shape: DatasetShape;
  sha256: string;
  stored: number;
}

type Done = { says: string; rows: number; cells: number }[];

/** Runs the steps on the first `most` rows (all when left out); `use` gets the outcome before everything is closed. */
async function shaping<T>(
  job: Replay,
  most: number | undefined,
  use: (duck: Duck, shaped: Shaped, did: Done) => Promise<T>,
): Promise<T> {
  const duck = await openDuck({ threads: 1, memory: job.memory / 2, allow: [], locked: true });
  let late = false;
  const until = performance.now() + job.seconds * 1000;
  // Again and again: an interrupt between two queries stops neither.
  const timer = setInterval(() => {
    late ||= performance.now() > until;
    if (late) duck.interrupt();
  }, 50);
  try {
    let shaped = await loadTable(duck, job.base, most);
    const did: Done = [];
    for (const [i, step] of job.steps.entries()) {
      job.progress?.({ phase: 'shaping', done: i, total: job.steps.length });
      const done: Did = await runStep(step, shaped, { duck, other: job.other, secret: job.secret }).catch(
        (error: unknown) => {
          throw at(error, i, job.steps.length, step);
        },
      );
      shaped = done.shaped;
      if (performance.now() > until) throw new Fault('timeout', 'late');
      did.push({ says: sayStep(step), rows: done.rows, cells: done.cells });
    }
    return await use(duck, shaped, did);
  } catch (error) {
    if (late || performance.now() > until)
      throw new Fault(
        'timeout',
        `The recipe took longer than ${job.seconds} s. Make it simpler, or raise limits.importSeconds.`,
        undefined,
        error,
      );
    if (error instanceof Error && /Out of Memory/i.test(error.message)) {
      throw new Fault(
        'out_of_memory',
        'The recipe needs more memory than it may take. Raise limits.importerMemory, or filter rows first.',
        undefined,
        error,
      );
    }
    throw error;
  } finally {
    clearInterval(timer);
    duck.close();
  }
}

/** The same fault, with the step that it is of. */
function at(error: unknown, i: number, count: number, step: RecipeStep): unknown {
  if (!(error instanceof Fault) || count === 1) return error;
  return new Fault(
    error.code,
    `Step ${i + 1} (${sayStep(step)}): ${error.message}`,
    { ...error.details, step: i },
    error,
  );
}

/** Runs the recipe and stores its outcome. Faults as the steps, `timeout`, `out_of_memory`. */
export function deriveDataset(job: Replay, pack: PackGrant): Promise<Derived> {
  return shaping(job, undefined, async (duck, { columns: all, table }) => {
    const columns = all.filter(({ files }) => files === undefined);
    const files = all.find((column) => column.files !== undefined);
    if (columns.length === 0)
      throw new Fault('bad_request', 'A dataset of files needs a column beside them. Drop fewer.');
    const writer = createPack(pack.path, pack);
    const media = files && (await writeFiles(duck, files, table, job.base, writer));
    await duck.run(
      `CREATE TABLE raw AS SELECT ${columns.map((column, i) => `${asText(column)} AS c${i}`).join(',')} FROM ${table} ORDER BY rowid`,
    );
    await duck.run(`DROP TABLE ${table}`);
    const rows = await countRows(duck, 'raw');
    const names = columns.map(({ name }) => name);
    const types = columns.map(({ type, sql }) => (type === undefined ? undefined : typeThatFits(type, sql)));
    const pool = await openPool(duck, Math.max(1, job.threads));
    try {
      const inspection = { names, known: names.map(() => undefined), types, rows, threads: job.threads, options: {} };
      const found = await inspectColumns(pool, inspection, (done) => {
        job.progress?.({ phase: 'inspecting', done, total: names.length });
      });
      for (const [i, plan] of found.entries()) {
        const format = columns[i]?.format;
        // Requests go on writing dates as the source did.
        if (plan.stored.kind === 'date' && format !== undefined) plan.stored.format = format;
      }
      const plans: ColumnPlan[] = [
        ...(media ? [{ column: media, stored: { kind: 'media' as const }, value: '', bytes: 0, warnings: [] }] : []),
        ...found,
      ];
      const shape = shapeOf(
        rows,
        plans.map(({ column }) => column),
        plans.flatMap(({ warnings }) => warnings),
      );
      const target = targetAfter(job.base.shape.target, job.steps);
      if (target !== undefined && names.includes(target)) shape.target = target;
      await writeDataset(pool, plans, shape, writer, (done) => job.progress?.({ phase: 'writing', done, total: rows }));
      const { sha256, stored } = writer.finish();
      return { shape, sha256, stored };
    } finally {
      writer.discard();
      pool.close();
    }
  });
}

/** Writes the files that are left, in the order of their rows, as the pack's first column; answers its figures. */
async function writeFiles(
  duck: Duck,
  { id, name, files = name, type = 'image' }: TableColumn,
  table: string,
  base: DatasetReader,
  writer: PackWriter,
): Promise<Column> {
  const known = must(
    base.shape.columns.find((column) => column.name === files),
    'the column of files',
  );
  const cells = await duck.rows(`SELECT ${id} FROM ${table} ORDER BY rowid`);
  const isWhole = cells.length === base.rows;
  const figures = openFigures();
  const small = keepSmall(writer);
  const lengths = new Uint32Array(cells.length).fill(missingLength);
  let missing = 0;
  for (const [row, [cell]] of cells.entries()) {
    const bytes = typeof cell === 'string' ? base.media(files, fileRow(cell)) : null;
    small.add(bytes ? base.pixels(files, fileRow(String(cell))) : undefined);
    if (!bytes) {
      missing++;
      continue;
    }
    writer.append(entries.values(0), bytes);
    lengths[row] = bytes.length;
    if (!isWhole) figures.add(await (type === 'image' ? probeImage(bytes) : probeAudio(bytes)), bytes.length);
  }
  writer.append(entries.lengths(0), lengths);
  small.end();
  const media = isWhole ? known.media : figures.end();
  return { name, type, missing, distinct: cells.length - missing, ...(media ? { media } : {}) };
}

/** A column that a step emptied, or whose numbers became texts, keeps no type that it cannot have. */
function typeThatFits(type: ColumnType, sql: string): CellType | undefined {
  if (type === 'image' || type === 'audio') return undefined;
  if (sql === 'DOUBLE') return type === 'identifier' ? 'identifier' : 'number';
  return type === 'number' || (type === 'date' && sql === 'VARCHAR') ? 'text' : type;
}

/** What the target is called in the end. */
function targetAfter(target: string | undefined, steps: readonly RecipeStep[]): string | undefined {
  return steps.reduce((name, step) => (step.op === 'rename' && step.column === name ? step.to : name), target);
}

/** Rows of a preview's sample. */
const sampleRows = 20;
/** Rows that a preview works on. */
const previewRows = 20_000;

/** What the recipe would do, on the first rows; nothing is stored. */
export function previewRecipe(job: Replay): Promise<RecipePreview> {
  return shaping(job, previewRows, async (duck, { table, columns }, did) => {
    const rows = await countRows(duck, table);
    const cells = await duck.rows(
      `SELECT ${columns.map((column) => asText(column)).join(',')} FROM ${table} ORDER BY rowid LIMIT ${sampleRows}`,
    );
    return {
      before: Math.min(job.base.rows, previewRows),
      rows,
      columns: columns.map(({ name, type }) => ({ name, ...(type === undefined ? {} : { type }) })),
      sample: cells.map((row) =>
        row.map((cell) => (cell === null || cell === undefined ? null : String(cell).slice(0, 300))),
      ),
      did,
    };
  });
}
