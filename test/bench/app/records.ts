// 10,000 runs in the store: how long the API takes to list, filter, search, sort and compare them, over REST on loopback.
// Run alone: node test/bench/app/records.ts [--runs 10000]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAppliance } from '../../../engine/appliance.ts';
import { rng } from '../../../engine/base/index.ts';
import { createClient } from '../../../engine/client/index.ts';
import { applianceConfig, trainRequest } from '../../../engine/schema/index.ts';
import { createVault } from '../../../engine/security/index.ts';
import { openStore } from '../../../engine/store/index.ts';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '10000' } } });
const count = Number(options.runs);
const root = mkdtempSync(join(tmpdir(), 'neutrino-records-'));
const dataDir = join(root, 'data');
const configDir = join(root, 'config');
const random = rng(1, 'records');
const words = ['iris', 'churn', 'topics', 'prices', 'tickets', 'sensors', 'images', 'orders'];

async function fill(): Promise<void> {
  const { vault } = await createVault(dataDir, { configDir });
  const store = openStore({ dir: dataDir, vault });
  store.transaction(() => {
    const experiment = store.experiments.insert({ state: 'open', name: 'default' });
    for (let i = 0; i < count; i++) {
      const name = words[random.int(words.length)];
      store.runs.insert({
        state: ['finished', 'failed', 'stopped', 'interrupted'][random.int(4)] as 'finished',
        name: `${name}-${i}`,
        parentId: experiment.id,
        request: trainRequest.parse({ dataset: name, target: 'y', seed: i }),
        dataset: { id: `ds_${name}`, name, sha256: 'f'.repeat(64) },
        metrics: { 'val.loss': random.next(), 'val.accuracy': random.next(), 'train.loss': random.next() },
        startedAt: i,
        endedAt: i + 1000,
      });
    }
  });
  store.close();
  vault.lock();
}

try {
  await fill();
  const opened = performance.now();
  const appliance = await startAppliance(applianceConfig.parse({ dataDir, port: 0 }), { configDir });
  const startMs = performance.now() - opened;
  const client = createClient({ url: appliance.url, key: appliance.token });
  const cases: Record<string, Record<string, string | number>> = {
    'list 100': {},
    'list 1000': { limit: 1000 },
    'filter by state': { state: 'failed' },
    'filter by dataset': { dataset: 'churn' },
    search: { search: 'topics 77' },
    'sort by nested metric': { sort: '-metrics.val.loss' },
  };
  const rows = [];
  for (const [name, query] of Object.entries(cases)) {
    const times: number[] = [];
    let total = 0;
    for (let i = 0; i < 15; i++) {
      const began = performance.now();
      total = (await client.call('runs.list', { query })).total;
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    rows.push({ name, total, median: Number(times[7]?.toFixed(1)), most: Number(times.at(-1)?.toFixed(1)) });
  }
  await appliance.close();
  console.log(`${count} runs; the appliance started in ${startMs.toFixed(0)} ms; milliseconds over REST`);
  console.table(rows);
  console.log(JSON.stringify({ bench: 'app/records', runs: count, startMs, rows }));
} finally {
  rmSync(root, { recursive: true, force: true });
}
