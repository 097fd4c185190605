// The whole path over REST, in real processes: import, train, report, publish, deploy, predict, swap, export, erase.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deployment, LiveEvent, Model, Run } from '../../engine/schema/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';
import { flower, flowers } from './parts/data.ts';

let place: Place;
let appliance: Running;
let run: Run;
let model: Model;
const events: LiveEvent[] = [];

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  appliance.client.events({ onEvent: (event) => events.push(event) });
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

describe('from a file to a served model', () => {
  it('imports a file by path, typed and profiled', async () => {
    const dataset = await importPath(appliance.client, flowers(place, 600), 'flowers');
    expect(dataset).toMatchObject({ state: 'ready', name: 'flowers', source: 'flowers.csv', shape: { rows: 600 } });
    const types = Object.fromEntries(dataset.shape?.columns.map((column) => [column.name, column.type]) ?? []);
    expect(types).toMatchObject({ sepal_length: 'number', colour: 'category', kind: 'category' });
    const page = await appliance.client.call('datasets.rows', { params: { id: 'flowers' }, query: { limit: 2 } });
    expect(page.total).toBe(600);
    expect(page.rows).toHaveLength(2);
    expect(page.columns).toContain('kind');
  });

  it('gives the rows back as they came', async () => {
    const download = await appliance.client.download('datasets.export', {
      params: { id: 'flowers' },
      query: { format: 'jsonl' },
    });
    const lines = (await buffer(download.body)).toString('utf8').trim().split('\n');
    expect(lines).toHaveLength(600);
    expect(Object.keys(JSON.parse(lines[0] ?? '{}') as object)).toContain('petal_width');
  });

  it('trains with live metrics and publishes the model with its report', async () => {
    run = await train(appliance.client, { dataset: 'flowers', target: 'kind', model: 'mlp', epochs: 12, seed: 1 });
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'finished', name: 'flowers-1', model: { name: 'flowers', version: 1 } });
    expect(run.report).toMatchObject({ task: 'multiclass' });
    expect((run.report as { accuracy: number }).accuracy).toBeGreaterThan(0.85);
    const { points } = await appliance.client.call('runs.metrics', { params: { id: run.id } });
    expect(points.filter((point) => point.name === 'val.loss').length).toBeGreaterThanOrEqual(12);
    const live = events.filter((event) => event.id === run.id).map((event) => event.type);
    expect(live).toContain('run.metric');
    expect(live).toContain('run.changed');
    model = await appliance.client.call('models.show', { params: { id: 'flowers@1' } });
    expect(model).toMatchObject({
      id: run.model?.id,
      parentId: run.id,
      task: 'multiclass',
      target: 'kind',
      version: 1,
    });
    const shown = await appliance.client.call('experiments.show', { params: { id: 'default' } });
    expect(shown.runs.map(({ id }) => id)).toEqual([run.id]);
  });

  it('tells which test rows were misjudged, and draws curves over their scores', async () => {
    const params = { id: run.id };
    const { classes, confusion, rocAuc } = run.report as {
      classes: { label: string; support: number }[];
      confusion: number[][];
      rocAuc?: number;
    };
    const labels = classes.map(({ label }) => label);
    const { curves, kept } = await appliance.client.call('runs.outcomes', { params });
    expect(kept).toBe(run.report?.rows);
    expect(curves.map(({ label, support }) => ({ label, support }))).toEqual(
      classes.map(({ label, support }) => ({ label, support })),
    );
    const mean = curves.reduce((sum, { auc = Number.NaN }) => sum + auc, 0) / curves.length;
    expect(mean).toBeCloseTo(rocAuc ?? Number.NaN, 4);
    const { rows: all } = await appliance.client.call('datasets.rows', {
      params: { id: 'flowers' },
      query: { limit: 600 },
    });
    for (const [i, truth] of labels.entries()) {
      for (const [j, predicted] of labels.entries()) {
        const judged = await appliance.client.call('runs.judged', { params, query: { truth, predicted, limit: 200 } });
        expect(judged.total).toBe(confusion[i][j]);
        for (const { row, cells } of judged.rows) {
          expect(cells).toEqual(all[row]);
          expect(cells[judged.columns.indexOf('kind')]).toBe(truth);
        }
      }
    }
    const wrong = await appliance.client.call('runs.judged', { params, query: {} });
    expect(wrong.total).toBe(confusion.flatMap((row, i) => row.filter((_, j) => i !== j)).reduce((a, b) => a + b, 0));
    expect(await faultOf(appliance.client.call('runs.judged', { params, query: { truth: 'oak' } }))).toMatchObject({
      code: 'bad_request',
    });
  });

  it('gives the same weights and report for the same seed', async () => {
    const again = await train(appliance.client, {
      dataset: 'flowers',
      target: 'kind',
      model: 'mlp',
      epochs: 12,
      seed: 1,
    });
    expect(again.report?.weights).toBe(run.report?.weights);
    const { seconds: _a, ...first } = run.report ?? { seconds: 0 };
    const { seconds: _b, ...second } = again.report ?? { seconds: 0 };
    expect(second).toEqual(first);
    const answer = await appliance.client.call('runs.compare', { query: { ids: `${run.id},${again.id}` } });
    expect(answer.differs.filter(({ field }) => field.startsWith('request') || field.startsWith('plan'))).toEqual([]);
  });

  it('serves it, and answers what a person has', async () => {
    const deployment: Deployment = await appliance.client.call('deployments.create', { body: { model: 'flowers@1' } });
    expect(deployment).toMatchObject({ state: 'ready', name: 'flowers', model: { version: 1 } });
    const inputs = [flower, { ...flower, petal_length: 5.8, petal_width: 2.1, sepal_length: 6.7, colour: 'violet' }];
    const answer = await appliance.client.call('deployments.predict', {
      params: { name: 'flowers' },
      body: { inputs },
    });
    expect(answer).toMatchObject({ model: 'flowers', version: 1 });
    expect(answer.outputs.map((output) => ('label' in output ? output.label : output))).toEqual([
      'setosa',
      'virginica',
    ]);
    const schema = await appliance.client.call('deployments.schema', { params: { name: 'flowers' } });
    expect(schema.classes.toSorted()).toEqual(['setosa', 'versicolor', 'virginica']);
    const fromExample = await appliance.client.call('deployments.predict', {
      params: { name: 'flowers' },
      body: schema.example,
    });
    expect(fromExample.outputs).toHaveLength(1);
    const once = await appliance.client.call('models.predict', { params: { id: 'flowers@1' }, body: { inputs } });
    // A prediction of a deployment has an id, for labels that come back.
    const { id, ...said } = answer;
    expect(id).toMatch(/^prd_/);
    expect(once).toEqual(said);
    const v2 = await appliance.client.call('v2.model', { params: { name: 'flowers' } });
    expect(v2).toMatchObject({ name: 'flowers', versions: ['1'] });
  });

  it('puts the next version behind the name without a failed request, and goes back', async () => {
    const body = { inputs: [flower] };
    const going = new AbortController();
    const asks = (async () => {
      const versions = new Set<number>();
      while (!going.signal.aborted) {
        versions.add(
          (await appliance.client.call('deployments.predict', { params: { name: 'flowers' }, body })).version,
        );
      }
      return versions;
    })();
    const moved = await appliance.client.call('deployments.create', { body: { model: 'flowers@2', name: 'flowers' } });
    going.abort();
    expect(moved).toMatchObject({ state: 'ready', model: { version: 2 }, previous: [{ version: 1 }] });
    expect([...(await asks)]).toContain(1);
    const after = await appliance.client.call('deployments.predict', { params: { name: 'flowers' }, body });
    expect(after.version).toBe(2);
    const back = await appliance.client.call('deployments.rollback', { params: { name: 'flowers' }, body: {} });
    expect(back).toMatchObject({ model: { version: 1 }, previous: [] });
  });

  it('exports a bundle that imports again under another name', async () => {
    const download = await appliance.client.download('models.export', { params: { id: 'flowers@1' } });
    const bytes = await buffer(download.body);
    expect(bytes.subarray(0, 2).toString()).toBe('PK');
    const copy = await appliance.client.upload('models.import', new Uint8Array(bytes), { query: { name: 'copy' } });
    expect(copy).toMatchObject({ name: 'copy', version: 1, task: 'multiclass', classes: model.classes });
    const answer = await appliance.client.call('models.predict', {
      params: { id: 'copy' },
      body: { inputs: [flower] },
    });
    expect(answer.outputs[0]).toMatchObject({ label: 'setosa' });
    await appliance.client.call('models.delete', { params: { id: 'copy@1' } });
    const again = await appliance.client.upload('models.import', new Uint8Array(bytes), { query: { name: 'copy' } });
    expect(again.version, 'a number is never used twice').toBe(2);
    const torn = bytes.subarray(0, bytes.length - 40);
    const fault = await faultOf(
      appliance.client.upload('models.import', new Uint8Array(torn), { query: { name: 'torn' } }),
    );
    expect(fault.code).toBe('bad_input');
    expect((await appliance.client.call('models.list', { query: { search: 'torn' } })).items).toEqual([]);
  });

  it('is all there after a restart, and serves again by itself', async () => {
    const before = await appliance.client.call('models.list', {});
    await appliance.stop();
    expect(existsSync(join(place.dataDir, 'lock.json'))).toBe(false);
    appliance = await launch(place);
    expect((await appliance.client.call('models.list', {})).items).toEqual(before.items);
    await expect
      .poll(async () => (await appliance.client.call('deployments.show', { params: { name: 'flowers' } })).state, {
        timeout: 30_000,
      })
      .toBe('ready');
    const answer = await appliance.client.call('deployments.predict', {
      params: { name: 'flowers' },
      body: { inputs: [flower] },
    });
    expect(answer.outputs[0]).toMatchObject({ label: 'setosa' });
  });

  it('refuses to erase what is in use, and erases the rest with its pack', async () => {
    const used = await faultOf(appliance.client.call('models.delete', { params: { id: 'flowers@1' } }));
    expect(used).toMatchObject({ code: 'conflict' });
    const stopped = await appliance.client.call('deployments.stop', { params: { name: 'flowers' } });
    expect(stopped.state).toBe('stopped');
    const packs = readdirSync(join(place.dataDir, 'objects')).length;
    for (const id of ['flowers@1', 'flowers@2', 'copy'])
      await appliance.client.call('models.delete', { params: { id } });
    await appliance.client.call('datasets.delete', { params: { id: 'flowers' } });
    expect(packs - readdirSync(join(place.dataDir, 'objects')).length).toBe(4);
    expect(await faultOf(appliance.client.call('datasets.show', { params: { id: 'flowers' } }))).toMatchObject({
      code: 'not_found',
    });
    const resumed = await faultOf(appliance.client.call('runs.resume', { params: { id: run.id }, body: {} }));
    expect(resumed.code).toBe('conflict');
  });
});

describe('bad input', () => {
  const cases: [string, string | Uint8Array, string][] = [
    ['empty.csv', '', 'bad_input'],
    ['header.csv', 'a,b\n', 'bad_data'],
    ['ragged.csv', 'a,b\n1,2\n3\n4,5,6\n', 'bad_data'],
    ['binary.csv', new Uint8Array(4096).map((_, i) => (i * 37) % 256), 'bad_data'],
  ];
  it.each(cases)('%s is refused with a reason, and nothing half-written', async (file, content, code) => {
    const path = join(place.root, file);
    writeFileSync(path, content);
    const objects = () => readdirSync(join(place.dataDir, 'objects'));
    const before = objects();
    const dataset = await importPath(appliance.client, path, `bad ${file}`);
    expect(dataset.state).toBe('failed');
    expect([code, 'bad_input', 'bad_data']).toContain(dataset.error?.code);
    expect(dataset.error?.message.length).toBeGreaterThan(20);
    const upload = appliance.client.upload('datasets.upload', new Uint8Array(Buffer.from(content as string)), {
      query: { filename: file, name: `up ${file}` },
    });
    expect((await faultOf(upload)).code).toBe(dataset.error?.code);
    expect(objects()).toEqual(before);
    // A failed import keeps no name.
    const good = await importPath(appliance.client, flowers(place, 30, `good-${file}`), `bad ${file}`);
    expect(good.state).toBe('ready');
    const clash = await faultOf(importPath(appliance.client, path, `bad ${file}`));
    expect(clash.code).toBe('conflict');
  });

  it('says which column or file is wrong before anything is trained', async () => {
    await importPath(appliance.client, flowers(place, 60), 'small');
    const create = (body: Record<string, unknown>) =>
      faultOf(appliance.client.call('runs.create', { body: { dataset: 'small', ...body } }));
    expect(await create({ target: 'knd' })).toMatchObject({ code: 'bad_target' });
    expect(await create({ target: 'kind', ignore: ['nothing'] })).toMatchObject({ code: 'bad_data' });
    expect(await create({ dataset: 'nowhere' })).toMatchObject({ code: 'not_found' });
    expect(await create({ target: 'kind', model: 'jungle' })).toMatchObject({ code: 'bad_request' });
    expect(await create({ target: 'kind', name: 'a@b' })).toMatchObject({ code: 'bad_request' });
    const missing = await faultOf(
      appliance.client.call('datasets.import', { body: { path: join(place.root, 'none.csv') } }),
    );
    expect(missing.code).toBe('not_found');
    expect((await appliance.client.call('runs.list', { query: { dataset: 'small' } })).items).toEqual([]);
  });
});
