// A member's side of a federated run: waits for its leader to call, goes on from the state that it is given, and brings its numbers to
// each sum under masks. What it trains on never leaves it.
import type { AddressInfo } from 'node:net';
import { Fault, type FederatedWord } from '../../schema/index.ts';
import { type Identity, nodeId } from '../../security/index.ts';
import { pinnedListener } from '../link/pin.ts';
import { bytesOfWords, type Numbers } from './fixed.ts';
import { base64, fromBase64, type Line, openLine, packed, unpacked, unpackSum } from './line.ts';
import { type Contributor, openContributor } from './secure.ts';

export interface SpokeOptions {
  identity: Identity;
  host: string;
  port: number;
}

/** What follows a word that a member waits for. */
export type Heard =
  | { what: 'sum'; numbers: Numbers; part: number; end: 'stop' | 'budget' | undefined }
  | { what: 'decision'; numbers: Float64Array; hash: string | undefined }
  /** The run goes on from another state than this member has. */
  | { what: 'state'; at: number; state: Uint8Array };

export interface Spoke {
  readonly id: string;
  readonly port: number;
  readonly bytes: { sent: number; received: number };
  readonly isLinked: boolean;
  /** From here on its leader may enter. */
  setLeader(id: string): void;
  /** The state to begin with. */
  begin(): Promise<{ at: number; state: Uint8Array }>;
  sum(at: number, rows: number, make: (part: number) => Numbers): Promise<Heard>;
  decision(at: number): Promise<Heard>;
  close(): Promise<void>;
}

/** Greatest state, sum or decision that a member takes, bytes; words that its leader never says are not here. */
const mostBulk: Partial<Record<FederatedWord['say'], number>> = {
  state: 8 * 1024 ** 3,
  sum: 8 * 1024 ** 3,
  decision: 64 * 1024,
  entrants: 0,
  boxes: 0,
  stayed: 0,
  again: 0,
};
/** Sums and decisions that may wait: a member is behind by one at most. */
const mostEarly = 4;

/** Opens a member's port. Rejects where it cannot be had. */
export async function openSpoke({ identity, host, port }: SpokeOptions): Promise<Spoke> {
  const id = nodeId(identity.certificate);
  let leader: string | undefined;
  let line: Line | undefined;
  const gone = { sent: 0, received: 0 };
  /** What came before it was asked for. */
  const early: Heard[] = [];
  let fresh: { at: number; attempt: number; state: Uint8Array } | undefined;
  let asked:
    | { at: number; rows: number; make?: (part: number) => Numbers; own?: Contributor; resolve(heard: Heard): void }
    | undefined;
  let started: ((given: { at: number; state: Uint8Array }) => void) | undefined;
  /** The try that the present sum begins with. */
  let attempt = 0;

  /** Enters a try with keys of its own. */
  function enter(): void {
    if (!asked?.make || !leader) return;
    asked.own = openContributor(id, asked.rows, `${leader} ${asked.at} ${attempt}`);
    const { box, mask, rows } = asked.own.entrant;
    line?.say({ say: 'keys', at: asked.at, attempt, box: base64(box), mask: base64(mask), rows });
  }
  function answer(heard: Heard): void {
    const waiting = asked;
    asked = undefined;
    attempt = 0;
    if (waiting) waiting.resolve(heard);
    else if (early.push(heard) > mostEarly) throw new Fault('bad_input', 'more sums than were asked for');
  }
  function hear(word: FederatedWord, bulk: Uint8Array): void {
    if (word.say === 'state') {
      ({ attempt } = word);
      early.length = 0;
      const given = { at: word.at, state: bulk };
      if (started) {
        started(given);
        started = undefined;
      } else if (asked) {
        const now = word.attempt;
        answer({ what: 'state', ...given });
        attempt = now;
      } else fresh = { ...given, attempt };
      return;
    }
    if (word.say === 'sum') return answer({ what: 'sum', ...sumOf(bulk), end: word.end });
    if (word.say === 'decision')
      return answer({ what: 'decision', numbers: new Float64Array(bulk.slice().buffer), hash: word.hash });
    if (word.at !== asked?.at) return;
    if (word.say === 'again') {
      ({ attempt } = word);
      return enter();
    }
    const { own, make } = asked;
    if (word.attempt !== attempt || !own || !make) return;
    const when = { at: word.at, attempt };
    if (word.say === 'entrants') {
      const entrants = word.entrants.map((one) => ({ ...one, box: fromBase64(one.box), mask: fromBase64(one.mask) }));
      line?.say({ say: 'boxes', ...when, boxes: packed(own.share(entrants)) });
    } else if (word.say === 'boxes') {
      const words = own.mask(make(own.part), unpacked(word.boxes));
      const bytes = bytesOfWords(words);
      const size = { narrow: words.narrow.length, wide: words.wide.length };
      line?.say({ say: 'masked', ...when, ...size, bulk: bytes.byteLength }, bytes);
    } else if (word.say === 'stayed') {
      const told = own.reveal(word.ids);
      line?.say({ say: 'reveal', ...when, own: packed(told.own), keys: packed(told.keys) });
    }
  }
  const sumOf = (bulk: Uint8Array) => {
    const { changes, wide, part } = unpackSum(bulk);
    if (!(part > 0 && part <= 1.000001)) throw new Fault('bad_input', 'the leader sent a sum of no part');
    return { numbers: { changes, wide }, part };
  };
  const server = pinnedListener(identity, (socket, who) => {
    if (who !== leader) {
      socket.destroy();
      return;
    }
    line?.close();
    const own = openLine({
      socket,
      most({ say }) {
        const most = mostBulk[say];
        if (most === undefined) throw new Fault('bad_input', `the leader said ${say}`);
        return most;
      },
      hear,
      lost() {
        gone.sent += own.bytes.sent;
        gone.received += own.bytes.received;
        if (line === own) line = undefined;
      },
    });
    line = own;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  /** Asks for what comes at this place; what came already is here. */
  function next(at: number, rows: number, make?: (part: number) => Numbers): Promise<Heard> {
    if (fresh) {
      const { at: from, state } = fresh;
      ({ attempt } = fresh);
      fresh = undefined;
      return Promise.resolve({ what: 'state', at: from, state });
    }
    const known = early.shift();
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      asked = { at, rows, ...(make ? { make } : {}), resolve };
      enter();
    });
  }

  return {
    id,
    port: (server.address() as AddressInfo).port,
    get bytes() {
      return {
        sent: gone.sent + (line?.bytes.sent ?? 0),
        received: gone.received + (line?.bytes.received ?? 0),
      };
    },
    get isLinked() {
      return line !== undefined;
    },
    setLeader: (who) => void (leader = who),
    begin() {
      const given = fresh;
      fresh = undefined;
      return given ? Promise.resolve(given) : new Promise((resolve) => (started = resolve));
    },
    sum: (at, rows, make) => next(at, rows, make),
    decision: (at) => next(at, 0),
    async close() {
      line?.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
