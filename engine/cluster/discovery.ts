// Finds appliances on the same network by mDNS (RFC 6762, DNS-SD RFC 6763) and tells them of this one, on every interface.
// What is heard is a hint: it names an id and addresses to try, and makes nobody trusted.
import { createHash } from 'node:crypto';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import Bonjour from 'bonjour-service';
import { clusterProtocol, type PeerAddress } from '../schema/index.ts';

const serviceType = 'neutrino';
/** How often the network is asked, and looked at for changed addresses, ms. */
const askEveryMs = 15_000;
const lookEveryMs = 1000;
/** A machine that says nothing for this long has left, ms. */
const forgetMs = 90_000;
/** Most machines remembered: a flood of made-up names must not grow. */
const most = 512;

export interface Sighting {
  id: string;
  name: string;
  addresses: PeerAddress[];
  build: string;
  /** Least and greatest protocol version. */
  proto: [number, number];
}

export interface DiscoveryOptions {
  id: string;
  name: string;
  port: number;
  build: string;
  /** This start of the appliance: another one under the same id is a copy. */
  instance: string;
  /** A machine came, or came back with other addresses. */
  onSeen(sighting: Sighting): void;
  /** A machine said goodbye or fell silent. */
  onGone(id: string): void;
  /** Another machine announces this one's id. */
  onClone(address: string): void;
  /** Only these interfaces' addresses; all but internal ones when left out. */
  only?: readonly string[];
}

export interface Discovery {
  /** Interfaces (IPv4 addresses) that are announced on now. */
  interfaces(): string[];
  /** Whether this machine's own announcement on that interface came back: multicast works there. */
  hearsItself(address: string): boolean;
  /** The last error of a multicast socket. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

/** IPv4 addresses that multicast goes out on: every interface's first that is not internal. */
export function multicastAddresses(only?: readonly string[]): string[] {
  const found: string[] = [];
  for (const infos of Object.values(networkInterfaces())) {
    const info = (infos ?? []).find((one: NetworkInterfaceInfo) => one.family === 'IPv4' && usable(one, only));
    if (info) found.push(info.address);
  }
  return found.sort();
}

const usable = (info: NetworkInterfaceInfo, only?: readonly string[]): boolean =>
  only ? only.includes(info.address) : !info.internal;

/** Starts announcing and listening. */
export function startDiscovery(options: DiscoveryOptions): Discovery {
  const { id, name, port, build, only } = options;
  const instance = options.instance.slice(0, 16);
  const heardOwn = new Set<string>();
  let trouble: string | undefined;
  const known = new Map<string, { addresses: PeerAddress[]; heardAt: number }>();
  let addresses: string[] = [];
  let voices: Voice[] = [];
  let closed = false;

  const seen = (service: Heard) => {
    const sighting = readSighting(service);
    if (!sighting) return;
    if (sighting.id === id) {
      if (sighting.instance === instance) heardOwn.add(sighting.at);
      else options.onClone(sighting.addresses[0]?.host ?? 'an unknown address');
      return;
    }
    const before = known.get(sighting.id);
    if (!before && known.size >= most) return;
    known.set(sighting.id, { addresses: sighting.addresses, heardAt: Date.now() });
    if (!before || JSON.stringify(before.addresses) !== JSON.stringify(sighting.addresses)) options.onSeen(sighting);
  };
  const gone = (service: Heard) => {
    const sighting = readSighting(service);
    // The farewell to an old address must not hide the machine that is back with another.
    if (!sighting || known.get(sighting.id)?.addresses.some((a) => !sighting.addresses.some(same(a)))) return;
    if (known.delete(sighting.id)) options.onGone(sighting.id);
  };
  const listen = () => {
    voices = addresses.map((address) =>
      openVoice({
        address,
        port,
        txt: { id, name, build, run: instance, proto: `${clusterProtocol.min}-${clusterProtocol.max}` },
        seen,
        gone,
        trouble: (error) => (trouble = error.message),
      }),
    );
  };
  const look = () => {
    const now = multicastAddresses(only);
    if (closed || now.join() === addresses.join()) return;
    addresses = now;
    const old = voices;
    for (const voice of old) void voice.close();
    listen();
  };
  const ask = () => {
    for (const voice of voices) voice.ask();
    for (const [peer, { heardAt }] of known) {
      if (Date.now() - heardAt < forgetMs) continue;
      known.delete(peer);
      options.onGone(peer);
    }
  };
  look();
  const timers = [setInterval(look, lookEveryMs).unref(), setInterval(ask, askEveryMs).unref()];

  return {
    interfaces: () => [...addresses],
    hearsItself: (address) => heardOwn.has(address),
    trouble: () => trouble,
    async close() {
      closed = true;
      for (const timer of timers) clearInterval(timer);
      await Promise.all(voices.map((voice) => voice.close()));
    },
  };
}

const same = (a: PeerAddress) => (b: PeerAddress) => a.host === b.host && a.port === b.port;

/** What of a service record is used. */
interface Heard {
  port: number;
  addresses?: string[];
  referer?: { address: string };
  txt?: unknown;
}

interface Voice {
  ask(): void;
  close(): Promise<void>;
}

/** One interface: announces and listens there. */
function openVoice(options: {
  address: string;
  port: number;
  txt: Record<string, string>;
  seen: (service: Heard) => void;
  gone: (service: Heard) => void;
  trouble: (error: Error) => void;
}): Voice {
  const { address, port, txt, seen, gone, trouble } = options;
  // multicast-dns takes these beside what bonjour-service declares: listen to all, speak on this interface.
  const sockets = { interface: address, bind: '0.0.0.0', loopback: true } as ConstructorParameters<typeof Bonjour>[0];
  const bonjour = new Bonjour(sockets, trouble);
  const id = txt['id'] ?? '';
  const tag = createHash('sha256').update(address).digest('hex').slice(0, 6);
  bonjour.publish({
    name: `${id.slice(0, 16)}-${tag}`,
    type: serviceType,
    port,
    txt: { ...txt, at: address },
    probe: false,
    disableIPv6: true,
    host: `${id.slice(0, 16)}-${tag}.local`,
  });
  const browser = bonjour.find({ type: serviceType });
  browser.on('up', seen);
  browser.on('txt-update', seen);
  browser.on('srv-update', seen);
  browser.on('down', gone);
  return {
    ask: () => {
      browser.expire();
      browser.update();
      for (const service of browser.services) seen(service);
    },
    close: () =>
      new Promise((resolve) => {
        browser.stop();
        const leave = () => bonjour.destroy(() => resolve());
        // The goodbye packets first, so that others need not wait for silence.
        bonjour.unpublishAll(leave);
        setTimeout(resolve, 1000).unref();
      }),
  };
}

/** A sighting in a service record, or undefined when it is not one of ours: everything in it comes from strangers. */
function readSighting({
  port,
  addresses = [],
  referer,
  txt,
}: Heard): (Sighting & { instance: string; at: string }) | undefined {
  const said = txt as Record<string, unknown> | undefined;
  const id = text(said?.['id']);
  const name = text(said?.['name']);
  const proto = /^(\d{1,3})-(\d{1,3})$/.exec(text(said?.['proto']));
  if (!/^[0-9a-f]{64}$/.test(id) || !name || !proto || !(port >= 1 && port <= 65_535)) return undefined;
  const at = text(said?.['at']);
  // The address it speaks from first: that one is on a network that both are on.
  const hosts = [...new Set([referer?.address, at, ...addresses].filter((host): host is string => isIPv4(host)))];
  return {
    id,
    name: name.slice(0, 100),
    addresses: hosts.slice(0, 8).map((host) => ({ host, port })),
    build: text(said?.['build']).slice(0, 50),
    proto: [Number(proto[1]), Number(proto[2])],
    instance: text(said?.['run']),
    at,
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isIPv4 = (host: unknown): host is string => typeof host === 'string' && /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
