import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { createClient } from '../../../engine/client/index.ts';
import type { Dataset, PredictResponse } from '../../../engine/schema/index.ts';
import { freePort, newDataset, openSeam, type Seam, until } from '../api/seam.ts';

let seam: Seam;
beforeAll(async () => {
  seam = await openSeam();
  seam.datasets.set('ds_iris', newDataset('iris'));
});
afterAll(() => seam.close());

const admin = () => createClient({ url: `${seam.url}/`, key: seam.keys.admin });

test('a call goes out and comes back with the types of the table', async () => {
  const shown = await admin().call('datasets.show', { params: { id: 'iris' } });
  expectTypeOf(shown).toEqualTypeOf<Dataset>();
  expect(shown).toEqual(newDataset('iris'));
  const predicted = await admin().call('deployments.predict', {
    params: { name: 'a/b c' },
    body: { inputs: [{ x: 1 }] },
  });
  expectTypeOf(predicted).toEqualTypeOf<PredictResponse>();
  expect(predicted).toEqual({ outputs: [{ value: 7 }], model: 'a/b c', version: 1 });
});

test('arguments that may be empty may be left out, and those left undefined are not sent', async () => {
  expect((await admin().call('datasets.list')).total).toBe(1);
  expect((await admin().call('datasets.list', { query: { search: undefined, limit: 5 } })).total).toBe(1);
  // @ts-expect-error -- `params` is needed
  await expect(admin().call('datasets.show')).rejects.toMatchObject({ code: 'not_found' });
  // @ts-expect-error -- there is no such option
  await expect(admin().call('datasets.list', { query: { serach: 'x' } })).rejects.toMatchObject({
    code: 'bad_request',
  });
});

test('a fault of the appliance is thrown with its code, message and details', async () => {
  await expect(admin().call('datasets.show', { params: { id: 'none' } })).rejects.toMatchObject({
    name: 'Fault',
    code: 'not_found',
    message: 'there is no dataset “none”; datasets list shows those there are',
  });
  const body = { dataset: 'iris', epochs: -1 };
  await expect(admin().call('runs.create', { body })).rejects.toMatchObject({
    code: 'bad_request',
    details: { issues: [{ path: 'epochs', message: expect.stringContaining('>=1') }] },
  });
  const infer = { params: { name: 'm' }, body: { inputs: [{ name: 'x', shape: [1], datatype: 'INT8', data: [1] }] } };
  await expect(admin().call('v2.infer', infer)).rejects.toMatchObject({
    code: 'bad_input',
    message: 'input 0 must be FP32',
  });
  await expect(createClient({ url: seam.url }).call('datasets.list')).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('with nothing listening it says how to start the appliance', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expect(createClient({ url }).call('system.health')).rejects.toMatchObject({
    code: 'not_running',
    message: `nothing answers at ${url}; start the appliance with: neutrino start`,
  });
});

test('a name that does not resolve is unreachable', async () => {
  const call = createClient({ url: 'http://no-such-host.invalid' }).call('system.health');
  await expect(call).rejects.toMatchObject({ code: 'unreachable' });
});

test('another kind of server is recognised as such', async () => {
  const server = createServer((req, res) => {
    res.statusCode = req.url?.includes('health') ? 200 : 404;
    res.end('<html>hello</html>');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await expect(client.call('system.health')).rejects.toMatchObject({ code: 'unreachable' });
  await expect(client.call('datasets.list')).rejects.toMatchObject({ code: 'not_found' });
  server.close();
  server.closeAllConnections();
});

test('aborting a call rejects it with cancelled and aborts the handler', async () => {
  const leaving = new AbortController();
  const args = { params: { id: 'm' }, body: { inputs: ['x'] } };
  const call = admin().call('models.predict', args, { signal: leaving.signal });
  await until(() => seam.started.length > 0);
  leaving.abort();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await until(() => seam.aborted.length > 0);
  expect(seam.aborted).toEqual([{ name: 'models.predict', code: 'cancelled' }]);
});
