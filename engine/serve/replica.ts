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
} from '../schema/index.ts';
import type { Ask, ServedModel } from './ask.ts';
import { createAwake } from './awake.ts';

export interface ReplicaOptions {
  port: ChildPort<'host'>;
  model: ServedModel;
  bundle: PackGrant;
  lease: DeviceLease;
  /** Time to become ready, ms. */
  loadMs: number;
  /** Silence, with something asked, after which the process is taken to hang, ms. */
  hangMs: number;
  /** Between pings of an idle process, ms. */
  pingMs: number;
  onReady(manifest: Manifest): void;
  /** An answer came: there is room for another ask. */
  onRoom(): void;
  /** The process is gone, with what it had not answered. `fault` says why. */
  onGone(unanswered: Ask[], fault: Fault): void;
}

export interface Replica {
  readonly pid: number | undefined;
  readonly state: 'starting' | 'ready' | 'stopping';
  /** Asks sent and not answered. */
  readonly inFlight: number;
  /** It runs an ask that a crash interrupted before: nothing else may ride with it. */
  readonly alone: boolean;
  /** Milliseconds of `performance.now()`; 0 before it is ready. */
  readonly readyAt: number;
  /** Of the last ask, or of getting ready. */
  readonly lastAskAt: number;
  readonly rss: number;
  readonly answered: number;
  send(ask: Ask): void;
  /** Takes no more; ends the process once it has answered everything. */
  stop(): void;
  kill(): void;
}

/** Sends the bundle to a fresh host process and follows it from there. */
export function startReplica(options: ReplicaOptions): Replica {
  const { port, model, loadMs, hangMs, pingMs } = options;
  const asks = new Map<number, Ask>();
  const awake = createAwake();
  let state: Replica['state'] = 'starting';
  let nextId = 1;
  let readyAt = 0;
  let heardAt = performance.now();
  let lastAskAt = heardAt;
  let rss = 0;
  let answered = 0;
  let alone = false;
  /** Set while an answer is due. */
  let waitingSince: number | undefined = performance.now();
  let why: Fault | undefined;

  const kill = (fault: Fault) => {
    why ??= fault;
    port.kill();
  };
  const watch = setInterval(
    () => {
      const now = performance.now();
      const limit = state === 'starting' ? loadMs : hangMs;
      if (waitingSince !== undefined && now - waitingSince > limit) {
        kill(new Fault('timeout', `the model host of ${label(model)} did not answer for ${limit / 1000} s`));
      } else if (state !== 'starting' && waitingSince === undefined && now - heardAt > pingMs) {
        waitingSince = now;
        port.send({ type: 'ping', id: 0 });
      }
    },
    Math.max(20, Math.min(pingMs, hangMs / 4, loadMs / 4)),
  );
  watch.unref();

  const finish = (id: number): Ask | undefined => {
    const ask = asks.get(id);
    asks.delete(id);
    awake.touch();
    answered++;
    if (asks.size === 0) alone = false;
    return ask;
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
        finish(message.id)?.answer(message, model);
        return options.onRoom();
      case 'refused':
        finish(message.id)?.refuse(faultFrom(message.fault));
        return options.onRoom();
      case 'failed':
        return kill(faultFrom(message.fault));
      case 'pong':
        rss = message.rss;
        return;
      case 'imported':
        return;
    }
  };
  port.onMessage((message) => {
    heardAt = performance.now();
    waitingSince = undefined;
    hear(message);
    if (asks.size > 0) waitingSince = heardAt;
    if (state === 'stopping' && asks.size === 0) port.kill();
  });
  port.onExit((exit) =>
    queueMicrotask(() => {
      clearInterval(watch);
      const unanswered = [...asks.values()].filter((ask) => !ask.settled);
      asks.clear();
      options.onGone(unanswered, why ?? deathOf(model, exit));
    }),
  );
  port.send({ type: 'load', bundle: options.bundle, lease: options.lease });

  return {
    pid: port.pid,
    get state() {
      return state;
    },
    get inFlight() {
      return asks.size;
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
    send(ask) {
      const id = nextId++;
      asks.set(id, ask);
      alone = ask.attempts > 0;
      ask.attempts++;
      ask.sentAt = performance.now();
      lastAskAt = ask.sentAt;
      waitingSince ??= ask.sentAt;
      port.send({ ...ask.question, id });
      awake.touch();
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
