// Keeps one link up to every trusted machine: calls its addresses in order, waits longer after each failure, greets, and keeps
// what it says of itself. Decides nobody's trust.
import type { WebSocket } from 'ws';
import { backoffMs, type Rng, rng } from '../base/index.ts';
import {
  clusterProtocol,
  Fault,
  faultBody,
  type Hardware,
  type Hello,
  type LinkMessage,
  type Load,
  linkMessage,
  type PeerAddress,
  type Permissions,
  type RoomWord,
  roomWord,
} from '../schema/index.ts';
import type { Frame } from './link/frame.ts';
import type { Endpoint } from './link/endpoint.ts';
import { type Link, openLink } from './link/link.ts';

/** What is kept of a trusted machine between starts. */
export interface Trusted {
  id: string;
  name: string;
  addresses: PeerAddress[];
  permissions: Permissions;
}

export interface PeersOptions {
  id: string;
  /** What this machine says of itself; `at` and `type` are added. */
  greeting(): Omit<Hello, 'type' | 'at' | 'proto'>;
  load(): Load;
  trusted(id: string): Trusted | undefined;
  /** The peer was reached there: its newest address first. */
  reached(id: string, name: string, addresses: PeerAddress[]): void;
  /** It told us that it no longer trusts us. */
  forsaken(id: string): void;
  changed(id: string): void;
  /** About a run over several machines. */
  word(id: string, word: RoomWord): void;
  /** A piece of a pack that was asked for. */
  piece(id: string, frame: Frame): void;
  now(): number;
}

/** What is known of a trusted machine now. */
export interface PeerState {
  link: 'up' | 'connecting' | 'down';
  why?: string;
  hello?: Hello;
  hardware?: Hardware;
  load?: Load;
  granted?: Permissions;
  latencyMs?: number;
  bandwidth?: number;
  clockMs?: number;
  seenAt?: number;
}

export interface Peers {
  state(id: string): PeerState;
  /** An address to try, heard of or given; tried at once when there is no link. */
  hint(id: string, addresses: readonly PeerAddress[]): void;
  /** Takes a call that came in from a host. */
  enter(id: string, socket: WebSocket, host: string): void;
  /** Says anew what it may do. */
  grant(id: string): void;
  /** Bytes a second to it, measured now. Faults: `unreachable`, `timeout`. */
  measure(id: string): Promise<number>;
  /** Says something about a run; false, and nothing said, where there is no link. */
  say(id: string, word: RoomWord): boolean;
  /** Sends a piece of a pack; resolves when there is room for more. Fault `unreachable`. */
  sendPiece(id: string, tag: number, piece: number, bytes: Uint8Array): Promise<void>;
  /** Ends the link and forgets what was known. */
  drop(id: string, farewell: boolean): void;
  close(): void;
}

const retry = { firstMs: 500, mostMs: 30_000 };
const statusEveryMs = 2000;
const greetMs = 5000;
const probeBytes = 8 * 1024 * 1024;
/** How long a probe may take, ms. */
const probeMs = 30_000;
const probeChunk = 256 * 1024;

interface Held {
  id: string;
  state: PeerState;
  hints: PeerAddress[];
  link?: Link<LinkMessage>;
  /** Whether we called. */
  called?: boolean;
  dialing: boolean;
  attempt: number;
  timer?: NodeJS.Timeout;
  /** Bytes of a probe still to come, and when it began. */
  probe?: { left: number; startedAt: number };
  measured?: { resolve(rate: number): void; reject(fault: Fault): void };
}

/** Links to the trusted machines; call `hint` for each to begin. */
export function createPeers(endpoint: () => Endpoint, options: PeersOptions): Peers {
  const held = new Map<string, Held>();
  const random: Rng = rng(Math.floor(Math.random() * 2 ** 31), 'backoff');
  let closed = false;

  const of = (id: string): Held => {
    let one = held.get(id);
    if (!one) held.set(id, (one = { id, state: { link: 'down' }, hints: [], dialing: false, attempt: 0 }));
    return one;
  };
  const set = (one: Held, patch: Partial<PeerState>) => {
    one.state = { ...one.state, ...patch };
    options.changed(one.id);
  };
  const addressesOf = (one: Held): PeerAddress[] =>
    unique([...one.hints, ...(options.trusted(one.id)?.addresses ?? [])]);

  const later = (one: Held) => {
    if (closed || one.link || !options.trusted(one.id)) return;
    clearTimeout(one.timer);
    one.timer = setTimeout(() => void dial(one), backoffMs(one.attempt++, retry, random));
    one.timer.unref();
  };

  async function dial(one: Held): Promise<void> {
    if (closed || one.link || one.dialing || !options.trusted(one.id)) return;
    one.dialing = true;
    clearTimeout(one.timer);
    const addresses = addressesOf(one);
    let why = addresses.length === 0 ? 'no address of it is known; is it on, and on this network?' : '';
    set(one, { link: 'connecting' });
    for (const address of addresses) {
      try {
        const { socket } = await endpoint().call('link', address, one.id);
        if (closed || one.link || !options.trusted(one.id)) {
          socket.close(1000);
          break;
        }
        open(one, socket, true, address.host);
        break;
      } catch (error) {
        why = faultBody(error).message;
        if (error instanceof Fault && error.code === 'untrusted' && /trust/.test(why)) break;
      }
    }
    one.dialing = false;
    if (one.link) return;
    set(one, { link: 'down', why });
    later(one);
  }

  function open(one: Held, socket: WebSocket, called: boolean, host: string): void {
    let greeted = false;
    const greeting = setTimeout(() => link.close({ code: 'timeout', message: 'it did not greet in time' }), greetMs);
    greeting.unref();
    const link: Link<LinkMessage> = openLink({
      socket,
      peer: one.id,
      check: (value) => linkMessage.parse(value),
      onMessage(message) {
        if (!greeted) {
          if (message.type !== 'hello') throw new Fault('bad_input', `a link begins with hello, not ${message.type}`);
          greet(message);
          return;
        }
        take(one, link, message);
      },
      onFrame(frame) {
        const { kind, payload } = frame;
        if (kind === 'job' && greeted) return options.piece(one.id, frame);
        if (kind !== 'probe' || !one.probe) throw new Fault('bad_input', 'a frame that nobody waits for');
        one.probe.left -= payload.byteLength;
        if (one.probe.left > 0) return;
        link.send({ type: 'probed', ms: performance.now() - one.probe.startedAt });
        delete one.probe;
      },
      onClose(fault) {
        clearTimeout(greeting);
        if (one.link !== link) return;
        delete one.link;
        one.measured?.reject(fault ?? new Fault('unreachable', 'the link ended'));
        delete one.measured;
        set(one, { link: 'down', why: fault?.message ?? 'it left' });
        if (!fault) one.attempt = 0;
        later(one);
      },
    });
    const greet = (message: Hello) => {
      agree(message);
      // It may have been let go between its call and its greeting.
      if (held.get(one.id) !== one || !options.trusted(one.id))
        throw new Fault('untrusted', 'this machine no longer trusts the other');
      const rival = one.link;
      if (rival && !replaces(one, message, called)) {
        link.close();
        return;
      }
      greeted = true;
      clearTimeout(greeting);
      one.link = link;
      one.called = called;
      one.attempt = 0;
      rival?.close();
      const { hello: _old, ...rest } = one.state;
      one.state = rest;
      const at = options.now();
      set(one, {
        link: 'up',
        why: '',
        hello: message,
        hardware: message.hardware,
        clockMs: message.at - at,
        seenAt: at,
      });
      options.reached(one.id, message.name, unique([{ host, port: message.port }, ...addressesOf(one)]).slice(0, 16));
      const permissions = options.trusted(one.id)?.permissions;
      if (permissions) link.send({ type: 'grant', permissions });
      link.send({ type: 'status', load: options.load() });
    };
    link.send({
      type: 'hello',
      proto: [clusterProtocol.min, clusterProtocol.max],
      at: options.now(),
      ...options.greeting(),
    });
  }

  /** Of two links to the same start of a machine, the one that the lower id called stays. */
  const replaces = (one: Held, message: Hello, called: boolean): boolean => {
    if (one.state.hello?.instance !== message.instance) return true;
    return called === options.id < one.id;
  };

  function take(one: Held, link: Link<LinkMessage>, message: LinkMessage): void {
    switch (message.type) {
      case 'hello':
        throw new Fault('bad_input', 'a second hello');
      case 'ping':
        link.send({ type: 'pong', n: message.n, at: options.now() });
        return;
      case 'pong':
        return;
      case 'status': {
        const latencyMs = link.latencyMs();
        set(one, { load: message.load, seenAt: options.now(), ...(latencyMs === undefined ? {} : { latencyMs }) });
        return;
      }
      case 'grant':
        set(one, { granted: message.permissions });
        return;
      case 'probe':
        one.probe = { left: message.bytes, startedAt: performance.now() };
        return;
      case 'probed': {
        const rate = (probeBytes / Math.max(message.ms, 0.1)) * 1000;
        one.measured?.resolve(rate);
        delete one.measured;
        set(one, { bandwidth: rate });
        return;
      }
      case 'room':
        options.word(one.id, roomWord.parse(message.word));
        return;
      case 'unpair':
        options.forsaken(one.id);
    }
  }

  const beat = setInterval(() => {
    const load = options.load();
    for (const { link } of held.values()) link?.send({ type: 'status', load });
  }, statusEveryMs);
  beat.unref();

  return {
    state: (id) => held.get(id)?.state ?? { link: 'down' },
    hint(id, addresses) {
      const one = of(id);
      one.hints = unique([...addresses, ...one.hints]).slice(0, 16);
      if (!one.link) {
        one.attempt = 0;
        void dial(one);
      }
    },
    enter(id, socket, host) {
      open(of(id), socket, false, host);
    },
    grant(id) {
      const permissions = options.trusted(id)?.permissions;
      if (permissions) held.get(id)?.link?.send({ type: 'grant', permissions });
    },
    async measure(id) {
      const one = held.get(id);
      const link = one?.link;
      if (!one || !link) throw new Fault('unreachable', one?.state.why || 'there is no link to it');
      if (one.measured) throw new Fault('conflict', 'the link is being measured already');
      const { promise, ...measured } = Promise.withResolvers<number>();
      one.measured = measured;
      const timer = setTimeout(() => measured.reject(new Fault('timeout', 'it did not answer the probe')), probeMs);
      try {
        link.send({ type: 'probe', bytes: probeBytes });
        const payload = new Uint8Array(probeChunk);
        const head = { kind: 'probe', encoding: 'raw', generation: 0, step: 0, bucket: 0, chunk: 0 } as const;
        const write = async () => {
          for (let sent = 0; sent < probeBytes; sent += probeChunk) await link.sendFrame(head, payload);
          return promise;
        };
        // Both are waited for: a link that ends rejects the one and the other.
        return await Promise.race([write(), promise]);
      } finally {
        clearTimeout(timer);
        if (one.measured === measured) delete one.measured;
      }
    },
    say(id, word) {
      const link = held.get(id)?.link;
      link?.send({ type: 'room', word });
      return link !== undefined;
    },
    sendPiece(id, tag, piece, bytes) {
      const link = held.get(id)?.link;
      if (!link) return Promise.reject(new Fault('unreachable', 'there is no link to it'));
      const head = { kind: 'job', encoding: 'raw', generation: 0, step: 0, bucket: tag, chunk: piece } as const;
      return link.sendFrame(head, bytes);
    },
    drop(id, farewell) {
      const one = held.get(id);
      if (!one) return;
      clearTimeout(one.timer);
      held.delete(id);
      const { link } = one;
      delete one.link;
      if (farewell) link?.send({ type: 'unpair' });
      link?.close(farewell ? { code: 'untrusted', message: 'this machine no longer trusts the other' } : undefined);
    },
    close() {
      closed = true;
      clearInterval(beat);
      for (const one of held.values()) {
        clearTimeout(one.timer);
        one.link?.close();
      }
    },
  };
}

function agree({ proto, name }: Hello): void {
  if (proto[0] <= clusterProtocol.max && proto[1] >= clusterProtocol.min) return;
  throw new Fault(
    'newer_version',
    `${name} speaks versions ${proto.join(' to ')} of the protocol, this machine ${clusterProtocol.min} to ${clusterProtocol.max}; update the older one`,
  );
}

function unique(addresses: readonly PeerAddress[]): PeerAddress[] {
  const byText = new Map(addresses.map((a) => [`${a.host}:${a.port}`, a]));
  return [...byText.values()];
}
