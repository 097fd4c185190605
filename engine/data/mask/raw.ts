// Masks the table `raw` of an import, before anything of it is inspected or stored.
import { Fault, type MaskOptions } from '../../schema/index.ts';
import { type Duck, quote } from '../duck.ts';
import { hintOfColumn } from './find.ts';
import { openMask } from './mask.ts';

const pageRows = 20_000;

/** Whether a column of this SQL type may hold texts. */
const isText = (type: string): boolean => type.toUpperCase() === 'VARCHAR';

/**
 * Replaces the texts of raw's columns c0, c1, … by masked ones. Columns of numbers are masked when they are named, or when
 * their name says that they identify. Throws `bad_request` for columns that the file does not have.
 */
export async function maskRaw(
  duck: Duck,
  names: readonly string[],
  options: MaskOptions,
  secret: Uint8Array,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const missing = options.columns?.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new Fault(
      'bad_request',
      `There is no column ${JSON.stringify(missing)} to mask. The file has: ${names.slice(0, 20).join(', ')}.`,
    );
  }
  const described = await duck.rows(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ${quote('raw')}`,
  );
  const types = new Map(described.map(([column, type]) => [String(column), String(type)]));
  const named = new Set(options.columns);
  const own = names.flatMap((name, i) => {
    const type = types.get(`c${i}`);
    if (type === undefined) return [];
    const wanted = named.size > 0 ? named.has(name) : isText(type) || hintOfColumn(name) !== undefined;
    return wanted ? [{ name, id: `c${i}`, type }] : [];
  });
  const [[count] = []] = await duck.rows('SELECT count(*) FROM raw');
  const rows = Number(count);
  await duck.run('SET threads = 1');
  for (const [k, { name, id }] of own.entries()) {
    const mask = openMask(name, options, secret);
    await duck.run(`CREATE OR REPLACE TABLE masked (v VARCHAR)`);
    let found = 0;
    for (let from = 0; from < rows; from += pageRows) {
      const page = await duck.rows(
        `SELECT ${id}::VARCHAR FROM raw WHERE rowid >= ${from} AND rowid < ${from + pageRows} ORDER BY rowid`,
      );
      const values = page.map(([cell]) => {
        if (cell === null || cell === undefined) return null;
        const made = mask(String(cell));
        found += made.found;
        return made.text === '' ? null : made.text;
      });
      await duck.append('masked', [{ kind: 'text', values }], values.length);
      progress(k * rows + Math.min(rows, from + pageRows), own.length * rows);
    }
    if (found === 0) continue;
    const fields = [...types.keys()].map((column) => (column === id ? `m.v AS ${id}` : `r.${column}`));
    await duck.run(`CREATE TABLE next AS SELECT ${fields.join(',')} FROM raw r POSITIONAL JOIN masked m`);
    await duck.run('DROP TABLE raw');
    await duck.run('ALTER TABLE next RENAME TO raw');
  }
  await duck.run('DROP TABLE IF EXISTS masked');
}
