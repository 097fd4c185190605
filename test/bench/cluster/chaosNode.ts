// One member of a chaos schedule: steps whose gradients count samples, over the job's own pipes, each deed told as a line. It may be
// killed and started again: its identity and its vote lie in files, its weights do not.
//   node chaosNode.ts HOST PORT FOLDER STEPS PACE-MS
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openJobNode, rowsOf } from '../../../engine/cluster/job/node.ts';
import type { Durable } from '../../../engine/cluster/job/vote.ts';
import type { Generation, PeerAddress } from '../../../engine/schema/index.ts';
import { createIdentity, type Identity, nodeId } from '../../../engine/security/index.ts';
import { chaosBatch, chaosSamples, marked } from './chaosWork.ts';

const [host = '', port = '7320', folder = '', count = '60', pace = '30'] = process.argv.slice(2);
const steps = Number(count);
const file = (name: string) => join(folder, `${name}.json`);
const read = <T>(name: string): T | undefined =>
  existsSync(file(name)) ? (JSON.parse(readFileSync(file(name), 'utf8')) as T) : undefined;
const identity = read<Identity>('identity') ?? (await createIdentity('chaos'));
writeFileSync(file('identity'), JSON.stringify(identity), { mode: 0o600 });
const id = nodeId(identity.certificate);
const say = (value: object) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
say({ id });
const { ids, addresses } = JSON.parse(String((await lines.next()).value)) as {
  ids: string[];
  addresses: PeerAddress[];
};
const generation: Generation = {
  number: 1,
  leader: ids[0] ?? '',
  members: ids.map((one) => ({ id: one, share: 1 / ids.length })),
  voters: ids,
  step: 0,
  holders: ids,
  over: false,
};
const known = read<Durable>('durable');
const roster = new Map(ids.map((one, i) => [one, addresses[i]]));
let weights = new Float32Array(chaosSamples);
const node = await openJobNode({
  identity,
  host,
  port: Number(port),
  roster: () => roster,
  durable: known ?? { generation, promised: undefined, accepted: undefined },
  steps,
  has: !known,
  persist: (durable) => writeFileSync(file('durable'), JSON.stringify(durable)),
  state: () => Promise.resolve(new Uint8Array(weights.slice().buffer)),
});
let told = '';
setInterval(() => {
  const { number, leader, over } = node.member.generation;
  const now = `${number} ${node.member.state}`;
  if (now !== told) say({ at: Date.now(), generation: number, leader, state: node.member.state, over });
  told = now;
}, 20);
const first = await node.begin();
if (first) {
  if (first.state) weights = new Float32Array(first.state.slice().buffer);
  let { place, step } = first;
  while (step < steps) {
    const { from, to } = rowsOf(place, chaosBatch);
    await new Promise((resolve) => setTimeout(resolve, Number(pace)));
    const values = new Float32Array(chaosSamples);
    for (let i = from; i < to; i++) values[(step * chaosBatch + i) % chaosSamples] = marked;
    const turn = await node.reduce({ step, generation: place.generation, values, exactFrom: 0 });
    place = turn.place;
    if (turn.what === 'moved') {
      weights = new Float32Array(turn.state.slice().buffer);
      step = turn.step;
    }
    if (turn.what !== 'held') continue;
    for (let i = 0; i < chaosSamples; i++) weights[i] = (weights[i] ?? 0) + (values[i] ?? 0);
    say({ applied: step, content: [...values].map((value) => (value === 0 ? 0 : 1)).join(''), by: place.generation });
    step++;
  }
}
// Who was away to the very end has nothing to show.
say({ done: first ? [...weights].map((value) => value / marked) : [] });
