// Runs over several machines beside PyTorch's DistributedDataParallel over gloo: network namespaces with limited links, one core a
// node (the first ones, or those of the variable CORES). Samples a second of all nodes, share of what the nodes compute alone, bytes a
// node sends a step.
//   node test/bench/cluster/train.ts [work,…] [nodes,…] [rate,…] [encoding,…] [steps]
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { PeerAddress } from '../../../engine/schema/index.ts';
import { type Network, openNetwork, whyNoNetwork } from '../../cluster/parts/network.ts';
import { workloads } from '../train/workloads.ts';

const [works = 'mlp,bert-mini', nodes = '2,3,4', rates = '1gbit,100mbit', encodings = 'fp32,fp16,int8', steps = '10'] =
  process.argv.slice(2);
const why = whyNoNetwork();
if (why) throw new Error(why);
const here = import.meta.dirname;
const cores = process.env['CORES']?.split(',').map(Number) ?? cpus().map((_, i) => i);
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

interface Line {
  id?: string;
  port?: number;
  spent?: number[];
  cpuMs?: number;
  alone?: number;
  sent?: number;
  rate?: number;
}

async function over<T>(count: number, rate: string, work: (network: Network) => Promise<T>): Promise<T> {
  const network = openNetwork(count);
  try {
    network.limit(rate);
    return await work(network);
  } finally {
    await network.close();
  }
}

const ours = (count: number, rate: string, work: string, encoding: string) =>
  over(count, rate, async (network) => {
    const members = network.nodes.map((node, i) =>
      network.run(
        node,
        process.execPath,
        ['--no-warnings', join(here, 'trainNode.ts'), node.address, work, steps, encoding],
        cores[i % cores.length],
      ),
    );
    const roster = await Promise.all(
      members.map(async (member, i): Promise<[string, PeerAddress]> => {
        const { id = '', port = 0 } = await member.line<Line>((line) => line.id !== undefined);
        return [id, { host: network.nodes[i]?.address ?? '', port }];
      }),
    );
    for (const member of members) member.process.stdin?.write(`${JSON.stringify({ roster })}\n`);
    const done = await Promise.all(members.map((member) => member.line<Line>((line) => line.spent !== undefined)));
    const rows = workloads[work]().weights.data.length;
    const perSecond = (rows * count * 1000) / median(done.flatMap((line) => line.spent ?? []));
    const alone = done.reduce((sum, line) => sum + (line.alone ?? 0), 0);
    return {
      perSecond,
      alone,
      cpuMs: median(done.map((line) => line.cpuMs ?? 0)),
      mib: (done[0]?.sent ?? 0) / 2 ** 20,
    };
  });

const ddp = (count: number, rate: string, work: string) =>
  over(count, rate, async (network) => {
    const master = network.nodes[0]?.address ?? '';
    const members = network.nodes.map((node, i) =>
      network.run(
        node,
        '/usr/bin/python3',
        [join(here, 'ddp.py'), String(i), String(count), master, work, steps],
        cores[i % cores.length],
      ),
    );
    const [first] = await Promise.all(members.map((member) => member.line<Line>((line) => line.rate !== undefined)));
    return first?.rate ?? Number.NaN;
  });

const rows: Record<string, unknown>[] = [];
for (const work of works.split(',')) {
  for (const count of nodes.split(',').map(Number)) {
    for (const rate of rates.split(',')) {
      const peer = await ddp(count, rate, work);
      for (const encoding of encodings.split(',')) {
        const { perSecond, alone, cpuMs, mib } = await ours(count, rate, work, encoding);
        const row = {
          work,
          nodes: count,
          rate,
          encoding,
          'samples/s': Math.round(perSecond),
          'DDP samples/s': Math.round(peer),
          'ours/DDP': Number((perSecond / peer).toFixed(2)),
          'of gradients alone': `${Math.round((perSecond / alone) * 100)} %`,
          'cpu ms a step': Math.round(cpuMs),
          'MiB a step': Number(mib.toFixed(1)),
        };
        rows.push(row);
        process.stderr.write(`${JSON.stringify(row)}\n`);
      }
    }
  }
}
process.stdout.write(`${JSON.stringify(rows)}\n`);
