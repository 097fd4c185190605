// A process that writes to a store as fast as it can and says what was acknowledged, until it is killed.
// Arguments: data directory, configuration directory.
import { openVault } from '../../../../engine/security/index.ts';
import { acquireLock, createPack, openStore } from '../../../../engine/store/index.ts';

const [dir = '', configDir = ''] = process.argv.slice(2);
const vault = await openVault(dir, { configDir });
acquireLock(dir, { version: '0' });
const store = openStore({ dir, vault });
const experiment = store.experiments.insert({ name: 'crash', state: 'open' });
const say = (message: unknown) => process.send?.(message);
const half = store.objects.create('dataset');
const unfinished = createPack(half.path, half);
say({ half: half.id });

for (let n = 0; ; n++) {
  const run = store.runs.insert({
    name: `run ${n}`,
    state: 'queued',
    parentId: experiment.id,
    request: { dataset: 'd', model: 'auto', device: 'auto', experiment: 'crash', seed: n },
    dataset: { id: 'ds_1', name: 'd', sha256: '' },
    metrics: {},
  });
  say({ run: run.id, n });
  store.runs.update(run.id, { state: 'preparing', metrics: { n } });
  store.journal.append(run.id, [{ step: n, epoch: 0, name: 'loss', value: n, at: n }]);
  store.journal.flush();
  store.audit.append({ actor: 'system', action: 'run', subject: run.id, outcome: 'ok' });
  say({ done: run.id, n });
  unfinished.append('rows', Buffer.alloc(300_000, n));
  if (n % 5 === 0) {
    const grant = store.objects.create('checkpoint');
    const pack = createPack(grant.path, grant);
    pack.append('weights', Buffer.from(`weights ${n}`));
    pack.finish();
    store.objects.register(grant.id, { refs: [run.id] });
    say({ object: grant.id, n });
  }
  await new Promise((resolve) => setImmediate(resolve));
}
