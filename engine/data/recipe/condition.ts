// Conditions that users write in SQL. DuckDB parses them; what comes out is walked, and anything but comparisons, arithmetic
// and a list of plain functions over the dataset's own columns is refused: no subquery, no table, no file, no setting, no
// clock, nothing that makes much out of little. The database that runs them is locked besides (see sandbox.ts).
import { Fault } from '../../schema/index.ts';
import { type Duck, quote } from '../duck.ts';

const allowed = new Set(
  (
    '~~ !~~ ~~* !~~* ~~~ not_like_escape like_escape ilike_escape regexp_matches regexp_full_match regexp_extract lower lcase upper ucase trim ltrim rtrim length len strlen contains starts_with ^@ ends_with suffix prefix instr position strpos substring substr left right replace concat || ' +
    'abs round floor ceil ceiling trunc sqrt cbrt ln log log10 log2 exp pow power sign mod % + - * / // ** ^ & | ~ greatest least nullif ifnull isnan isfinite isinf even ' +
    'year month day dayofweek isodow dayofyear hour minute second quarter week weekday date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub epoch epoch_ms strftime make_date make_timestamp last_day monthname dayname try_strptime to_days to_months to_years to_hours to_minutes to_seconds to_weeks ' +
    'nfc_normalize strip_accents unicode ascii'
  ).split(' '),
);
const classes = new Set([
  'CONSTANT',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'OPERATOR',
  'FUNCTION',
  'CASE',
  'CAST',
  'BETWEEN',
]);
/** Operators that hold something else than expressions. */
const refusedTypes = /SUBQUERY|STAR|WINDOW|LAMBDA|PARAMETER|COLUMNS|UNPACK|TRY$/;
const mostNodes = 2000;

type Json = { [key: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws `bad_request`, saying what is wrong, unless the text is one harmless condition over these columns. */
export async function checkCondition(duck: Duck, where: string, columns: readonly string[]): Promise<void> {
  const node = await parse(duck, where);
  const plain = await parse(duck, 'true');
  const condition = node['where_clause'];
  if (JSON.stringify(bare(node)) !== JSON.stringify(bare(plain)) || !isObject(condition)) {
    throw refusal("it must be one condition, such as price > 10 AND colour = 'red'");
  }
  const known = new Set(columns.map((name) => name.toLowerCase()));
  let nodes = 0;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item);
      return;
    }
    if (!isObject(value)) return;
    if (++nodes > mostNodes) throw refusal('it is too long');
    if (typeof value['class'] === 'string') judge(value, known);
    for (const [key, child] of Object.entries(value)) if (key !== 'value' && key !== 'cast_type') walk(child);
  };
  walk(condition);
}

function judge(node: Json, known: ReadonlySet<string>): void {
  const kind = String(node['class']);
  if (!classes.has(kind) || refusedTypes.test(String(node['type']))) {
    throw refusal(`${kind.toLowerCase().replace('_', ' ')}s are not allowed in it`);
  }
  if (kind === 'FUNCTION') {
    const name = String(node['function_name']).toLowerCase();
    if (!allowed.has(name) || node['schema'] !== '' || (node['catalog'] ?? '') !== '') {
      throw refusal(`the function ${name} is not among those that conditions may use`);
    }
    if (node['filter'] || node['distinct'] === true || node['export_state'] === true)
      throw refusal('aggregates are not allowed in it');
  }
  if (kind === 'COLUMN_REF') {
    const names = node['column_names'];
    const name = Array.isArray(names) && names.length === 1 ? String(names[0]) : '';
    if (!known.has(name.toLowerCase())) {
      const shown = Array.isArray(names) ? names.join('.') : '';
      throw refusal(`there is no column ${JSON.stringify(shown)} (texts stand in single quotes, names in double ones)`);
    }
  }
}

const refusal = (why: string) => new Fault('bad_request', `The condition is refused: ${why}.`);

/** The node of `SELECT 1 FROM t WHERE (…)`. */
async function parse(duck: Duck, where: string): Promise<Json> {
  if (where.includes('\u0000')) throw refusal('it holds a NUL character');
  const [[text] = []] = await duck.rows(`SELECT json_serialize_sql(${quote(`SELECT 1 FROM t WHERE (${where}\n)`)})`);
  const parsed = JSON.parse(String(text)) as {
    error?: boolean;
    error_message?: string;
    statements?: { node?: unknown }[];
  };
  if (parsed.error) {
    const why = (parsed.error_message ?? 'it cannot be read')
      .split('\n')[0]
      .replace(/^(?:Parser Error: )?/, '')
      .slice(0, 200);
    throw refusal(`it is not SQL (${why})`);
  }
  const [only, another] = parsed.statements ?? [];
  if (another || !only || !isObject(only.node)) throw refusal('it must be one condition');
  return only.node;
}

/** A statement without its condition and without places in the text. */
function bare(node: Json): unknown {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'query_location')
        .map(([key, child]) => [key, strip(child)]),
    );
  };
  return strip({ ...node, where_clause: null });
}
