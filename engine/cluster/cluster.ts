// This machine in its room: the cluster port, who is seen, who is trusted, who is linked. Puts the parts of this folder
// together; what is trusted rests in the `TrustBook` that its caller gives.
import { randomBytes } from 'node:crypto';
import {
  type ClusterFinding,
  type ClusterStatus,
  Fault,
  type Hardware,
  type Load,
  type Pairing,
  type PeerAddress,
  type PeerView,
  type Permissions,
  type RoomWord,
} from '../schema/index.ts';
import { type Identity, nodeId, readNodeId, showNodeId } from '../security/index.ts';
import { diagnose } from './diagnose.ts';
import { type Discovery, multicastAddresses, type Sighting, startDiscovery } from './discovery.ts';
import { askCard, type Endpoint, openEndpoint, type Visitor } from './link/endpoint.ts';
import { createPairings } from './pairings.ts';
import { createPeers, type Trusted } from './peers.ts';

/** Where trust rests. */
export interface TrustBook {
  list(): Trusted[];
  get(id: string): Trusted | undefined;
  /** A machine that both sides confirmed. */
  pair(peer: { id: string; name: string; address: PeerAddress }): void;
  reached(id: string, name: string, addresses: PeerAddress[]): void;
  unpair(id: string): void;
}

export interface ClusterOptions {
  identity: Identity;
  name: string;
  build: string;
  host: string;
  /** 0 for any free one. */
  port: number;
  /** Whether to announce and listen by mDNS. */
  discovery: boolean;
  /** `host:port` of machines to look for where multicast does not reach. */
  peers: readonly string[];
  trust: TrustBook;
  hardware: Hardware;
  load: () => Load;
  /** A peer's view, or the pairings, changed. */
  changed: (id: string) => void;
  /** A linked peer says something about a run over several machines. */
  word?: (id: string, word: RoomWord) => void;
  /** A piece of a pack that was asked for: which transfer, which piece. */
  piece?: (id: string, tag: number, piece: number, bytes: Uint8Array) => void;
  now: () => number;
  /** Interfaces (addresses) for mDNS; all but internal ones when left out. */
  interfaces?: readonly string[];
}

export interface Cluster {
  readonly id: string;
  readonly port: number;
  status(): ClusterStatus;
  peers(): PeerView[];
  /** By id, the start of one, name or address. Fault `not_found`. */
  find(text: string): PeerView;
  /** Begins to pair; resolves with the code to compare. Faults: `not_found`, `unreachable`, `timeout`, `untrusted`, `conflict`. */
  pair(text: string): Promise<Pairing>;
  confirm(id: string, code?: string): Pairing;
  reject(id: string): void;
  /** Ends trust at once. */
  unpair(id: string): void;
  /** Tells a peer what it may do, after a change in the book. */
  granted(id: string): void;
  /** Bytes a second to a linked peer, measured now. */
  measure(id: string): Promise<number>;
  /** To a linked peer; false where there is no link. */
  say(id: string, word: RoomWord): boolean;
  sendPiece(id: string, tag: number, piece: number, bytes: Uint8Array): Promise<void>;
  diagnose(): Promise<ClusterFinding[]>;
  close(): Promise<void>;
}

/** How often given addresses are asked who they are, ms. */
const lookEveryMs = 30_000;
/** Addresses of copies that are remembered. */
const mostClones = 16;

/** Opens the cluster port and joins the room. Faults: `port_taken`, `bad_request`. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { identity, name, build, trust, now } = options;
  const id = nodeId(identity.certificate);
  const instance = randomBytes(32).toString('hex');
  const seen = new Map<string, Sighting>();
  const clones = new Map<string, number>();
  const staticPeers = options.peers.map(readAddress);
  const isEverywhere = options.host === '0.0.0.0' || options.host === '::';
  let closed = false;

  const peers = createPeers(() => endpoint, {
    id,
    greeting: () => ({ build, name, instance, capabilities: [], port: endpoint.port, hardware: options.hardware }),
    load: options.load,
    trusted: (peer) => trust.get(peer),
    reached: (peer, called, addresses) => trust.reached(peer, called, addresses),
    forsaken: (peer) => end(peer, false),
    changed: options.changed,
    word: (peer, word) => options.word?.(peer, word),
    piece: (peer, { bucket, chunk, payload }) => options.piece?.(peer, bucket, chunk, payload),
    now,
  });
  const pairings = createPairings({
    id,
    name,
    port: () => endpoint.port,
    paired(other) {
      trust.pair(other);
      peers.hint(other.id, [other.address]);
      options.changed(other.id);
    },
    changed: () => options.changed(id),
    now,
  });
  const endpoint: Endpoint = await openEndpoint({
    identity,
    host: options.host,
    port: options.port,
    name,
    build,
    admit,
    enter,
  });

  /** What mDNS says comes from anybody: made-up addresses must not grow. */
  function cloned(address: string): void {
    if (clones.size >= mostClones && !clones.has(address)) return;
    clones.set(address, now());
    options.changed(id);
  }
  function admit({ id: visitor, door, address }: Visitor): void {
    if (visitor === id) {
      cloned(address.host);
      throw new Fault('conflict', 'this machine has the same identity: one data directory was copied from the other');
    }
    if (door === 'pair') return pairings.admit(visitor, address.host);
    if (trust.get(visitor)) return;
    throw new Fault('untrusted', `${name} does not trust this machine; pair the two: neutrino cluster pair`);
  }
  function enter({ id: visitor, door, address }: Visitor, socket: Parameters<typeof peers.enter>[1]): void {
    if (door === 'link') peers.enter(visitor, socket, address.host);
    else void pairings.begin(visitor, socket, address, 'there').catch(() => undefined);
  }
  function end(peer: string, farewell: boolean): void {
    trust.unpair(peer);
    peers.drop(peer, farewell);
    options.changed(peer);
  }
  function sight(sighting: Sighting): void {
    seen.set(sighting.id, sighting);
    if (trust.get(sighting.id)) peers.hint(sighting.id, sighting.addresses);
    options.changed(sighting.id);
  }
  async function look(): Promise<void> {
    for (const address of staticPeers) {
      try {
        const { id: found, name: called, build: version, proto } = await askCard(identity, address);
        if (closed) return;
        if (found !== id) sight({ id: found, name: called, build: version, proto, addresses: [address] });
      } catch {
        // `diagnose` says why; here it is simply not there yet.
      }
    }
  }

  const discovery: Discovery | undefined = options.discovery
    ? startDiscovery({
        id,
        name,
        port: endpoint.port,
        build,
        instance,
        onSeen: sight,
        onGone(gone) {
          seen.delete(gone);
          options.changed(gone);
        },
        onClone: cloned,
        ...(options.interfaces ? { only: options.interfaces } : {}),
      })
    : undefined;
  for (const { id: peer, addresses } of trust.list()) peers.hint(peer, addresses);
  const lookout = setInterval(() => void look(), lookEveryMs).unref();
  void look();

  const view = (peer: string): PeerView => {
    const trusted = trust.get(peer);
    const sighting = seen.get(peer);
    const { link, why, hello, hardware, load, granted, latencyMs, bandwidth, clockMs, seenAt } = peers.state(peer);
    const known = {
      hardware,
      load,
      granted,
      latencyMs,
      bandwidth,
      clockMs,
      build: hello?.build ?? sighting?.build,
      lastSeenAt: seenAt,
      why: why || undefined,
    };
    return {
      id: peer,
      shown: showNodeId(peer),
      name: trusted?.name ?? sighting?.name ?? peer.slice(0, 8),
      trust: trusted ? 'paired' : 'seen',
      link: trusted ? link : 'down',
      addresses: trusted?.addresses ?? sighting?.addresses ?? [],
      permissions: trusted?.permissions ?? nothing,
      ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Partial<PeerView>),
    };
  };
  const views = (): PeerView[] => {
    const ids = new Set([...trust.list().map((one) => one.id), ...seen.keys()]);
    return [...ids].map(view).sort((a, b) => a.name.localeCompare(b.name));
  };
  const find = (text: string): PeerView | undefined => {
    const whole = readNodeId(text);
    const start = text.toLowerCase().replace(/[\s-]/g, '');
    const all = views();
    const found = all.filter(
      (one) =>
        one.id === whole ||
        one.name === text ||
        (start.length >= 4 && one.id.startsWith(start)) ||
        one.addresses.some((a) => a.host === text || `${a.host}:${a.port}` === text),
    );
    if (found.length <= 1) return found[0];
    const names = found.map((one) => `${one.name} (${one.shown.slice(0, 17)})`).join(', ');
    throw new Fault('bad_request', `${text} may be any of ${names}; give more of the id`);
  };
  const mustFind = (text: string): PeerView => {
    const found = find(text);
    if (found) return found;
    throw new Fault(
      'not_found',
      `no machine ${text} is seen; neutrino cluster peers lists them, an address works where multicast does not`,
    );
  };

  return {
    id,
    port: endpoint.port,
    status() {
      const all = views();
      return {
        state: 'up',
        id,
        shown: showNodeId(id),
        name,
        port: endpoint.port,
        addresses: isEverywhere ? (discovery?.interfaces() ?? multicastAddresses(options.interfaces)) : [options.host],
        discovery: discovery !== undefined,
        paired: all.filter((one) => one.trust === 'paired').length,
        linked: all.filter((one) => one.link === 'up').length,
        seen: all.filter((one) => one.trust === 'seen').length,
        pairings: pairings.list(),
        clones: [...clones].map(([address, at]) => ({ address, at })),
      };
    },
    peers: views,
    find: mustFind,
    async pair(text) {
      const found = find(text);
      if (found?.trust === 'paired') throw new Fault('conflict', `${found.name} is paired already`);
      const addresses = found?.addresses ?? [readAddress(text)];
      let last = new Fault('unreachable', `no address of ${text} is known`);
      for (const address of addresses) {
        try {
          const { id: other, socket } = await endpoint.call('pair', address, found?.id);
          return await pairings.begin(other, socket, address, 'here');
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          if (error.code !== 'unreachable' && error.code !== 'timeout') throw error;
          last = error;
        }
      }
      throw last;
    },
    confirm: (peer, code) => pairings.confirm(peer, code),
    reject: (peer) => pairings.reject(peer),
    unpair: (peer) => end(peer, true),
    granted: (peer) => peers.grant(peer),
    measure: (peer) => peers.measure(peer),
    say: (peer, word) => peers.say(peer, word),
    sendPiece: (peer, tag, piece, bytes) => peers.sendPiece(peer, tag, piece, bytes),
    diagnose: () =>
      diagnose({
        id,
        identity,
        clones: [...clones.keys()],
        discovery,
        host: options.host,
        port: endpoint.port,
        peers: views(),
        given: staticPeers,
      }),
    async close() {
      closed = true;
      clearInterval(lookout);
      pairings.close();
      peers.close();
      await discovery?.close();
      await endpoint.close();
    },
  };
}

const nothing: Permissions = { train: false, data: false, serve: false };

/** An address as people write it. Fault `bad_request`. */
export function readAddress(text: string): PeerAddress {
  const match = /^\[?([0-9a-z.:_-]+?)\]?(?::(\d{1,5}))?$/i.exec(text.trim());
  const port = Number(match?.[2] ?? 7318);
  if (!match?.[1] || port < 1 || port > 65_535) {
    throw new Fault('bad_request', `${text} is not an address; write HOST or HOST:PORT, such as 192.168.1.20:7318`);
  }
  return { host: match[1], port };
}
