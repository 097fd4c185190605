// A pretrained model through real processes: its folder imported, a run begun from it, the result served, exported, imported.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Model } from '../../engine/schema/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'bert-tiny');
const ask = { inputs: ['convert images between formats', 'a library of sound effects'] };

let place: Place;
let appliance: Running;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  const [head, ...rows] = readFileSync(
    join(import.meta.dirname, '..', '..', 'resources', 'samples', 'package-topics.csv'),
    'utf8',
  ).split('\n');
  const file = join(place.root, 'topics.csv');
  writeFileSync(
    file,
    [head, ...rows.filter((row) => /,(graphics|sound)$|^(graphics|sound),/.test(row.trim())).slice(0, 240)].join('\n'),
  );
  await importPath(appliance.client, file, 'topics');
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const predict = (id: string) => appliance.client.call('models.predict', { params: { id }, body: ask });

it('imports a folder as a model to begin from', async () => {
  const model = await appliance.client.call('models.adopt', { body: { path: folder } });
  expect(model).toMatchObject({
    name: 'bert-tiny',
    version: 1,
    family: 'pretrained',
    base: { architecture: 'bert', takes: 'text', parameters: 174272, maxLength: 128, unused: [] },
  });
});

it('serves and exports no such model, and says what to do with it', async () => {
  const message =
    'bert-tiny is a pretrained model to begin from. Train with it first: neutrino train DATASET --target COLUMN --model pretrained --set base=bert-tiny';
  expect(await faultOf(predict('bert-tiny'))).toMatchObject({ code: 'bad_request', message });
  expect(await faultOf(appliance.client.call('deployments.create', { body: { model: 'bert-tiny' } }))).toMatchObject({
    code: 'bad_request',
    message,
  });
  expect(await faultOf(appliance.client.download('models.export', { params: { id: 'bert-tiny' } }))).toMatchObject({
    code: 'bad_request',
    message,
  });
});

it('refuses folders that are not there, are no model, or no folder', async () => {
  const adopt = (path: string) => faultOf(appliance.client.call('models.adopt', { body: { path } }));
  expect(await adopt(join(place.root, 'nowhere'))).toMatchObject({ code: 'not_found' });
  expect(await adopt(join(folder, 'config.json'))).toMatchObject({ code: 'bad_input' });
  expect(await adopt(place.root)).toMatchObject({
    code: 'not_found',
    message: `${place.root} has no config.json; name the folder of a model that save_pretrained made`,
  });
  expect(await adopt('relative')).toMatchObject({ code: 'bad_request' });
  const { items } = await appliance.client.call('models.list', { query: {} });
  expect(items.map(({ name }) => name)).toEqual(['bert-tiny']);
});

it('refuses runs without a base, and from a model that is none', async () => {
  const asked = (hyper: Record<string, string>) =>
    faultOf(
      appliance.client.call('runs.create', {
        body: { dataset: 'topics', target: 'label', model: 'pretrained', hyper },
      }),
    );
  expect(await asked({})).toMatchObject({ code: 'bad_request' });
  expect(await asked({ base: 'nothing' })).toMatchObject({ code: 'not_found' });
});

it('trains from it, answers texts, and the exported bundle answers the same', async () => {
  const run = await train(appliance.client, {
    dataset: 'topics',
    target: 'label',
    model: 'pretrained',
    hyper: { base: 'bert-tiny', length: 32 },
    epochs: 3,
    learningRate: 1e-3,
    seed: 1,
  });
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({
    state: 'finished',
    base: { name: 'bert-tiny', version: 1 },
    plan: { family: 'pretrained' },
  });
  const { outputs } = await predict('topics');
  expect(outputs).toHaveLength(2);
  const { body } = await appliance.client.download('models.export', { params: { id: 'topics' } });
  const bundle = await buffer(body);
  const copy: Model = await appliance.client.upload(
    'models.import',
    Readable.from([bundle]),
    { query: { name: 'copy' } },
    { bytes: bundle.length },
  );
  expect(copy).toMatchObject({ name: 'copy', family: 'pretrained', classes: ['graphics', 'sound'] });
  expect((await predict('copy')).outputs).toEqual(outputs);
  expect(
    await faultOf(
      appliance.client.call('runs.create', {
        body: { dataset: 'topics', target: 'label', model: 'pretrained', hyper: { base: 'topics' } },
      }),
    ),
  ).toMatchObject({
    code: 'bad_request',
    message: 'topics is not a pretrained model. Import one: neutrino models import FOLDER or FILE.onnx',
  });
});
