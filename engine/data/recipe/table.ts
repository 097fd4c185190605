// A dataset as a table of DuckDB while its recipe runs: columns c0, c1, … under the names that users know, rows in their order
// (rowid is the row's number). Loads packs; knows no step.
import { hash } from 'node:crypto';
import { must } from '../../base/index.ts';
import { type ColumnType, Fault } from '../../schema/index.ts';
import { type Appended, type Duck } from '../duck.ts';
import type { DatasetReader } from '../reader.ts';

export interface TableColumn {
  /** As users call it. */
  name: string;
  /** As the table calls it. */
  id: string;
  /** DuckDB's type. */
  sql: 'DOUBLE' | 'TIMESTAMP' | 'VARCHAR';
  /** Type of the dataset; unknown for what a step made anew. */
  type?: ColumnType;
  /** How the source wrote its dates. */
  format?: string;
  /** The name in the dataset of a column of files; its cells say which: what they hold, hashed, and the row they came from. */
  files?: string;
}

/** What tells the files of a cell apart, in SQL. */
export const fileHash = (id: string): string => `split_part(${id}, ' ', 1)`;
/** The row of the dataset that a cell's file is of. */
export const fileRow = (cell: string): number => Number(cell.slice(cell.indexOf(' ') + 1));

/** The state of a recipe: a table and what its columns are called. */
export interface Shaped {
  table: string;
  columns: TableColumn[];
}

/** A name in SQL. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

let made = 0;
/** A name that no table has. */
export const freshTable = (): string => `s${++made}`;

const storedAs = (reader: DatasetReader, name: string, type: ColumnType): TableColumn['sql'] => {
  if (type === 'number') return 'DOUBLE';
  if (type === 'date') return 'TIMESTAMP';
  if (type === 'identifier') {
    try {
      reader.numbers(name, 0, 0);
      return 'DOUBLE';
    } catch {
      return 'VARCHAR';
    }
  }
  return 'VARCHAR';
};

/** Loads a dataset, or its first rows. Of images and sound only what tells them apart is loaded. */
export async function loadTable(duck: Duck, reader: DatasetReader, most = Number.POSITIVE_INFINITY): Promise<Shaped> {
  const columns = reader.shape.columns.map(({ name, type }, i): TableColumn => {
    if (type === 'image' || type === 'audio') return { name, id: `c${i}`, sql: 'VARCHAR', type, files: name };
    const format = reader.dateFormat(name);
    return { name, id: `c${i}`, sql: storedAs(reader, name, type), type, ...(format === undefined ? {} : { format }) };
  });
  const stage = freshTable();
  await duck.run(
    `CREATE TABLE ${stage} (${columns.map(({ id, sql }) => `${id} ${sql === 'VARCHAR' ? 'VARCHAR' : 'DOUBLE'}`).join(',')})`,
  );
  let from = 0;
  for (const size of reader.groups) {
    if (from >= most) break;
    const to = Math.min(from + size, most);
    const cells = columns.map(
      ({ name, sql, files }): Appended =>
        sql === 'VARCHAR'
          ? { kind: 'text', values: files ? filesOf(reader, name, from, to) : reader.texts(name, from, to) }
          : { kind: 'number', values: reader.numbers(name, from, to) },
    );
    await duck.append(stage, cells, to - from);
    from += size;
  }
  if (!columns.some(({ sql }) => sql === 'TIMESTAMP')) return { table: stage, columns };
  const table = freshTable();
  const fields = columns.map(({ id, sql }) =>
    sql === 'TIMESTAMP' ? `make_timestamp((${id} * 1000)::BIGINT) AS ${id}` : id,
  );
  await duck.run(`CREATE TABLE ${table} AS SELECT ${fields.join(',')} FROM ${stage} ORDER BY rowid`);
  await duck.run(`DROP TABLE ${stage}`);
  return { table, columns };
}

/** Cells of a column of files. */
function filesOf(reader: DatasetReader, name: string, from: number, to: number): (string | null)[] {
  return Array.from({ length: to - from }, (_, i) => {
    const bytes = reader.media(name, from + i);
    return bytes && `${hash('sha256', bytes).slice(0, 32)} ${from + i}`;
  });
}

/** The column of this name; `bad_request` where there is none. */
export function columnOf({ columns }: Shaped, name: string): TableColumn {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const names = columns.slice(0, 12).map((column) => column.name);
  throw new Fault(
    'bad_request',
    `There is no column ${JSON.stringify(name)} at this step. There are: ${names.join(', ')}${columns.length > 12 ? ', …' : ''}.`,
  );
}

/** A value as the text that an import would have read. */
export function asText({ id, sql, files, type }: TableColumn): string {
  if (files !== undefined) return `'${type} ' || (split_part(${id}, ' ', 2)::BIGINT + 1)`;
  if (sql === 'VARCHAR') return id;
  if (sql === 'TIMESTAMP') {
    const day = `${id} = date_trunc('day', ${id})`;
    return `CASE WHEN ${day} THEN strftime(${id}, '%Y-%m-%d') ELSE strftime(${id}, '%Y-%m-%dT%H:%M:%S.%fZ') END`;
  }
  return `CASE WHEN ${id} = floor(${id}) AND abs(${id}) < 1e15 THEN ${id}::BIGINT::VARCHAR ELSE ${id}::VARCHAR END`;
}

/** Makes the next table: the columns as they are but for some that are replaced, the rows that meet a condition, in order. */
export async function remake(
  duck: Duck,
  shaped: Shaped,
  replaced: ReadonlyMap<string, string>,
  where = 'true',
  columns = shaped.columns,
): Promise<Shaped> {
  const table = freshTable();
  const fields = columns.map(({ id }) => (replaced.has(id) ? `${must(replaced.get(id), id)} AS ${id}` : id));
  await duck.run(
    `CREATE TABLE ${table} AS SELECT ${fields.join(',')} FROM ${shaped.table} WHERE ${where} ORDER BY rowid`,
  );
  await duck.run(`DROP TABLE ${shaped.table}`);
  return { table, columns: [...columns] };
}

/** Rows of a table. */
export async function countRows(duck: Duck, table: string): Promise<number> {
  const [[count] = []] = await duck.rows(`SELECT count(*) FROM ${table}`);
  return Number(count);
}

const pageRows = 50_000;

/** Changes the texts of a column one by one in JavaScript; answers how many cells changed. */
export async function mapTexts(
  duck: Duck,
  shaped: Shaped,
  column: TableColumn,
  change: (text: string, row: number) => string | null,
): Promise<{ shaped: Shaped; cells: number }> {
  const rows = await countRows(duck, shaped.table);
  const patch = freshTable();
  await duck.run(`CREATE TABLE ${patch} (v VARCHAR)`);
  let cells = 0;
  for (let from = 0; from < rows; from += pageRows) {
    const page = await duck.rows(
      `SELECT ${asText(column)} FROM ${shaped.table} WHERE rowid >= ${from} AND rowid < ${from + pageRows} ORDER BY rowid`,
    );
    const values = page.map(([cell], i) => {
      if (cell === null || cell === undefined) return null;
      const text = String(cell);
      const made = change(text, from + i);
      if (made !== text) cells++;
      return made === '' ? null : made;
    });
    await duck.append(patch, [{ kind: 'text', values }], values.length);
  }
  const table = freshTable();
  const fields = shaped.columns.map(({ id }) => (id === column.id ? `p.v AS ${id}` : `t.${id}`));
  await duck.run(
    `CREATE TABLE ${table} AS SELECT ${fields.join(',')} FROM ${shaped.table} t POSITIONAL JOIN ${patch} p`,
  );
  await duck.run(`DROP TABLE ${shaped.table}`);
  await duck.run(`DROP TABLE ${patch}`);
  const columns = shaped.columns.map((one) => (one.id === column.id ? { ...one, sql: 'VARCHAR' as const } : one));
  return { shaped: { table, columns }, cells };
}
