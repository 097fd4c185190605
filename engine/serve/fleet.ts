// The replicas of one model version and the queue in front of them: how many run, who gets the next ask, what happens
// when one dies. Asks leave the queue in one place (`pump`), which is where batching and priorities belong.
import { backoffMs, type Log, type Rng } from '../base/index.ts';
import { type ChildPort, type DeviceLease, Fault, type Manifest, type PackGrant } from '../schema/index.ts';
import type { Ask, ServedModel } from './ask.ts';
import { createLine } from './line.ts';
import { createPace } from './pace.ts';
import { label, type Replica, startReplica } from './replica.ts';
import { createTuner, type Tuner } from './tuner.ts';

/** A model to serve: what to call it and the pack that holds its bundle. */
export interface ServedBundle {
  model: ServedModel;
  bundle: PackGrant;
}

export interface FleetLimits {
  /** Replicas kept, and the most that load may start; with `min` 0 an idle fleet runs none. */
  min: number;
  max: number;
  /** Batches in one host at a time; one runs, the others save it the wait for the channel. */
  slots: number;
  /** Most rows of one run, and the latency that batching should keep to, ms. */
  batch: number;
  latencyMs: number;
  /** Asks waiting before `too_many_requests`. */
  queue: number;
  /** Wait of the oldest ask at which another replica is started, ms. */
  scaleUpMs: number;
  /** Idle time after which a replica above `min` is stopped, ms. */
  idleMs: number;
  loadMs: number;
  hangMs: number;
  uselessMs: number;
  pingMs: number;
  /** First and greatest wait before a replacement; the first crash after a quiet time is replaced at once. */
  retryFirstMs: number;
  retryMostMs: number;
}

export interface FleetOptions {
  limits: FleetLimits;
  /** A device lease for one host; throws when there is nothing left to give. */
  lease: () => DeviceLease;
  release: (lease: DeviceLease) => void;
  spawn: (lease: DeviceLease) => ChildPort<'host'>;
  hasMemory?: (bytes: number) => boolean;
  rng: Rng;
  log: Log;
  /** Replicas came or went, or got ready. */
  onChange: () => void;
  /** A batch ran: its rows and asks, and the time in the host, ms. */
  onRan?: (run: { rows: number; asks: number; computeMs: number }) => void;
}

export interface FleetStatus {
  replicas: { pid: number | undefined; state: Replica['state']; inFlight: number; rss: number; answered: number }[];
  waiting: number;
  /** Batch size and wait that were found best, by shape of the inputs. */
  batching: ReturnType<Tuner['status']>;
  /** Replicas that ended without being told to. */
  crashes: number;
  /** Why the last one ended, while none is ready. */
  error?: Fault;
}

export interface Fleet {
  readonly model: ServedModel;
  readonly manifest: Manifest | undefined;
  /** Resolves when `min` replicas (at least one) are ready; rejects, and stops all, when the model cannot be loaded. */
  start(): Promise<Manifest>;
  /** Queues an ask or refuses it at once. */
  submit(ask: Ask): void;
  /** Forgets a waiting ask that settled by itself. */
  forget(ask: Ask): void;
  status(): FleetStatus;
  /** Gives waiting asks, and those a crash interrupts from here on, to `handOver`; resolves when all processes are gone. */
  drain(handOver: (ask: Ask) => void, withinMs: number): Promise<void>;
}

/** A crash this long after getting ready is a new story, not the last one going on, ms. */
const settledMs = 2000;
/** Starts in a row that may fail before the fleet says that it is broken. */
const mostFailures = 3;

/**
 * Rows take longer than their run: other processes, batches that are not full. What is promised must hold, and a line that is
 * shorter than its deadline answers no less.
 */
const margin = 1.5;

/** A fleet that runs nothing until `start`. */
export function createFleet(served: ServedBundle, options: FleetOptions): Fleet {
  const { limits, log } = options;
  const { model } = served;
  const replicas = new Set<Replica>();
  const waiting = createLine();
  const pace = createPace();
  const tuner = createTuner({ latencyMs: limits.latencyMs, most: limits.batch });
  /** Asks that a crash interrupted: they go first, each alone in a host, so that one bad ask takes no other with it. */
  const interrupted: Ask[] = [];
  let manifest: Manifest | undefined;
  let failures = 0;
  let crashes = 0;
  let lastFault: Fault | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let growTimer: NodeJS.Timeout | undefined;
  let holdTimer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let handOver: ((ask: Ask) => void) | undefined;
  /** Drained, and every process gone. */
  const emptied = Promise.withResolvers<void>();
  const starting = Promise.withResolvers<Manifest>();
  starting.promise.catch(() => undefined);

  const alive = () => [...replicas].filter((replica) => replica.state !== 'stopping');
  const ready = () => [...replicas].filter((replica) => replica.state === 'ready');

  const open = () => {
    let lease: DeviceLease | undefined;
    try {
      lease = options.lease();
      const held = lease;
      const replica = startReplica({
        port: options.spawn(held),
        model,
        bundle: served.bundle,
        lease: held,
        loadMs: limits.loadMs,
        hangMs: limits.hangMs,
        uselessMs: limits.uselessMs,
        pingMs: limits.pingMs,
        onReady(loaded) {
          manifest = loaded;
          lastFault = undefined;
          if (ready().length >= Math.max(1, limits.min)) starting.resolve(loaded);
          options.onChange();
          pump();
        },
        onRoom: pump,
        onRan(bucket, rows, computeMs, asks) {
          tuner.ran(bucket, rows, computeMs);
          pace.answered(rows, waiting.size > 0);
          options.onRan?.({ rows, asks, computeMs });
        },
        onGone(unanswered, fault) {
          replicas.delete(replica);
          options.release(held);
          gone(replica, unanswered, fault);
        },
      });
      replicas.add(replica);
    } catch (error) {
      if (lease) options.release(lease);
      lost(error instanceof Fault ? error : new Fault('internal', String(error)));
    }
  };

  const gone = (replica: Replica, unanswered: Ask[], fault: Fault) => {
    for (const ask of unanswered) {
      if (ask.attempts > 1 || ask.begun) ask.refuse(fault);
      else if (handOver) handOver(ask);
      else interrupted.push(ask);
    }
    const expected = replica.state === 'stopping';
    if (replica.readyAt > 0 && performance.now() - replica.readyAt > settledMs) failures = 0;
    if (!expected) {
      crashes++;
      log.warn({ model: model.id, pid: replica.pid, code: fault.code, failures }, 'model host ended');
      lost(fault);
    }
    options.onChange();
    if (replicas.size > 0) pump();
    else if (handOver) emptied.resolve();
  };

  /** A replica died or could not be started: start another one now, later, or give up when none ever worked. */
  const lost = (fault: Fault) => {
    failures++;
    lastFault = fault;
    if (handOver) return;
    if (manifest === undefined && (fault.code !== 'child_died' || failures >= mostFailures)) {
      handOver = (ask) => ask.refuse(fault);
      for (const other of replicas) other.kill();
      starting.reject(fault);
      return;
    }
    if (retryTimer) return;
    const wait =
      failures === 1
        ? 0
        : backoffMs(failures - 2, { firstMs: limits.retryFirstMs, mostMs: limits.retryMostMs }, options.rng);
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      if (!handOver) fill();
    }, wait);
    if (broken()) {
      for (const ask of takeAll()) ask.refuse(unavailable());
    }
  };

  /** As many as are wanted now: `min`, and one more where asks wait for nothing else. */
  const fill = () => {
    const wanted = Math.max(limits.min, manifest === undefined || waiting.size + interrupted.length > 0 ? 1 : 0);
    for (let missing = wanted - alive().length; missing > 0 && mayOpen(); missing--) open();
  };

  const mayOpen = () => !handOver && !retryTimer;
  const broken = () => failures >= mostFailures && retryTimer !== undefined && ready().length === 0;
  const unavailable = () =>
    new Fault('unavailable', `${label(model)} cannot be served: ${lastFault?.message ?? 'its host keeps ending'}`);

  const takeAll = () => {
    return [...interrupted.splice(0), ...waiting.clear()];
  };

  const roomiest = (needsEmpty: boolean): Replica | undefined => {
    let best: Replica | undefined;
    for (const replica of replicas) {
      if (replica.state !== 'ready' || replica.alone || replica.batches >= (needsEmpty ? 1 : limits.slots)) continue;
      if (!best || replica.batches < best.batches) best = replica;
    }
    return best;
  };

  const pump = () => {
    while (interrupted.length > 0) {
      if (interrupted[0]?.settled) {
        interrupted.shift();
        continue;
      }
      const replica = roomiest(true);
      if (!replica) break;
      replica.send([interrupted.shift() as Ask]);
    }
    for (let head = waiting.first(); head; head = waiting.first()) {
      const replica = roomiest(false);
      if (!replica || (replica.batches > 0 && holds(head))) break;
      const batch = timely(waiting.take(head.joins ? Math.min(tuner.limit(head.bucket), share()) : 1));
      if (batch.length > 0) replica.send(batch);
    }
    if (waiting.size > 0) growSoon();
  };

  /** Rows of those that wait for each host that does nothing: one with all of them would leave cores unused. */
  const share = () => {
    let idle = 0;
    for (const replica of replicas) if (replica.state === 'ready' && replica.batches === 0) idle++;
    return Math.ceil(waiting.companions() / Math.max(1, idle));
  };

  const isIdle = () => {
    for (const replica of replicas) if (replica.inFlight > 0) return false;
    return true;
  };

  /** While others wait, a batch without those whose run would end after their deadline: they are refused now, not computed. */
  const timely = (batch: Ask[]): Ask[] => {
    const [head] = batch;
    const rowMs = head && tuner.rowMs(head.bucket);
    if (rowMs === undefined || waiting.size === 0) return batch;
    const ends = performance.now() + rowMs * batch.reduce((sum, { rows }) => sum + rows, 0);
    return batch.filter((ask) => {
      const inTime = ask.deadlineAt >= ends;
      if (!inTime) ask.refuse(tooLate());
      return inTime;
    });
  };

  const pumpSoon = () => {
    soon ??= setImmediate(() => {
      soon = undefined;
      pump();
    });
  };

  /** Whether more rows are worth waiting for while its host is busy; it is sent when that ends, or when it waited enough. */
  const holds = (head: Ask): boolean => {
    if (!head.joins) return false;
    const left = tuner.holdMs(head.bucket, waiting.companions()) - (performance.now() - head.askedAt);
    // A timer cannot tell less than a millisecond from none.
    if (left < 1) return false;
    holdTimer ??= setTimeout(() => {
      holdTimer = undefined;
      pump();
    }, left);
    return true;
  };

  /** Time until an ask that comes now is answered, from what runs take, ms; 0 while nothing is known. */
  const expectedMs = (ask: Ask): number => {
    const rowMs = tuner.rowMs(ask.bucket);
    if (rowMs === undefined) return 0;
    const hosts = ready();
    const before = hosts.reduce((sum, { inFlight }) => sum + inFlight, waiting.rows);
    return margin * (before + ask.rows) * Math.max(rowMs / Math.max(1, hosts.length), pace.rowMs ?? 0);
  };

  const growSoon = () => {
    if (growTimer || handOver) return;
    growTimer = setTimeout(() => {
      growTimer = undefined;
      const oldest = waiting.oldest();
      if (handOver || !oldest) return;
      const coming = [...replicas].some((replica) => replica.state === 'starting');
      const due = performance.now() - oldest.askedAt >= limits.scaleUpMs;
      const most = Math.max(0, ...ready().map(({ rss }) => rss));
      const fits = options.hasMemory?.(most) ?? true;
      if (due && !coming && !retryTimer && fits && alive().length < limits.max) open();
      growSoon();
    }, limits.scaleUpMs);
    growTimer.unref();
  };

  const shrink = setInterval(() => {
    const idle = ready().find(
      (replica) => replica.inFlight === 0 && performance.now() - replica.lastAskAt > limits.idleMs,
    );
    if (idle && alive().length > limits.min && manifest && !handOver) idle.stop();
  }, limits.idleMs / 4);
  shrink.unref();

  const tooLate = () =>
    new Fault(
      'timeout',
      `${label(model)} could not answer before the deadline of the request; try again, or raise its replicas`,
    );

  const tooMany = (waitMs: number) => {
    const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
    return new Fault(
      'too_many_requests',
      `${waiting.size} requests already wait for ${label(model)}; try again in ${retryAfter} s, or raise its replicas`,
      { retryAfter },
    );
  };

  return {
    model,
    get manifest() {
      return manifest;
    },
    start() {
      fill();
      return starting.promise;
    },
    submit(ask) {
      if (handOver) return handOver(ask);
      if (broken()) return ask.refuse(unavailable());
      const waitMs = expectedMs(ask);
      // An idle fleet tries what it thinks too slow: else a wrong figure would never be put right.
      const hopeless = waitMs > ask.deadlineAt - performance.now() && !(waiting.size === 0 && isIdle());
      if (waiting.size >= limits.queue || hopeless) {
        return ask.refuse(tooMany(waitMs));
      }
      waiting.add(ask);
      if (alive().length === 0 && !retryTimer) open();
      // Once anything runs, what arrives in one turn of the event loop leaves together.
      if (interrupted.length > 0 || isIdle()) pump();
      else pumpSoon();
    },
    forget(ask) {
      if (waiting.remove(ask)) return;
      for (const replica of replicas) replica.forget(ask);
    },
    status: () => ({
      replicas: [...replicas].map(({ pid, state, inFlight, rss, answered }) => ({
        pid,
        state,
        inFlight,
        rss,
        answered,
      })),
      waiting: waiting.size + interrupted.length,
      batching: tuner.status(),
      crashes,
      ...(lastFault && ready().length === 0 ? { error: lastFault } : {}),
    }),
    async drain(onto, withinMs) {
      handOver = onto;
      starting.reject(new Fault('cancelled', `${label(model)} was stopped before it was ready`));
      clearTimeout(retryTimer);
      clearTimeout(growTimer);
      clearTimeout(holdTimer);
      clearInterval(shrink);
      for (const ask of takeAll()) onto(ask);
      if (replicas.size === 0) return;
      for (const replica of replicas) replica.stop();
      const late = setTimeout(() => {
        for (const replica of replicas) replica.kill();
      }, withinMs);
      await emptied.promise;
      clearTimeout(late);
    },
  };
}
