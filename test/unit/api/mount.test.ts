import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes } from '../../../engine/schema/index.ts';
import { ask, codeOf, newDataset, openSeam, type Seam } from './seam.ts';

let seam: Seam;
beforeAll(async () => {
  seam = await openSeam({ limits: { body: 4096 } });
  for (const name of ['iris', 'wine']) seam.datasets.set(`ds_${name}`, newDataset(name));
});
afterAll(() => seam.close());

const predict = '/api/v1/deployments/iris/predict';
const messageOf = (text: string): string => (JSON.parse(text) as { error: { message: string } }).error.message;

test('parses params, query and body, and answers with the status of the table', async () => {
  const key = seam.keys.admin;
  const listed = await ask(seam.port, '/api/v1/datasets?search=ir&limit=5', { key });
  expect(listed.json()).toEqual({ items: [newDataset('iris')], total: 1 });
  const imported = await ask(seam.port, '/api/v1/datasets', { key, send: { path: '/data/x.csv', name: 'x' } });
  expect([imported.status, imported.json()]).toEqual([202, newDataset('x', 'importing')]);
  const predicted = await ask(seam.port, predict, { key, send: { inputs: [{ a: 1 }, 'text'] } });
  expect(predicted.json()).toEqual({ outputs: [{ value: 7 }, { value: 6 }], model: 'iris', version: 1 });
});

test.each([
  ['{"inputs": [1,]}', 'the body is not JSON: it goes wrong at line 1, column 15'],
  ['{"inputs":\n  [{"a": nope}]}', 'the body is not JSON: it goes wrong at line 2, column 10'],
  ['{"inputs": [', 'the body is not JSON: it ends too early at line 1, column 13'],
])('says where %s stops being JSON', async (body, message) => {
  const headers = { 'content-type': 'application/json' };
  const reply = await ask(seam.port, predict, { key: seam.keys.admin, body, headers });
  expect([reply.status, codeOf(reply), messageOf(reply.text)]).toEqual([400, 'bad_request', message]);
});

test.each([
  [predict, { inputs: [{ a: [1] }] }, 'body: inputs[0].a: Invalid input: expected string or number or boolean or null'],
  [predict, { input: [] }, 'body: inputs: Invalid input: expected array, received undefined (and 1 more)'],
  ['/api/v1/runs', { dataset: 'iris', epoch: 3 }, 'body: Unrecognized key: "epoch"'],
  ['/api/v1/runs', { dataset: 'iris', budget: 'long' }, 'body: budget: write a length as 30s, 10m or 2h'],
])('says which field of %s %j is wrong', async (path, send, message) => {
  const reply = await ask(seam.port, path, { key: seam.keys.admin, send });
  expect([reply.status, messageOf(reply.text)]).toEqual([400, message]);
});

test('refuses query parameters that are wrong or unknown', async () => {
  const key = seam.keys.admin;
  for (const query of ['limit=0', 'limit=x', 'serach=iris']) {
    expect(codeOf(await ask(seam.port, `/api/v1/datasets?${query}`, { key }))).toBe('bad_request');
  }
});

test('refuses a body that is too large, declared or not, and serves the next request', async () => {
  const key = seam.keys.admin;
  const declared = await ask(seam.port, predict, { key, send: { inputs: ['x'.repeat(5000)] } });
  expect([declared.status, codeOf(declared)]).toEqual([413, 'payload_too_large']);
  const headers = { 'transfer-encoding': 'chunked', 'content-type': 'application/json' };
  const body = JSON.stringify({ inputs: ['x'.repeat(100_000)] });
  const response = await fetch(`${seam.url}${predict}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': headers['content-type'] },
    body: new Blob([body]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(413);
  expect((await ask(seam.port, predict, { key, send: { inputs: ['x'] } })).status).toBe(200);
});

test('a body with its headers is read as one that comes later, and is as bounded', async () => {
  const head = `POST ${predict} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer ${seam.keys.admin}\r\nContent-Type: application/json\r\n`;
  const small = JSON.stringify({ inputs: ['x'] });
  const large = JSON.stringify({ inputs: ['x'.repeat(5000)] });
  const sized = (body: string) => `${head}Content-Length: ${body.length}\r\n\r\n`;
  const chunked = (body: string) =>
    `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const statusOf = (...pieces: [string, string?]) =>
    new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(seam.port, '127.0.0.1', () => socket.write(pieces[0]));
      socket.setEncoding('latin1').on('data', (piece) => (text += piece));
      socket.on('end', () => resolve(text.slice(9, 12))).on('error', reject);
      const [, later] = pieces;
      if (later !== undefined) setTimeout(() => socket.write(later), 50);
    });
  expect(await statusOf(sized(small) + small)).toBe('200');
  expect(await statusOf(sized(small), small)).toBe('200');
  expect(await statusOf(chunked(small))).toBe('200');
  expect(await statusOf(chunked(large))).toBe('413');
  expect(await statusOf(sized(''))).toBe('400');
});

test('refuses deep nesting in the JSON before binary tensors too, but not in the tensors', async () => {
  const path = '/v2/models/m/infer';
  const type = { 'content-type': 'application/octet-stream' };
  const nested = '['.repeat(1000);
  const deep = await ask(seam.port, path, { key: seam.keys.admin, method: 'POST', body: nested, headers: type });
  expect(deep.text).toContain('the body is nested deeper than 64 levels');
  const behind = await ask(seam.port, path, {
    key: seam.keys.admin,
    method: 'POST',
    body: `{}${nested}`,
    headers: { ...type, 'inference-header-content-length': '2' },
  });
  expect(behind.text).not.toContain('nested');
});

test('refuses deep nesting, other encodings and other types of body', async () => {
  const key = seam.keys.admin;
  const type = { 'content-type': 'application/json' };
  const deep = await ask(seam.port, predict, { key, body: '['.repeat(1000), headers: type });
  expect(messageOf(deep.text)).toBe('the body is nested deeper than 64 levels');
  const latin = await ask(seam.port, predict, {
    key,
    body: Buffer.from('{"inputs":["\xe9"]}', 'latin1'),
    headers: type,
  });
  expect(messageOf(latin.text)).toBe('the body is not UTF-8 text');
  const zipped = await ask(seam.port, predict, { key, body: '{}', headers: { ...type, 'content-encoding': 'gzip' } });
  expect(codeOf(zipped)).toBe('bad_request');
  expect(codeOf(await ask(seam.port, predict, { key, body: '{}', headers: { 'content-type': 'text/plain' } }))).toBe(
    'bad_request',
  );
});

test('an empty body counts as an empty object', async () => {
  const reply = await ask(seam.port, '/api/v1/runs/r1/stop', { method: 'POST', key: seam.keys.admin });
  expect(codeOf(reply)).toBe('unavailable');
});

test('unknown paths and wrong methods answer in JSON', async () => {
  const missing = await ask(seam.port, '/api/v1/nothing');
  expect([missing.status, codeOf(missing)]).toEqual([404, 'not_found']);
  const wrong = await ask(seam.port, '/api/v1/runs/compare', { method: 'DELETE' });
  expect([wrong.status, wrong.headers['allow'], codeOf(wrong)]).toEqual([405, 'GET', 'method_not_allowed']);
  expect((await ask(seam.port, '/api/v1/datasets/%zz', { key: seam.keys.admin })).status).toBe(400);
});

test('HEAD answers like GET, without the body', async () => {
  const reply = await ask(seam.port, '/api/v1/system/health', { method: 'HEAD' });
  expect([reply.status, reply.headers['content-length'], reply.text]).toEqual([200, '29', '']);
});

test('each role may do what it may, and refusals enter the audit', async () => {
  const statusOf = async (key: string, path: string, send?: unknown) =>
    (await ask(seam.port, path, { key, send })).status;
  const { predictor, iris, trainer, admin } = seam.keys;
  const inputs = { inputs: ['x'] };
  expect(await statusOf(predictor, predict, inputs)).toBe(200);
  expect(await statusOf(predictor, '/api/v1/datasets')).toBe(403);
  expect(await statusOf(iris, predict, inputs)).toBe(200);
  expect(await statusOf(iris, '/api/v1/deployments/wine/predict', inputs)).toBe(403);
  expect(await statusOf(iris, '/v2/models/wine/infer', { inputs: [] })).toBe(403);
  expect(await statusOf(iris, '/api/v1/models/m1/predict', inputs)).toBe(403);
  expect(await statusOf(trainer, '/api/v1/keys')).toBe(403);
  expect(await statusOf(admin, '/api/v1/keys')).toBe(200);
  const refused = seam.audit.filter(({ outcome }) => outcome === 'refused').map(({ action }) => action);
  expect(refused).toEqual(['datasets.list', 'deployments.predict', 'v2.infer', 'models.predict', 'keys.list']);
});

test('every route but the public ones asks for a key', async () => {
  // A server of its own: so many refusals of one address in a minute are no longer written to the audit.
  const own = await openSeam({});
  for (const route of Object.values(routes)) {
    if (route.action === 'public') continue;
    const { status } = await ask(own.port, route.path.replace(/\{\w+\}/, 'x'), { method: route.method });
    expect([route.path, status]).toEqual([route.path, 401]);
  }
  await own.close();
});

test('changes enter the audit with who, what and outcome; readings and predictions do not', async () => {
  seam.audit.length = 0;
  const key = seam.keys.admin;
  await ask(seam.port, '/api/v1/datasets/wine', { key });
  await ask(seam.port, predict, { key, send: { inputs: ['x'] } });
  await ask(seam.port, '/api/v1/datasets/wine', { key, method: 'DELETE' });
  await ask(seam.port, '/api/v1/datasets/wine', { key, method: 'DELETE' });
  await ask(seam.port, '/api/v1/datasets', { key, send: { path: '/etc/passwd' } });
  expect(seam.audit.map(({ action, subject, outcome }) => [action, subject, outcome])).toEqual([
    ['datasets.delete', 'wine', 'ok'],
    ['datasets.delete', 'wine', 'failed'],
    ['datasets.import', 'path_refused', 'refused'],
  ]);
  expect(seam.audit[0]?.actor).toMatch(/^ada \([0-9a-f]{16}\)$/);
});

test('the hash of a key never leaves, even when a handler gives it away', async () => {
  const reply = await ask(seam.port, '/api/v1/keys', { key: seam.keys.admin });
  expect((reply.json() as { total: number }).total).toBe(5);
  expect(reply.text).not.toContain('hash');
});

test('what fails inside tells the client an incident number and nothing else', async () => {
  const reply = await ask(seam.port, '/api/v1/audit', { key: seam.keys.admin });
  expect([reply.status, codeOf(reply)]).toEqual([500, 'internal']);
  expect(reply.text).toMatch(/incident [0-9a-f]{12}/);
  expect(reply.text).not.toMatch(/secret|customer|TypeError|\.ts/);
});

test('an answer that does not fit its schema is an internal error, not a wrong answer', async () => {
  const wrong = { ok: true, version: 7 } as unknown as { ok: true; version: string };
  const other = await openSeam({ handlers: { 'system.health': () => wrong } });
  expect(codeOf(await ask(other.port, '/api/v1/system/health'))).toBe('internal');
  await other.close();
});

test('/v2 answers errors in the form of the Open Inference Protocol', async () => {
  const key = seam.keys.admin;
  const infer = '/v2/models/m/infer';
  const tensor = { name: 'x', shape: [1], datatype: 'INT8', data: [1] };
  const refused = await ask(seam.port, infer, { key, send: { inputs: [tensor] } });
  expect([refused.status, refused.json()]).toEqual([422, { error: 'input 0 must be FP32' }]);
  expect((await ask(seam.port, infer)).json()).toEqual({ error: expect.any(String) });
  expect((await ask(seam.port, '/v2/nothing')).json()).toEqual({ error: expect.any(String) });
  const good = await ask(seam.port, infer, { key, send: { inputs: [{ ...tensor, datatype: 'FP32' }] } });
  expect(good.json()).toEqual({ model_name: 'm', outputs: [{ ...tensor, datatype: 'FP32' }] });
});

test('a prediction that takes too long is aborted and answered with timeout', async () => {
  const hasty = await openSeam({ limits: { predictSeconds: 0.05 } });
  const reply = await ask(hasty.port, '/api/v1/models/m/predict', { key: hasty.keys.admin, send: { inputs: ['x'] } });
  expect([reply.status, codeOf(reply), hasty.aborted]).toEqual([
    504,
    'timeout',
    [{ name: 'models.predict', code: 'timeout' }],
  ]);
  await hasty.close();
});
