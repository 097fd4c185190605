// The loaded table into a pack, group by group: DuckDB aggregates a group's columns into buffers on its threads while this
// one compresses and encrypts the group before. No cell becomes a JavaScript value.
import { must, utf8 } from '../base/index.ts';
import type { DatasetShape } from '../schema/index.ts';
import type { PackWriter } from '../store/index.ts';
import { type Duck, type Numbers, reclaim, release } from './duck.ts';
import type { ColumnPlan } from './inspect.ts';
import { type DatasetMeta, entries, missingLength, widths } from './layout.ts';
import type { Pool } from './pool.ts';

/** Most rows and about the most bytes of a group. */
const groupRows = 61_440;
const groupBytes = 16 * 1024 * 1024;
/** Chunks of the pack that are sealed at once. */
const mostSealing = 8;
/** Rows that one query looks at while groups are planned, about. */
const scannedRows = 122_880;
/** Columns of one query. */
const queryColumns = 200;

/** Writes all rows, the dictionaries and the meta entry; the caller finishes the pack. */
export async function writeDataset(
  pool: Pool,
  plans: readonly ColumnPlan[],
  shape: DatasetShape,
  writer: PackWriter,
  progress: (rows: number) => void,
): Promise<void> {
  const groups = await planGroups(pool, plans, shape.rows);
  const starts = plans.map(() => 0);
  const stored = plans.map(({ stored }) => (stored.kind === 'text' ? { ...stored, starts: [] as number[] } : stored));
  let written = 0;
  const take = ({ columns, arrays }: Part) => {
    for (const [k, i] of columns.entries()) {
      const values = must(arrays[k], 'values');
      const place = must(stored[i], 'a column');
      if (place.kind !== 'text') {
        writer.append(entries.values(i), values);
        continue;
      }
      writer.append(entries.lengths(i), values);
      place.starts.push(must(starts[i], 'a start'));
      const blob = arrays[k + 1];
      starts[i] += blob?.length ?? 0;
      if (blob) writer.append(entries.values(i), blob);
    }
  };
  const queries = queriesOf(plans);
  // Results are taken in order of the groups; the pool computes the next ones meanwhile, no more than it has connections.
  const firsts = groups.map((_, g) => groups.slice(0, g).reduce((sum, rows) => sum + rows, 0));
  const turns = Array.from({ length: groups.length + 1 }, () => Promise.withResolvers<void>());
  turns[0]?.resolve();
  let failed = false;
  await pool.all(
    groups.map((rows, g) => async (own: Duck) => {
      const a = must(firsts[g], 'a group');
      try {
        const parts: Part[] = [];
        for (const { columns, fields } of queries) {
          const arrays = await own.arrays(
            `SELECT ${fields.join(',')} FROM raw WHERE rowid >= ${a} AND rowid < ${a + rows}`,
          );
          parts.push({ columns, arrays });
        }
        await turns[g]?.promise;
        if (failed) return;
        for (const part of parts) {
          take(part);
          release(part.arrays);
          await writer.settle(mostSealing);
        }
        written += rows;
        progress(written);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        await turns[g]?.promise;
        turns[g + 1]?.resolve();
        reclaim();
      }
    }),
  );
  for (const [i, { dictionary }] of plans.entries()) if (dictionary) writer.append(entries.dictionary(i), dictionary);
  const meta: DatasetMeta = { format: 'neutrino-dataset', formatVersion: 1, groups, columns: stored, shape };
  writer.append(entries.meta, utf8(JSON.stringify(meta)));
}

/** What one query gave of a group: a list a column; of a text its lengths and its joined bytes, null when there are none. */
interface Part {
  columns: readonly number[];
  arrays: (Numbers | null)[];
}

/**
 * The queries of a group. Every text has one of its own: DuckDB lengthens a joined text where it lies only while nothing else
 * is put behind it, and copies it anew each time when two grow side by side.
 */
function queriesOf(plans: readonly ColumnPlan[]): { columns: number[]; fields: string[] }[] {
  const queries: { columns: number[]; fields: string[] }[] = [];
  const lists: { column: number; field: string }[] = [];
  for (const [column, { stored, value }] of plans.entries()) {
    switch (stored.kind) {
      case 'text':
        queries.push({
          columns: [column],
          fields: [`list(coalesce(strlen(${value}), ${missingLength})::UINTEGER)`, `encode(string_agg(${value}, ''))`],
        });
        break;
      case 'codes':
        lists.push({ column, field: `list(coalesce(${value}, 0)::${widths[stored.width].sql})` });
        break;
      case 'media':
        break;
      default: {
        const { sql } = widths[stored.width];
        const float = stored.width === 'f32' || stored.width === 'f64';
        lists.push({
          column,
          field: float ? `list(coalesce(${value}, 'nan'::DOUBLE)::${sql})` : `list((${value})::${sql})`,
        });
      }
    }
  }
  for (let first = 0; first < lists.length; first += queryColumns) {
    const some = lists.slice(first, first + queryColumns);
    queries.push({ columns: some.map(({ column }) => column), fields: some.map(({ field }) => field) });
  }
  return queries;
}

/** Rows of each group: as many as fit, by what the texts of small blocks take. */
async function planGroups(pool: Pool, plans: readonly ColumnPlan[], rows: number): Promise<number[]> {
  const fixed = plans.reduce(
    (sum, { stored }) => sum + (stored.kind === 'text' || stored.kind === 'media' ? 4 : widths[stored.width].bytes),
    0,
  );
  const texts = plans.filter(({ stored }) => stored.kind === 'text');
  const total = fixed + texts.reduce((sum, { bytes }) => sum + bytes, 0);
  const block = Math.max(1, Math.min(960, Math.floor(groupBytes / 16 / Math.max(1, total))));
  const lengths = texts.map(({ value }) => `coalesce(sum(strlen(${value})), 0)`).join('+') || '0';
  const span = Math.max(1, Math.round(scannedRows / block)) * block;
  const scans = Array.from({ length: Math.ceil(rows / span) }, (_, i) => (own: Duck) => {
    const range = `rowid >= ${i * span} AND rowid < ${(i + 1) * span}`;
    return own.rows(
      `SELECT count(*), ${lengths} FROM raw WHERE ${range} GROUP BY rowid // ${block} ORDER BY rowid // ${block}`,
    );
  });
  const blocks = (await pool.all(scans)).flat();
  const groups: number[] = [];
  let [held, bytes] = [0, 0];
  for (const [count, size] of blocks) {
    const [more, moreBytes] = [Number(count), Number(size) + Number(count) * fixed];
    if (held > 0 && (held + more > groupRows || bytes + moreBytes > groupBytes)) {
      groups.push(held);
      [held, bytes] = [0, 0];
    }
    held += more;
    bytes += moreBytes;
  }
  if (held > 0) groups.push(held);
  return rows > 0 ? groups : [];
}
