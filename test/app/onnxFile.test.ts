// An ONNX file that another tool wrote, through real processes: imported, fine-tuned, served as it is.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSafetensors } from '../../engine/onnx/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'onnx');
const fileOf = (name: string) => join(folder, `${name}.onnx`);

let place: Place;
let appliance: Running;

/** Rows of five numbers and a place, of which the first two numbers tell the class. */
function table(): string {
  const rows = Array.from({ length: 240 }, (_, i) => {
    const x = Array.from({ length: 5 }, (_, j) => Math.sin(i * (j + 1.3) * 1.7) * 2);
    const kind = x[0] > 0.5 ? 'high' : x[1] > 0 ? 'middle' : 'low';
    return [...x.map((value) => value.toFixed(4)), i % 2 ? 'here' : 'there', kind].join(',');
  });
  return ['a,b,c,d,e,where,kind', ...rows].join('\n');
}

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  const file = join(place.root, 'rows.csv');
  writeFileSync(file, table());
  await importPath(appliance.client, file, 'rows');
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const adopt = (body: { path: string; name?: string; output?: string; asIs?: boolean }) =>
  appliance.client.call('models.adopt', { body: { asIs: false, ...body } });

it('imports a file, with the value that a head reads', async () => {
  expect(await adopt({ path: fileOf('onnx-table'), name: 'table', output: 'active' })).toMatchObject({
    name: 'table',
    base: {
      architecture: 'onnx',
      takes: 'table',
      parameters: 96,
      output: 'active',
      inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 5] }],
    },
  });
});

it('refuses an operator that is lacking, naming it, its node and what to do', async () => {
  expect(await faultOf(adopt({ path: fileOf('onnx-foreign') }))).toMatchObject({
    code: 'unsupported_operator',
    message:
      'operator com.microsoft.BiasGelu of node BiasGelu "fused_gelu" is not supported: export the model with standard operators of opset 17, or keep what stands before it as the output ("hidden"), or import it to be served as it is (--as-is)',
  });
});

it('refuses bytes that are no model, and options that are for files', async () => {
  const junk = join(place.root, 'junk.onnx');
  writeFileSync(junk, 'no model at all');
  expect(await faultOf(adopt({ path: junk }))).toMatchObject({ code: 'bad_data', message: 'this is not an ONNX file' });
  const circle = join(place.root, 'circle.onnx');
  // a = x + b, b = a + x
  writeFileSync(
    circle,
    Buffer.from(
      'CAg6VgoOCgF4CgFiEgFhIgNBZGQKDgoBYQoBeBIBYiIDQWRkChAKAWESAXkiCElkZW50aXR5EgFnWhQKAXgSDwoNCAESCQoDEgFOCgIIAmIJCgF5EgQKAggBQgQKABAR',
      'base64',
    ),
  );
  expect(await faultOf(adopt({ path: circle, asIs: true }))).toMatchObject({ code: 'bad_graph' });
  expect(await faultOf(adopt({ path: join(folder, '..', 'bert-tiny'), output: 'pooler_output' }))).toMatchObject({
    code: 'bad_request',
  });
});

it.each([
  ['all', {}],
  ['head', {}],
  ['all', { freeze: 'first.*' }],
  ['lora', { targets: 'first.*', rank: 2 }],
] as const)('fine-tunes it: tune=%s %o', async (tune, more) => {
  const run = await train(appliance.client, {
    dataset: 'rows',
    target: 'kind',
    model: 'pretrained',
    hyper: { base: 'table', tune, ...more },
    epochs: 4,
    learningRate: 1e-2,
    seed: 1,
    name: `tuned-${tune}`,
  });
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ state: 'finished', base: { name: 'table' } });
  const { outputs } = await appliance.client.call('models.predict', {
    params: { id: `tuned-${tune}` },
    body: { inputs: [{ a: 1, b: 0, c: 0, d: 0, e: 0, where: 'here' }] },
  });
  expect(outputs).toHaveLength(1);
});

it('serves the file as it is, tensors in and out', async () => {
  await adopt({ path: fileOf('onnx-foreign'), name: 'foreign', asIs: true });
  for (const model of ['table', 'foreign']) {
    await appliance.client.call('deployments.create', { body: { model } });
    const expected = readSafetensors(readFileSync(fileOf('onnx-table').replace('.onnx', '.safetensors')));
    const x = Array.from(expected.get('x')?.data as Float32Array).slice(0, 10);
    const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 5], data: x }] };
    const answer = await fetch(`${appliance.url}/v2/models/${model}/infer`, {
      method: 'POST',
      headers: { authorization: `Bearer ${appliance.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    const { outputs } = (await answer.json()) as { outputs: { name: string; shape: number[]; data: number[] }[] };
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['scores', [2, 3]],
      ['label', [2]],
    ]);
    if (model === 'table') {
      const right = Array.from(expected.get('logits')?.data as Float32Array).slice(0, 6);
      outputs[0].data.forEach((value, i) => expect(value).toBeCloseTo(right[i], 4));
    }
  }
});

it('says what a file that is served as it is cannot do', async () => {
  const predict = appliance.client.call('models.predict', { params: { id: 'table' }, body: { inputs: [{ a: 1 }] } });
  expect(await faultOf(predict)).toMatchObject({
    code: 'bad_request',
    message:
      'table is an ONNX file that takes tensors (x), not rows or texts. Deploy it and send them: POST /v2/models/NAME/infer',
  });
  const begin = appliance.client.call('runs.create', {
    body: { dataset: 'rows', target: 'kind', model: 'pretrained', hyper: { base: 'foreign' } },
  });
  expect(await faultOf(begin)).toMatchObject({
    code: 'bad_request',
    message: 'foreign was imported to be served as it is. Import it again without --as-is.',
  });
});
