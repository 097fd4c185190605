// Appliances of one room on loopback, each a process with a data directory of its own, paired with each other.
import type { Client } from '../../../engine/client/index.ts';
import { launch, makePlace, type Place, type Running } from '../../app/parts/appliance.ts';

export interface Machine extends Running {
  name: string;
  place: Place;
}

/** What every machine of a room is set to, but for its name. */
export const settings = {
  checkpointSeconds: 0.5,
  cluster: { enabled: true, host: '127.0.0.1', port: 0, trainerPorts: [0, 0] },
  discovery: false,
};

/** Starts appliances of these names; the first is paired with every other, and the others with each other as well. */
export async function startRoom(names: readonly string[]): Promise<Machine[]> {
  const machines: Machine[] = [];
  for (const name of names) {
    const place = makePlace();
    machines.push({ ...(await launch(place, { ...settings, name })), name, place });
  }
  for (const [i, one] of machines.entries()) for (const other of machines.slice(i + 1)) await pair(one.client, other);
  return machines;
}

export async function endRoom(machines: readonly Machine[]): Promise<void> {
  await Promise.all(machines.map((one) => one.stop()));
  for (const { place } of machines) place.remove();
}

/** Resolves with what `ask` says once it says something; rejects after a minute, with what `seen` is then. */
export async function eventually<T>(
  ask: () => Promise<T | undefined | false>,
  what: string,
  seen?: () => Promise<unknown>,
): Promise<T> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const found = await ask();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`a minute passed: ${what} ${seen ? JSON.stringify(await seen()) : ''}`);
}

async function pair(one: Client, other: Machine): Promise<void> {
  const port = await eventually(async () => (await other.client.call('cluster.status', {})).port, 'a port');
  const { code = '', id } = await one.call('peers.pair', { body: { node: `127.0.0.1:${port}` } });
  const [asked] = (await other.client.call('cluster.status', {})).pairings.filter((pairing) => !pairing.outcome);
  await one.call('peers.confirm', { params: { id }, body: { code } });
  await other.client.call('peers.confirm', { params: { id: asked?.id ?? '' }, body: { code } });
  await eventually(async () => {
    const { items } = await one.call('peers.list', {});
    return items.some((peer) => peer.id === id && peer.link === 'up' && peer.granted?.train);
  }, `a link to ${other.name}`);
}
