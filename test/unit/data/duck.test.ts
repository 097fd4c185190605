import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDate } from '../../../engine/data/dates.ts';
import { type Duck, openDuck, quote } from '../../../engine/data/duck.ts';

let duck: Duck;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-duck-'));
  writeFileSync(join(dir, 'mine.csv'), 'a\n1\n');
  writeFileSync(join(dir, 'other.csv'), 'a\n2\n');
  duck = await openDuck({ threads: 2, memory: 256 * 1024 ** 2, allow: [join(dir, 'mine.csv')] });
});
afterAll(() => {
  duck.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('the box', () => {
  test('opens the one file it was given and no other, and nothing can open it further', async () => {
    const read = (name: string) => duck.rows(`SELECT * FROM read_csv(${quote(join(dir, name))}, all_varchar = true)`);
    expect(await read('mine.csv')).toEqual([['1']]);
    await expect(read('other.csv')).rejects.toThrow('Permission Error');
    await expect(duck.run(`COPY (SELECT 1) TO ${quote(join(dir, 'out.csv'))}`)).rejects.toThrow('Permission Error');
    await expect(duck.run(`ATTACH ${quote(join(dir, 'x.db'))}`)).rejects.toThrow('Permission Error');
    await expect(duck.run('INSTALL httpfs')).rejects.toThrow();
    await expect(duck.run('SET enable_external_access = true')).rejects.toThrow();
    await expect(duck.run(`SET allowed_paths = ['/etc/passwd']`)).rejects.toThrow();
  });

  test('a query beyond its memory fails; nothing goes to the disk', async () => {
    const greedy =
      'SELECT count(DISTINCT x), list(x) FROM (SELECT hash(range)::VARCHAR || repeat(range::VARCHAR, 5) AS x FROM range(20000000))';
    await expect(duck.run(greedy)).rejects.toThrow('Out of Memory');
    expect(await duck.rows('SELECT count(*) FROM duckdb_temporary_files()')).toEqual([[0n]]);
  });

  test('lists and blobs come out as typed arrays', async () => {
    const select = ['UTINYINT', 'USMALLINT', 'SMALLINT', 'UINTEGER', 'INTEGER', 'FLOAT', 'DOUBLE'].map(
      (type) => `list(x::${type})`,
    );
    const arrays = await duck.arrays(
      `SELECT ${select.join(',')}, encode(string_agg(x::VARCHAR, '')), encode(string_agg(NULL::VARCHAR, '')) FROM range(4) t(x)`,
    );
    expect(arrays).toEqual([
      Uint8Array.of(0, 1, 2, 3),
      Uint16Array.of(0, 1, 2, 3),
      Int16Array.of(0, 1, 2, 3),
      Uint32Array.of(0, 1, 2, 3),
      Int32Array.of(0, 1, 2, 3),
      Float32Array.of(0, 1, 2, 3),
      Float64Array.of(0, 1, 2, 3),
      new Uint8Array(Buffer.from('0123')),
      null,
    ]);
  });
});

describe('values are read alike in the import and in requests', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = fc.record({
    year: fc.integer({ min: 1, max: 9999 }),
    month: fc.integer({ min: 0, max: 13 }),
    day: fc.integer({ min: 0, max: 32 }),
    hour: fc.integer({ min: 0, max: 25 }),
    minute: fc.integer({ min: 0, max: 61 }),
    second: fc.integer({ min: 0, max: 61 }),
    micros: fc.integer({ min: 0, max: 999_999 }),
    separator: fc.constantFrom('-', '/'),
    between: fc.constantFrom(' ', 'T'),
    zone: fc.constantFrom('', 'Z', '+02:00', '-0730', '+05'),
  });

  test('ISO dates', async () => {
    const texts = fc.sample(date, { numRuns: 500, seed: 5 }).map((d, i) => {
      const day = [String(d.year).padStart(4, '0'), i % 2 ? two(d.month) : d.month, i % 2 ? two(d.day) : d.day].join(
        d.separator,
      );
      const time = `${d.between}${two(d.hour)}:${two(d.minute)}:${two(d.second)}${i % 3 ? `.${String(d.micros).padStart(6, '0')}` : ''}${d.zone}`;
      return i % 5 === 0 ? day : day + time;
    });
    const values = texts.map((text) => `(${quote(text)})`).join(',');
    const rows = await duck.rows(
      `SELECT t, epoch_us(TRY_CAST(t AS TIMESTAMPTZ)) / 1000.0 FROM (VALUES ${values}) v(t)`,
    );
    expect(texts.map((text) => [text, parseDate(text) ?? null])).toEqual(rows);
    expect(rows.filter(([, ms]) => ms !== null).length).toBeGreaterThan(200);
  });

  test('dates in the ways people write them', async () => {
    const formats: [string, string][] = [
      ['%d/%m/%Y', '31/12/2024'],
      ['%m/%d/%Y', '12/31/2024'],
      ['%d/%m/%Y %H:%M', '1/2/2024 3:04'],
      ['%m/%d/%Y %H:%M:%S', '01/02/2024 13:04:59'],
      ['%d-%m-%Y', '29-02-2024'],
      ['%d-%m-%Y', '29-02-2023'],
      ['%d.%m.%Y', '5.6.2024'],
      ['%d-%b-%Y', '05-Jun-2024'],
      ['%d %b %Y', '5 dec 1999'],
      ['%Y年%m月%d日', '2024年3月9日'],
    ];
    const values = formats
      .map(([format, text]) => `epoch_ms(try_strptime(${quote(text)}, ${quote(format)}))`)
      .join(',');
    const [row = []] = await duck.rows(`SELECT ${values}`);
    expect(formats.map(([format, text]) => parseDate(text, format) ?? null)).toEqual(
      row.map((ms) => (ms === null ? null : Number(ms))),
    );
  });

  test('numbers', async () => {
    const doubles = fc
      .sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 2000, seed: 1 })
      .flatMap((x) => [String(x), x.toExponential(), x.toPrecision(20)]);
    const texts = [
      ...doubles,
      ' 5 ',
      '+3',
      '.5',
      '5.',
      '1e5',
      '1E-3',
      '00012',
      '9007199254740993',
      '123456789012345678901234567890',
    ];
    const values = texts.map((text) => `(${quote(text)})`).join(',');
    const rows = await duck.rows(`SELECT t, TRY_CAST(t AS DOUBLE) FROM (VALUES ${values}) v(t)`);
    const wrong = rows.filter(([text, number]) => !Object.is(Number(text), number));
    expect(wrong).toEqual([]);
  });
});
