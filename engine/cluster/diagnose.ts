// Why a machine is not seen or not linked: tries, one after the other, what has to work, and says in words what does not.
import { type ClusterFinding, clusterProtocol, faultBody, type PeerAddress, type PeerView } from '../schema/index.ts';
import type { Identity } from '../security/index.ts';
import type { Discovery } from './discovery.ts';
import { askCard } from './link/endpoint.ts';

export interface DiagnoseInput {
  id: string;
  identity: Identity;
  /** Addresses at which this machine's own identity was met. */
  clones: readonly string[];
  discovery: Discovery | undefined;
  host: string;
  port: number;
  peers: readonly PeerView[];
  /** Addresses from the settings. */
  given: readonly PeerAddress[];
}

/** Clocks that differ by more are worth a word, ms. */
const clockMs = 60_000;

/** The findings, the most important first. Never throws: what fails is a finding. */
export async function diagnose(input: DiagnoseInput): Promise<ClusterFinding[]> {
  const { peers, given, clones } = input;
  const found: ClusterFinding[] = [...(await own(input)), ...multicast(input)];
  for (const address of clones) {
    found.push({
      level: 'problem',
      subject: address,
      says: `the machine at ${address} has this machine’s identity: one data directory was copied from the other. Start one of the two with an empty directory, or restore its own.`,
    });
  }
  for (const address of given) found.push(await ask(input, address, `${address.host}:${address.port}`));
  for (const peer of peers) found.push(...(await one(input, peer)));
  if (peers.length === 0) {
    found.push({
      level: 'note',
      subject: 'peers',
      says: 'no other machine was heard. Is Neutrino running there, on this network? Where multicast is blocked, start with --peer HOST:PORT.',
    });
  }
  const rank = { problem: 0, note: 1, ok: 2 };
  return found.sort((a, b) => rank[a.level] - rank[b.level]);
}

/** Whether this machine's own port answers. */
async function own({ identity, id, host, port }: DiagnoseInput): Promise<ClusterFinding[]> {
  const at = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  try {
    const card = await askCard(identity, { host: at, port });
    if (card.id !== id) throw new Error('another program answers there');
    return [{ level: 'ok', subject: 'port', says: `the cluster port ${port} answers` }];
  } catch (error) {
    return [
      {
        level: 'problem',
        subject: 'port',
        says: `the cluster port ${port} does not answer: ${faultBody(error).message}`,
      },
    ];
  }
}

function multicast({ discovery }: DiagnoseInput): ClusterFinding[] {
  if (!discovery)
    return [
      {
        level: 'note',
        subject: 'discovery',
        says: 'discovery is off; other machines are found by address only (--peer)',
      },
    ];
  const deaf = discovery.interfaces().filter((address) => !discovery.hearsItself(address));
  if (discovery.interfaces().length === 0) {
    return [{ level: 'problem', subject: 'discovery', says: 'this machine has no network interface but loopback' }];
  }
  const says: ClusterFinding[] = deaf.map((address) => ({
    level: 'problem',
    subject: address,
    says: `multicast does not work on ${address}: not even this machine’s own announcement comes back. A firewall may block UDP port 5353; allow it, or use --peer HOST:PORT.`,
  }));
  const trouble = discovery.trouble();
  if (trouble) says.push({ level: 'problem', subject: 'discovery', says: `mDNS reports: ${trouble}` });
  if (says.length > 0) return says;
  return [
    { level: 'ok', subject: 'discovery', says: `announcing and hearing on ${discovery.interfaces().join(', ')}` },
  ];
}

/** One peer: linked, or why not. */
async function one(input: DiagnoseInput, peer: PeerView): Promise<ClusterFinding[]> {
  const found: ClusterFinding[] = [];
  if (peer.clockMs !== undefined && Math.abs(peer.clockMs) > clockMs) {
    const seconds = Math.round(Math.abs(peer.clockMs) / 1000);
    const says = `its clock is ${seconds} s ${peer.clockMs > 0 ? 'ahead of' : 'behind'} this machine’s; set both by NTP`;
    found.push({ level: 'note', subject: peer.name, says });
  }
  if (peer.link === 'up') {
    const latency = peer.latencyMs === undefined ? '' : `, ${peer.latencyMs.toFixed(1)} ms away`;
    return [...found, { level: 'ok', subject: peer.name, says: `linked${latency}` }];
  }
  if (peer.addresses.length === 0) {
    const says = 'paired, but no address of it is known and it is not heard; is it on, and on this network?';
    return [...found, { level: 'problem', subject: peer.name, says }];
  }
  for (const address of peer.addresses) {
    const tried = await ask(input, address, peer.name, peer.id);
    if (tried.level !== 'ok') {
      found.push(tried);
      continue;
    }
    const says =
      peer.trust === 'seen'
        ? `answers at ${address.host}:${address.port} and is not paired yet: neutrino cluster pair ${peer.name}`
        : `answers at ${address.host}:${address.port}, and still there is no link: ${peer.why ?? 'it is being called'}`;
    return [{ level: peer.trust === 'seen' ? 'note' : 'problem', subject: peer.name, says }];
  }
  return found;
}

/** Whether Neutrino answers at an address, and as whom. */
async function ask(
  { identity }: DiagnoseInput,
  address: PeerAddress,
  subject: string,
  expect?: string,
): Promise<ClusterFinding> {
  const place = `${address.host}:${address.port}`;
  try {
    const card = await askCard(identity, address);
    if (expect !== undefined && card.id !== expect) {
      return {
        level: 'problem',
        subject,
        says: `${place} is now ${card.name}, another machine, or its identity was replaced; pair again if you trust it`,
      };
    }
    if (card.proto[0] > clusterProtocol.max || card.proto[1] < clusterProtocol.min) {
      return {
        level: 'problem',
        subject,
        says: `${card.name} (${card.build}) speaks versions ${card.proto.join(' to ')} of the protocol, this machine ${clusterProtocol.min} to ${clusterProtocol.max}; update the older one`,
      };
    }
    return { level: 'ok', subject, says: `${card.name} answers at ${place}` };
  } catch (error) {
    return { level: 'problem', subject, says: faultBody(error).message };
  }
}
