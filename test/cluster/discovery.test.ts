// Machines on one bridge find each other by mDNS, each in a network namespace of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Network, openNetwork, whyNoNetwork } from './parts/network.ts';

interface Seen {
  at: number;
  open?: number;
  peers?: { name: string; host: string }[];
}

const why = whyNoNetwork();
if (why) process.stdout.write(`discovery over namespaces is not run: ${why}\n`);
const program = join(import.meta.dirname, 'parts', 'member.ts');
let network: Network | undefined;
let dir: string | undefined;
afterEach(async () => {
  await network?.close();
  if (dir) rmSync(dir, { recursive: true });
  network = undefined;
  dir = undefined;
});

test.skipIf(why)(
  'a peer is found, missed when it leaves, and found again at another address',
  { timeout: 60_000 },
  async () => {
    dir = mkdtempSync(join(tmpdir(), 'neutrino-room-'));
    network = openNetwork(2);
    const [left, right] = network.nodes;
    if (!left || !right) throw new Error('two nodes');
    const anna = network.start(left, program, ['anna']);
    await anna.line<Seen>((seen) => seen.open !== undefined);
    const key = join(dir, 'bert.json');
    const bert = network.start(right, program, ['bert', key]);
    const opened = await bert.line<Seen>((seen) => seen.open !== undefined);
    const there = await bert.line<Seen>((seen) => seen.peers?.some((peer) => peer.name === 'anna') === true);
    process.stdout.write(`found in ${there.at - opened.at} ms\n`);
    const sees = (host: string) => (seen: Seen) =>
      seen.peers?.some((one) => one.name === 'bert' && one.host === host) === true;
    await anna.line<Seen>(sees('10.77.0.2'));
    await bert.stop();
    await anna.line<Seen>((seen) => seen.peers?.length === 0 && seen.at > 0);
    network.move(right, 9);
    network.start(right, program, ['bert', key]);
    const back = await anna.line<Seen>(sees('10.77.0.9'));
    expect(back.peers).toEqual([{ name: 'bert', host: '10.77.0.9', link: 'down' }]);
  },
);

test.skipIf(why)(
  'an address that changes under a running machine is told to the others',
  { timeout: 60_000 },
  async () => {
    network = openNetwork(2);
    const [left, right] = network.nodes;
    if (!left || !right) throw new Error('two nodes');
    const anna = network.start(left, program, ['anna']);
    network.start(right, program, ['bert']);
    await anna.line<Seen>((seen) => seen.peers?.some((one) => one.host === '10.77.0.2') === true);
    network.move(right, 12);
    await anna.line<Seen>((seen) => seen.peers?.[0]?.host === '10.77.0.12');
  },
);
