// Real clusters on loopback for the tests of this folder: their identities, a trust book in memory, and waiting.
import { createIdentity, type Identity } from '../../../engine/security/index.ts';
import { type Cluster, type ClusterOptions, openCluster, type TrustBook } from '../../../engine/cluster/index.ts';
import type { PeerAddress, Permissions } from '../../../engine/schema/index.ts';

const all: Permissions = { train: true, data: true, serve: false };

export interface Member {
  cluster: Cluster;
  identity: Identity;
  book: ReturnType<typeof memoryBook>;
}

export function memoryBook() {
  const kept = new Map<string, ReturnType<TrustBook['list']>[number]>();
  const book: TrustBook = {
    list: () => [...kept.values()],
    get: (id) => kept.get(id),
    pair: ({ id, name, address }) => void kept.set(id, { id, name, addresses: [address], permissions: all }),
    reached(id, name, addresses) {
      const one = kept.get(id);
      if (one) kept.set(id, { ...one, name, addresses });
    },
    unpair: (id) => void kept.delete(id),
  };
  return book;
}

const open: Cluster[] = [];

export async function member(name: string, options: Partial<ClusterOptions> = {}): Promise<Member> {
  const identity = options.identity ?? (await createIdentity(name));
  const book = options.trust ?? memoryBook();
  const cluster = await openCluster({
    identity,
    name,
    build: '1.0.0',
    host: '127.0.0.1',
    port: 0,
    discovery: false,
    peers: [],
    trust: book,
    hardware: { platform: 'linux', arch: 'x64', cpu: 'test', cores: 4, memory: 2 ** 34, devices: ['cpu'] },
    load: () => ({ threads: 0, cpu: 0.1, memory: 2 ** 33, runs: 0 }),
    changed: () => undefined,
    now: () => Date.now(),
    ...options,
  });
  open.push(cluster);
  return { cluster, identity, book };
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((cluster) => cluster.close()));
}

export const addressOf = ({ cluster }: Member): PeerAddress => ({ host: '127.0.0.1', port: cluster.port });

/** Pairs two members as their people would: compares the codes, confirms on both. */
export async function pairUp(a: Member, b: Member): Promise<void> {
  const { id, code } = await a.cluster.pair(`127.0.0.1:${b.cluster.port}`);
  const there = await until(() => b.cluster.status().pairings.find((one) => one.id === a.cluster.id && one.code));
  if (there.code !== code) throw new Error('the codes differ');
  a.cluster.confirm(id);
  b.cluster.confirm(there.id);
  await until(() => a.cluster.peers().find((one) => one.id === id && one.link === 'up'));
  await until(() => b.cluster.peers().find((one) => one.id === a.cluster.id && one.link === 'up'));
}

/** The first truthy answer, asked again and again; the test's own time limit ends the waiting. */
export async function until<T>(ask: () => T | undefined | false): Promise<T> {
  for (;;) {
    const answer = ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
