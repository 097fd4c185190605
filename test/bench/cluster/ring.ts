// The ring's all-reduce beside PyTorch's gloo, in network namespaces with limited links and one core a node: time, share of the
// link's bound, bytes. The bound is 2 (N − 1) / N of the buffer at the link's rate.
//   node test/bench/cluster/ring.ts [nodes,…] [rate,…] [MiB] [encoding,…]
import { cpus } from 'node:os';
import { join } from 'node:path';
import { openNetwork, whyNoNetwork } from '../../cluster/parts/network.ts';
import type { PeerAddress } from '../../../engine/schema/index.ts';

const [nodes = '2,3,4', rates = '1gbit,100mbit', mib = '43', encodings = 'fp32,fp16,int8'] = process.argv.slice(2);
const why = whyNoNetwork();
if (why) throw new Error(why);
const elements = Math.round((Number(mib) * 1024 * 1024) / 4);
const bitsOf: Record<string, number> = { gbit: 1e9, mbit: 1e6 };
const here = import.meta.dirname;
const cores = process.env['CORES']?.split(',').map(Number) ?? cpus().map((_, i) => i);
const times = 4;
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

interface Line {
  id?: string;
  port?: number;
  spent?: number[];
  cpuMs?: number;
  bytes?: { sent: number; received: number };
}

async function ours(count: number, rate: string, encoding: string) {
  const network = openNetwork(count);
  try {
    network.limit(rate);
    const members = network.nodes.map((node, i) =>
      network.run(
        node,
        process.execPath,
        [join(here, 'ringNode.ts'), node.address, String(elements), String(times), encoding],
        cores[i % cores.length],
      ),
    );
    const ids = await Promise.all(
      members.map(async (member) => (await member.line<Line>((line) => line.id !== undefined)).id ?? ''),
    );
    for (const member of members) member.process.stdin?.write(`${JSON.stringify({ ids })}\n`);
    const ports = await Promise.all(
      members.map(async (member) => (await member.line<Line>((line) => line.port !== undefined)).port ?? 0),
    );
    const roster: [string, PeerAddress][] = ids.map((id, i) => [
      id,
      { host: network.nodes[i]?.address ?? '', port: ports[i] ?? 0 },
    ]);
    for (const member of members) member.process.stdin?.write(`${JSON.stringify({ roster })}\n`);
    const done = await Promise.all(members.map((member) => member.line<Line>((line) => line.spent !== undefined)));
    return {
      ms: median(done.flatMap((line) => line.spent?.slice(1) ?? [])),
      cpuMs: median(done.map((line) => line.cpuMs ?? 0)),
      mib: median(done.map((line) => (line.bytes?.sent ?? 0) / times / 1024 / 1024)),
    };
  } finally {
    await network.close();
  }
}

async function gloo(count: number, rate: string): Promise<number> {
  const network = openNetwork(count);
  try {
    network.limit(rate);
    const master = network.nodes[0]?.address ?? '';
    const members = network.nodes.map((node, i) =>
      network.run(
        node,
        '/usr/bin/python3',
        [join(here, 'gloo.py'), String(i), String(count), master, String(elements), String(times)],
        cores[i % cores.length],
      ),
    );
    const done = await Promise.all(members.map((member) => member.line<Line>((line) => line.spent !== undefined)));
    return median(done.flatMap((line) => line.spent?.slice(1) ?? []));
  } finally {
    await network.close();
  }
}

const rows: Record<string, unknown>[] = [];
for (const count of nodes.split(',').map(Number)) {
  for (const rate of rates.split(',')) {
    const [, digits = '1', unit = 'gbit'] = /^(\d+)(\w+)$/.exec(rate) ?? [];
    const bound = ((((2 * (count - 1)) / count) * elements * 4 * 8) / (Number(digits) * (bitsOf[unit] ?? 1))) * 1000;
    const peer = await gloo(count, rate);
    for (const encoding of encodings.split(',')) {
      const { ms, cpuMs, mib: sent } = await ours(count, rate, encoding);
      const row = {
        nodes: count,
        rate,
        encoding,
        ms: Math.round(ms),
        'gloo ms': Math.round(peer),
        'gloo/ours': Number((peer / ms).toFixed(2)),
        'of the bound (fp32)': `${Math.round((bound / ms) * 100)} %`,
        'cpu ms': Math.round(cpuMs),
        'MiB sent': Math.round(sent),
      };
      rows.push(row);
      process.stderr.write(`${JSON.stringify(row)}\n`);
    }
  }
}
process.stdout.write(`${JSON.stringify(rows)}\n`);
