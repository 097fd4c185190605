// One node of the ring bench: sums a buffer a few times over the job's own pipes and says how long each took. Its roster comes on
// standard input, once all nodes have said where they listen.
//   node ringNode.ts HOST ELEMENTS TIMES ENCODING
import { createInterface } from 'node:readline';
import { openJobNode } from '../../../engine/cluster/job/node.ts';
import { denseEncodings } from '../../../engine/cluster/ring/codec.ts';
import type { Generation, PeerAddress } from '../../../engine/schema/index.ts';
import { createIdentity, nodeId } from '../../../engine/security/index.ts';

const [host = '127.0.0.1', elements = '1000', times = '3', wanted = 'fp32'] = process.argv.slice(2);
const encoding = denseEncodings.find((one) => one === wanted) ?? 'fp32';
const steps = Number(times);
const identity = await createIdentity('bench');
const id = nodeId(identity.certificate);
const say = (value: object) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
say({ id });
// Every node needs the ids before it may form a generation, and an address needs an open port: ids first, then ports.
const { ids } = JSON.parse(String((await lines.next()).value)) as { ids: string[] };
const generation: Generation = {
  number: 1,
  leader: ids[0] ?? id,
  members: ids.map((one) => ({ id: one, share: 1 / ids.length })),
  voters: ids,
  step: 0,
  holders: ids,
  over: false,
};
const roster = new Map<string, PeerAddress>();
const node = await openJobNode({
  identity,
  host,
  port: 0,
  roster: () => roster,
  durable: { generation, promised: undefined, accepted: undefined },
  steps,
  has: true,
  wires: { encoding, rounds: encoding },
  persist: () => undefined,
  state: () => Promise.resolve(new Uint8Array(0)),
});
say({ port: node.port });
for (const [one, address] of (JSON.parse(String((await lines.next()).value)) as { roster: [string, PeerAddress][] })
  .roster) {
  roster.set(one, address);
}
const values = new Float32Array(Number(elements)).fill(1);
const spent: number[] = [];
let place = (await node.begin())?.place;
for (let step = 0; step < steps; ) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const turn = await node.reduce({ step, generation: place?.generation ?? 0, values, exactFrom: values.length });
  place = turn.place;
  if (turn.what !== 'held') {
    values.fill(1);
    continue;
  }
  spent.push(performance.now() - started);
  if (step === steps - 1) {
    const { user, system } = process.cpuUsage(cpu);
    say({ spent, cpuMs: (user + system) / 1000, bytes: node.bytes });
  }
  values.fill(1);
  step++;
}
// Others may still be adopting the end of the job.
setTimeout(() => void node.close().then(() => process.exit(0)), 1500);
