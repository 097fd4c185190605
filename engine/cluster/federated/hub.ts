// The leader's side of a federated run: lines to its members, and one secure sum after the other. A try at a sum has its members fixed;
// who is not heard of in time is cut off and may come back for the next one. It sees sums, never what one member brings.
import type { AddressInfo } from 'node:net';
import { backoffMs, rng } from '../../base/index.ts';
import { Fault, type FederatedWord, type PeerAddress } from '../../schema/index.ts';
import { type Identity, nodeId } from '../../security/index.ts';
import { dialPinned, openInlet, pinnedListener } from '../link/pin.ts';
import { type Numbers, type Words, wordsOf } from './fixed.ts';
import { base64, fromBase64, type Line, openLine, packed, packSum, unpacked } from './line.ts';
import {
  boxBytes,
  canStay,
  enoughOf,
  type Entrant,
  fewestMembers,
  openContributor,
  type Reveal,
  unmask,
} from './secure.ts';

export interface HubOptions {
  identity: Identity;
  host: string;
  port: number;
  /** How long a member may take for a word that follows from ours, and for a round of its own, ms. */
  wordMs?: number;
  /** Whether to wait no more for members to come. */
  giveUp?: () => boolean;
  roundMs?: number;
}

/** What a sum came to, and of what part of the rows that entered. */
export interface FederatedSum {
  numbers: Numbers;
  part: number;
  members: { id: string; share: number }[];
}

export interface Hub {
  readonly id: string;
  readonly port: number;
  readonly bytes: { sent: number; received: number };
  /** Members that are in step. */
  readonly members: number;
  /** Tries so far. */
  readonly tries: number;
  readonly isWaiting: boolean;
  setRoster(roster: ReadonlyMap<string, PeerAddress>): void;
  /** Whoever comes goes on from this position, until the sum is made that follows. */
  stand(at: number, state: () => Promise<Uint8Array>): void;
  /** Sums what all bring; `make` is told this member's part. Waits until there are enough; undefined when that is given up. */
  sum(
    at: number,
    rows: number,
    make: (part: number) => Numbers,
    end: 'stop' | 'budget' | undefined,
  ): Promise<FederatedSum | undefined>;
  decide(at: number, numbers: Float64Array, hash: string | undefined): void;
  close(): Promise<void>;
}

interface Member {
  line: Line;
  /** Since when it has the state of where the run stands, ms. */
  readyAt?: number;
  /** What it said, by word, place and try: its keys may come before this side asks for them. */
  inbox: Map<string, { word: FederatedWord; bulk: Uint8Array }>;
}

type Word<S extends FederatedWord['say']> = Extract<FederatedWord, { say: S }>;

const lookEveryMs = 200;
const retry = { firstMs: 200, mostMs: 5000 };
/** Words of a member that may wait. */
const mostWords = 16;
const nameOf = (say: string, { at, attempt }: { at: number; attempt: number }): string => `${say} ${at} ${attempt}`;
/** Words that members say. */
const theirs: readonly string[] = ['keys', 'boxes', 'masked', 'reveal'] satisfies FederatedWord['say'][];
/** Bytes a millisecond below which a member is too slow for the run. */
const leastRate = 1000;

/** Opens the leader's place. Rejects where the port cannot be had. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { identity, wordMs = 20_000, roundMs = 10 * 60_000 } = options;
  const id = nodeId(identity.certificate);
  const members = new Map<string, Member>();
  const dialing = new Map<string, { attempt: number; after: number }>();
  const random = rng(Number.parseInt(id.slice(0, 8), 16), 'hub');
  const waiters = new Set<() => void>();
  const gone = { sent: 0, received: 0 };
  let roster: ReadonlyMap<string, PeerAddress> = new Map();
  let stand: { at: number; state: Promise<Uint8Array> } | undefined;
  let attempt = 0;
  /** Whether who comes now can still enter the try. */
  let isOpen = true;
  let tries = 0;
  let closed = false;
  let isWaiting = false;
  /** Bytes that a member may send in the try: what this machine's own numbers take. */
  let due = 0;

  const stir = () => {
    for (const waiter of waiters) waiter();
  };
  /** Resolves when it holds, or after so long. */
  const until = (holds: () => boolean, ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waiters.delete(look);
        resolve();
      };
      const look = () => {
        if (closed || holds()) end();
      };
      const timer = setTimeout(end, ms);
      waiters.add(look);
      look();
    });
  const ready = () => [...members].filter(([, one]) => one.readyAt !== undefined);

  async function call(who: string, address: PeerAddress): Promise<void> {
    const state = dialing.get(who) ?? { attempt: 0, after: 0 };
    if (performance.now() < state.after) return;
    dialing.set(who, { ...state, after: Number.POSITIVE_INFINITY });
    try {
      const inlet = openInlet();
      const { socket } = await dialPinned(identity, address, { expect: who, inlet });
      dialing.delete(who);
      if (closed || !roster.has(who)) return void socket.destroy();
      const own: Member = {
        inbox: new Map(),
        line: openLine({
          socket,
          inlet,
          most({ say }) {
            if (!theirs.includes(say)) throw new Fault('bad_input', `a member said ${say}`);
            return say === 'masked' ? due : 0;
          },
          hear(word, bulk) {
            if (own.inbox.size >= mostWords) throw new Fault('bad_input', 'more words than may wait');
            own.inbox.set(nameOf(word.say, word), { word, bulk });
            stir();
          },
          lost() {
            gone.sent += own.line.bytes.sent;
            gone.received += own.line.bytes.received;
            if (members.get(who) === own) members.delete(who);
            stir();
          },
        }),
      };
      members.set(who, own);
      void bring();
    } catch {
      dialing.set(who, {
        attempt: state.attempt + 1,
        after: performance.now() + backoffMs(state.attempt, retry, random),
      });
    }
  }
  /** Gives those who are new the state to go on from. */
  async function bring(): Promise<void> {
    const now = stand;
    if (!now || !isOpen || ready().length === members.size) return;
    const state = await now.state;
    if (stand !== now || !isOpen) return;
    for (const one of members.values()) {
      if (one.readyAt !== undefined) continue;
      one.readyAt = performance.now();
      one.line.say({ say: 'state', at: now.at, attempt, bulk: state.byteLength }, state);
    }
    stir();
  }
  /** What these said of such a word, once all have or the time is up; who has not is cut off, and who came back meanwhile is late. */
  async function collect<S extends FederatedWord['say']>(
    who: ReadonlyMap<string, Member>,
    say: S,
    when: { at: number; attempt: number },
    ms: number,
  ): Promise<Map<string, { word: Word<S>; bulk: Uint8Array }>> {
    const isHere = (id: string, one: Member) => members.get(id) === one;
    const said = (one: Member) => one.inbox.get(nameOf(say, when));
    await until(() => [...who].every(([id, one]) => !isHere(id, one) || said(one)), ms);
    const heard = new Map<string, { word: Word<S>; bulk: Uint8Array }>();
    for (const [id, one] of who) {
      const message = said(one);
      if (message) heard.set(id, message as { word: Word<S>; bulk: Uint8Array });
      else one.line.close();
    }
    return heard;
  }
  /** One try; undefined where it is void. */
  async function tryOnce(at: number, rows: number, make: (part: number) => Numbers): Promise<FederatedSum | undefined> {
    const when = { at, attempt };
    const about = `${id} ${at} ${attempt}`;
    const own = openContributor(id, rows, about);
    isOpen = true;
    void bring();
    isWaiting = true;
    // Whoever is ready is waited for, as long as a round may take; fewer than enough wait for others.
    const hasEntered = (one: Member) => one.inbox.has(nameOf('keys', when));
    const enter = () => ready().every(([, one]) => hasEntered(one));
    const began = performance.now();
    const isLate = ({ readyAt = 0 }: Member) => performance.now() - Math.max(began, readyAt) > roundMs;
    for (;;) {
      await until(() => enter() && ready().length + 1 >= fewestMembers, 300);
      if (closed || options.giveUp?.()) return undefined;
      for (const [, one] of ready()) if (!hasEntered(one) && isLate(one)) one.line.close();
      if (enter() && ready().length + 1 >= fewestMembers) break;
    }
    isWaiting = false;
    isOpen = false;
    tries++;
    const entered = new Map(ready());
    const those = (ids: Iterable<string>) => {
      const some = new Set(ids);
      return new Map([...entered].filter(([who]) => some.has(who)));
    };
    const entrants: Entrant[] = [own.entrant];
    for (const [who, { word }] of await collect(entered, 'keys', when, 0))
      entrants.push({ id: who, box: fromBase64(word.box), mask: fromBase64(word.mask), rows: word.rows });
    if (entrants.length < fewestMembers) return undefined;
    const boxesOfOwn = own.share(entrants);
    const told = entrants.map((one) => ({ ...one, box: base64(one.box), mask: base64(one.mask) }));
    for (const { line } of entered.values()) line.say({ say: 'entrants', ...when, entrants: told });
    const boxes = new Map([[id, boxesOfOwn]]);
    for (const [who, { word }] of await collect(entered, 'boxes', when, wordMs)) {
      const own = unpacked(word.boxes);
      // One that leaves somebody out would have that one cut off in its place.
      if (entrants.every((one) => one.id === who || own.get(one.id)?.length === boxBytes)) boxes.set(who, own);
      else entered.get(who)?.line.close(new Fault('bad_input', 'boxes that are not for everybody'));
    }
    const enough = enoughOf(entrants.length);
    if (boxes.size < enough) return undefined;
    const boxed = [...boxes.keys()];
    const boxesFor = (who: string) =>
      new Map(
        boxed.filter((from) => from !== who).map((from) => [from, boxes.get(from)?.get(who) ?? new Uint8Array(0)]),
      );
    for (const [who, { line }] of those(boxed)) line.say({ say: 'boxes', ...when, boxes: packed(boxesFor(who)) });
    const words = own.mask(make(own.part), boxesFor(id));
    const size = { narrow: words.narrow.length, wide: words.wide.length };
    due = words.narrow.byteLength + words.wide.byteLength;
    const masked = new Map<string, Words>([[id, words]]);
    const patience = wordMs + due / leastRate;
    for (const [who, { bulk }] of await collect(those(boxed), 'masked', when, patience)) {
      const came = wordsOf(bulk, size);
      if (came) masked.set(who, came);
      else entered.get(who)?.line.close(new Fault('bad_input', 'other numbers than this run has'));
    }
    due = 0;
    if (!canStay(entrants, masked)) return undefined;
    const stayed = [...masked.keys()];
    const reveals = new Map<string, Reveal>([[id, own.reveal(stayed)]]);
    const mates = those(stayed);
    for (const { line } of mates.values()) line.say({ say: 'stayed', ...when, ids: stayed });
    for (const [who, { word }] of await collect(mates, 'reveal', when, wordMs))
      reveals.set(who, { own: unpacked(word.own), keys: unpacked(word.keys) });
    const sum = unmask(entrants, boxed, masked, reveals, about);
    if (!sum) return undefined;
    const all = entrants.reduce((total, one) => total + one.rows, 0);
    return {
      ...sum,
      members: entrants.filter((one) => masked.has(one.id)).map((one) => ({ id: one.id, share: one.rows / all })),
    };
  }

  // Its port is its own, and nobody enters: the leader calls.
  const server = pinnedListener(identity, (socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  const look = setInterval(() => {
    for (const [who, one] of members) if (!roster.has(who)) one.line.close();
    for (const [who, address] of roster) if (who !== id && !members.has(who)) void call(who, address);
  }, lookEveryMs);

  return {
    id,
    port: (server.address() as AddressInfo).port,
    get bytes() {
      const sum = { ...gone };
      for (const { line } of members.values()) {
        sum.sent += line.bytes.sent;
        sum.received += line.bytes.received;
      }
      return sum;
    },
    get members() {
      return ready().length;
    },
    get tries() {
      return tries;
    },
    get isWaiting() {
      return isWaiting;
    },
    setRoster: (next) => void (roster = next),
    stand(at, state) {
      attempt = 0;
      isOpen = true;
      let made: Promise<Uint8Array> | undefined;
      stand = {
        at,
        get state() {
          return (made ??= state());
        },
      };
      // What belongs to sums before this one is of no use.
      for (const { inbox } of members.values())
        for (const [name, { word }] of inbox) if (word.at < at) inbox.delete(name);
      void bring();
    },
    async sum(at, rows, make, end) {
      for (;;) {
        const sum = await tryOnce(at, rows, make);
        if (sum) {
          const bulk = packSum(sum.numbers, sum.part);
          const word: FederatedWord = { say: 'sum', at, attempt, ...(end ? { end } : {}), bulk: bulk.byteLength };
          for (const [, one] of ready()) one.line.say(word, bulk);
          stand = undefined;
          return sum;
        }
        if (closed || options.giveUp?.()) return undefined;
        attempt++;
        for (const [, one] of ready()) {
          one.inbox.clear();
          one.line.say({ say: 'again', at, attempt });
        }
      }
    },
    decide(at, numbers, hash) {
      const bulk = new Uint8Array(numbers.buffer.slice(numbers.byteOffset, numbers.byteOffset + numbers.byteLength));
      const word: FederatedWord = { say: 'decision', at, attempt: 0, ...(hash ? { hash } : {}), bulk: bulk.byteLength };
      for (const [, one] of ready()) one.line.say(word, bulk);
    },
    async close() {
      closed = true;
      clearInterval(look);
      stir();
      for (const one of members.values()) one.line.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
