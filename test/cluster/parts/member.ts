// One machine of a room, in a process of its own: prints a line of JSON for everything that it sees of the others.
//   node member.ts NAME [SEED-OF-IDENTITY-FILE]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openCluster, type Trusted, type TrustBook } from '../../../engine/cluster/index.ts';
import { createIdentity, type Identity } from '../../../engine/security/index.ts';

const [name = 'member', file = ''] = process.argv.slice(2);
const identity: Identity = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Identity)
  : await createIdentity(name);
if (file && !existsSync(file)) writeFileSync(file, JSON.stringify(identity), { mode: 0o600 });

const kept = new Map<string, Trusted>();
const trust: TrustBook = {
  list: () => [...kept.values()],
  get: (id) => kept.get(id),
  pair: (peer) =>
    void kept.set(peer.id, {
      ...peer,
      addresses: [peer.address],
      permissions: { train: true, data: true, serve: false },
    }),
  reached: () => undefined,
  unpair: (id) => void kept.delete(id),
};
const startedAt = Date.now();
const say = (value: object) =>
  void process.stdout.write(`${JSON.stringify({ at: Date.now() - startedAt, ...value })}\n`);

const cluster = await openCluster({
  identity,
  name,
  build: '1.0.0',
  host: '0.0.0.0',
  port: 7318,
  discovery: true,
  peers: [],
  trust,
  hardware: { platform: 'linux', arch: 'x64', cpu: 'test', cores: 1, memory: 2 ** 30, devices: ['cpu'] },
  load: () => ({ threads: 0, cpu: 0, memory: 2 ** 29, runs: 0 }),
  changed: () => setImmediate(tell),
  now: () => Date.now(),
});
function tell(): void {
  say({ peers: cluster.peers().map((peer) => ({ name: peer.name, host: peer.addresses[0]?.host, link: peer.link })) });
}
say({ open: cluster.port });
process.on('SIGTERM', () => void cluster.close().then(() => process.exit(0)));
