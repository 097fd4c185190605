import { assert, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import type { Run } from '../../../engine/schema/index.ts';
import { valueAt } from '../../../engine/store/listing.ts';
import type { Table } from '../../../engine/store/index.ts';
import { aDataset, aRun, faultOf, heldClock, home } from './sample.ts';

const names = (runs: Table<Run>, query: Parameters<Table<Run>['list']>[0]) =>
  runs.list(query).items.map(({ name }) => name);

test('newest first, filtered by parent, state and condition, counted over all pages', async () => {
  const clock = heldClock();
  const store = await (await home()).open(clock);
  for (const name of ['a', 'b', 'c', 'd']) {
    store.runs.insert(
      aRun(name, { parentId: name < 'c' ? 'exp_1' : 'exp_2', state: name === 'b' ? 'running' : 'queued' }),
    );
    clock.pass(1);
  }
  expect(names(store.runs, {})).toEqual(['d', 'c', 'b', 'a']);
  expect(names(store.runs, { parentId: 'exp_1' })).toEqual(['b', 'a']);
  expect(names(store.runs, { state: 'queued' })).toEqual(['d', 'c', 'a']);
  expect(names(store.runs, { state: ['running', 'waiting'] })).toEqual(['b']);
  expect(names(store.runs, { where: ({ name }) => name > 'b', sort: 'name' })).toEqual(['c', 'd']);
  expect(store.runs.list({ limit: 1 })).toMatchObject({ total: 4, damaged: [] });
  store.close();
});

test('a search wants every word, in any case and form, in names and columns', async () => {
  const store = await (await home()).open();
  store.runs.insert(aRun('Résumé classifier', { dataset: { id: 'd', name: 'Applicants', sha256: '' } }));
  store.runs.insert(aRun('digits'));
  const shape = { columns: [{ name: 'Annual Income' }] } as never;
  store.datasets.insert(aDataset('people', { shape }));
  expect(names(store.runs, { search: 'APPLICANTS re\u0301sum' })).toEqual(['Résumé classifier']);
  expect(names(store.runs, { search: '  ' })).toHaveLength(2);
  expect(names(store.runs, { search: 'applicants digits' })).toEqual([]);
  expect(store.datasets.list({ search: 'income' }).total).toBe(1);
  const run = store.runs.find('digits');
  expect(names(store.runs, { search: 'renamed' })).toEqual([]);
  store.runs.update(run.id, { name: 'renamed' });
  expect(names(store.runs, { search: 'renamed' })).toEqual(['renamed']);
  store.close();
});

test('sorting by a nested figure puts records without it last, either way', async () => {
  const store = await (await home()).open();
  const losses: Record<string, number | undefined> = { a: 0.3, b: undefined, c: 0.1, d: 0.2 };
  for (const [name, loss] of Object.entries(losses)) {
    store.runs.insert(aRun(name, { metrics: loss === undefined ? {} : { 'val.loss': loss } }));
  }
  expect(names(store.runs, { sort: 'metrics.val.loss' })).toEqual(['c', 'd', 'a', 'b']);
  expect(names(store.runs, { sort: '-metrics.val.loss' })).toEqual(['a', 'd', 'c', 'b']);
  expect(valueAt({ a: { 'b.c': 1, b: { c: 2 } } }, 'a.b.c')).toBe(1);
  expect(valueAt({ a: { 'b.c': { d: 1 } } }, 'a.b.c.d')).toBe(1);
  expect(valueAt({ a: 1 }, 'toString')).toBe(undefined);
  store.close();
});

test('pages put together are the whole list, whatever the sort and the page size', async () => {
  const store = await (await home()).open();
  store.transaction(() => {
    for (let i = 0; i < 60; i++) {
      const metrics: Record<string, number> = i % 5 === 0 ? {} : { loss: (i * 7) % 11 };
      store.runs.insert(aRun(`run ${i % 13}`, { metrics }));
    }
  });
  assert(
    property(
      constantFrom('name', '-name', 'metrics.loss', '-metrics.loss', '-createdAt', 'seq', 'nothing'),
      integer({ min: 1, max: 61 }),
      (sort, limit) => {
        const whole = store.runs.list({ sort }).items.map(({ id }) => id);
        const pages: string[] = [];
        let cursor: string | undefined;
        do {
          const page = store.runs.list({ sort, limit, cursor });
          expect(page.total).toBe(60);
          pages.push(...page.items.map(({ id }) => id));
          cursor = page.next;
        } while (cursor !== undefined);
        expect(pages).toEqual(whole);
        expect(new Set(pages).size).toBe(60);
      },
    ),
    { numRuns: 40 },
  );
  store.close();
});

test('records that come and go between pages move no other record from one page to another', async () => {
  const store = await (await home()).open();
  const inserted = ['a', 'c', 'e', 'g'].map((name) => store.runs.insert(aRun(name)));
  const first = store.runs.list({ sort: 'name', limit: 2 });
  store.runs.remove(inserted[1]?.id ?? '');
  store.runs.insert(aRun('b'));
  store.runs.insert(aRun('d'));
  expect(names(store.runs, { sort: 'name', limit: 9, cursor: first.next })).toEqual(['d', 'e', 'g']);
  store.close();
});

test('a cursor of another list, or none at all, is a bad request', async () => {
  const store = await (await home()).open();
  for (const name of ['a', 'b']) store.runs.insert(aRun(name));
  const { next } = store.runs.list({ sort: 'name', limit: 1 });
  for (const cursor of ['', 'x', 'bnVsbA', '!!', Buffer.from('[1,2,3]').toString('base64url')]) {
    expect(faultOf(() => store.runs.list({ sort: 'name', cursor })).code).toBe('bad_request');
  }
  expect(faultOf(() => store.runs.list({ sort: '-name', cursor: next })).code).toBe('bad_request');
  store.close();
});
