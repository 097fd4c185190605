// Decides from all rows of the loaded table what each column holds and how it is stored, and gathers its figures. Works in
// SQL on the whole columns; only samples, dictionaries and single figures come into JavaScript.
import { bytesOf, must } from '../base/index.ts';
import { type CellType, type Column, Fault, type ImportOptions, type Warning } from '../schema/index.ts';
import { type Duck, quote } from './duck.ts';
import type { Known } from './formats/loader.ts';
import { type Hint, hintOf, isKey, knownHint, stringType, truthOf } from './infer.ts';
import { codeWidth, packTexts, type Stored, type Width } from './layout.ts';
import type { Pool } from './pool.ts';
import { nearest } from './target.ts';

/** A column as it will be stored. `value` is its SQL over `raw`, NULL where missing. */
export interface ColumnPlan {
  column: Column;
  stored: Stored;
  value: string;
  /** Mean bytes of a value. */
  bytes: number;
  /** Values of a category in the order of their codes, as `packTexts` packs them. */
  dictionary?: Uint8Array;
  warnings: Warning[];
}

/** Counting above this many different values is approximate. */
const exactDistinct = 100_000;
const mostCategories = 200_000;
const mostTop = 50;
/** Moments are of values below it: the square of a greater one would overflow, which DuckDB answers with an error. */
const greatestSquared = 1e140;

interface Basics {
  present: number;
  distinct: number;
  bytes: number;
  hint: Hint;
}

export interface Inspection {
  names: readonly string[];
  /** What the source says of each column, where it does. */
  known: readonly (Known | undefined)[];
  /** Types that are certain unless `options` has others. */
  types: readonly (CellType | undefined)[];
  rows: number;
  threads: number;
  options: ImportOptions;
}

/** Inspects every column. Throws `bad_request` for unknown columns in `types` and `bad_data` for values that do not fit them. */
export async function inspectColumns(
  pool: Pool,
  { names, known, types: certain, rows, threads, options }: Inspection,
  progress: (done: number) => void,
): Promise<ColumnPlan[]> {
  const { types = {} } = options;
  for (const name of Object.keys(types)) {
    if (names.includes(name)) continue;
    const [near] = nearest(name, names);
    throw new Fault(
      'bad_request',
      `A type is given for column ${JSON.stringify(name)}, which the file does not have.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
    );
  }
  const sampled = batchesOf(names.length, Math.min(200, Math.ceil(names.length / threads)));
  const looked = await pool.all(
    sampled.map((batch) => (duck: Duck) => hintsOf(duck, batch, rows, names.length, known, options.decimal)),
  );
  const hints = looked.flat();
  // Numbers take longest: what comes last should be short.
  const numbers = (batch: readonly number[]) => batch.filter((i) => hints[i]?.number).length;
  const batches = batchesOf(names.length, Math.min(100, Math.floor(names.length / (threads * 4)))).sort(
    (a, b) => numbers(b) - numbers(a),
  );
  let done = 0;
  const plans: ColumnPlan[] = [];
  await pool.all(
    batches.map((batch) => async (duck: Duck) => {
      const basics = await basicsOf(duck, batch, rows, hints);
      for (const [k, i] of batch.entries()) {
        const name = must(names[i], 'a column name');
        plans[i] = await planColumn(
          duck,
          i,
          name,
          rows,
          must(basics[k], 'figures'),
          (Object.hasOwn(types, name) ? types[name] : undefined) ?? certain[i],
        );
        progress(++done);
      }
    }),
  );
  return plans;
}

/** Columns 0 to `count` in turn, `size` at a time. */
function batchesOf(count: number, size: number): number[][] {
  const batches: number[][] = [];
  const step = Math.max(1, size);
  for (let i = 0; i < count; i += step)
    batches.push(Array.from({ length: Math.min(step, count - i) }, (_, k) => i + k));
  return batches;
}

/** What a sample of each column suggests. */
async function hintsOf(
  duck: Duck,
  batch: readonly number[],
  rows: number,
  columns: number,
  known: Inspection['known'],
  decimal: ImportOptions['decimal'],
): Promise<Hint[]> {
  const wanted = Math.max(50, Math.min(2000, Math.floor(200_000 / columns)));
  const sample = await duck.rows(
    `SELECT ${batch.map((i) => `left(c${i}, 1000)`).join(',')} FROM raw WHERE ${everyRow(rows, wanted)} LIMIT ${wanted}`,
  );
  return batch.map((i, k) => {
    const values = sample.map((cells) => cells[k]).filter((value) => value !== null) as string[];
    return knownHint(hintOf(values, decimal), known[i]);
  });
}

async function basicsOf(duck: Duck, batch: readonly number[], rows: number, hints: readonly Hint[]): Promise<Basics[]> {
  // Different values of numbers are counted as numbers, later.
  const figures = batch.map((i) =>
    [`count(c${i})`, `sum(strlen(c${i}))`, hints[i]?.number ? '0' : `approx_count_distinct(c${i})`].join(','),
  );
  const [row = []] = await duck.rows(`SELECT ${figures.join(',')} FROM raw`);
  return batch.map((i, k) => {
    const [present = 0, bytes = 0, distinct = 0] = row.slice(3 * k, 3 * k + 3).map((value) => Number(value ?? 0));
    const hint = must(hints[i], 'a hint');
    return { present, distinct: Math.min(present, distinct), bytes: rows > 0 ? bytes / rows : 0, hint };
  });
}

/** A condition that about `wanted` rows meet, spread evenly. */
const everyRow = (rows: number, wanted: number): string => `rowid % ${Math.max(1, Math.floor(rows / wanted))} = 0`;

/** Turns the type asked for, or the sample's hints, into a plan; each try answers undefined when the values do not fit. */
async function planColumn(
  duck: Duck,
  i: number,
  name: string,
  rows: number,
  basics: Basics,
  asked: CellType | undefined,
): Promise<ColumnPlan> {
  const { hint, present } = basics;
  const want = (type: CellType, hinted: boolean) => asked === type || (asked === undefined && hinted && present > 0);
  const strays: Warning[] = [];
  if (want('number', hint.number)) {
    const plan = await planNumber(duck, i, name, rows, basics, asked !== undefined, strays);
    if (plan) return plan;
  }
  if (hint.number) basics.distinct = await approximately(duck, `c${i}`);
  if (want('date', hint.dates.length > 0)) {
    const plan = await planDate(duck, i, name, rows, basics, asked !== undefined);
    if (plan) return plan;
  }
  if (want('boolean', hint.boolean && basics.distinct <= 3)) {
    const plan = await planCategory(duck, i, name, rows, 'boolean');
    const { distinct, top = [] } = plan.column;
    if (distinct <= 2 && top.every(({ value }) => truthOf(value) !== undefined)) return plan;
    if (asked)
      throw new Fault(
        'bad_data',
        `Column ${JSON.stringify(name)} holds more than yes and no. Import it as a category.`,
      );
  }
  // Where counting exactly costs something, an estimate is good enough to tell a category from a text.
  const distinct = present <= 10_000 ? await distinctOf(duck, `c${i}`, basics) : Math.min(present, basics.distinct);
  const type = asked ?? stringType(present, distinct, hint);
  const plan =
    type === 'category' || type === 'boolean'
      ? await planCategory(duck, i, name, rows, 'category')
      : await planText(duck, i, name, rows, basics, type === 'identifier' ? 'identifier' : 'text');
  plan.warnings.push(...strays);
  return plan;
}

async function distinctOf(
  duck: Duck,
  value: string,
  { distinct, present }: Pick<Basics, 'distinct' | 'present'>,
): Promise<number> {
  if (distinct > exactDistinct * 1.1) return Math.min(distinct, present);
  const [[count] = []] = await duck.rows(`SELECT count(DISTINCT ${value}) FROM raw`);
  return Number(count);
}

async function approximately(duck: Duck, value: string): Promise<number> {
  const [[count] = []] = await duck.rows(`SELECT approx_count_distinct(${value}) FROM raw`);
  return Number(count);
}

async function planNumber(
  duck: Duck,
  i: number,
  name: string,
  rows: number,
  basics: Basics,
  asked: boolean,
  strays: Warning[],
): Promise<ColumnPlan | undefined> {
  const c = `c${i}`;
  const plain = plainly(c, basics.hint.marks);
  // DuckDB reads 1_000, nan, inf and 1e400 (as infinity), none of which is a number here.
  const cast = `TRY_CAST(${plain} AS DOUBLE)`;
  let value = `CASE WHEN isfinite(${cast}) AND NOT contains(${c}, '_') THEN ${cast} END`;
  const [figures = []] = await duck.rows(
    `SELECT count(x), min(x), max(x), avg(y), stddev_pop(y), bool_and(x = floor(x)),
       bool_and(TRY_CAST(x AS FLOAT)::DOUBLE = x), count_if(t >= '00' AND t < '0:'), ${quantiles(rows)}
       , ${rows <= exactDistinct ? 'count(DISTINCT x)' : 'approx_count_distinct(x)'},
       count_if(CASE WHEN abs(x) > ${Number.MAX_SAFE_INTEGER} THEN NOT regexp_matches(t, '[.eE]') ELSE false END)
     FROM (SELECT *, CASE WHEN abs(x) < ${greatestSquared} THEN x END AS y FROM (SELECT rowid, ${value} AS x, ${c} AS t FROM raw))`,
  );
  const [count, min, max, mean, std] = figures.slice(0, 5).map(Number);
  const [whole, single] = [figures[5] === true, figures[6] === true];
  const odd = basics.present - count;
  // Digits that a double cannot hold are a name; 6.02e23 is a quantity.
  const beyond = whole && Number(figures[10]) > 0;
  if (
    asked
      ? odd > 0
      : count === 0 || (odd > basics.present * 0.01 && !basics.hint.known) || Number(figures[7]) > 0 || beyond
  ) {
    if (asked) throw await misfit(duck, name, value, c, 'a number');
    if (count > 0 && odd > 0 && Number(figures[7]) === 0 && !beyond)
      strays.push(await strayed(duck, name, value, c, odd));
    return undefined;
  }
  const missing = rows - count;
  // Nothing to guard against any more: reading it again costs half.
  if (odd === 0) value = `CAST(${plain} AS DOUBLE)`;
  const counted = Number(figures[9]);
  const distinct =
    rows <= exactDistinct ? counted : await distinctOf(duck, value, { present: count, distinct: counted });
  const column: Column = { name, type: 'number', missing, distinct };
  if (count > 0) Object.assign(column, { min, max });
  if (figures[3] !== null) Object.assign(column, { mean, std, quantiles: [min, ...listOf(figures[8]), max] });
  if (!asked && isKey(name, { present: count, distinct, min, max, whole })) column.type = 'identifier';
  else if (count > 0 && distinct <= mostTop)
    column.top = (await topOf(duck, value)).map(({ value, count }) => ({ value: String(Number(value)), count }));
  const warnings: Warning[] = odd === 0 ? [] : [await mixed(duck, name, value, c, odd)];
  return {
    column,
    value,
    warnings,
    bytes: 8,
    stored: { kind: 'number', width: numberWidth(min, max, whole, single, missing) },
  };
}

/** A number as DuckDB writes it: without marks between thousands, with a point. */
function plainly(c: string, marks: Hint['marks']): string {
  switch (marks) {
    case 'plain':
      return c;
    case 'grouped':
      return `translate(${c}, ', ''’\u00a0\u202f', '')`;
    case 'comma':
      return `replace(translate(${c}, '. ''’\u00a0\u202f', ''), ',', '.')`;
  }
}

function numberWidth(min: number, max: number, whole: boolean, single: boolean, missing: number): Width {
  if (whole && missing === 0 && Number.isFinite(min)) {
    if (min >= 0 && max < 2 ** 8) return 'u8';
    if (min >= 0 && max < 2 ** 16) return 'u16';
    if (min >= -(2 ** 15) && max < 2 ** 15) return 'i16';
    if (min >= -(2 ** 31) && max < 2 ** 31) return 'i32';
  }
  return single ? 'f32' : 'f64';
}

/** Years 1 to 9999, ms: what lies outside, and infinity, could not be given back as a date. */
const [firstDate, lastDate] = [-62_135_596_800_000, 253_402_300_799_999];

async function planDate(
  duck: Duck,
  i: number,
  name: string,
  rows: number,
  basics: Basics,
  asked: boolean,
): Promise<ColumnPlan | undefined> {
  const c = `c${i}`;
  const formats = basics.hint.dates.length > 0 ? basics.hint.dates : ['iso'];
  const parse = (format: string) =>
    format === 'iso' ? `TRY_CAST(${c} AS TIMESTAMPTZ)` : `try_strptime(trim(${c}), ${quote(format)})`;
  const valueOf = (format: string) => {
    const ms = `epoch_us(${parse(format)}) / 1000.0`;
    return `CASE WHEN ${ms} BETWEEN ${firstDate} AND ${lastDate} THEN ${ms} END`;
  };
  const [counts = []] = await duck.rows(
    `SELECT ${formats.map((format) => `count(${valueOf(format)})`).join(',')} FROM raw`,
  );
  const fits = counts.map(Number);
  const best = fits.indexOf(Math.max(...fits));
  const format = must(formats[best], 'a date format');
  const value = valueOf(format);
  const count = must(fits[best], 'a count');
  const odd = basics.present - count;
  if (asked && odd > 0) throw await misfit(duck, name, value, c, 'a date');
  if (count === 0 || odd > basics.present * 0.01) return undefined;
  const [figures = []] = await duck.rows(
    `SELECT min(y), max(y), avg(y), stddev_pop(y), bool_and(y % 86400000 = 0), ${quantiles(rows)} FROM (SELECT rowid, ${value} AS y FROM raw)`,
  );
  const [min, max, mean, std] = figures.slice(0, 4).map(Number);
  const warnings: Warning[] = odd === 0 ? [] : [await mixed(duck, name, value, c, odd)];
  if (fits.filter((fit) => fit === count).length > 1) {
    warnings.push({
      code: 'ambiguous_date',
      column: name,
      message: `${JSON.stringify(name)} may be day/month or month/day; day first was assumed. Write dates as 2026-01-31.`,
    });
  }
  const distinct = await distinctOf(duck, value, { ...basics, present: count });
  const column: Column = {
    name,
    type: 'date',
    missing: rows - count,
    distinct,
    min,
    max,
    mean,
    std,
    quantiles: [min, ...listOf(figures[5]), max],
  };
  return {
    column,
    value,
    warnings,
    bytes: 8,
    stored: { kind: 'date', width: 'f64', day: figures[4] === true, format },
  };
}

/** Makes the ENUM `e<i>`, whose codes are the order of the dictionary: falling count, then the value. */
async function planCategory(
  duck: Duck,
  i: number,
  name: string,
  rows: number,
  type: 'category' | 'boolean',
): Promise<ColumnPlan> {
  await duck.run(
    `CREATE OR REPLACE TABLE d${i} AS SELECT c${i} AS v, count(*) AS n FROM raw WHERE c${i} IS NOT NULL GROUP BY 1`,
  );
  const [[count] = []] = await duck.rows(`SELECT count(*) FROM d${i}`);
  if (Number(count) > mostCategories) {
    throw new Fault(
      'bad_data',
      `Column ${JSON.stringify(name)} has ${String(count)} different values, too many for a category. Import it as text.`,
    );
  }
  const order = 'ORDER BY n DESC, v';
  const top = (await duck.rows(`SELECT v, n FROM d${i} ${order} LIMIT ${mostTop}`)).map(([value, n]) => ({
    value: String(value),
    count: Number(n),
  }));
  const [[missing] = []] = await duck.rows(`SELECT ${rows} - coalesce(sum(n), 0) FROM d${i}`);
  let value = 'NULL';
  let dictionary = packTexts([]);
  if (top.length > 0) {
    const [lengths, texts] = await duck.arrays(
      `SELECT list(strlen(v)::UINTEGER), encode(string_agg(v, '')) FROM (SELECT v FROM d${i} ${order})`,
    );
    dictionary = Buffer.concat([
      bytesOf(Uint32Array.of(Number(count))),
      bytesOf(must(lengths, 'lengths')),
      bytesOf(must(texts, 'values')),
    ]);
    await duck.run(`DROP TYPE IF EXISTS e${i}`);
    await duck.run(`CREATE TYPE e${i} AS ENUM (SELECT v FROM d${i} ${order})`);
    value = `enum_code(c${i}::e${i})::UINTEGER + 1`;
  }
  await duck.run(`DROP TABLE d${i}`);
  const column: Column = {
    name,
    type,
    missing: Number(missing),
    distinct: Number(count),
    ...(top.length > 0 ? { top } : {}),
  };
  return {
    column,
    value,
    dictionary,
    warnings: [],
    bytes: 4,
    stored: { kind: 'codes', width: codeWidth(Number(count)) },
  };
}

async function planText(
  duck: Duck,
  i: number,
  name: string,
  rows: number,
  basics: Basics,
  type: 'text' | 'identifier',
): Promise<ColumnPlan> {
  const [[mean, max] = []] = await duck.rows(`SELECT avg(length(c${i})), max(length(c${i})) FROM raw`);
  const distinct = await distinctOf(duck, `c${i}`, basics);
  const column: Column = { name, type, missing: rows - basics.present, distinct };
  if (basics.present > 0) column.length = { mean: Number(mean), max: Number(max) };
  return { column, value: `c${i}`, warnings: [], bytes: basics.bytes + 4, stored: { kind: 'text', starts: [] } };
}

async function topOf(duck: Duck, value: string): Promise<{ value: string; count: number }[]> {
  const found = await duck.rows(
    `SELECT x, count(*) AS n FROM (SELECT ${value} AS x FROM raw) WHERE x IS NOT NULL GROUP BY 1 ORDER BY n DESC, x LIMIT ${mostTop}`,
  );
  return found.map(([value, n]) => ({ value: String(value), count: Number(n) }));
}

/** The inner quantiles of y: exact up to 100,000 rows, then over that many, spread evenly: the same on every run. */
function quantiles(rows: number): string {
  return `quantile_cont(y, [0.25, 0.5, 0.75])${rows > exactDistinct ? ` FILTER (${everyRow(rows, exactDistinct)})` : ''}`;
}

function listOf(value: unknown): number[] {
  return value === null || value === undefined ? [] : (value as { items: unknown[] }).items.map(Number);
}

async function firstOdd(duck: Duck, value: string, c: string): Promise<number> {
  const [[row] = []] = await duck.rows(`SELECT min(rowid) FROM raw WHERE ${c} IS NOT NULL AND (${value}) IS NULL`);
  return Number(row) + 1;
}

async function misfit(duck: Duck, name: string, value: string, c: string, what: string): Promise<Fault> {
  const row = await firstOdd(duck, value, c);
  return new Fault(
    'bad_data',
    `Column ${JSON.stringify(name)}: the value of row ${row} is not ${what}. Correct it, or import the column as text.`,
    { row },
  );
}

/** Why a column that looks like numbers is none. */
async function strayed(duck: Duck, name: string, value: string, c: string, odd: number): Promise<Warning> {
  const row = await firstOdd(duck, value, c);
  const what = odd === 1 ? '1 value' : `${odd} values`;
  const message = `${what} of ${JSON.stringify(name)} (the first in row ${row}) ${odd === 1 ? 'is not a number' : 'are not numbers'}, so the column is not one of numbers. Correct the file and import it again.`;
  return { code: 'mixed_types', column: name, message };
}

async function mixed(duck: Duck, name: string, value: string, c: string, odd: number): Promise<Warning> {
  const row = await firstOdd(duck, value, c);
  const [what, verb] = odd === 1 ? ['1 value', 'is'] : [`${odd} values`, 'are'];
  return {
    code: 'mixed_types',
    column: name,
    message: `${what} of ${JSON.stringify(name)} (the first in row ${row}) ${verb} of another kind than the rest and count as missing.`,
  };
}
