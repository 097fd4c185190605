import { expect, test } from 'vitest';
import { aDataset, aModel, aRun, faultOf, heldClock, home } from './sample.ts';

test('a record comes back as it was written, in this process and after a restart', async () => {
  const place = await home();
  const clock = heldClock();
  let store = await place.open(clock);
  const dataset = store.datasets.insert(aDataset('iris', { bytes: { source: 1, stored: 2 } }));
  clock.pass(5);
  const run = store.runs.insert(aRun('first', { parentId: 'exp_1', metrics: { 'val.loss': 0.25 } }));
  expect(dataset).toEqual({
    ...aDataset('iris', { bytes: { source: 1, stored: 2 } }),
    id: dataset.id,
    kind: 'dataset',
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
    seq: 1,
  });
  expect(run).toMatchObject({ kind: 'run', parentId: 'exp_1', seq: 2, createdAt: 1_700_000_000_005 });
  store.close();
  store = await place.open(clock);
  expect(store.datasets.get(dataset.id)).toEqual(dataset);
  expect(store.runs.list()).toEqual({ items: [run], total: 1, damaged: [] });
  store.close();
});

test('what is in memory is what a restart would read: a value JSON cannot hold does not linger', async () => {
  const store = await (await home()).open();
  const metrics = { 'train.loss': Number.NaN };
  const run = store.runs.insert(aRun('nan', { metrics }));
  metrics['train.loss'] = 3;
  expect(run.metrics).toEqual({ 'train.loss': null });
  expect(() => Object.assign(run, { name: 'x' })).toThrow(TypeError);
  expect(() => Object.assign(run.metrics, { a: 1 })).toThrow(TypeError);
  store.close();
});

test('an update changes what it names, drops what is undefined, and moves through states that the table allows', async () => {
  const clock = heldClock();
  const store = await (await home()).open(clock);
  const run = store.runs.insert(aRun('one', { parentId: 'exp_1', startedAt: 5 }));
  clock.pass(10);
  const preparing = store.runs.update(run.id, { state: 'preparing', startedAt: undefined }, { expect: 'queued' });
  expect(preparing).toEqual({
    ...aRun('one', { parentId: 'exp_1' }),
    id: run.id,
    kind: 'run',
    state: 'preparing',
    createdAt: run.createdAt,
    updatedAt: run.createdAt + 10,
    seq: 2,
  });
  expect(store.runs.get(run.id)).toBe(preparing);
  expect(faultOf(() => store.runs.update(run.id, { state: 'finished' }))).toEqual({
    code: 'conflict',
    message: `run ${run.id} is preparing and cannot become finished`,
  });
  expect(faultOf(() => store.runs.update(run.id, { name: 'x' }, { expect: ['running', 'waiting'] }))).toEqual({
    code: 'conflict',
    message: `run ${run.id} is preparing, not running or waiting`,
  });
  expect(store.runs.get(run.id)).toBe(preparing);
  store.close();
});

test('names are unique where people use them as such, and free again when their record failed', async () => {
  const store = await (await home()).open();
  const first = store.datasets.insert(aDataset('iris', { state: 'importing' }));
  expect(faultOf(() => store.datasets.insert(aDataset('iris')))).toEqual({
    code: 'conflict',
    message: 'there is a dataset called iris already; choose another name or delete it',
  });
  store.datasets.update(first.id, { state: 'failed' });
  const second = store.datasets.insert(aDataset('iris'));
  expect(store.datasets.find('iris')).toBe(second);
  const other = store.datasets.insert(aDataset('digits'));
  expect(faultOf(() => store.datasets.update(other.id, { name: 'iris' })).code).toBe('conflict');
  expect(faultOf(() => store.datasets.insert({ ...aDataset('x'), id: other.id })).code).toBe('conflict');
  expect([store.runs.insert(aRun('same')), store.runs.insert(aRun('same'))]).toHaveLength(2);
  store.close();
});

test('records are found by id, by name, and models by version; the newest of a name wins', async () => {
  const clock = heldClock();
  const store = await (await home()).open(clock);
  const [two, one] = [store.models.insert(aModel('iris', 2)), store.models.insert(aModel('iris', 1))];
  expect(store.models.find('iris')).toBe(two);
  expect(store.models.find('iris@1')).toBe(one);
  expect(store.models.find(one.id)).toBe(one);
  store.models.update(two.id, { state: 'deleting' });
  expect(store.models.find('iris')).toBe(one);
  const early = store.runs.insert(aRun('r'));
  clock.pass(1);
  const late = store.runs.insert(aRun('r'));
  expect(store.runs.find('r')).toBe(late);
  store.runs.remove(late.id);
  expect(store.runs.find('r')).toBe(early);
  expect(store.runs.look(late.id)).toBe(undefined);
  const missing = {
    code: 'not_found',
    message: 'there is no model digits; neutrino models list shows those there are',
  };
  expect(faultOf(() => store.models.find('digits'))).toEqual(missing);
  expect(faultOf(() => store.models.get('iris')).code).toBe('not_found');
  expect(faultOf(() => store.runs.remove(late.id)).code).toBe('not_found');
  store.close();
});

test('a transaction happens as a whole or not at all, in memory and on disk, nested ones too', async () => {
  const place = await home();
  let store = await place.open();
  const kept = store.datasets.insert(aDataset('kept'));
  const fails = () =>
    store.transaction(() => {
      store.datasets.insert(aDataset('new'));
      store.datasets.update(kept.id, { name: 'renamed' });
      store.settings.set('x', 1);
      store.audit.append({ actor: 'system', action: 'x', subject: 'y', outcome: 'ok' });
      store.datasets.remove(kept.id);
      throw new Error('no');
    });
  expect(fails).toThrow('no');
  const check = () => {
    expect(store.datasets.list().items).toEqual([kept]);
    expect(store.settings.get('x')).toBe(undefined);
    expect(store.audit.list().total).toBe(0);
  };
  check();
  store.transaction(() => {
    expect(fails).toThrow('no');
    check();
    store.runs.insert(aRun('outer'));
  });
  expect(store.runs.list().total).toBe(1);
  expect(() => store.transaction(async () => store.runs.insert(aRun('late')))).toThrow('must not wait');
  store.close();
  store = await place.open();
  check();
  expect(store.runs.list().items.map(({ name }) => name)).toEqual(['outer']);
  store.close();
});

test('numbers of writes only grow, over removals and restarts', async () => {
  const place = await home();
  let store = await place.open();
  store.runs.insert(aRun('a'));
  const last = store.runs.insert(aRun('b'));
  store.runs.remove(last.id);
  store.close();
  store = await place.open();
  expect(store.runs.insert(aRun('c')).seq).toBe(last.seq + 1);
  store.close();
});

test('a second process, or a second store, on one directory is refused', async () => {
  const place = await home();
  const store = await place.open();
  await expect(place.open()).rejects.toMatchObject({ code: 'already_running' });
  store.close();
  store.close();
  (await place.open()).close();
});
