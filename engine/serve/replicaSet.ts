// One deployment's serving side in the appliance: asks go to the fleet of the current model, and the model can be
// exchanged under load without a failed request. It starts processes only through `spawn` and never runs a model.
import { type Rng, rng, silentLog, type Log } from '../base/index.ts';
import {
  type ChildPort,
  type DeviceLease,
  Fault,
  type Manifest,
  type PredictInput,
  type PredictOutput,
  type ToHost,
  type WireTensor,
} from '../schema/index.ts';
import { type Answered, type Ask, type AskOptions, openAsk, type Question, type ServedModel } from './ask.ts';
import { createFleet, type Fleet, type FleetLimits, type FleetStatus, type ServedBundle } from './fleet.ts';

export interface ReplicaSetOptions extends Partial<FleetLimits> {
  min: number;
  max: number;
  /** Starts a host process within a lease. */
  spawn: (lease: DeviceLease) => ChildPort<'host'>;
  /** A device lease for one host, and its return when the process is gone. */
  lease: () => DeviceLease;
  release: (lease: DeviceLease) => void;
  /** Whether a host of so many bytes still fits, before load starts another; it always does when left out. */
  hasMemory?: (bytes: number) => boolean;
  /** Time until an ask is refused with `timeout`, ms. */
  deadlineMs?: number;
  log?: Log;
  rng?: Rng;
  onRan?: NonNullable<Parameters<typeof createFleet>[1]['onRan']>;
  onChange?(status: ReplicaSetStatus): void;
}

export interface ReplicaSetStatus extends FleetStatus {
  state: 'idle' | 'starting' | 'ready' | 'failed' | 'stopped';
  model?: ServedModel;
}

/** An answer with what it cost: waiting in the appliance, and computing in the host, ms. */
interface Prediction {
  outputs: PredictOutput[];
  model: ServedModel;
  queueMs: number;
  computeMs: number;
}
interface Inference {
  tensors: WireTensor[];
  model: ServedModel;
  queueMs: number;
  computeMs: number;
}

type Predict = Extract<ToHost, { type: 'predict' }>;

export interface ReplicaSet {
  /** The manifest of the model that is served now. */
  readonly manifest: Manifest | undefined;
  /**
   * Serves this model: the first one, or in place of the one before, which answers until the new one is ready and then
   * finishes what it has. Rejects, and leaves things as they were, when the new model cannot be loaded.
   */
  serve(served: ServedBundle): Promise<Manifest>;
  /** With `generate` for models that write; with `onPiece` they tell their text as it comes. */
  predict(inputs: PredictInput[], options?: AskOptions & Pick<Predict, 'generate' | 'embed'>): Promise<Prediction>;
  infer(request: { tensors: WireTensor[]; outputs?: string[] }, options?: AskOptions): Promise<Inference>;
  status(): ReplicaSetStatus;
  /** Refuses new asks, answers those in hosts (at most `withinMs`, 10 s), ends all processes. */
  stop(withinMs?: number): Promise<void>;
}

/** Bounds of a set; test/unit/serve/limits.test.ts pins them. `hangMs` follows the deadline. */
export const fleetDefaults: Omit<FleetLimits, 'min' | 'max'> & { deadlineMs: number } = {
  slots: 2,
  batch: 64,
  latencyMs: 100,
  queue: 1024,
  scaleUpMs: 50,
  idleMs: 60_000,
  loadMs: 120_000,
  hangMs: 35_000,
  uselessMs: 5000,
  pingMs: 5000,
  retryFirstMs: 200,
  retryMostMs: 30_000,
  deadlineMs: 30_000,
};

const drainMs = 10_000;

/** A set that serves nothing until `serve`. */
export function createReplicaSet(options: ReplicaSetOptions): ReplicaSet {
  const deadlineMs = options.deadlineMs ?? fleetDefaults.deadlineMs;
  const log = options.log ?? silentLog;
  const random = options.rng ?? rng(process.pid, 'replicas', Date.now());
  const limits: FleetLimits = {
    ...fleetDefaults,
    hangMs: deadlineMs + 5000,
    ...given(options),
    min: options.min,
    max: Math.max(options.max, options.min, 1),
  };
  const fleets = new Set<Fleet>();
  let current: Fleet | undefined;
  let stopped = false;
  let failed: Fault | undefined;
  let changes: Promise<unknown> = Promise.resolve();

  const onChange = () => options.onChange?.(status());
  const status = (): ReplicaSetStatus => {
    const empty: FleetStatus = {
      replicas: [],
      waiting: 0,
      batching: [],
      crashes: 0,
      ...(failed ? { error: failed } : {}),
    };
    const shown = current ?? [...fleets][0];
    const now = shown?.status() ?? empty;
    return { ...now, state: stateOf(now), ...(shown ? { model: shown.model } : {}) };
  };
  const stateOf = (now: FleetStatus): ReplicaSetStatus['state'] => {
    if (stopped) return 'stopped';
    if (current) {
      if (now.replicas.some((replica) => replica.state === 'ready')) return 'ready';
      if (now.error) return 'failed';
      return now.replicas.length === 0 && limits.min === 0 ? 'ready' : 'starting';
    }
    if (fleets.size > 0) return 'starting';
    return failed ? 'failed' : 'idle';
  };

  const retire = async (fleet: Fleet, handOver: (ask: Ask) => void, withinMs: number) => {
    await fleet.drain(handOver, withinMs);
    fleets.delete(fleet);
  };
  const refuseStopped = (ask: Ask) => ask.refuse(notServing());

  const exchange = async (served: ServedBundle): Promise<Manifest> => {
    if (stopped) throw notServing();
    const next = createFleet(served, {
      limits,
      lease: options.lease,
      release: options.release,
      spawn: options.spawn,
      rng: random,
      log,
      onChange,
      ...(options.onRan ? { onRan: options.onRan } : {}),
      ...(options.hasMemory ? { hasMemory: options.hasMemory } : {}),
    });
    fleets.add(next);
    try {
      const manifest = await next.start();
      if (stopped) throw notServing();
      const before = current;
      current = next;
      failed = undefined;
      if (before) void retire(before, (ask) => (current ?? next).submit(ask), deadlineMs);
      onChange();
      return manifest;
    } catch (error) {
      if (!current && error instanceof Fault) failed = error;
      await retire(next, refuseStopped, 0);
      onChange();
      throw error;
    }
  };

  const ask = (question: Question, askOptions: AskOptions = {}): Promise<Answered> => {
    const fleet = current;
    if (!fleet || stopped) return Promise.reject(notServing());
    const opened = openAsk(question, {
      deadlineMs: askOptions.deadlineMs ?? deadlineMs,
      ...(askOptions.signal ? { signal: askOptions.signal } : {}),
      ...(askOptions.priority ? { priority: askOptions.priority } : {}),
      ...(askOptions.onPiece ? { onPiece: askOptions.onPiece } : {}),
      onGone(gone) {
        for (const each of fleets) each.forget(gone);
      },
    });
    if (!opened.ask.settled) fleet.submit(opened.ask);
    return opened.answered;
  };

  /** Whether what is served writes texts, which takes turns of its own in a host. */
  const writes = () => {
    const task = current?.manifest?.task;
    return task === 'language-model' || task === 'text-to-text';
  };

  return {
    get manifest() {
      return current?.manifest;
    },
    serve(served) {
      const done = changes.then(() => exchange(served));
      changes = done.catch(() => undefined);
      return done;
    },
    async predict(inputs, askOptions) {
      const { embed, generate = writes() && !embed ? {} : undefined, ...rest } = askOptions ?? {};
      if ((generate || rest.onPiece) && current?.manifest && !writes())
        throw new Fault('bad_request', `${current.manifest.name} writes no texts: leave "generate" out`);
      const how = {
        ...(generate ? { generate } : {}),
        ...(embed ? { embed } : {}),
        ...(rest.onPiece ? { stream: true } : {}),
      };
      const { answer, model, queueMs } = await ask({ type: 'predict', inputs, ...how }, rest);
      if (answer.type !== 'predicted') throw new Fault('internal', `the host answered predict with ${answer.type}`);
      return { outputs: answer.outputs, model, queueMs, computeMs: answer.computeMs };
    },
    async infer(request, askOptions) {
      const { answer, model, queueMs } = await ask({ type: 'infer', ...request }, askOptions);
      if (answer.type !== 'inferred') throw new Fault('internal', `the host answered infer with ${answer.type}`);
      return { tensors: answer.tensors, model, queueMs, computeMs: answer.computeMs };
    },
    status,
    async stop(withinMs = drainMs) {
      stopped = true;
      await Promise.all([...fleets].map((fleet) => retire(fleet, refuseStopped, withinMs)));
      await changes;
      onChange();
    },
  };
}

const notServing = (): Fault =>
  new Fault('not_running', 'nothing is served here now; deploy the model, or wait until its host has started');

/** The options that were really given: an undefined one must not hide a default. */
function given(options: object): Partial<FleetLimits> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
