// Load while hosts are killed and versions are promoted and rolled back: no answer may be wrong, and none may fail but those
// in flight on a killed host that were asked twice. Answers tell the version, and each version's right answer is known.
// node test/bench/serve/chaos.ts [--seconds 30 | --full (30 minutes)] [--every 5]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { flowerParts, scratch } from '../../unit/bundle/sample.ts';
import { startServing } from './appliance.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    full: { type: 'boolean', default: false },
    every: { type: 'string', default: '5' },
  },
});
const seconds = options.full ? 1800 : Number(options.seconds);
const everyMs = Number(options.every) * 1000;

const place = scratch();
const served = await startServing(place.dir);
const right: Record<number, string> = { 1: 'high', 2: 'low' };
const counts = { answered: 0, wrong: 0, retriedInVain: 0, failed: 0, killed: 0, promoted: 0, rolledBack: 0 };
const faults: string[] = [];
const load = { going: true };

async function client(): Promise<void> {
  while (load.going) {
    const response = await fetch(`${served.url}/api/v1/deployments/bench/predict`, {
      method: 'POST',
      headers: { authorization: `Bearer ${served.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: [{ size: 0, colour: 'red' }] }),
    });
    const answer = (await response.json()) as {
      version: number;
      outputs?: { label: string }[];
      error?: { code: string; message: string };
    };
    if (response.status === 200) {
      counts.answered++;
      if (answer.outputs?.[0]?.label !== right[answer.version]) counts.wrong++;
    } else if (answer.error?.code === 'child_died') counts.retriedInVain++;
    else {
      counts.failed++;
      faults.push(`${response.status} ${answer.error?.message}`);
    }
  }
}

/** Hosts of the appliance, by the operating system. */
function hosts(): number[] {
  const children = readFileSync(`/proc/${served.pid}/task/${served.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  return children.map(Number).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('children/host.'));
}

try {
  await served.deploy('bench', flowerParts({ version: 1 }), { replicas: { min: 2, max: 2 } });
  const other = await served.deploy('bench', flowerParts({ version: 2, bias: 100 }), { canary: { weight: 20 } });
  const { client: api } = served;
  const clients = Array.from({ length: 8 }, client);
  const began = performance.now();
  for (let turn = 0; performance.now() - began < seconds * 1000; turn++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs / 2));
    const all = hosts();
    const victim = all[turn % Math.max(1, all.length)];
    if (victim !== undefined) {
      process.kill(victim, 'SIGKILL');
      counts.killed++;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs / 2));
    const { variants, model } = await api.call('deployments.show', { params: { name: 'bench' } });
    if (variants.length > 0) {
      await api.call('deployments.promote', { params: { name: 'bench' }, body: {} });
      counts.promoted++;
    } else if (model.id === other) {
      await api.call('deployments.rollback', { params: { name: 'bench' }, body: {} });
      counts.rolledBack++;
    } else {
      await api.call('deployments.create', { body: { model: other, name: 'bench', canary: { weight: 20 } } });
    }
  }
  load.going = false;
  await Promise.all(clients);
  const result = { bench: 'serve/chaos', seconds, ...counts, faults: [...new Set(faults)].slice(0, 10) };
  console.table(Object.entries(counts).map(([what, value]) => ({ what, value })));
  console.log(JSON.stringify(result));
} finally {
  load.going = false;
  await served.stop();
  place.remove();
}
