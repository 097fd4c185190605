// A trainer's place in a data-parallel job: membership, ring and pipes put together behind three questions that a training loop
// asks: which rows are mine, sum this, what now. Runs in a thread of its own where steps hold the loop's.
import { rng } from '../../base/index.ts';
import { Fault, type Generation, type PeerAddress } from '../../schema/index.ts';
import { type Identity, nodeId } from '../../security/index.ts';
import type { Frame } from '../link/frame.ts';
import { mostPayload } from '../link/pipe.ts';
import type { DenseEncoding } from '../ring/codec.ts';
import { createRing, type Ring } from '../ring/ring.ts';
import { addRows, between, mostBytes, packRows, type TouchedTable } from '../ring/tableRows.ts';
import { createMember, type Member } from './member.ts';
import { openMesh, type RingPipe } from './mesh.ts';
import type { Durable } from './vote.ts';

/** Where this trainer stands in a generation: its part of each batch, and whether it decides for all. */
export interface Place {
  generation: number;
  /** Its part of a batch, 0 to 1; none while it is outside. */
  from: number;
  to: number;
  leads: boolean;
  members: number;
}

/** What a loop is told after it gave its numbers: all hold the sum, where tables were given in their rows that anybody touched; compute anew; or go on from this state. */
export type Turn = { place: Place } & (
  | { what: 'held'; touched: Uint32Array[] }
  | { what: 'again' }
  | { what: 'moved'; step: number; state: Uint8Array }
);

/** What a loop gives to be summed. */
export interface Given {
  step: number;
  /** The generation of the place that it was computed for. */
  generation: number;
  /** Summed in place; what it holds after `again` means nothing. */
  values: Float32Array;
  /** Numbers from here on travel as they are. */
  exactFrom: number;
  /** They came of a round of steps, not of one. */
  round?: boolean;
  /** Tables before `exactFrom` of which the rows travel that members touched; all members say the same tables. */
  tables?: readonly TouchedTable[];
}

/** The rows of a batch that a place stands for. */
export const rowsOf = ({ from, to }: Place, rows: number): { from: number; to: number } => ({
  from: Math.round(rows * from),
  to: Math.round(rows * to),
});

export interface JobNodeOptions {
  identity: Identity;
  host: string;
  port: number;
  roster: () => ReadonlyMap<string, PeerAddress>;
  durable: Durable;
  /** Steps of the whole job. */
  steps: number;
  /** Whether this trainer has what the first generation begins with. */
  has: boolean;
  /** How gradients and how rounds travel; as they are when left out. */
  wires?: { encoding: DenseEncoding; rounds: DenseEncoding };
  persist: (durable: Durable) => void;
  /** All that a member needs to go on after so many applied steps; the loop answers when it stands there. */
  state: (step: number) => Promise<Uint8Array>;
  /** A member whose frames cannot be: named, and shut out by its link's end. */
  refused?: (who: string, fault: Fault) => void;
}

export interface JobNode {
  readonly id: string;
  readonly port: number;
  readonly member: Member;
  readonly bytes: { sent: number; received: number };
  /**
   * Resolves when the loop may begin: at once where it has what the generation begins with, else when a neighbour gave it;
   * undefined when the job ended. `founding` is the first generation, where the job's node was opened outside of any.
   */
  begin(founding?: Generation): Promise<{ step: number; state?: Uint8Array; place: Place } | undefined>;
  /** Sums over all; resolves when all hold the sum, or when the step must be computed anew. */
  reduce(given: Given): Promise<Turn>;
  close(): Promise<void>;
}

/** A ring of one sends nothing. */
const alone: RingPipe = { send: () => true, close: () => undefined };
const tickMs = 50;
/** Bytes of a ring's frames that may come before this member has formed it. */
const mostEarly = 512 * 1024 * 1024;
/** Greatest state that a member takes. */
const mostState = 8 * 1024 ** 3;

/** Joins a job: a member, its ring and the weights that it is given, as one loop of steps sees them. */
export async function openJobNode(options: JobNodeOptions): Promise<JobNode> {
  const { identity, steps } = options;
  const id = nodeId(identity.certificate);
  let ring: { ring: Ring; generation: Generation; left: string; right: RingPipe } | undefined;
  let early: [string, Frame][] = [];
  let earlyBytes = 0;
  /** What the loop waits for: its sum, or to begin. */
  let turn: { given: Given; give(turn: Turn): void; fail(fault: unknown): void } | undefined;
  let start: ((begins: boolean) => void) | undefined;
  /** The step that may be computed now. */
  let open: number | undefined;
  let fetched: { number: number; parts: Uint8Array; filled: number } | undefined;
  let moved: { step: number; state: Uint8Array } | undefined;
  /** Who is being given the state, and of which generation. */
  const handing = new Set<string>();
  /** Rows of each table that the sum has. */
  let touched: Uint32Array[] = [];
  /** What lossy encodings dropped so far, and of what. */
  let residue: { of: string; error: Float32Array; before: Float32Array } | undefined;
  /** Whether the loop takes rounds of steps, in which a change of members costs more than one. */
  let inRounds = false;
  const { encoding: usual, rounds } = options.wires ?? { encoding: 'fp32', rounds: 'fp32' };

  const mesh = await openMesh({
    id,
    identity,
    host: options.host,
    port: options.port,
    roster: options.roster,
    hear(from, message) {
      if (message.type === 'fetch') {
        // The loop may end, or fail, before it stands where the state is wanted: whoever asked asks again, or another.
        hand(from, message.number).catch(() => undefined);
        return;
      }
      if (message.type === 'state') {
        if (message.bytes > mostState) throw new Fault('bad_input', `a state of ${message.bytes} bytes is too large`);
        if (message.number === member.generation.number && !fetched) {
          fetched = { number: message.number, parts: new Uint8Array(message.bytes), filled: 0 };
        }
        return;
      }
      member.take(from, message);
    },
    frame(from, frame) {
      if (ring && from === ring.left && frame.generation === ring.generation.number) return accept(from, frame);
      if (frame.generation <= member.generation.number && ring) return;
      earlyBytes += frame.payload.byteLength;
      if (earlyBytes > mostEarly) throw new Fault('bad_input', 'more than may come before the ring is formed');
      early.push([from, { ...frame, payload: frame.payload.slice() }]);
    },
    state(_from, frame) {
      if (!fetched || frame.generation !== fetched.number) return;
      if (fetched.filled + frame.payload.byteLength > fetched.parts.byteLength)
        throw new Fault('bad_input', 'more weights than were told');
      fetched.parts.set(frame.payload, fetched.filled);
      fetched.filled += frame.payload.byteLength;
      if (fetched.filled < fetched.parts.byteLength) return;
      moved = { step: member.generation.step, state: fetched.parts };
      fetched = undefined;
      member.loaded(frame.generation);
      settle();
    },
    lost(who, number, fault) {
      if (fault?.code === 'bad_input') options.refused?.(who, fault);
      member.broke(number, who);
    },
  });

  function accept(from: string, frame: Frame): void {
    try {
      ring?.ring.take(frame);
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('bad_input', (error as Error).message);
      options.refused?.(from, fault);
      member.broke(frame.generation, from);
      throw fault;
    }
  }
  /** Gives the state to one that asks, once the loop stands between two steps. */
  async function hand(to: string, number: number): Promise<void> {
    const { generation, standing } = member;
    const name = `${to} ${number}`;
    if (generation.number !== number || standing.applied !== generation.step || handing.has(name)) return;
    handing.add(name);
    try {
      const state = await options.state(generation.step);
      if (member.generation.number !== number) return;
      mesh.tell(to, { type: 'state', number, bytes: state.byteLength });
      for (let at = 0; at < state.byteLength; at += mostPayload) {
        const head = { kind: 'state', encoding: 'raw', generation: number, step: 0, bucket: 0, chunk: 0 } as const;
        mesh.give(to, head, state.subarray(at, at + mostPayload));
      }
    } finally {
      handing.delete(name);
    }
  }
  function dissolve(): void {
    ring?.ring.abort(new Fault('cancelled', 'the members changed'));
    ring?.right.close();
    ring = undefined;
    open = undefined;
  }
  /** What was dropped so far of numbers such as these, and a copy of it. */
  function residueOf(of: string, length: number): { error: Float32Array; before: Float32Array } {
    if (residue?.of !== of || residue.error.length !== length)
      residue = { of, error: new Float32Array(length), before: new Float32Array(length) };
    residue.before.set(residue.error);
    return residue;
  }
  async function sum(): Promise<void> {
    const now = ring;
    const asked = turn;
    if (!now || !asked) return;
    const { step, values, exactFrom, tables = [] } = asked.given;
    const encoding = inRounds ? rounds : usual;
    const isExact = encoding === 'fp32' || exactFrom === 0;
    const { error, before } = isExact ? {} : residueOf(`${encoding} ${inRounds}`, exactFrom);
    touched = tables.map(() => new Uint32Array(0));
    try {
      const parts: Promise<void>[] = [];
      // Bucket 1 is what travels as it is, 0 all gradients or, where there are tables, the even ones parts between those.
      for (const [i, [from, to]] of between(tables, exactFrom).entries()) {
        const how = { encoding, ...(error ? { error: error.subarray(from, to) } : {}) };
        parts.push(now.ring.reduce(step, 2 * i, values.subarray(from, to), how));
      }
      if (exactFrom < values.length)
        parts.push(now.ring.reduce(step, 1, values.subarray(exactFrom), { encoding: 'fp32' }));
      for (const [i, table] of tables.entries()) {
        const own = packRows(table, values, encoding, error);
        const all = now.ring.spread(step, 2 * i + 3, own, mostBytes(table, encoding));
        parts.push(all.then((bytes) => void (touched[i] = addRows(table, bytes, values, encoding))));
      }
      await Promise.all(parts);
    } catch (fault) {
      // What a sum that came to nothing dropped was not dropped.
      if (error && before) error.set(before);
      if (ring !== now || turn !== asked) return;
      turn = undefined;
      asked.fail(fault);
      return;
    }
    if (ring !== now || turn !== asked) return;
    member.holds(now.generation.number, step);
  }
  const place = (): Place => {
    const { members, number, leader } = member.generation;
    const rank = members.findIndex((one) => one.id === id);
    const total = members.reduce((all, one) => all + one.share, 0);
    const upTo = (n: number) => members.slice(0, n).reduce((all, one) => all + one.share, 0) / total;
    const part =
      rank < 0 ? { from: 0, to: 0 } : { from: upTo(rank), to: rank + 1 === members.length ? 1 : upTo(rank + 1) };
    return { generation: number, ...part, leads: leader === id, members: members.length };
  };
  /** Goes on with what the loop gave, or tells it why that is of no use. */
  function settle(): void {
    if (moved && start) {
      start(true);
      start = undefined;
    }
    if (!turn) return;
    if (moved) {
      const { step, state } = moved;
      moved = undefined;
      return answer({ what: 'moved', step, state, place: place() });
    }
    if (!ring || open === undefined) return;
    const { generation, step } = turn.given;
    if (generation === ring.generation.number && step === open) void sum();
    else answer({ what: 'again', place: place() });
  }
  /** Ends the loop's waiting with an answer. */
  function answer(what: Turn): void {
    const waiting = turn;
    turn = undefined;
    member.setComputing(true);
    waiting?.give(what);
  }

  const member: Member = createMember({
    id,
    durable: options.durable,
    steps,
    applied: options.has ? options.durable.generation.step : undefined,
    kept: () => undefined,
    restore: () => undefined,
    random: rng(Number.parseInt(id.slice(0, 8), 16), 'member'),
    now: () => performance.now(),
    inRounds: () => inRounds,
    persist: options.persist,
    send: (to, message) => mesh.tell(to, message),
    others: () => [...options.roster().keys()],
    form(generation) {
      const ids = generation.members.map((one) => one.id);
      const rank = ids.indexOf(id);
      const next = ids[(rank + 1) % ids.length] ?? id;
      const left = ids[(rank + ids.length - 1) % ids.length] ?? id;
      const right = next === id ? alone : mesh.ring(left, next, generation.number, () => made.resume());
      const send: RingPipe['send'] = (head, payload) => right.send(head, payload);
      const made = createRing({ rank, size: ids.length, generation: generation.number, encoding: usual, send });
      ring = { ring: made, generation, left, right };
      const came = early;
      early = [];
      earlyBytes = 0;
      for (const [from, frame] of came)
        if (from === left && frame.generation === generation.number) accept(from, frame);
    },
    work(_generation, step) {
      open = step;
      settle();
    },
    apply: () => answer({ what: 'held', touched, place: place() }),
    halt: dissolve,
    drop: () => undefined,
    fetch(generation, from) {
      const ask = () => {
        if (member.generation.number !== generation.number || moved || fetched) return;
        mesh.tell(from, { type: 'fetch', number: generation.number });
        setTimeout(ask, 500).unref();
      };
      moved = undefined;
      fetched = undefined;
      ask();
    },
    over() {
      start?.(false);
      start = undefined;
    },
  });
  const timer = setInterval(() => member.tick(), tickMs);

  return {
    id,
    port: mesh.port,
    member,
    get bytes() {
      return mesh.bytes;
    },
    async begin(founding) {
      const first = founding ?? options.durable.generation;
      if (founding) member.take(id, { type: 'chosen', value: founding });
      const has = options.has && first.holders.includes(id);
      if (!has && !moved && !(await new Promise<boolean>((resolve) => (start = resolve)))) return undefined;
      const given = moved;
      moved = undefined;
      member.setComputing(true);
      if (given) return { ...given, place: place() };
      return { step: first.step, place: place() };
    },
    reduce(given) {
      return new Promise((give, fail) => {
        turn = { given, give, fail };
        // Between rounds come sums of decisions: they change nothing about how steps are taken.
        if (given.exactFrom > 0) inRounds = given.round ?? false;
        member.setComputing(false);
        settle();
      });
    },
    async close() {
      clearInterval(timer);
      start?.(false);
      dissolve();
      await mesh.close();
    },
  };
}
