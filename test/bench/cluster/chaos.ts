// Real schedules of trouble: members in network namespaces of their own are killed and started again, stopped, and cut off, the
// leader included. Whatever happens: all end with every sample counted once, no step means two things, no generation has two
// leaders, and nothing that travels is readable on the wire.
//   node test/bench/cluster/chaos.ts [schedules] [first seed]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoNetwork } from '../../cluster/parts/network.ts';
import { chaosSchedule } from './chaosSchedule.ts';

const [count = '20', first = '1'] = process.argv.slice(2);
const why = whyNoNetwork();
if (why) throw new Error(why);
const rows: Awaited<ReturnType<typeof chaosSchedule>>[] = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'neutrino-chaos-'));
  try {
    const row = await chaosSchedule(seed, folder);
    rows.push(row);
    process.stderr.write(`${JSON.stringify(row)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const bad = rows.filter((row) => row.broken.length > 0);
process.stdout.write(`${JSON.stringify({ bench: 'cluster/chaos', schedules: rows.length, broken: bad })}\n`);
process.exitCode = bad.length > 0 ? 1 : 0;
