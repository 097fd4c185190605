// A trainer's place in the room, as its training loop sees it: an `Averager` over the thread that talks to the others. Knows no run.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { between, copyRows, numbersOf, rowsOf, type Place, type TouchedTable, type Turn } from '../cluster/index.ts';
import { Fault, faultFrom, type Generation, type RoomFigures } from '../schema/index.ts';
import { type Averager, type Meeting, Moved } from '../train/index.ts';
import { packDecision, readDecision } from './decision.ts';
import type { FromThread, RingStand, Roster, ThreadStart, ToThread } from './roomTalk.ts';

/** How a run's position travels to a machine that joins. */
export interface StateCodec<P> {
  encode(position: P): Uint8Array;
}

export interface RoomMember<P> {
  /** Of this trainer in its job, and where it listens. */
  readonly id: string;
  readonly port: number;
  /** Joins the ring. The state is a neighbour's, where this trainer does not begin the job; undefined when the job is over. */
  begin(roster: Roster, founding?: Generation): Promise<{ state?: Uint8Array; averager: Averager<P> } | undefined>;
  setRoster(roster: Roster): void;
  /** The loop has ended there: whoever joins now is given this position. */
  rest(position: () => Promise<P>): void;
  figures(): RoomFigures;
  close(): Promise<void>;
}

/** How many steps' speeds a measured one is a mean of; the first steps are not measured. */
const smoothing = 8;
const warmUp = 2;
/** Steps shorter than this are mostly not about rows, so that speeds would say nothing of shares, ms. */
const leastMs = 5;
/** How many steps a look at the pace is over. */
const mostLately = 5;
const asks = [undefined, 'stop', 'budget'] as const;
const wholeOf = (tables: readonly TouchedTable[]): number =>
  tables.reduce((total, { count, width }) => total + count * width, 0);

/** Opens this trainer's port for the others. Fault when no port can be had. */
export function openRoomMember<P>(
  start: Omit<ThreadStart, 'generation'>,
  codec: StateCodec<P>,
): Promise<RoomMember<P>> {
  const generation = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ThreadStart = { ...start, generation: generation.buffer };
  const worker = new Worker(new URL(`./roomThread${extname(import.meta.url)}`, import.meta.url), { workerData });
  const tell = (message: ToThread, move: ArrayBuffer[] = []) => worker.postMessage(message, move);
  let answer: { resolve(message: FromThread): void; reject(error: unknown): void } | undefined;
  /** The sum that waits, and how to tell where the run stands before it. */
  let pending: { step: number; position: () => Promise<P> } | undefined;
  let wanted: number | undefined;
  let shared: Float32Array = new Float32Array(0);
  let place: Place;
  let step = 0;
  let asked = performance.now();
  let measured = 0;
  let meanMs = 0;
  let stand: RingStand = { sent: 0, received: 0, generation: 0, ring: 'outside', members: [] };
  let meeting: Meeting | undefined;
  let every: number | undefined;
  /** How much all members' rows of tables were in the last step, and in which generation that was summed. */
  let fewRows: { generation: number; numbers: number } | undefined;
  /** What the last few steps took. */
  const lately: { computeMs: number; waitMs: number; sent: number }[] = [];
  const done = { samples: 0, steps: 0, computeMs: 0, waitMs: 0, speed: 0, computedRows: 0, checks: 0 };

  const ask = (message: ToThread, move: ArrayBuffer[] = []): Promise<FromThread> =>
    new Promise((resolve, reject) => {
      answer = { resolve, reject };
      tell(message, move);
    });
  const settle = (message: FromThread) => {
    const waiting = answer;
    answer = undefined;
    if (message.type === 'fault') waiting?.reject(faultFrom(message.fault));
    else waiting?.resolve(message);
  };
  /** Tells somebody who joins where the run stands, once its loop is there. */
  async function hand(): Promise<void> {
    if (wanted === undefined || pending?.step !== wanted) return;
    const at = wanted;
    wanted = undefined;
    const state = codec.encode(await pending.position());
    tell({ type: 'state', step: at, state }, [state.buffer as ArrayBuffer]);
  }

  /** Sums what the shared buffer holds; `round` where that came of several steps. */
  async function sum(
    length: number,
    exactFrom: number,
    position: () => Promise<P>,
    fresh: boolean,
    { round = false, tables = [] }: { round?: boolean; tables?: readonly TouchedTable[] } = {},
  ): Promise<Turn> {
    pending = { step, position };
    const request = {
      type: 'sum',
      step,
      generation: place.generation,
      length,
      exactFrom,
      speed: meanMs < leastMs ? 0 : done.speed,
      round,
      tables,
    } as const;
    const waiting = ask({ ...request, ...(fresh ? { buffer: shared.buffer as SharedArrayBuffer } : {}) });
    await hand();
    const message = await waiting;
    pending = undefined;
    if (message.type !== 'turn') throw new Fault('internal', `a thread answered ${message.type} to a sum`);
    place = message.turn.place;
    stand = message.stand;
    if (message.turn.what === 'moved') {
      step = message.turn.step;
      throw new Moved(message.turn.state);
    }
    if (message.turn.what === 'held') step++;
    return message.turn;
  }
  /** Makes room for so many numbers; true when the buffer is a new one. */
  function room(length: number): boolean {
    if (shared.length >= length) return false;
    shared = new Float32Array(new SharedArrayBuffer(length * 4));
    return true;
  }

  const averager: Averager<P> = {
    shared: true,
    share(rows, position) {
      asked = performance.now();
      if (position) {
        pending = { step, position };
        void hand();
      }
      return rowsOf(place, rows);
    },
    isStale: () => Atomics.load(generation, 0) > place.generation,
    pace() {
      const mean = (of: (one: (typeof lately)[number]) => number) =>
        lately.reduce((total, one) => total + of(one), 0) / lately.length;
      if (lately.length === 0) return undefined;
      return {
        computeMs: mean((one) => one.computeMs),
        waitMs: mean((one) => one.waitMs),
        bytes: mean((one) => one.sent),
      };
    },
    meets(chosen) {
      meeting = chosen;
    },
    async reduce({ buffer, exactFrom, rows, ask: end, position, steps, tables: all = [] }) {
      const took = performance.now() - asked;
      if (rows > 0 && ++measured > warmUp) {
        done.computeMs += took;
        done.computedRows += rows;
        const now = (rows / Math.max(took, 0.01)) * 1000;
        meanMs += (took - meanMs) / Math.min(smoothing, measured - warmUp);
        done.speed = done.speed === 0 ? now : done.speed + (now - done.speed) / smoothing;
      }
      const { length } = buffer;
      const fresh = room(length + 2);
      const { generation: ring } = place;
      // All members come to the same answer, for the number is one that they summed in this very generation.
      const tables = fewRows?.generation === ring && fewRows.numbers < wholeOf(all) ? all : [];
      const parts = between(tables, length);
      for (const [from, to] of parts) shared.set(buffer.subarray(from, to), from);
      for (const table of tables) copyRows(table, table.rows, buffer, shared);
      shared[length] = asks.indexOf(end);
      shared[length + 1] = numbersOf(all);
      const began = performance.now();
      const { sent } = stand;
      const turn = await sum(length + 2, exactFrom, position, fresh, { round: steps !== undefined, tables });
      const waited = performance.now() - began;
      done.waitMs += waited;
      lately.push({ computeMs: took, waitMs: waited, sent: stand.sent - sent });
      if (lately.length > mostLately) lately.shift();
      if (turn.what !== 'held') return { what: 'again' };
      for (const [from, to] of parts) buffer.set(shared.subarray(from, to), from);
      for (const [i, table] of tables.entries()) copyRows(table, turn.touched[i], shared, buffer);
      fewRows = all.length > 0 ? { generation: ring, numbers: shared[length + 1] } : undefined;
      done.samples += rows;
      done.steps += steps ?? 1;
      every = steps === undefined ? 0 : Math.max(every ?? 0, steps);
      return { what: 'held', end: shared[length] === 0 ? undefined : shared[length] === 1 ? 'stop' : 'budget' };
    },
    async agree({ length, make, same, position }) {
      const hash = same ? await same() : undefined;
      for (;;) {
        const packed = packDecision(length, place.leads ? await make() : undefined, hash);
        const fresh = room(packed.length);
        shared.set(packed);
        const turn = await sum(packed.length, 0, position, fresh);
        if (turn.what !== 'held') continue;
        if (hash !== undefined) done.checks++;
        return readDecision(shared.subarray(0, packed.length), length, hash);
      }
    },
  };

  return new Promise((resolve, reject) => {
    worker.on('error', (error) => {
      reject(error as Error);
      answer?.reject(error);
    });
    worker.on('message', (message: FromThread) => {
      if (message.type === 'want') {
        wanted = message.step;
        void hand();
        return;
      }
      if (message.type === 'refused') return;
      if (message.type === 'stand') {
        stand = message.stand;
        return;
      }
      if (message.type !== 'open') {
        if (message.type === 'fault') reject(faultFrom(message.fault));
        return settle(message);
      }
      resolve({
        id: message.id,
        port: message.port,
        async begin(roster, founding) {
          const begun = await ask({ type: 'begin', roster, ...(founding ? { founding } : {}) });
          if (begun.type !== 'begun') return undefined;
          ({ place, step } = begun);
          return { averager, ...(begun.state ? { state: begun.state } : {}) };
        },
        rest(position) {
          pending = { step, position };
          void hand();
        },
        setRoster: (roster) => tell({ type: 'roster', roster }),
        figures: () => ({
          ...done,
          ...stand,
          ...(every === undefined ? {} : { every }),
          ...(meeting ? { why: meeting.reason } : {}),
          members: stand.members.map((one) => ({ ...one })),
        }),
        async close() {
          await Promise.race([ask({ type: 'close' }), new Promise((soon) => setTimeout(soon, 500))]);
        },
      });
    });
  });
}
