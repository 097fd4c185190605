// Imports and exports of a running appliance where something is in the way: names that are taken or not allowed, formats that
// cannot hold the data, standard input in place of a file.
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultOf, importPath, launch, makePlace, type Place, type Running } from './parts/appliance.ts';
import { flowers } from './parts/data.ts';

let place: Place;
let appliance: Running;
beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

/** Runs the command line against the appliance, with something on its standard input. */
async function cli(args: string[], input = ''): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../main/cli.ts'), ...args], {
    env: { ...process.env, NEUTRINO_URL: appliance.url, NEUTRINO_KEY: appliance.token, NEUTRINO_HOME: place.dataDir },
  });
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, code] = await Promise.all([text(child.stdout), exit]);
  return { code, out };
}

it('keeps what was uploaded when the name is taken, and imports it under another', async () => {
  const { client } = appliance;
  await importPath(client, flowers(place, 30, 'taken.csv'));
  const { id } = await client.call('uploads.begin', { body: { filename: 'more.csv' } });
  const bytes = Buffer.from('a,b\n1,x\n2,y\n3,x\n');
  await client.upload('uploads.append', bytes, { params: { id }, query: { offset: 0 } });
  const refused = await faultOf(client.call('datasets.import', { body: { upload: id, name: 'taken' } }));
  expect(refused).toMatchObject({ code: 'conflict' });
  const begun = await client.call('datasets.import', { body: { upload: id, name: 'free' } });
  expect(await client.waitDataset(begun.id)).toMatchObject({ state: 'ready', name: 'free' });
});

it('refuses names that show as others', async () => {
  const path = flowers(place, 30, 'names.csv');
  for (const name of ['in\u202efdp', 'two\nlines', 'nul\0'])
    expect(await faultOf(appliance.client.call('datasets.import', { body: { path, name } }))).toMatchObject({
      code: 'bad_request',
    });
});

it('exports through a child, and says what a format cannot hold', async () => {
  const { client } = appliance;
  const dataset = await importPath(client, flowers(place, 30, 'out.csv'));
  const { body } = await client.download('datasets.export', { params: { id: dataset.id }, query: { format: 'jsonl' } });
  const rows = (await new Response(body).text()).trimEnd().split('\n');
  expect(rows.length).toBe(dataset.shape?.rows);
  const zip = client.download('datasets.export', { params: { id: dataset.id }, query: { format: 'zip' } });
  expect(await faultOf(zip)).toMatchObject({ code: 'bad_request' });
});

it('imports what is piped in, and writes files for their owner only', async () => {
  const imported = await cli(['datasets', 'import', '-', '--name', 'piped', '--json'], 'n;word\n1;one\n2;two\n3;one\n');
  expect([imported.code, JSON.parse(imported.out)]).toMatchObject([0, { name: 'piped', state: 'ready' }]);
  const [rows, steps] = [join(place.root, 'piped.csv'), join(place.root, 'steps.json')];
  expect((await cli(['datasets', 'export', 'piped', '--output', rows])).code).toBe(0);
  expect((await cli(['datasets', 'recipe', 'piped', 'show', '--output', steps])).code).toBe(0);
  expect(readFileSync(rows, 'utf8')).toBe('n,word\n1,one\n2,two\n3,one\n');
  expect([rows, steps].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
});
