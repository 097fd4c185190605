// A trainer's place in a data-parallel job: membership, ring and pipes put together behind three questions that a training loop
// asks: which rows are mine, sum this, what now. Runs in a thread of its own where steps hold the loop's.
import { rng } from '../../base/index.ts';
import { Fault, type Generation, type PeerAddress } from '../../schema/index.ts';
import { type Identity, nodeId } from '../../security/index.ts';
import type { Frame } from '../link/frame.ts';
import { mostPayload } from '../link/pipe.ts';
import type { DenseEncoding } from '../ring/codec.ts';
import { createRing, type Ring } from '../ring/ring.ts';
import { createMember, type Member } from './member.ts';
import { openMesh } from './mesh.ts';
import type { Durable } from './vote.ts';

/** What a loop is told after it gave its gradients: all hold the sum; compute anew; or go on from these weights. */
export type Turn = { what: 'held' } | { what: 'again' } | { what: 'moved'; step: number; state: Uint8Array };

export interface JobNodeOptions {
  identity: Identity;
  host: string;
  port: number;
  roster: () => ReadonlyMap<string, PeerAddress>;
  durable: Durable;
  /** Steps of the whole job. */
  steps: number;
  /** Whether this trainer has the weights that the first generation begins with. */
  has: boolean;
  encoding?: DenseEncoding;
  persist: (durable: Durable) => void;
  /** Weights and optimiser state after so many applied steps; asked only between a loop's steps. */
  state: () => Promise<Uint8Array>;
  /** A member whose frames cannot be: named, and shut out by its link's end. */
  refused?: (who: string, fault: Fault) => void;
}

export interface JobNode {
  readonly id: string;
  readonly port: number;
  readonly member: Member;
  readonly bytes: { sent: number; received: number };
  /** Resolves when a ring is formed and this trainer may begin with a step; false when the job ended without it. */
  begin(): Promise<{ step: number; state?: Uint8Array } | undefined>;
  /** The rows of a step's batch that are this trainer's. */
  share(rows: number): { from: number; to: number };
  /** Sums over all, in place; resolves when all hold the sum, or when the step must be computed anew. */
  reduce(step: number, values: Float32Array): Promise<Turn>;
  close(): Promise<void>;
}

/** A ring of one sends nothing. */
const alone = { send: () => undefined, close: () => undefined };
const tickMs = 50;
/** Bytes of a ring's frames that may come before this member has formed it. */
const mostEarly = 64 * 1024 * 1024;

/** Joins a job: a member, its ring and the weights that it is given, as one loop of steps sees them. */
export async function openJobNode(options: JobNodeOptions): Promise<JobNode> {
  const { identity, steps } = options;
  const id = nodeId(identity.certificate);
  let ring: { ring: Ring; generation: Generation; left: string; right: ReturnType<typeof mesh.ring> } | undefined;
  let early: [string, Frame][] = [];
  let earlyBytes = 0;
  /** What the loop waits for: its sum, or to begin. */
  let turn: { step: number; values: Float32Array; give(turn: Turn): void; fail(fault: unknown): void } | undefined;
  /** The generation in which the loop asked for its rows. */
  let sharedIn = -1;
  let start: ((step: number | undefined) => void) | undefined;
  /** The step that may be computed now. */
  let open: number | undefined;
  let fetched: { number: number; parts: Uint8Array; filled: number } | undefined;
  let moved: { step: number; state: Uint8Array } | undefined;

  const mesh = await openMesh({
    id,
    identity,
    host: options.host,
    port: options.port,
    roster: options.roster,
    hear(from, message) {
      if (message.type === 'fetch') return void hand(from, message.number);
      if (message.type === 'state') {
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
      early.push([from, frame]);
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
  /** Gives the weights to one that asks, once the loop stands between two steps. */
  async function hand(to: string, number: number): Promise<void> {
    const { generation, standing } = member;
    if (generation.number !== number || standing.applied !== generation.step) return;
    const state = await options.state();
    if (member.generation.number !== number) return;
    mesh.tell(to, { type: 'state', number, bytes: state.byteLength });
    for (let at = 0; at < state.byteLength; at += mostPayload) {
      const head = { kind: 'state', encoding: 'raw', generation: number, step: 0, bucket: 0, chunk: 0 } as const;
      mesh.give(to, head, state.subarray(at, at + mostPayload));
    }
  }
  function dissolve(): void {
    ring?.ring.abort(new Fault('cancelled', 'the members changed'));
    ring?.right.close();
    ring = undefined;
    open = undefined;
  }
  async function sum(): Promise<void> {
    const now = ring;
    const asked = turn;
    if (!now || !asked) return;
    const { step } = asked;
    // A sum that comes to nothing must leave the gradients as they were.
    const work = asked.values.slice();
    try {
      await now.ring.reduce(step, 0, work);
    } catch (fault) {
      if (ring !== now || turn !== asked) return;
      turn = undefined;
      asked.fail(fault);
      return;
    }
    if (ring !== now || turn !== asked) return;
    asked.values.set(work);
    member.holds(now.generation.number, step);
  }
  /** Tells a loop whose gradients belong to no ring how to go on. */
  function resume(): void {
    const now = moved;
    moved = undefined;
    answer(now ? { what: 'moved', step: now.step, state: now.state } : { what: 'again' });
  }
  /** Ends the loop's waiting with an answer. */
  function answer(what: Turn): void {
    const waiting = turn;
    turn = undefined;
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
    persist: options.persist,
    send: (to, message) => mesh.tell(to, message),
    others: () => [...options.roster().keys()],
    form(generation) {
      const ids = generation.members.map((one) => one.id);
      const rank = ids.indexOf(id);
      const next = ids[(rank + 1) % ids.length] ?? id;
      const right = next === id ? alone : mesh.ring(next, generation.number);
      const left = ids[(rank + ids.length - 1) % ids.length] ?? id;
      const send = right.send;
      const { encoding = 'fp32' } = options;
      ring = {
        ring: createRing({ rank, size: ids.length, generation: generation.number, encoding, send }),
        generation,
        left,
        right,
      };
      const came = early;
      early = [];
      earlyBytes = 0;
      for (const [from, frame] of came)
        if (from === left && frame.generation === generation.number) accept(from, frame);
    },
    work(_generation, step) {
      open = step;
      if (start) {
        start(step);
        start = undefined;
        return;
      }
      // The loop still waits with gradients of an older ring.
      if (turn) resume();
    },
    apply: () => answer({ what: 'held' }),
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
      start?.(undefined);
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
    async begin() {
      const step = open ?? (await new Promise<number | undefined>((resolve) => (start = resolve)));
      if (step === undefined) return undefined;
      const state = moved?.state;
      moved = undefined;
      return state ? { step, state } : { step };
    },
    share(rows) {
      const { members, number } = member.generation;
      sharedIn = number;
      const rank = members.findIndex((one) => one.id === id);
      const total = members.reduce((all, one) => all + one.share, 0);
      const upTo = (n: number) =>
        Math.round((rows * members.slice(0, n).reduce((all, one) => all + one.share, 0)) / total);
      return rank < 0 ? { from: 0, to: 0 } : { from: upTo(rank), to: upTo(rank + 1) };
    },
    reduce(step, values) {
      return new Promise((give, fail) => {
        turn = { step, values, give, fail };
        if (!ring) return;
        // The members may have changed while this was computed.
        if (sharedIn !== ring.generation.number || open !== step) resume();
        else void sum();
      });
    },
    async close() {
      clearInterval(timer);
      dissolve();
      await mesh.close();
    },
  };
}
