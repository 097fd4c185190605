// What each step of a recipe does to the table: one function an operation. A step refuses what it cannot do, naming the column
// and the row; it never guesses.
import { Fault, type RecipeStep, type StepOf } from '../../schema/index.ts';
import { type Duck, quote } from '../duck.ts';
import { openMask } from '../mask/index.ts';
import type { DatasetReader } from '../reader.ts';
import { checkCondition } from './condition.ts';
import {
  asText,
  columnOf,
  countRows,
  fileHash,
  freshTable,
  ident,
  loadTable,
  mapTexts,
  remake,
  type Shaped,
  type TableColumn,
} from './table.ts';
import { normaliser } from './texts.ts';

export interface StepContext {
  duck: Duck;
  /** The dataset that a join names. */
  other: (step: StepOf<'join'>) => DatasetReader;
  /** Key of hashes and stand-ins, 32 bytes. */
  secret: Uint8Array;
}

/** What a step did. */
export interface Did {
  shaped: Shaped;
  /** Rows that it took away. */
  rows: number;
  /** Cells that it changed. */
  cells: number;
}

type Run<O extends RecipeStep['op']> = (step: StepOf<O>, shaped: Shaped, context: StepContext) => Promise<Did>;

const same = (shaped: Shaped): Did => ({ shaped, rows: 0, cells: 0 });

const one = async (duck: Duck, sql: string): Promise<unknown> => (await duck.rows(sql))[0]?.[0];

async function replaced(duck: Duck, shaped: Shaped, column: TableColumn, made: string): Promise<Did> {
  const cells = Number(
    await one(duck, `SELECT count(*) FROM ${shaped.table} WHERE (${made}) IS DISTINCT FROM ${column.id}`),
  );
  return { shaped: await remake(duck, shaped, new Map([[column.id, made]])), rows: 0, cells };
}

async function kept(duck: Duck, shaped: Shaped, where: string): Promise<Did> {
  const before = await countRows(duck, shaped.table);
  const next = await remake(duck, shaped, new Map(), where);
  const after = await countRows(duck, next.table);
  if (after === 0)
    throw new Fault('bad_data', 'After this step no row is left. Loosen its condition, or take it back.');
  return { shaped: next, rows: before - after, cells: 0 };
}

/** A column as another type, NULL where it does not fit. */
function cast(
  { id, sql }: TableColumn,
  type: StepOf<'cast'>['type'],
  column: TableColumn,
): { made: string; sql: TableColumn['sql'] } {
  const text = asText(column);
  if (type === 'number') {
    if (sql === 'DOUBLE') return { made: id, sql };
    if (sql === 'TIMESTAMP') return { made: `epoch_us(${id}) / 1000.0`, sql: 'DOUBLE' };
    const read = `TRY_CAST(trim(${id}) AS DOUBLE)`;
    return { made: `CASE WHEN isfinite(${read}) AND NOT contains(${id}, '_') THEN ${read} END`, sql: 'DOUBLE' };
  }
  if (type === 'date') {
    if (sql === 'TIMESTAMP') return { made: id, sql };
    if (sql === 'DOUBLE') return { made: `make_timestamp((${id} * 1000)::BIGINT)`, sql: 'TIMESTAMP' };
    const formats = ['%d/%m/%Y', '%d.%m.%Y', '%Y年%m月%d日', '%d-%b-%Y', '%Y%m%d'].map(quote).join(',');
    return {
      made: `coalesce(TRY_CAST(${id} AS TIMESTAMPTZ)::TIMESTAMP, try_strptime(trim(${id}), [${formats}]))`,
      sql: 'TIMESTAMP',
    };
  }
  return { made: text, sql: 'VARCHAR' };
}

const runs: { [O in RecipeStep['op']]: Run<O> } = {
  async rename({ column, to }, shaped) {
    const own = columnOf(shaped, column);
    if (column !== to && shaped.columns.some(({ name }) => name === to)) {
      throw new Fault('bad_request', `There is a column ${JSON.stringify(to)} already. Choose another name.`);
    }
    return same({ ...shaped, columns: shaped.columns.map((one) => (one === own ? { ...one, name: to } : one)) });
  },

  async drop({ columns }, shaped, { duck }) {
    const gone = new Set(columns.map((name) => columnOf(shaped, name).id));
    const left = shaped.columns.filter(({ id }) => !gone.has(id));
    if (left.length === 0) throw new Fault('bad_request', 'A dataset needs a column. Drop fewer.');
    return same(await remake(duck, shaped, new Map(), 'true', left));
  },

  async cast({ column, type, invalid }, shaped, { duck }) {
    if (type === 'image' || type === 'audio')
      throw new Fault('bad_request', 'Whether a column holds images or sound is seen, not chosen.');
    const own = columnOf(shaped, column);
    const { made, sql } = cast(own, type, own);
    const bad = `${own.id} IS NOT NULL AND (${made}) IS NULL`;
    const [[count, first] = []] = await duck.rows(`SELECT count(*), min(rowid) FROM ${shaped.table} WHERE ${bad}`);
    if (invalid === 'refuse' && Number(count) > 0) {
      throw new Fault(
        'bad_data',
        `Column ${JSON.stringify(column)}: ${Number(count)} values do not fit the type ${type}, the first in row ${Number(first) + 1}. Correct them, or let them count as missing (invalid: missing).`,
        { row: Number(first) + 1 },
      );
    }
    const next = await remake(duck, shaped, new Map([[own.id, made]]));
    const columns = next.columns.map((one) => {
      if (one.id !== own.id) return one;
      const { format: _format, ...rest } = one;
      return { ...rest, sql, type };
    });
    return { shaped: { ...next, columns }, rows: 0, cells: Number(count) };
  },

  async fill({ column, with: way, value }, shaped, { duck }) {
    const own = columnOf(shaped, column);
    if (way === 'value' && value === undefined) throw new Fault('bad_request', 'Say which value to fill in.');
    if (own.sql !== 'DOUBLE' && (way === 'mean' || way === 'median')) {
      throw new Fault(
        'bad_request',
        `Column ${JSON.stringify(column)} holds no numbers: fill it with a value or with its mode.`,
      );
    }
    const literal = () => {
      if (own.sql === 'VARCHAR') return quote(String(value));
      if (own.sql === 'DOUBLE') {
        const number = Number(value);
        if (!Number.isFinite(number) || String(value).trim() === '')
          throw new Fault(
            'bad_request',
            `Column ${JSON.stringify(column)} holds numbers; ${JSON.stringify(value)} is none.`,
          );
        return `${number}::DOUBLE`;
      }
      const ms = Date.parse(String(value));
      if (Number.isNaN(ms))
        throw new Fault('bad_request', `Column ${JSON.stringify(column)} holds dates; write one as 2026-01-31.`);
      return `make_timestamp(${ms * 1000}::BIGINT)`;
    };
    const figure: Record<typeof way, () => string> = {
      value: literal,
      mean: () => `(SELECT avg(${own.id}) FROM ${shaped.table})`,
      median: () => `(SELECT median(${own.id}) FROM ${shaped.table})`,
      // Of equally frequent values the first in order, so that a replay gives the same.
      mode: () =>
        `(SELECT ${own.id} FROM ${shaped.table} WHERE ${own.id} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)`,
    };
    return replaced(duck, shaped, own, `coalesce(${own.id}, ${figure[way]()})`);
  },

  async clip({ column, min, max, quantiles }, shaped, { duck }) {
    const own = columnOf(shaped, column);
    if (own.sql !== 'DOUBLE')
      throw new Fault('bad_request', `Column ${JSON.stringify(column)} holds no numbers to clip.`);
    let [low, high] = [min, max];
    if (quantiles) {
      const [row = []] = await duck.rows(
        `SELECT quantile_cont(${own.id}, ${quantiles[0]}), quantile_cont(${own.id}, ${quantiles[1]}) FROM ${shaped.table}`,
      );
      [low, high] = row.map(Number);
    }
    if (low === undefined && high === undefined)
      throw new Fault('bad_request', 'Give min, max or quantiles to clip to.');
    if (low !== undefined && high !== undefined && low > high)
      throw new Fault('bad_request', `${low} is above ${high}: swap min and max.`);
    const parts = [
      low === undefined ? '' : `WHEN ${own.id} < ${low} THEN ${low}::DOUBLE`,
      high === undefined ? '' : `WHEN ${own.id} > ${high} THEN ${high}::DOUBLE`,
    ];
    return replaced(duck, shaped, own, `CASE ${parts.join(' ')} ELSE ${own.id} END`);
  },

  async deduplicate({ columns, loose }, shaped, { duck }) {
    const own = columns
      ? columns.map((name) => columnOf(shaped, name))
      : shaped.columns.filter(({ type }) => type !== 'identifier');
    if (own.length === 0)
      throw new Fault('bad_request', 'Only identifiers are left: name the columns that make two rows the same.');
    const wide = '　ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ０１２３４５６７８９';
    const narrow = ' abcdefghijklmnopqrstuvwxyz0123456789';
    const key = ({ id, sql, files }: TableColumn) =>
      files !== undefined
        ? fileHash(id)
        : loose && sql === 'VARCHAR'
          ? `trim(regexp_replace(translate(lower(${id}), '${wide}', '${narrow}'), '[^\\p{L}\\p{N}]+', ' ', 'g'))`
          : id;
    return kept(duck, shaped, `rowid IN (SELECT min(rowid) FROM ${shaped.table} GROUP BY ${own.map(key).join(',')})`);
  },

  async filter({ where }, shaped, { duck }) {
    const cells = shaped.columns.filter(({ files }) => files === undefined);
    const names = called(cells);
    await checkCondition(duck, where, [...names.values(), 'row']);
    const fields = cells.map(({ id }) => `${id} AS ${ident(names.get(id) ?? id)}`);
    const hits = freshTable();
    try {
      await duck.run(
        `CREATE TABLE ${hits} AS SELECT __n FROM (SELECT rowid AS __n, ${['rowid + 1 AS "row"', ...fields].join(', ')} FROM ${shaped.table}) t WHERE (${where}\n)`,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
      if (/interrupt/i.test(why))
        throw new Fault('timeout', 'The condition took too long. Make it simpler.', undefined, error);
      throw new Fault('bad_request', `The condition cannot be applied: ${why.slice(0, 300)}`, undefined, error);
    }
    const did = await kept(duck, shaped, `rowid IN (SELECT __n FROM ${hits})`);
    await duck.run(`DROP TABLE ${hits}`);
    return did;
  },

  async normalise({ column, forms }, shaped, { duck }) {
    const own = columnOf(shaped, column);
    if (own.sql !== 'VARCHAR') throw new Fault('bad_request', `Column ${JSON.stringify(column)} holds no texts.`);
    const change = normaliser(forms);
    const { shaped: next, cells } = await mapTexts(duck, shaped, own, change);
    return { shaped: next, rows: 0, cells };
  },

  async join(step, shaped, { duck, other }) {
    const right = withoutFiles(await loadTable(duck, other(step)));
    const pairs = step.on.map((pair) => ({ left: columnOf(shaped, pair.left), right: columnOf(right, pair.right) }));
    const equal = pairs.map(({ left, right: own }) =>
      left.sql === own.sql
        ? `l.${left.id} = r.${own.id}`
        : `${asText({ ...left, id: `l.${left.id}` })} = ${asText({ ...own, id: `r.${own.id}` })}`,
    );
    const keys = pairs.map(({ right: own }) => own.id);
    const twice = await duck.rows(
      `SELECT ${keys.join(',')} FROM ${right.table} WHERE ${keys.map((key) => `${key} IS NOT NULL`).join(' AND ')} GROUP BY ALL HAVING count(*) > 1 LIMIT 1`,
    );
    if (twice.length > 0) {
      throw new Fault(
        'bad_data',
        `The other dataset has several rows for the same ${step.on.map(({ right: name }) => name).join(', ')}: rows would multiply. Deduplicate it first.`,
      );
    }
    const wanted =
      step.columns?.map((name) => columnOf(right, name)) ?? right.columns.filter(({ id }) => !keys.includes(id));
    const before = await countRows(duck, shaped.table);
    const taken = new Set(shaped.columns.map(({ name }) => name));
    const ids = new Set(shaped.columns.map(({ id }) => id));
    let n = 0;
    const added = wanted.map((column) => {
      let name = column.name;
      for (let k = 2; taken.has(name); k++) name = `${column.name}_${k}`;
      taken.add(name);
      let id = `c${shaped.columns.length + n++}`;
      while (ids.has(id)) id = `c${shaped.columns.length + n++}`;
      ids.add(id);
      return { from: column.id, column: { ...column, id, name } };
    });
    const table = freshTable();
    const fields = [
      ...shaped.columns.map(({ id }) => `l.${id}`),
      ...added.map(({ from, column }) => `r.${from} AS ${column.id}`),
    ];
    await duck.run(
      `CREATE TABLE ${table} AS SELECT ${fields.join(',')} FROM ${shaped.table} l ${step.keep === 'matching' ? '' : 'LEFT '}JOIN ${right.table} r ON ${equal.join(' AND ')} ORDER BY l.rowid`,
    );
    await duck.run(`DROP TABLE ${shaped.table}`);
    await duck.run(`DROP TABLE ${right.table}`);
    const after = await countRows(duck, table);
    if (after === 0) throw new Fault('bad_data', 'No row has a match in the other dataset. Check the keys.');
    return {
      shaped: { table, columns: [...shaped.columns, ...added.map(({ column }) => column)] },
      rows: before - after,
      cells: after * added.length,
    };
  },

  async mask({ op: _op, ...options }, shaped, { duck, secret }) {
    const own = options.columns
      ? options.columns.map((name) => columnOf(shaped, name))
      : shaped.columns.filter(({ type, sql, files }) => sql === 'VARCHAR' && type !== 'boolean' && files === undefined);
    let did = same(shaped);
    for (const { name } of own) {
      const mask = openMask(name, options, secret);
      const column = columnOf(did.shaped, name);
      const { shaped: next, cells } = await mapTexts(duck, did.shaped, column, (text) => mask(text).text);
      const columns =
        column.sql === 'VARCHAR'
          ? next.columns
          : next.columns.map((one) => (one.id === column.id ? { ...one, type: 'identifier' as const } : one));
      did = { shaped: { ...next, columns }, rows: 0, cells: did.cells + cells };
    }
    return did;
  },

  async label({ column, values }, shaped, { duck }) {
    const own = columnOf(shaped, column);
    const rows = await countRows(duck, shaped.table);
    const beyond = values.find(({ row }) => row >= rows);
    if (beyond)
      throw new Fault('bad_request', `There is no row ${beyond.row + 1}: the dataset has ${rows} rows at this step.`);
    const numeric = own.sql === 'DOUBLE';
    const wrong = numeric
      ? values.find(({ value }) => value !== null && !(value.trim() !== '' && Number.isFinite(Number(value))))
      : undefined;
    if (wrong)
      throw new Fault(
        'bad_request',
        `Column ${JSON.stringify(column)} holds numbers; ${JSON.stringify(wrong.value)} (row ${wrong.row + 1}) is none.`,
      );
    if (own.sql === 'TIMESTAMP')
      throw new Fault('bad_request', `Column ${JSON.stringify(column)} holds dates, which are no labels.`);
    // What was said last about a row counts.
    const last = [...new Map(values.map(({ row, value }) => [row, value]))];
    const patch = freshTable();
    await duck.run(`CREATE TABLE ${patch} (n UINTEGER, v VARCHAR)`);
    await duck.append(
      patch,
      [
        { kind: 'code', values: Uint32Array.from(last, ([row]) => row) },
        { kind: 'text', values: last.map(([, value]) => value) },
      ],
      last.length,
    );
    const made = numeric ? 'p.v::DOUBLE' : 'p.v';
    const table = freshTable();
    const fields = shaped.columns.map(({ id }) =>
      id === own.id ? `CASE WHEN p.n IS NULL THEN t.${id} ELSE ${made} END AS ${id}` : `t.${id}`,
    );
    await duck.run(
      `CREATE TABLE ${table} AS SELECT ${fields.join(',')} FROM ${shaped.table} t LEFT JOIN ${patch} p ON p.n = t.rowid ORDER BY t.rowid`,
    );
    await duck.run(`DROP TABLE ${shaped.table}`);
    await duck.run(`DROP TABLE ${patch}`);
    return { shaped: { table, columns: shaped.columns }, rows: 0, cells: last.length };
  },
};

/** Names for conditions: SQL does not tell case apart, so that a second `Name` is called `name_2`. */
function called(columns: readonly TableColumn[]): Map<string, string> {
  const taken = new Set(['row']);
  return new Map(
    columns.map(({ id, name }) => {
      let own = name;
      for (let n = 2; taken.has(own.toLowerCase()); n++) own = `${name}_${n}`;
      taken.add(own.toLowerCase());
      return [id, own];
    }),
  );
}

/** Files of another dataset do not come along. */
const withoutFiles = (shaped: Shaped): Shaped => ({
  ...shaped,
  columns: shaped.columns.filter(({ files }) => files === undefined),
});

/** What may be done with a column of files: nothing that looks at cells. */
const forFiles: ReadonlySet<RecipeStep['op']> = new Set(['rename', 'drop', 'deduplicate']);

function needCells(step: RecipeStep, { columns }: Shaped): void {
  if (forFiles.has(step.op)) return;
  const named = [
    ...('column' in step ? [step.column] : []),
    ...('columns' in step && step.op === 'mask' ? (step.columns ?? []) : []),
    ...(step.op === 'join' ? step.on.map(({ left }) => left) : []),
  ];
  const files = columns.find((column) => column.files !== undefined && named.includes(column.name));
  if (files)
    throw new Fault(
      'bad_request',
      `Column ${JSON.stringify(files.name)} holds ${files.type === 'image' ? 'images' : 'sound'}: it can be renamed, dropped and searched for duplicates.`,
    );
}

/** Runs one step. Faults: `bad_request` for what does not apply, `bad_data` for values in its way, `timeout`. */
export async function runStep(step: RecipeStep, shaped: Shaped, context: StepContext): Promise<Did> {
  needCells(step, shaped);
  return (runs[step.op] as Run<RecipeStep['op']>)(step, shaped, context);
}
