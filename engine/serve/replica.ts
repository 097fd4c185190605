// The appliance's view of one model host process: load, ask, hear, watch for hanging, know when it is gone.
// It decides nothing about the others: that is fleet.ts.
import {
  type ChildExit,
  type ChildPort,
  type DeviceLease,
  Fault,
  faultFrom,
  type FromHost,
  type Manifest,
  type PackGrant,
  type ToHost,
} from '../schema/index.ts';
import type { Ask, ServedModel } from './ask.ts';
import { createAwake } from './awake.ts';
import { readFrames, type WireMessage, writeFrame } from './wire.ts';

export interface ReplicaOptions {
  port: ChildPort<'host'>;
  model: ServedModel;
  bundle: PackGrant;
  lease: DeviceLease;
  /** Time to become ready, ms. */
  loadMs: number;
  /** Silence, with something asked, after which the process is taken to hang, ms. */
  hangMs: number;
  /** A run for nobody that goes on for so long, and three times the longest before, is taken for one without an end, ms. */
  uselessMs: number;
  /** Between pings of an idle process, ms. */
  pingMs: number;
  onReady(manifest: Manifest): void;
  /** Answers came: there is room for another batch. */
  onRoom(): void;
  /** A batch that was sent whole is answered whole. */
  onRan(bucket: string, rows: number, computeMs: number, asks: number): void;
  /** The process is gone, with what it had not answered. `fault` says why. */
  onGone(unanswered: Ask[], fault: Fault): void;
}

export interface Replica {
  readonly pid: number | undefined;
  readonly state: 'starting' | 'ready' | 'stopping';
  /** Asks sent and not answered, and the batches that they are in. */
  readonly inFlight: number;
  readonly batches: number;
  /** It runs an ask that a crash interrupted before: nothing else may ride with it. */
  readonly alone: boolean;
  /** Milliseconds of `performance.now()`; 0 before it is ready. */
  readonly readyAt: number;
  /** Of the last ask, or of getting ready. */
  readonly lastAskAt: number;
  readonly rss: number;
  readonly answered: number;
  /** Sends asks of one bucket, to be run together. */
  send(batch: Ask[]): void;
  /** The host need not answer this one any more. */
  forget(ask: Ask): void;
  /** Takes no more; ends the process once it has answered everything. */
  stop(): void;
  kill(): void;
}

/** Asks in flight up to which the appliance stays awake for their answers. */
const mostAwake = 4;

/** Asks that were sent together. */
interface Batch {
  bucket: string;
  size: number;
  rows: number;
  /** Asks not answered yet. */
  left: number;
  /** Asks that were not refused, and the time of their run, ms. */
  computed: number;
  computeMs: number;
}

/** Sends the bundle to a fresh host process and follows it from there. */
export function startReplica(options: ReplicaOptions): Replica {
  const { port, model, loadMs, hangMs, uselessMs, pingMs } = options;
  /** Asks by the number under which they were sent, and the batches by the number of their first ask. */
  const asks = new Map<number, { ask: Ask; batch: Batch }>();
  const batches = new Set<Batch>();
  const awake = createAwake();
  let state: Replica['state'] = 'starting';
  let nextId = 1;
  let readyAt = 0;
  let heardAt = performance.now();
  let lastAskAt = heardAt;
  let rss = 0;
  let answered = 0;
  let longestMs = 0;
  let alone = false;
  /** Set while an answer is due. */
  let waitingSince: number | undefined = performance.now();
  let why: Fault | undefined;

  const kill = (fault: Fault) => {
    why ??= fault;
    port.kill();
  };
  /** Everything that it was asked was given up: what it computes is for nobody. */
  const nobodyWaits = () => {
    for (const { ask } of asks.values()) if (!ask.settled) return false;
    return asks.size > 0;
  };
  const watch = setInterval(
    () => {
      const now = performance.now();
      const limit =
        state === 'starting' ? loadMs : nobodyWaits() ? Math.min(Math.max(uselessMs, 3 * longestMs), hangMs) : hangMs;
      if (waitingSince !== undefined && now - waitingSince > limit) {
        kill(new Fault('timeout', `the model host of ${label(model)} did not answer for ${limit / 1000} s`));
      } else if (state !== 'starting' && waitingSince === undefined && now - heardAt > pingMs) {
        waitingSince = now;
        port.send({ type: 'ping', id: 0 });
      }
    },
    Math.max(20, Math.min(pingMs, hangMs / 4, uselessMs / 4, loadMs / 4)),
  );
  watch.unref();

  /** Where many are asked at once, something is always there to be read. */
  const touch = () => {
    if (asks.size <= mostAwake) awake.touch();
  };

  const finish = (id: number, computeMs: number): Ask | undefined => {
    const entry = asks.get(id);
    if (!entry) return undefined;
    asks.delete(id);
    answered++;
    if (asks.size === 0) alone = false;
    const { batch } = entry;
    batch.computeMs = Math.max(batch.computeMs, computeMs);
    longestMs = Math.max(longestMs, computeMs);
    if (computeMs > 0) batch.computed++;
    if (--batch.left === 0) {
      batches.delete(batch);
      if (batch.computed === batch.size) options.onRan(batch.bucket, batch.rows, batch.computeMs, batch.size);
    }
    return entry.ask;
  };
  const settle = (message: Extract<FromHost, { type: 'predicted' | 'inferred' | 'refused' }>) => {
    if (message.type === 'refused') finish(message.id, 0)?.refuse(faultFrom(message.fault));
    else finish(message.id, message.computeMs)?.answer(message, model);
  };
  const hear = (message: FromHost) => {
    switch (message.type) {
      case 'ready':
        if (state === 'starting') state = 'ready';
        readyAt = performance.now();
        lastAskAt = readyAt;
        rss = message.rss;
        options.onReady(message.manifest);
        return;
      case 'predicted':
      case 'inferred':
      case 'refused':
        touch();
        settle(message);
        return options.onRoom();
      case 'piece':
        return asks.get(message.id)?.ask.piece(message.text);
      case 'failed':
        return kill(faultFrom(message.fault));
      case 'pong':
        rss = message.rss;
        return;
      case 'imported':
        return;
    }
  };
  const heard = (work: () => void) => {
    heardAt = performance.now();
    waitingSince = undefined;
    work();
    if (asks.size > 0) waitingSince = heardAt;
    if (state === 'stopping' && asks.size === 0) port.kill();
  };
  port.onMessage((message) => heard(() => hear(message)));
  const { data } = port;
  if (data) {
    readFrames(data, (messages) =>
      heard(() => {
        touch();
        for (const message of messages) if ('id' in message) settle(message as Parameters<typeof settle>[0]);
        options.onRoom();
      }),
    );
  }
  port.onExit((exit) =>
    queueMicrotask(() => {
      clearInterval(watch);
      const unanswered = [...asks.values()].map(({ ask }) => ask).filter((ask) => !ask.settled);
      asks.clear();
      batches.clear();
      options.onGone(unanswered, why ?? deathOf(model, exit));
    }),
  );
  port.send({ type: 'load', bundle: options.bundle, lease: options.lease, data: port.data !== null });

  return {
    pid: port.pid,
    get state() {
      return state;
    },
    get inFlight() {
      return asks.size;
    },
    get batches() {
      return batches.size;
    },
    get alone() {
      return alone;
    },
    get readyAt() {
      return readyAt;
    },
    get lastAskAt() {
      return lastAskAt;
    },
    get rss() {
      return rss;
    },
    get answered() {
      return answered;
    },
    send(given) {
      const [first] = given;
      if (!first) return;
      const batch: Batch = {
        bucket: first.bucket,
        size: given.length,
        left: given.length,
        rows: 0,
        computed: 0,
        computeMs: 0,
      };
      batches.add(batch);
      alone = first.attempts > 0;
      lastAskAt = performance.now();
      waitingSince ??= lastAskAt;
      const messages = given.map((ask): WireMessage => {
        const id = nextId++;
        asks.set(id, { ask, batch });
        batch.rows += ask.rows;
        ask.attempts++;
        ask.sentAt = lastAskAt;
        return { ...ask.question, id };
      });
      // What is written piece by piece takes turns of its own in the host.
      if (!data || !first.joins || !writeFrame(data, messages)) {
        for (const message of messages) port.send(message as ToHost);
      }
      touch();
    },
    forget(gone) {
      if (gone.joins) return;
      for (const [id, { ask }] of asks) if (ask === gone) port.send({ type: 'forget', id });
    },
    stop() {
      if (state === 'stopping') return;
      state = 'stopping';
      if (asks.size === 0) port.kill();
    },
    kill: () => port.kill(),
  };
}

/** A model as people write it. */
export const label = (model: ServedModel): string => `${model.name}@${model.version}`;

function deathOf(model: ServedModel, exit: ChildExit): Fault {
  if (exit.why === 'memory') {
    return new Fault(
      'out_of_memory',
      `the model host of ${label(model)} passed its memory limit and was ended; raise limits.hostMemory or send fewer inputs at once`,
    );
  }
  const how = exit.signal ? `was killed (${exit.signal})` : `ended with code ${exit.code}`;
  return new Fault('child_died', `the model host of ${label(model)} ${how}; a new one is started, try again`);
}
