// Serving as a whole: an appliance process, its hosts, real HTTP. Two versions of a small model whose answers tell them apart.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportBundle } from '../../engine/bundle/index.ts';
import type { Model } from '../../engine/schema/index.ts';
import { createIdentity } from '../../engine/security/index.ts';
import { openPack } from '../../engine/store/index.ts';
import { flowerParts, packOf, scratch } from '../unit/bundle/sample.ts';
import { faultOf, launch, makePlace, type Running } from './parts/appliance.ts';

const place = makePlace();
const dir = scratch();
let appliance: Running;
let first: Model;
let second: Model;

async function send(version: number, bias: number): Promise<Model> {
  const { grant } = packOf(dir.dir, `m${version}`, flowerParts({ version, bias }));
  const pack = openPack(grant.path, grant);
  const pieces: Uint8Array[] = [];
  for await (const piece of exportBundle(pack, await createIdentity('test'))) pieces.push(piece);
  pack.close();
  return appliance.client.upload('models.import', new Blob(pieces as BlobPart[]), { query: {} });
}

beforeAll(async () => {
  appliance = await launch(place);
  first = await send(1, 0);
  second = await send(2, 100);
}, 60_000);
afterAll(async () => {
  await appliance.stop();
  place.remove();
  dir.remove();
});

const red = { size: 0, colour: 'red' };
async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const raw = body instanceof Uint8Array;
  const response = await fetch(`${appliance.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${appliance.token}`,
      ...(raw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}
const json = (reply: { bytes: Uint8Array }) =>
  JSON.parse(Buffer.from(reply.bytes).toString()) as Record<string, unknown>;
const predict = async (name: string, inputs: unknown[] = [red], headers = {}) => {
  const reply = await post(`/api/v1/deployments/${name}/predict`, { inputs }, headers);
  return { status: reply.status, ...json(reply) } as {
    status: number;
    id: string;
    version: number;
    outputs: { label: string }[];
    warnings?: string[];
    error?: { code: string };
  };
};
const deploy = (name: string, model: Model, more: object = {}) =>
  appliance.client.call('deployments.create', { body: { model: model.id, name, ...more } });
const until = async (condition: () => Promise<boolean>) => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
};

test('versions are split, named, promoted and rolled back under load without a failed or wrong answer', async () => {
  await deploy('swap', first);
  const seen: string[] = [];
  const ending = new AbortController();
  const load = Array.from({ length: 6 }, async () => {
    while (!ending.signal.aborted) {
      const { status, version, outputs } = await predict('swap');
      seen.push(`${status} ${version} ${outputs[0]?.label}`);
    }
  });
  await deploy('swap', second, { weight: 30 });
  expect((await predict('swap', [red], { 'x-model-version': '2' })).version).toBe(2);
  await until(async () => seen.includes('200 2 low'));
  await appliance.client.call('deployments.promote', { params: { name: 'swap' }, body: {} });
  expect((await predict('swap')).version).toBe(2);
  await appliance.client.call('deployments.rollback', { params: { name: 'swap' }, body: {} });
  await deploy('swap', first, { replicas: { min: 2, max: 2 } });
  await deploy('swap', second);
  ending.abort();
  await Promise.all(load);
  expect(new Set(seen)).toEqual(new Set(['200 1 high', '200 2 low']));
  const shown = await appliance.client.call('deployments.show', { params: { name: 'swap' } });
  expect([shown.model.version, shown.variants]).toEqual([2, []]);
  await appliance.client.call('deployments.stop', { params: { name: 'swap' } });
}, 60_000);

test('the binary tensor extension over HTTP, with versions, statistics and the repository', async () => {
  await deploy('tensors', first);
  const head = Buffer.from(
    JSON.stringify({
      id: '7',
      parameters: { binary_data_output: true },
      inputs: [
        { name: 'numeric', datatype: 'FP64', shape: [2, 1], parameters: { binary_data_size: 16 } },
        { name: 'category', datatype: 'BYTES', shape: [2, 1], data: ['red', 'blue'] },
      ],
      outputs: [{ name: 'probabilities' }, { name: 'label', parameters: { binary_data: false } }],
    }),
  );
  const body = Buffer.concat([head, new Uint8Array(new Float64Array([0, -1]).buffer)]);
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(head.length),
  };
  const reply = await post('/v2/models/tensors/versions/1/infer', body, headers);
  expect(reply.status).toBe(200);
  const length = Number(reply.headers.get('inference-header-content-length'));
  const answer = JSON.parse(Buffer.from(reply.bytes.subarray(0, length)).toString()) as {
    id: string;
    outputs: unknown[];
  };
  expect(answer).toMatchObject({
    id: '7',
    model_name: 'tensors',
    model_version: '1',
    outputs: [
      { name: 'probabilities', datatype: 'FP32', shape: [2, 3], parameters: { binary_data_size: 24 } },
      { name: 'label', datatype: 'BYTES', shape: [2], data: ['high', 'low'] },
    ],
  });
  const values = new Float32Array(reply.bytes.slice(length).buffer);
  expect([values.length, values[2]]).toEqual([6, expect.closeTo(0.9867, 3)]);
  expect((await post('/v2/models/tensors/versions/9/infer', body, headers)).status).toBe(404);
  const { model_stats: stats } = await appliance.client.call('v2.stats', { params: { name: 'tensors' } });
  expect(stats).toMatchObject([{ name: 'tensors', version: '1', inference_count: 2, execution_count: 1 }]);
  const named = async () =>
    (await appliance.client.call('v2.index', { body: {} }))
      .filter(({ name }) => name === 'tensors')
      .map(({ state }) => state);
  expect(await named()).toEqual(['READY']);
  await appliance.client.call('v2.unload', { params: { name: 'tensors' }, body: {} });
  expect(await named()).toEqual(['UNAVAILABLE']);
  await appliance.client.call('v2.load', { params: { name: 'tensors' }, body: {} });
  expect(await named()).toEqual(['READY']);
});

test('malformed tensors, wrong shapes, NaN and claims of a gigabyte are refused in clear words', async () => {
  const input = { name: 'numeric', datatype: 'FP64', shape: [1, 1], data: [1] };
  const category = { name: 'category', datatype: 'BYTES', shape: [1, 1], data: ['red'] };
  const at = '/v2/models/tensors/infer';
  const refused = async (body: unknown, headers?: Record<string, string>) => {
    const reply = await post(at, body, headers);
    return [reply.status, json(reply)['error']];
  };
  const text = (raw: string) => refused(Buffer.from(raw), { 'content-type': 'application/json' });
  expect(await refused({ inputs: [{ ...input, shape: [1, 2] }, category] })).toEqual([
    422,
    'input "numeric" must have shape [?,1], not [1,2]',
  ]);
  expect(await refused({ inputs: [{ ...input, datatype: 'FP32' }, category] })).toEqual([
    422,
    'input "numeric" must be FP64, not FP32',
  ]);
  expect(await refused({ inputs: [{ ...input, shape: [2 ** 27, 1] }, category] })).toEqual([
    413,
    expect.stringContaining('claims shape [134217728,1]'),
  ]);
  const [status, words] = await text('{"inputs":[{"name":"numeric","datatype":"FP64","shape":[1,1],"data":[NaN]}]}');
  expect([status, words]).toEqual([400, expect.stringMatching(/JSON/)]);
  const claim = Buffer.from(
    JSON.stringify({ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 2 ** 30 } }] }),
  );
  expect(
    await refused(claim, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(claim.length),
    }),
  ).toEqual([400, expect.stringContaining('claims 1073741824 bytes')]);
  expect(
    await refused(Buffer.from('xx'), {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': '99',
    }),
  ).toEqual([400, expect.stringContaining('Inference-Header-Content-Length is 99')]);
  const odd = JSON.stringify({
    inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 8 } }, category],
  });
  const nan = Buffer.concat([Buffer.from(odd), new Uint8Array(new Float64Array([Number.NaN]).buffer)]);
  expect(
    await refused(nan, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(odd.length),
    }),
  ).toEqual([422, expect.stringContaining('input "numeric" element 0 must be a number, not NaN or infinite')]);
});

test('MLflow’s clients are answered, and a deployment describes itself', async () => {
  const body = {
    dataframe_split: {
      columns: ['size', 'colour'],
      data: [
        [0, 'red'],
        [-1, 'blue'],
      ],
    },
  };
  expect(json(await post('/invocations?deployment=tensors', body))).toEqual({ predictions: ['high', 'low'] });
  expect(json(await post('/api/v1/deployments/tensors/invocations', body))).toEqual({ predictions: ['high', 'low'] });
  const document = await appliance.client.call('deployments.openapi', { params: { name: 'tensors' } });
  expect(Object.keys(document['paths'] as object)).toEqual(['/api/v1/deployments/tensors/predict']);
});

test('a key for one deployment predicts there by MLflow’s route too, and nowhere else', async () => {
  const { secret } = await appliance.client.call('keys.create', {
    body: { role: 'predictor', deployments: ['tensors'] },
  });
  const body = { dataframe_records: [{ size: 0, colour: 'red' }] };
  const key = { authorization: `Bearer ${secret}` };
  expect(json(await post('/invocations?deployment=tensors', body, key))).toEqual({ predictions: ['high'] });
  expect(json(await post('/invocations', body, key))).toEqual({ predictions: ['high'] });
  expect((await post('/invocations?deployment=swap', body, key)).status).toBe(403);
});

test('requests are kept where it was set, and erased on demand', async () => {
  const set = (sample: number) =>
    appliance.client.call('deployments.set', { params: { name: 'tensors' }, body: { watching: { sample } } });
  const kept = async () =>
    (await appliance.client.call('deployments.monitor', { params: { name: 'tensors' } })).samples;
  await set(1);
  await predict('tensors');
  await predict('tensors');
  expect(await kept()).toBe(2);
  await set(0);
  expect(await appliance.client.call('deployments.forget', { params: { name: 'tensors' } })).toEqual({ erased: 2 });
  expect(await kept()).toBe(0);
});

test('guards hold: rates, budgets, inputs unlike the training data, rounded answers', async () => {
  const options = { protection: { unseen: 'warn' as const, outOfRange: 'refuse' as const, decimals: 2, rowBudget: 5 } };
  await appliance.client.call('deployments.set', { params: { name: 'tensors' }, body: options });
  const { warnings, outputs } = await predict('tensors', [{ size: 0, colour: 'green' }]);
  expect(warnings).toEqual(['inputs[0].colour: "green" did not occur in the training data']);
  expect(outputs).toEqual([{ label: 'low', scores: { low: 0.33, middle: 0.33, high: 0.33 } }]);
  expect(await predict('tensors', [{ size: 99, colour: 'red' }])).toMatchObject({
    status: 422,
    error: { code: 'bad_input' },
  });
  const tensors = async (size: number) => {
    const numeric = { name: 'numeric', datatype: 'FP64', shape: [1, 1], data: [size] };
    const category = { name: 'category', datatype: 'BYTES', shape: [1, 1], data: ['green'] };
    const inputs = [numeric, category];
    return json(await post('/v2/models/tensors/infer', { inputs, outputs: [{ name: 'probabilities' }] }));
  };
  expect(await tensors(99)).toEqual({ error: expect.stringContaining('row 0, column size: 99 is outside') });
  const { parameters, outputs: rounded } = await tensors(0);
  expect([parameters, rounded]).toEqual([
    { warnings: 'row 0, column colour: "green" did not occur in the training data' },
    [expect.objectContaining({ data: Array(3).fill(Math.fround(0.33)) })],
  ]);
  expect(await predict('tensors', [red])).toMatchObject({ status: 200 });
  expect(await predict('tensors')).toMatchObject({ status: 429, error: { code: 'too_many_requests' } });
  await appliance.client.call('deployments.set', { params: { name: 'tensors' }, body: {} });
  expect(await predict('tensors')).toMatchObject({ status: 200 });
});

test('a CSV file is predicted row by row; a bad row says why', async () => {
  const rows = Array.from({ length: 1500 }, (_, i) =>
    i === 700 ? 'wide,"a ""red"" one"' : `${i % 2 === 0 ? 1 : -1},blue`,
  );
  const file = Buffer.from(`size,colour\n${rows.join('\n')}\n`);
  const started = json(
    await post('/api/v1/deployments/tensors/jobs?filename=rows.csv', file, { 'content-type': 'text/csv' }),
  );
  const params = { name: 'tensors', id: String(started['id']) };
  await until(async () => (await appliance.client.call('scoring.show', { params })).state !== 'running');
  const job = await appliance.client.call('scoring.show', { params });
  expect([job.state, job.done]).toEqual(['finished', { rows: 1500, failed: 1, bytes: file.length, of: file.length }]);
  const { body } = await appliance.client.download('scoring.output', { params });
  const lines = (await new Response(body).text()).trimEnd().split('\n');
  expect([lines.length, lines[0], lines[1]?.slice(0, 11), lines[701]]).toEqual([
    1501,
    'size,colour,prediction,score,error',
    '1,blue,high',
    expect.stringMatching(/^wide,"a ""red"" one",,,"inputs\[0\]\.size must be a number/),
  ]);
  await appliance.client.call('scoring.delete', { params });
  expect((await faultOf(appliance.client.call('scoring.show', { params }))).code).toBe('not_found');
});

test('a file that is no CSV fails with the line that is wrong, and one without rows says so', async () => {
  const failed = async (text: string) => {
    const at = '/api/v1/deployments/tensors/jobs?filename=rows.csv';
    const { id } = json(await post(at, Buffer.from(text), { 'content-type': 'text/csv' })) as { id: string };
    const params = { name: 'tensors', id };
    await until(async () => (await appliance.client.call('scoring.show', { params })).state !== 'running');
    const { state, error } = await appliance.client.call('scoring.show', { params });
    return [state, error?.code, error?.message];
  };
  expect(await failed('size,colour\n1,red\n2\n')).toEqual([
    'failed',
    'bad_data',
    'The file cannot be read as CSV: Invalid Record Length: columns length is 2, got 1 on line 3',
  ]);
  expect(await failed('size,colour\n')).toEqual([
    'failed',
    'bad_data',
    'The file has a header line only; there is nothing to predict.',
  ]);
});

test('answers are watched: metrics, labels that come back, an alert at a real webhook, silence', async () => {
  const heard: Record<string, unknown>[] = [];
  const hook = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      heard.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      res.end();
    });
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  const rule = await appliance.client.call('alerts.create', {
    body: {
      name: 'sure of high',
      deployment: 'tensors',
      when: { on: 'threshold', class: 'high', above: 0.9 },
      tell: [{ to: 'webhook', url }],
      every: 0,
    },
  });
  const answer = await predict('tensors');
  await until(async () => heard.length > 0);
  expect(heard[0]).toMatchObject({
    alert: 'sure of high',
    deployment: 'tensors',
    value: expect.closeTo(0.987, 2) as number,
  });
  await appliance.client.call('alerts.silence', { params: { id: rule.id }, body: { minutes: 5 } });
  await predict('tensors');
  await until(async () => ((await appliance.client.call('alerts.list')).items[0]?.fired.length ?? 0) > 1);
  const { fired } = (await appliance.client.call('alerts.list')).items[0] ?? { fired: [] };
  expect([fired.map(({ silenced }) => silenced), heard.length]).toEqual([[true, false], 1]);
  hook.close();

  const items = [
    { id: answer.id, label: 'low' },
    { id: answer.id, label: 'high' },
    { id: answer.id, index: 4, label: 'low' },
  ];
  const taken = await appliance.client.call('deployments.feedback', { params: { name: 'tensors' }, body: { items } });
  // The second label of a row corrects the first.
  expect(taken).toEqual({ taken: 2, unknown: 1 });
  const { quality } = await appliance.client.call('deployments.monitor', { params: { name: 'tensors' } });
  expect(quality).toEqual({ labels: 1, accuracy: 1 });
  const metrics = await fetch(`${appliance.url}/metrics`, { headers: { authorization: `Bearer ${appliance.token}` } });
  const text = await metrics.text();
  expect(text).toMatch(/neutrino_requests_total\{deployment="tensors",version="1",code="ok"\} \d+/);
  expect(text).toMatch(/neutrino_requests_total\{deployment="tensors",version="",code="bad_input"\} \d+/);
  expect(text).toMatch(/neutrino_replicas_ready\{deployment="tensors",version="1",role="stable"\} 1/);
  expect((await fetch(`${appliance.url}/metrics`)).status).toBe(401);
});

test('a canary that answers otherwise is compared by a shadow, and files for elsewhere carry the model', async () => {
  await deploy('tensors', second, { shadow: true });
  for (let i = 0; i < 4; i++) expect((await predict('tensors')).version).toBe(1);
  await until(async () => {
    const status = await appliance.client.call('deployments.status', { params: { name: 'tensors' } });
    return status.variants[1]?.requests === 4;
  });
  const { variants } = await appliance.client.call('deployments.status', { params: { name: 'tensors' } });
  expect(variants[1]).toMatchObject({ role: 'shadow', agreement: 0, errors: 0 });
  const made = await appliance.client.call('models.ship', {
    params: { id: 'flowers@2' },
    query: { target: 'kubernetes', min: 1, max: 3 },
  });
  expect([made.model, Object.keys(made.files).length]).toEqual(['flowers-2.neutrino', 9]);
});
