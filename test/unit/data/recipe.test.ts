import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatasetReader, openDataset } from '../../../engine/data/index.ts';
import { type Duck, openDuck } from '../../../engine/data/duck.ts';
import { checkCondition } from '../../../engine/data/recipe/condition.ts';
import { deriveDataset, previewRecipe, sayStep } from '../../../engine/data/recipe/index.ts';
import { type RecipeStep, recipeStep } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { type Bench, openBench } from './bench.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const plain = `id,price,colour,sold,note
k1-a,10,red,2026-01-03,  Héllo   World
k2-b,,blue,2026-02-11,<b>Tom &amp; Jerry</b>
k3-c,30,red,2026-03-05,ｆｕｌｌ　ｗｉｄｔｈ
k4-d,4000,green,,hello world
k5-e,30,red,2026-03-05,FULL WIDTH!
k6-f,12.5,blue,2026-05-30,plain words here
`;
const types = { id: 'identifier', colour: 'category', note: 'text', price: 'number', sold: 'date' } as const;

const job = (base: DatasetReader, steps: RecipeStep[], others: Record<string, DatasetReader> = {}) => ({
  base,
  steps,
  other: ({ dataset }: { dataset: string }) => others[dataset] ?? base,
  secret: Buffer.alloc(32, 3),
  threads: 2,
  memory: 512 * 1024 ** 2,
  seconds: 20,
});

const load = async (content = plain, options: object = { types }) =>
  (await bench.load(bench.file(`r${Math.random()}.csv`, content), options)).reader;

/** Runs steps and answers the rows as a person sees them. */
async function run(base: DatasetReader, steps: unknown[], others: Record<string, DatasetReader> = {}) {
  const pack = bench.pack();
  const parsed = steps.map((step) => recipeStep.parse(step));
  const { shape, sha256 } = await deriveDataset(job(base, parsed, others), pack);
  const reader = openDataset(openPack(pack.path, pack));
  const { columns, rows } = reader.preview(0, 100);
  reader.close();
  return { columns, rows, sha256, shape };
}

describe('steps', () => {
  test('no step at all: the content is the one that was imported', async () => {
    const base = await load();
    const { columns, rows } = base.preview(0, 10);
    const made = await run(base, [{ op: 'rename', column: 'price', to: 'price' }]);
    expect({ columns: made.columns, rows: made.rows }).toEqual({ columns, rows });
    expect(made.shape.columns.map(({ type }) => type)).toEqual(base.shape.columns.map(({ type }) => type));
  });

  test('rename, drop, fill, clip', async () => {
    const { columns, rows } = await run(await load(), [
      { op: 'rename', column: 'price', to: 'cost' },
      { op: 'drop', columns: ['id', 'sold', 'note'] },
      { op: 'fill', column: 'cost', with: 'median' },
      { op: 'clip', column: 'cost', min: 11, max: 100 },
    ]);
    expect(columns).toEqual(['cost', 'colour']);
    expect(rows).toEqual([
      [11, 'red'],
      [30, 'blue'],
      [30, 'red'],
      [100, 'green'],
      [30, 'red'],
      [12.5, 'blue'],
    ]);
  });

  test('cast says which row does not fit, or counts it as missing', async () => {
    const base = await load('a,b\n1,x\ntwo,y\n3,z\n', { types: { a: 'text', b: 'text' } });
    await expect(run(base, [{ op: 'cast', column: 'a', type: 'number' }])).rejects.toThrow(
      /1 values do not fit the type number, the first in row 2/,
    );
    const made = await run(base, [{ op: 'cast', column: 'a', type: 'number', invalid: 'missing' }]);
    expect(made.rows.map(([a]) => a)).toEqual([1, null, 3]);
    const back = await run(base, [
      { op: 'cast', column: 'a', type: 'number', invalid: 'missing' },
      { op: 'cast', column: 'a', type: 'text' },
    ]);
    expect(back.rows.map(([a]) => a)).toEqual(['1', null, '3']);
  });

  test('normalise and deduplicate, strictly and loosely', async () => {
    const base = await load();
    const tidy = await run(base, [
      { op: 'normalise', column: 'note', forms: ['trim', 'nfkc', 'strip_html', 'collapse', 'lower'] },
    ]);
    expect(tidy.rows.map((row) => row[4])).toEqual([
      'héllo world',
      'tom & jerry',
      'full width',
      'hello world',
      'full width!',
      'plain words here',
    ]);
    expect(
      (await run(base, [{ op: 'deduplicate', columns: ['price', 'colour', 'sold', 'note'], loose: true }])).rows,
    ).toHaveLength(5);
    expect((await run(base, [{ op: 'deduplicate' }])).rows).toHaveLength(6);
    expect((await run(base, [{ op: 'deduplicate', columns: ['colour'] }])).rows.map((row) => row[0])).toEqual([
      'k1-a',
      'k2-b',
      'k4-d',
    ]);
  });

  test('filter by SQL over names, dates and texts', async () => {
    const base = await load();
    const left = async (where: string) =>
      (await run(base, [{ op: 'filter', where }])).rows.map((row) => String(row[0]).slice(0, 2));
    expect(await left(`price > 10 AND colour = 'red'`)).toEqual(['k3', 'k5']);
    expect(await left(`sold >= DATE '2026-03-01' OR sold IS NULL`)).toEqual(['k3', 'k4', 'k5', 'k6']);
    expect(await left(`"colour" IN ('blue', 'green') AND NOT note LIKE '%Tom%'`)).toEqual(['k4', 'k6']);
    expect(await left(`regexp_matches(note, '(?i)hello|full') AND year(sold) IS DISTINCT FROM 2025`)).toEqual([
      'k4',
      'k5',
    ]);
    expect(await left(`CASE WHEN price IS NULL THEN true ELSE price BETWEEN 11 AND 13 END`)).toEqual(['k2', 'k6']);
    expect(await left(`row <= 2`)).toEqual(['k1', 'k2']);
    await expect(left('price > 1e9')).rejects.toThrow(/no row is left/);
  });

  test('join takes columns of another dataset, never multiplies rows', async () => {
    const base = await load();
    const other = await load('colour,price,shade\nred,1,warm\nblue,2,cold\n', {});
    const made = await run(base, [{ op: 'join', dataset: 'other', on: [{ left: 'colour', right: 'colour' }] }], {
      other,
    });
    expect(made.columns).toEqual(['id', 'price', 'colour', 'sold', 'note', 'price_2', 'shade']);
    expect(made.rows.map((row) => row[6])).toEqual(['warm', 'cold', 'warm', null, 'warm', 'cold']);
    const matching = await run(
      base,
      [
        {
          op: 'join',
          dataset: 'other',
          on: [{ left: 'colour', right: 'colour' }],
          columns: ['shade'],
          keep: 'matching',
        },
      ],
      { other },
    );
    expect(matching.rows).toHaveLength(5);
    const twice = await load('colour,shade\nred,a\nred,b\n', {});
    await expect(
      run(base, [{ op: 'join', dataset: 'other', on: [{ left: 'colour', right: 'colour' }] }], { other: twice }),
    ).rejects.toThrow(/rows would multiply/);
  });

  test('mask and label', async () => {
    const base = await load(
      'who,said,label\nMaria Lopez,call 13812345678 now,a\nJohn Smith,nothing to see,b\nMaria Lopez,mail me at x@y.example,\n',
      { types: { who: 'text', said: 'text', label: 'category' } },
    );
    const made = await run(base, [
      { op: 'mask', columns: ['who', 'said'], action: 'redact' },
      {
        op: 'label',
        column: 'label',
        values: [
          { row: 2, value: 'c' },
          { row: 0, value: null },
          { row: 2, value: 'b' },
        ],
      },
    ]);
    expect(made.rows).toEqual([
      ['[NAME]', 'call [PHONE] now', null],
      ['[NAME]', 'nothing to see', 'b'],
      ['[NAME]', 'mail me at [EMAIL]', 'b'],
    ]);
    await expect(run(base, [{ op: 'label', column: 'label', values: [{ row: 3, value: 'b' }] }])).rejects.toThrow(
      /There is no row 4/,
    );
  });

  test('a replay gives the same content; a preview stores nothing and says what each step did', async () => {
    const base = await load();
    const steps = [
      { op: 'mask', action: 'replace' },
      { op: 'filter', where: 'price < 1000' },
    ];
    expect((await run(base, steps)).sha256).toBe((await run(base, steps)).sha256);
    const before = bench.stored().length;
    const preview = await previewRecipe(
      job(
        base,
        steps.map((step) => recipeStep.parse(step)),
      ),
    );
    expect(preview).toMatchObject({
      before: 6,
      rows: 4,
      did: [{ rows: 0 }, { says: 'keep rows where price < 1000', rows: 2 }],
    });
    expect(bench.stored()).toHaveLength(before);
  });

  test('what goes wrong names its step', async () => {
    const base = await load();
    await expect(
      run(base, [
        { op: 'drop', columns: ['note'] },
        { op: 'fill', column: 'note', with: 'mode' },
      ]),
    ).rejects.toThrow(/Step 2 \(fill "note" with its mode\): There is no column "note"/);
    expect(sayStep({ op: 'clip', column: 'x', max: 3 })).toBe('clip "x" to −∞ … 3');
  });
});

describe('conditions that reach for more than the rows are refused', () => {
  let duck: Duck;
  beforeAll(async () => {
    duck = await openDuck({ threads: 1, memory: 256 * 1024 ** 2, allow: [], locked: true });
  });
  afterAll(() => duck.close());

  test('the database itself refuses them too', async () => {
    for (const sql of [
      `SELECT * FROM read_csv('/etc/passwd')`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM glob('/*')`,
      `COPY (SELECT 1) TO '/tmp/x.csv'`,
      `ATTACH '/tmp/x.db'`,
      `INSTALL httpfs`,
      `LOAD httpfs`,
      `SET memory_limit = '100GB'`,
      `SET enable_external_access = true`,
      `RESET allowed_paths`,
      `SELECT getenv('HOME')`,
      `CREATE SECRET (TYPE s3)`,
      `EXPORT DATABASE '/tmp/x'`,
    ]) {
      await expect(duck.run(sql), sql).rejects.toThrow();
    }
  });

  test.each([
    `price > 1; DROP TABLE raw`,
    `1=1) UNION SELECT 1 FROM (SELECT 1`,
    `1=1) ; SELECT ('`,
    `true) OR (SELECT true`,
    `price > (SELECT 1)`,
    `levenshtein(note, note) > 1`,
    `EXISTS (FROM read_csv('/etc/passwd'))`,
    `price IN (SELECT size FROM glob('/*'))`,
    `getenv('HOME') = 'x'`,
    `current_setting('memory_limit') = 'x'`,
    `read_text('/etc/passwd') IS NOT NULL`,
    `nextval('s') > 0`,
    `random() > 0.5`,
    `now() > sold`,
    `current_date > sold`,
    `current_user = 'x'`,
    `repeat(note, 1000000000) = ''`,
    `lpad(note, 1000000000, 'x') = ''`,
    `len(range(1000000000)) > 0`,
    `count(*) > 1`,
    `sum(price) OVER () > 1`,
    `list_transform([1], x -> x)[1] = 1`,
    `COLUMNS('.*') IS NULL`,
    `* IS NULL`,
    `price > ?`,
    `price > $1`,
    `s1.price > 1`,
    `main.length(note) > 1`,
    `nothere = 1`,
    `price >`,
    `error('x')`,
    `write_log('x')`,
    `pg_typeof(price) = 'x'`,
    `"price" > 1) GROUP BY ALL HAVING (true`,
    `true) LIMIT 1 OFFSET (0`,
    `true) QUALIFY (true`,
    `txid_current() > 0`,
    `getvariable('x') = 1`,
    `icu_sort_key(note, 'de') = 'x'`,
    `json_serialize_sql(note) = 'x'`,
    `in_search_path('a', 'b')`,
    `note = '\u0000'`,
  ])('%s', async (where) => {
    await expect(checkCondition(duck, where, ['id', 'price', 'colour', 'sold', 'note', 'row'])).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  test('a condition that a person may write with comments and odd spaces is fine', async () => {
    expect(
      (await run(await load(), [{ op: 'filter', where: `price > 1 /* dear ones */\n -- and so on` }])).rows,
    ).toHaveLength(5);
  });

  test('a condition that takes too long is ended', async () => {
    const words = Array.from({ length: 40_000 }, (_, i) => `${i},${'ab'.repeat(20)}${i}`).join('\n');
    const base = await load(`n,t\n${words}\n`, { types: { t: 'text' } });
    const where = Array.from({ length: 60 }, (_, i) => `NOT regexp_matches(t, '(a|b)*[c-z]{${i + 1}}(x|y)+$')`).join(
      ' AND ',
    );
    const began = performance.now();
    await expect(
      deriveDataset({ ...job(base, [recipeStep.parse({ op: 'filter', where })]), seconds: 0.2 }, bench.pack()),
    ).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
