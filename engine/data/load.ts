// A file of text into the table `raw` of DuckDB: one VARCHAR column a field (c0, c1, …), missing markers already NULL.
// Also turns DuckDB's complaints into words for the user. Decides no types.
import { statSync } from 'node:fs';
import { Fault } from '../schema/index.ts';
import { type Duck, quote } from './duck.ts';
import { type Form, mostColumns } from './head.ts';
import { longestLine } from './textCheck.ts';

/** What stands for a missing value in files. */
export const missingMarkers = ['', 'NA', 'N/A', 'n/a', '#N/A', 'null', 'NULL', 'Null', 'NaN', 'nan', '?', '-'];

const markers = missingMarkers.map(quote).join(',');

/** Loads everything; answers the column names in order. Throws `bad_data` naming the line that cannot be read. */
export async function loadRaw(duck: Duck, form: Form, path: string): Promise<string[]> {
  try {
    return form.format === 'csv' ? await loadCsv(duck, form, path) : await loadJson(duck, form, path);
  } catch (error) {
    throw error instanceof Fault ? error : loadFault(form, error);
  }
}

const mib = 1024 * 1024;

/**
 * Bytes that DuckDB reads ahead. An eighth of it is one thread's piece; pieces of few rows are put together again by a single
 * thread when all are read, which took a third of the time of a million rows at 32 MiB.
 */
function bufferOf(path: string): number {
  const facts = statSync(path);
  return facts.isFile() && facts.size > 96 * mib ? 96 * mib : 4 * longestLine;
}

async function loadCsv(duck: Duck, form: Form, path: string): Promise<string[]> {
  const columns = form.names.map((_, i) => `'c${i}':'VARCHAR'`).join(',');
  const options = [
    'auto_detect=false',
    `delim=${quote(form.delimiter)}`,
    `quote=${quote(form.quote)}`,
    `escape=${quote(form.quote)}`,
    `header=${form.header}`,
    `columns={${columns}}`,
    `nullstr=[${markers}]`,
    'strict_mode=true',
    `max_line_size=${longestLine}`,
    `buffer_size=${bufferOf(path)}`,
  ];
  const fields = form.trim ? form.names.map((_, i) => `${orMissing(`trim(c${i})`)} AS c${i}`).join(',') : '*';
  await duck.run(`CREATE TABLE raw AS SELECT ${fields} FROM read_csv(${quote(path)}, ${options.join(',')})`);
  return form.names;
}

async function loadJson(duck: Duck, form: Form, path: string): Promise<string[]> {
  const format = form.format === 'json' ? 'array' : 'newline_delimited';
  await duck.run(
    `CREATE TABLE lines AS SELECT json FROM read_json_objects(${quote(path)}, format='${format}', maximum_object_size=${longestLine})`,
  );
  const [[odd] = []] = await duck.rows(`SELECT min(rowid) FROM lines WHERE json_type(json) <> 'OBJECT'`);
  if (odd !== null && odd !== undefined) {
    throw new Fault(
      'bad_data',
      `${form.file}: ${form.format === 'json' ? 'row' : 'line'} ${Number(odd) + 1} is not a JSON object. Write each row as {"column": value, …}.`,
    );
  }
  const found = await duck.rows(
    `SELECT k FROM (SELECT rowid AS r, unnest(json_keys(json)) AS k, generate_subscripts(json_keys(json), 1) AS p FROM lines)
     GROUP BY k ORDER BY min(r), min(p), k LIMIT ${mostColumns + 1}`,
  );
  const names = found.map(([name]) => String(name));
  if (names.length > mostColumns) {
    throw new Fault(
      'bad_data',
      `${form.file} has more than ${mostColumns} different keys. Use the same keys in every line.`,
    );
  }
  if (names.length === 0) throw new Fault('bad_data', `${form.file} has no columns: its objects are empty.`);
  const pointers = names.map((name) => quote(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).join(',');
  const fields = names.map((_, i) => `${orMissing(`v[${i + 1}]`)} AS c${i}`).join(',');
  await duck.run(
    `CREATE TABLE raw AS SELECT ${fields} FROM (SELECT json_extract_string(json, [${pointers}]) AS v FROM lines)`,
  );
  await duck.run('DROP TABLE lines');
  return names.map((name, i) => name.trim() || `column${i + 1}`);
}

const orMissing = (value: string): string => `CASE WHEN ${value} IN (${markers}) THEN NULL ELSE ${value} END`;

interface Complaint {
  pattern: RegExp;
  say: (match: RegExpExecArray, form: Form) => string;
}

const line = (text: string | undefined, off = 0): number => Number(text) - off;

/** DuckDB's messages as sentences; the first that matches counts. Lines of JSON are counted from 2 by DuckDB. */
const complaints: readonly Complaint[] = [
  {
    pattern: /CSV Error on Line: (\d+)[\s\S]*Expected Number of Columns: (\d+) Found: (\d+)/,
    say: ([, at, want, got], { delimiter }) =>
      `line ${at} has ${got} field${got === '1' ? '' : 's'} where ${want} are expected. Correct the line, or quote values that contain ${JSON.stringify(delimiter)}`,
  },
  {
    pattern: /CSV Error on Line: (\d+)[\s\S]*unterminated quote/i,
    say: ([, at]) =>
      `line ${at} has a quote that does not end, or text after one. Write quotes inside values twice ("")`,
  },
  {
    pattern: /CSV Error on Line: (\d+)[\s\S]*(?:not utf-8|Invalid unicode)/i,
    say: ([, at]) => `line ${at} is not UTF-8. If the file is in a Western encoding, import it with --encoding latin-1`,
  },
  {
    pattern: /CSV Error on Line: (\d+)[\s\S]*(?:maximum line size|max_line_size|line size)/i,
    say: ([, at]) =>
      `line ${at} is longer than ${longestLine / 1024 / 1024} MiB. Check the line ends and the quotes, or shorten the text`,
  },
  {
    pattern: /CSV Error on Line: (\d+)/,
    say: ([, at]) => `line ${at} cannot be read as CSV. Check its quotes and delimiters`,
  },
  {
    pattern: /invalid state/i,
    say: () => 'mixes line ends (CRLF and LF), or is not CSV. Make the line ends alike (dos2unix does it)',
  },
  {
    pattern: /Malformed JSON in file[\s\S]*at byte (\d+) in line (\d+)/,
    say: ([, byte, at]) => `line ${line(at, 1)} is not a JSON object (near byte ${byte} of the line). Correct the line`,
  },
  {
    pattern: /maximum_object_size/,
    say: () => `has a line longer than ${longestLine / 1024 / 1024} MiB. Shorten it, or write one object a line`,
  },
];

/** So many columns take more memory by themselves than their rows. */
const manyColumns = 2000;

const formatNames = { csv: 'CSV', jsonl: 'JSON lines', json: 'a JSON list of objects' };

/** Any error of a query as a Fault. */
export function loadFault(form: Form, error: unknown): Fault {
  const text = error instanceof Error ? error.message : String(error);
  for (const { pattern, say } of complaints) {
    const match = pattern.exec(text);
    if (match) return new Fault('bad_data', `${form.file}: ${say(match, form)}.`, undefined, error);
  }
  if (/interrupt/i.test(text)) return new Fault('cancelled', 'The import was cancelled.');
  if (/Out of Memory/i.test(text) && form.names.length > manyColumns) {
    return new Fault(
      'out_of_memory',
      `${form.file} has ${form.names.length} columns, which need more memory than an import may take. Leave some out, or raise limits.importerMemory.`,
      undefined,
      error,
    );
  }
  if (/Out of Memory/i.test(text)) {
    return new Fault(
      'out_of_memory',
      `${form.file} needs more memory than an import may take. Split it, or raise limits.importerMemory.`,
      undefined,
      error,
    );
  }
  return new Fault(
    'bad_data',
    `${form.file} cannot be read as ${formatNames[form.format]}. Check that it is whole.`,
    undefined,
    error,
  );
}
