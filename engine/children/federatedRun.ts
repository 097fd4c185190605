// A trainer's part in a federated run, as its training loop sees it: an `Averager` whose sums nobody can look into. The leader evaluates
// and decides for all; a member brings what its own rows changed.
import { allFinite, type Hub, type Numbers, openHub, openSpoke, type Spoke } from '../cluster/index.ts';
import type { DatasetReader } from '../data/index.ts';
import { fromUtf8, utf8 } from '../base/index.ts';
import { Fault, preprocess, type RoomFigures, type RoomOrder } from '../schema/index.ts';
import { createIdentity } from '../security/index.ts';
import {
  type Averager,
  type FederatedPlan,
  Moved,
  prepareFederated,
  type RunHooks,
  type RunJob,
  type RunResult,
  type RunState,
  runTraining,
} from '../train/index.ts';
import { readState, type RoomChannel, stateBytes } from './roomRun.ts';

/** Between two tellings of how it goes, ms. */
const tellEveryMs = 500;

/** Fault `diverged` before anything of it is sent. */
function needFinite(buffer: Float32Array): void {
  if (allFinite(buffer)) return;
  throw new Fault('diverged', 'training on the rows here ran away: lower the learning rate, or look for outliers');
}

/** What of a sum's buffer is changes and what is wide: running statistics, the part, loss and weight sums. */
function numbersOf(buffer: Float32Array, exactFrom: number, part: number): Numbers {
  const changes = buffer.slice(0, exactFrom).map((value) => value * part);
  const wide = Float64Array.from(buffer.subarray(exactFrom), (value, i) =>
    // The last two are sums over rows already.
    exactFrom + i < buffer.length - 2 ? value * part : value,
  );
  return { changes, wide };
}

function take(buffer: Float32Array, { changes, wide }: Numbers, part: number): void {
  for (let i = 0; i < changes.length; i++) buffer[i] = changes[i] / part;
  for (let i = 0; i < wide.length; i++) {
    const at = changes.length + i;
    buffer[at] = at < buffer.length - 2 ? wide[i] / part : wide[i];
  }
}

/** What is told of how it goes. */
function openFigures() {
  const done = { samples: 0, steps: 0, computeMs: 0, waitMs: 0, speed: 0, computedRows: 0, checks: 0, generation: 0 };
  let every: number | undefined;
  let began = performance.now();
  return {
    done,
    began: () => void (began = performance.now()),
    /** Time at own rows. */
    computed(rows: number): number {
      const now = performance.now();
      done.computeMs += now - began;
      done.computedRows += rows;
      done.speed = done.computeMs > 0 ? (done.computedRows / done.computeMs) * 1000 : 0;
      return now;
    },
    counted(rows: number, steps: number, waitedFrom: number): void {
      done.waitMs += performance.now() - waitedFrom;
      done.samples += rows;
      done.steps += steps;
      done.generation++;
      every = Math.max(every ?? 0, steps);
    },
    view: (
      bytes: { sent: number; received: number },
      ring: RoomFigures['ring'],
      members: RoomFigures['members'],
    ): RoomFigures => ({ ...done, ...bytes, ring, members, ...(every === undefined ? {} : { every }) }),
  };
}

async function onFreePort<T>([from, to]: [number, number], open: (port: number) => Promise<T>): Promise<T> {
  for (let at = from; ; at++) {
    try {
      return await open(at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || at >= to) throw error;
    }
  }
}

/** `runTraining` as the leader of machines that each have rows of their own. */
export async function leadFederated(
  order: RoomOrder,
  channel: RoomChannel,
  job: RunJob,
  hooks: RunHooks,
  from?: RunState,
): Promise<RunResult> {
  const identity = await createIdentity('trainer');
  const giveUp = () => hooks.interrupt?.() === 'stop';
  const hub = await onFreePort(order.ports, (port) => openHub({ identity, host: order.host, port, giveUp }));
  channel.send({ type: 'roomOpen', id: hub.id, port: hub.port });
  const { roster } = await channel.meeting;
  hub.setRoster(new Map(roster));
  channel.onRoster((others) => hub.setRoster(new Map(others)));
  const [candidate] = job.candidates;
  const batches = Math.ceil(job.rows.train.length / Math.max(1, Math.min(candidate.batchSize, job.rows.train.length)));
  const plan: FederatedPlan = { preprocess: job.rows.preprocess, candidate, batches };
  const figures = openFigures();
  let members: RoomFigures['members'] = [];
  const tell = () =>
    channel.send({
      type: 'roomFigures',
      figures: figures.view(hub.bytes, hub.isWaiting && hub.members < 2 ? 'waiting' : 'working', members),
    });
  setInterval(tell, tellEveryMs).unref();
  const averager = leading(hub, plan, figures, (now) => (members = now));
  const result = await runTraining({ ...job, averager, refit: null, federated: {} }, hooks, from);
  tell();
  return result;
}

function leading(
  hub: Hub,
  plan: FederatedPlan,
  figures: ReturnType<typeof openFigures>,
  met: (members: RoomFigures['members']) => void,
): Averager<RunState> {
  let at = 0;
  return {
    shared: true,
    share(rows, position) {
      figures.began();
      if (position) hub.stand(at, async () => withPlan(plan, await position()));
      return { from: 0, to: rows };
    },
    async reduce({ buffer, exactFrom, rows, ask, steps = 1 }) {
      needFinite(buffer);
      const waited = figures.computed(rows);
      const sum = await hub.sum(at, rows, (part) => numbersOf(buffer, exactFrom, part), ask);
      // Stopped while too few were there: the round changes nothing.
      if (!sum) {
        buffer.fill(0, 0, exactFrom);
        return { what: 'held', end: 'stop' };
      }
      at++;
      take(buffer, sum.numbers, sum.part);
      met(sum.members);
      figures.counted(rows, steps, waited);
      return { what: 'held', end: ask };
    },
    async agree({ make, same }) {
      const [numbers, hash] = [await make(), await same?.()];
      // How single rows fared is the leader's own.
      hub.decide(at++, numbers.subarray(0, mostTold), hash);
      if (hash !== undefined) figures.done.checks++;
      return numbers;
    },
  };
}

/** Numbers of a decision that members need: what follows is about rows. */
const mostTold = 3;

/** `runTraining` as a member: on a dataset that stays here. Throws `cancelled` only by its appliance. */
export async function followFederated(
  order: RoomOrder,
  channel: RoomChannel,
  reader: DatasetReader,
  job: Omit<RunJob, 'rows' | 'candidates' | 'refit'>,
  hooks: RunHooks,
): Promise<void> {
  const identity = await createIdentity('trainer');
  const spoke = await onFreePort(order.ports, (port) => openSpoke({ identity, host: order.host, port }));
  channel.send({ type: 'roomOpen', id: spoke.id, port: spoke.port });
  const { roster } = await channel.meeting;
  // The leader stands first on its roster.
  const lead = ([first]: typeof roster) => first && spoke.setLeader(first[0]);
  lead(roster);
  channel.onRoster(lead);
  const figures = openFigures();
  const tell = () =>
    channel.send({
      type: 'roomFigures',
      figures: figures.view(spoke.bytes, spoke.isLinked ? 'working' : 'waiting', []),
    });
  setInterval(tell, tellEveryMs).unref();
  let { at, state } = await spoke.begin();
  const { plan } = readPlan(state);
  const rows = await prepareFederated(reader, plan, job.every);
  for (;;) {
    const averager = following(spoke, at, figures, (next) => (at = next));
    try {
      const { batches } = plan;
      const own = { ...job, rows, candidates: [plan.candidate], refit: null, averager, federated: { batches } };
      await runTraining(own, hooks, readPlan(state).position);
      return tell();
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      ({ state } = error);
    }
  }
}

function following(
  spoke: Spoke,
  from: number,
  figures: ReturnType<typeof openFigures>,
  moved: (at: number) => void,
): Averager<RunState> {
  let at = from;
  const away = (heard: { at: number; state: Uint8Array }): Moved => {
    moved(heard.at);
    return new Moved(heard.state);
  };
  return {
    shared: true,
    share(rows) {
      figures.began();
      return { from: 0, to: rows };
    },
    async reduce({ buffer, exactFrom, rows, steps = 1 }) {
      needFinite(buffer);
      const waited = figures.computed(rows);
      const heard = await spoke.sum(at, rows, (part) => numbersOf(buffer, exactFrom, part));
      if (heard.what === 'state') throw away(heard);
      const { length } = buffer;
      if (
        heard.what !== 'sum' ||
        heard.numbers.changes.length !== exactFrom ||
        heard.numbers.wide.length !== length - exactFrom
      )
        throw new Fault('bad_input', 'the leader sent something else than the sum');
      at++;
      take(buffer, heard.numbers, heard.part);
      figures.counted(rows, steps, waited);
      return { what: 'held', end: heard.end };
    },
    async agree({ same }) {
      const heard = await spoke.decision(at);
      if (heard.what === 'state') throw away(heard);
      if (heard.what !== 'decision') throw new Fault('bad_input', 'the leader sent something else than its decision');
      at++;
      const hash = await same?.();
      if (hash !== undefined && hash !== heard.hash)
        throw new Fault('internal', 'the weights here are not those of the leading machine: the run cannot go on here');
      if (hash !== undefined) figures.done.checks++;
      return heard.numbers;
    },
  };
}

/** The plan and a position, without what the leader's optimiser remembers of its own rows. */
function withPlan(plan: FederatedPlan, position: RunState): Uint8Array {
  const text = utf8(JSON.stringify(plan));
  const stages = position.stages.map((stage) => ({ ...stage, losses: new Float64Array(0) }));
  const fit = position.fit && {
    ...position.fit,
    program: new Map(
      [...position.fit.program].map(([name, value]) => [
        name,
        name.startsWith('weight.') || value.dtype !== 'float32'
          ? value
          : { ...value, data: new Float32Array(value.data.length) },
      ]),
    ),
  };
  const state = stateBytes({ stages, fit });
  const bytes = new Uint8Array(4 + text.byteLength + state.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.byteLength, true);
  bytes.set(text, 4);
  bytes.set(state, 4 + text.byteLength);
  return bytes;
}

/** Batches of an epoch, at most. */
const mostBatches = 100_000_000;

/** Fault `bad_input` for bytes that are neither. */
function readPlan(bytes: Uint8Array): { plan: FederatedPlan; position: RunState } {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const said = JSON.parse(fromUtf8(bytes.subarray(4, 4 + length))) as FederatedPlan;
    const plan = { ...said, preprocess: preprocess.parse(said.preprocess) };
    if (!(Number.isInteger(plan.batches) && plan.batches > 0 && plan.batches <= mostBatches))
      throw new Fault('bad_input', `${plan.batches} batches`);
    return { plan, position: readState(bytes.slice(4 + length)) };
  } catch (error) {
    throw new Fault('bad_input', 'the leader sent a plan that cannot be read', undefined, error);
  }
}
