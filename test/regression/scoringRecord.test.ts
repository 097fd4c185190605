// A CSV file for predictions whose record was too long ended the whole appliance: the parser gave up, the pack was closed, and what
// still read it had nobody to tell.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { silentLog } from '../../engine/base/index.ts';
import type { JobContext } from '../../engine/jobs/context.ts';
import { createLeases } from '../../engine/jobs/leases.ts';
import type { Predicting } from '../../engine/jobs/predicting.ts';
import { createScoring } from '../../engine/jobs/scoring.ts';
import { applianceConfig, type Call } from '../../engine/schema/index.ts';
import { createVault } from '../../engine/security/index.ts';
import { openStore } from '../../engine/store/index.ts';

test('a record that is too long fails its file, and nothing reads on behind it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-record-'));
  const { vault } = await createVault(join(dir, 'data'), { configDir: join(dir, 'config') });
  const store = openStore({ dir: join(dir, 'data'), vault });
  try {
    store.deployments.insert({
      state: 'saved',
      name: 'mail',
      model: { id: 'm', name: 'm', version: 1 },
      previous: [],
      replicas: { min: 1, max: 1 },
      variants: [],
      options: {},
    } as never);
    const context = {
      store,
      config: applianceConfig.parse({ dataDir: join(dir, 'data'), limits: { freeDisk: 0 } }),
      events: { emit: () => undefined },
      leases: createLeases({ cores: 2, memory: 8 * 1024 ** 3 }, 1),
      log: silentLog,
      now: () => Date.now(),
      closing: new AbortController().signal,
    } as unknown as JobContext;
    const scoring = createScoring(context, {} as Predicting);
    const upload = { stream: Readable.from([Buffer.alloc(8_000_000, 'a')]) };
    const params = { name: 'mail' };
    const call = { caller: { key: 'k', role: 'admin' }, upload } as unknown as Call;
    const { id } = await scoring.handlers['scoring.create'](
      { params, query: { filename: 'rows.csv' }, body: undefined },
      call,
    );
    await scoring.close();
    // What is left of the file would be asked for now; an error without an owner fails this test.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.scorings.get(id)).toMatchObject({ state: 'failed', error: { code: 'bad_data' } });
  } finally {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
