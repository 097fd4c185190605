// One node of the training bench: steps of a workload over the ring that runs use, each node a whole batch of its own, as DDP has it. Its
// roster comes on standard input once all nodes have said where they listen.
//   node trainNode.ts HOST WORK STEPS ENCODING
import { createInterface } from 'node:readline';
import { openRoomMember } from '../../../engine/children/roomMember.ts';
import type { Generation, PeerAddress } from '../../../engine/schema/index.ts';
import { compileTraining } from '../../../engine/train/index.ts';
import { workloads } from '../train/workloads.ts';

const [host = '127.0.0.1', work = 'mlp', steps = '10', wanted = 'fp32'] = process.argv.slice(2);
const encoding = wanted === 'fp16' || wanted === 'int8' ? wanted : 'fp32';
const say = (value: object) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const make = workloads[work];
const { graph, feeds, labels, weights } = make();
const program = await compileTraining(graph, {
  loss: 'cross_entropy',
  optimizer: { kind: 'adamw', weightDecay: 0.01 },
  device: 'cpu',
  threads: 1,
  seed: 1,
});
const member = await openRoomMember(
  { name: 'bench', host, ports: [0, 0], wires: { encoding, rounds: encoding } },
  { encode: () => new Uint8Array(0) },
);
say({ id: member.id, port: member.port });
const { roster } = JSON.parse(String((await lines.next()).value)) as { roster: [string, PeerAddress][] };
const ids = roster.map(([id]) => id);
const founding: Generation = {
  number: 1,
  leader: ids[0] ?? '',
  members: ids.map((id) => ({ id, share: 1 / ids.length })),
  voters: ids,
  step: 0,
  holders: ids,
  over: false,
};
const begun = await member.begin(roster, founding);
if (!begun) throw new Error('the job ended');
const rows = weights.data.length;
const spent: number[] = [];
const sum = { buffer: program.reduced, exactFrom: program.tail, rows, ask: undefined };
const warmUp = 2;
let cpu = process.cpuUsage();
for (let step = 0; step < Number(steps) + warmUp; ) {
  const began = performance.now();
  begun.averager.share(rows * ids.length);
  await program.grad(feeds, labels, weights);
  const tables = program.touched?.() ?? [];
  const position = () => Promise.reject(new Error('nobody joins'));
  const turn = await begun.averager.reduce({ ...sum, tables, position });
  if (turn.what !== 'held') continue;
  await program.apply(1e-3, true);
  spent.push(performance.now() - began);
  if (++step === warmUp) cpu = process.cpuUsage();
}
const { user, system } = process.cpuUsage(cpu);
const { computeMs, computedRows, sent } = member.figures();
say({
  spent: spent.slice(warmUp),
  cpuMs: (user + system) / 1000 / Number(steps),
  alone: (computedRows / computeMs) * 1000,
  sent: sent / (Number(steps) + warmUp),
});
// Others may still wait for the last word.
setTimeout(() => process.exit(0), 1500);
