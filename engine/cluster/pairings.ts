// The pairings under way on this machine: at most one with each stranger, one try each, few at a time. What the people on both
// sides decide comes in through `confirm` and `reject`.
import type { WebSocket } from 'ws';
import { Fault, faultBody, type Pairing, type PairMessage, type PeerAddress, pairMessage } from '../schema/index.ts';
import { createLimiter } from '../security/index.ts';
import { type Link, openLink } from './link/link.ts';
import { createPairing, type PairingMachine } from './pairing.ts';

/** How long people have to compare the digits, ms. */
export const pairingMs = 120_000;
const mostAtOnce = 8;
/** How long an end stays readable, and how long the last words may take, ms. */
const keepMs = 60_000;
const farewellMs = 500;
/** Tries of one stranger, and of all together, a minute. */
const tries = { burst: 3, perMinute: 3 };
const triesOfAll = { burst: 10, perMinute: 20 };

export interface PairingsOptions {
  id: string;
  name: string;
  port(): number;
  /** Both sides have confirmed: the other is trusted from now on. */
  paired(other: { id: string; name: string; address: PeerAddress }): void;
  changed(): void;
  now(): number;
}

export interface Pairings {
  list(): Pairing[];
  /** Throws `too_many_requests` when a stranger may not try now. */
  admit(id: string, host: string): void;
  /** Runs the exchange over an open socket; resolves when there is a code to compare. */
  begin(id: string, socket: WebSocket, address: PeerAddress, asked: 'here' | 'there'): Promise<Pairing>;
  /** The person here says the digits agree; `code`, what the other screen shows, is compared when given. */
  confirm(id: string, code?: string): Pairing;
  reject(id: string): void;
  close(): void;
}

interface Running {
  view(): Pairing;
  machine: PairingMachine;
  link: Link<PairMessage>;
  /** Looks at how far it is, and makes trust when both have confirmed. */
  advance(): void;
  end(fault: Fault): void;
}

/** The pairings of an appliance; none at first. */
export function createPairings(options: PairingsOptions): Pairings {
  const running = new Map<string, Running>();
  const ended = new Map<string, Pairing>();
  const each = createLimiter(tries);
  const all = createLimiter(triesOfAll);

  const find = (id: string): Running => {
    const one = running.get(id);
    if (!one)
      throw new Fault('not_found', 'no pairing with that machine is under way; neutrino cluster pair NODE starts one');
    return one;
  };
  /** Takes a pairing off the table and keeps how it ended for a while. */
  const settle = (id: string, last: Pairing) => {
    running.delete(id);
    ended.set(id, last);
    setTimeout(() => {
      if (ended.get(id) === last) ended.delete(id);
    }, keepMs).unref();
    options.changed();
  };

  function begin(id: string, socket: WebSocket, address: PeerAddress, asked: 'here' | 'there'): Promise<Pairing> {
    const expiresAt = options.now() + pairingMs;
    const coded = Promise.withResolvers<Pairing>();
    // Nobody may be waiting when a stranger hangs up.
    coded.promise.catch(() => undefined);

    const end = (fault: Fault) => {
      if (running.get(id) !== one) return;
      clearTimeout(timer);
      settle(id, { ...one.view(), outcome: 'failed', why: fault.message });
      coded.reject(fault);
      link.close(faultBody(fault));
    };
    const advance = () => {
      const state = machine.state();
      if (state.code) coded.resolve(one.view());
      if (!state.here || !state.there) return options.changed();
      clearTimeout(timer);
      const port = state.port ?? address.port;
      options.paired({ id, name: state.name ?? address.host, address: { host: address.host, port } });
      settle(id, { ...one.view(), outcome: 'paired' });
      // The other side may still be reading our confirmation.
      setTimeout(() => link.close(), farewellMs).unref();
    };
    const link = openLink<PairMessage>({
      socket,
      peer: id,
      check: (value) => pairMessage.parse(value),
      onMessage(message) {
        if (running.get(id) !== one) return;
        try {
          machine.take(message);
        } catch (error) {
          end(error as Fault);
          return;
        }
        advance();
      },
      onClose: (fault) => end(fault ?? new Fault('pairing_refused', 'the other machine ended the pairing')),
    });
    const machine = createPairing({
      ours: options.id,
      theirs: id,
      name: options.name,
      port: options.port(),
      role: asked === 'here' ? 'caller' : 'called',
      send: (message) => link.send(message),
    });
    const timer = setTimeout(() => end(new Fault('timeout', 'nobody confirmed in time; pair again')), pairingMs);
    timer.unref();
    const view = (): Pairing => {
      const { name = address.host, code, here, there } = machine.state();
      const at = `${address.host}:${address.port}`;
      return { id, name, address: at, ...(code ? { code } : {}), here, there, asked, expiresAt };
    };
    const one: Running = { view, machine, link, advance, end };
    running.get(id)?.end(new Fault('conflict', 'another pairing with the same machine began'));
    ended.delete(id);
    running.set(id, one);
    if (asked === 'here') machine.begin();
    options.changed();
    return coded.promise;
  }

  return {
    list: () => [...running.values()].map((one) => one.view()).concat([...ended.values()]),
    admit(id, host) {
      const known = running.get(id);
      if (known?.view().here) throw new Fault('conflict', 'a pairing with this machine is being confirmed already');
      if (!known && running.size >= mostAtOnce)
        throw new Fault('too_many_requests', 'too many pairings at once; try later');
      all.check('all');
      each.check(host);
      each.check(id);
    },
    begin,
    confirm(id, code) {
      const one = find(id);
      const { code: own } = one.machine.state();
      if (code !== undefined && own !== undefined && code.replace(/\D/g, '') !== own) {
        one.link.send({ type: 'refuse', why: 'the codes differ' });
        const says =
          'the codes differ: someone may stand between the two machines. Nothing was trusted; try again on a network that you know.';
        const fault = new Fault('pairing_refused', says);
        one.end(fault);
        throw fault;
      }
      one.machine.confirm();
      const view = one.view();
      one.advance();
      return view;
    },
    reject(id) {
      const one = find(id);
      one.link.send({ type: 'refuse', why: 'the person at the other machine said no' });
      one.end(new Fault('pairing_refused', 'refused here'));
    },
    close() {
      for (const one of running.values()) one.end(new Fault('unavailable', 'the appliance stops'));
    },
  };
}
