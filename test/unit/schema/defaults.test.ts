import { expect, test } from 'vitest';
import { applianceConfig, datasetShape, importOptions, routes, trainRequest } from '../../../engine/schema/index.ts';

test('the appliance’s settings, when nothing is said', () => {
  expect(applianceConfig.parse({ dataDir: '/d' })).toEqual({
    dataDir: '/d',
    host: '127.0.0.1',
    port: 7317,
    allowedHosts: [],
    importFolders: [],
    checkpointSeconds: 30,
    trainers: 1,
    searchBudget: '120s',
    cluster: { enabled: false, host: '0.0.0.0', port: 7318, trainerPorts: [7320, 7339] },
    discovery: true,
    peers: [],
    limits: {
      body: 16_777_216,
      upload: 68_719_476_736,
      batch: 10_000,
      failedLogins: 10,
      requests: 0,
      predictSeconds: 30,
      importSeconds: 3600,
      importerMemory: 2_147_483_648,
      trainerMemory: 8_589_934_592,
      hostMemory: 2_147_483_648,
      freeDisk: 1_073_741_824,
    },
  });
});

test('one limit may be set without the others', () => {
  const { limits } = applianceConfig.parse({ dataDir: '/d', limits: { body: 1 } });
  expect([limits.body, limits.batch]).toEqual([1, 10_000]);
});

test('a run, when only its data is named', () => {
  expect(trainRequest.parse({ dataset: 'iris' })).toEqual({
    dataset: 'iris',
    model: 'auto',
    device: 'auto',
    experiment: 'default',
    seed: 0,
  });
});

test('an import detects everything that is not said', () => {
  expect(importOptions.parse({})).toEqual({});
  expect(datasetShape.parse({ rows: 0, columns: [] })).toEqual({ rows: 0, columns: [], warnings: [] });
});

test('lists and rows come in pages of these sizes', () => {
  expect(routes['runs.list'].query.parse({})).toEqual({ limit: 100 });
  expect(routes['datasets.rows'].query.parse({})).toEqual({ offset: 0, limit: 50 });
  expect(routes['datasets.export'].query.parse({})).toEqual({ format: 'csv' });
  expect(routes['audit.list'].query.parse({})).toEqual({ limit: 100 });
  expect(routes['keys.create'].body.parse({ role: 'admin' })).toEqual({
    role: 'admin',
    name: 'key',
    principal: 'owner',
  });
});
