// The models behind one name and who answers what: the stable one, shares of the traffic for others, a shadow that is asked
// too. Changes never fail a request: a model that leaves is asked nothing new and stopped when it has answered all.
import { Fault, type ModelRef, type VariantSpec, type VariantStatus } from '../schema/index.ts';
import { judge } from './judge.ts';
import { createMeter, type Meter } from './meter.ts';
import type { ReplicaSet } from './replicaSet.ts';

/** One model and its hosts. */
export interface Variant {
  readonly model: ModelRef;
  readonly set: ReplicaSet;
  readonly role: 'stable' | VariantSpec['role'];
  readonly weight: number;
  readonly meter: Meter;
}

interface Held extends Pick<Variant, 'set'> {
  model: ModelRef;
  meter: Meter;
  role: Variant['role'];
  weight: number;
  rules?: VariantSpec['rules'];
  /** Meters of this one and the stable one since it began, for a canary. */
  since?: { own: Meter; stable: Meter };
  inFlight: number;
  /** Called when nothing is in flight any more. */
  onIdle?: () => void;
  compared: number;
  agreed: number;
}

/** What an answer must tell of itself. */
interface Told {
  queueMs: number;
  computeMs: number;
}

export interface Asking<T extends Told> {
  /** The only version that may answer, by header or path. */
  version?: string | undefined;
  /** Rows in it, for the figures. */
  rows: number;
  send: (variant: Variant, shadow: boolean) => Promise<T>;
  /** Whether two models said the same. */
  same?: (one: T, other: T) => boolean;
}

export interface TrafficOptions {
  /** A canary was found good or bad: the owner promotes it or drops it. */
  onVerdict: (model: ModelRef, verdict: { is: 'promote' } | { is: 'rollback'; why: string }) => void;
}

export interface Traffic {
  readonly stable: Variant | undefined;
  list(): Variant[];
  /** The first stable model, or another set in its place; what was there before is stopped when it has answered all. */
  setStable(model: ModelRef, set: ReplicaSet): Promise<void>;
  /** The stable set serves another model now (it exchanged it itself). */
  rename(model: ModelRef): void;
  add(spec: VariantSpec, set: ReplicaSet): void;
  /** The variant becomes the stable one and the stable one leaves; resolves when it has. */
  promote(modelId: string): Promise<void>;
  remove(modelId: string): Promise<void>;
  ask<T extends Told>(asking: Asking<T>): Promise<T>;
  /** A batch ran in a host of this set. */
  ran(set: ReplicaSet, rows: number, computeMs: number): void;
  status(): VariantStatus[];
  close(withinMs?: number): Promise<void>;
}

/** The fractional parts of its multiples fill the unit interval evenly, so that shares hold for few requests too. */
const golden = (Math.sqrt(5) - 1) / 2;
/** Faults that are the caller's, whichever model answers; everything else counts against the model. */
const callers: ReadonlySet<string> = new Set(['cancelled', 'too_many_requests', 'payload_too_large', 'forbidden']);
/** Faults that are the caller's where the stable model has them too, and the model's own where that one answers. */
const mistakes: ReadonlySet<string> = new Set(['bad_input', 'bad_request']);
const isOf = (codes: ReadonlySet<string>, error: unknown): boolean => error instanceof Fault && codes.has(error.code);

/** A name behind which nothing is served yet. */
export function createTraffic({ onVerdict }: TrafficOptions): Traffic {
  let stable: Held | undefined;
  const others = new Map<string, Held>();
  let asked = 0;
  /** Sets that are leaving. */
  const leaving = new Set<Promise<void>>();

  const hold = (model: ModelRef, set: ReplicaSet, role: Variant['role'], weight: number): Held => ({
    model,
    set,
    role,
    weight,
    meter: createMeter(),
    inFlight: 0,
    compared: 0,
    agreed: 0,
  });

  const leave = (held: Held): Promise<void> => {
    const gone = (async () => {
      if (held.inFlight > 0) await new Promise<void>((resolve) => (held.onIdle = resolve));
      await held.set.stop();
    })();
    leaving.add(gone);
    void gone.finally(() => leaving.delete(gone));
    return gone;
  };

  const all = () => (stable ? [stable, ...others.values()] : [...others.values()]);

  function choose(version: string | undefined): Held {
    if (!stable)
      throw new Fault(
        'not_running',
        'nothing is served here now; deploy the model, or wait until its host has started',
      );
    if (version !== undefined) {
      const found = all().find(
        ({ model }) => String(model.version) === version || `${model.name}@${model.version}` === version,
      );
      if (found) return found;
      const known = all().map(({ model }) => model.version);
      throw new Fault('not_found', `version ${version} is not served here; versions ${known.join(', ')} are`);
    }
    let at = (asked++ * golden) % 1;
    for (const held of others.values()) {
      if (held.role === 'shadow') continue;
      at -= held.weight / 100;
      if (at < 0) return held;
    }
    return stable;
  }

  function metersOf(held: Held): Meter[] {
    const meters = [held.meter];
    if (held.since) meters.push(held.since.own);
    if (held === stable) for (const other of others.values()) if (other.since) meters.push(other.since.stable);
    return meters;
  }

  /** Whether the stable model is asked what this one could not answer. */
  const isHelped = (held: Held, { version }: Pick<Asking<Told>, 'version'>) =>
    held !== stable && stable !== undefined && version === undefined;

  async function through<T extends Told>(held: Held, asking: Asking<T>, shadow: boolean): Promise<T> {
    const began = performance.now();
    const meters = metersOf(held);
    held.inFlight++;
    try {
      const answer = await asking.send(held, shadow);
      const ms = performance.now() - began;
      for (const meter of meters) meter.answered(asking.rows, ms, answer.queueMs, answer.computeMs);
      return answer;
    } catch (error) {
      // A shadow is asked what the stable model answered, so that it has no excuse.
      const isMistake = isOf(mistakes, error) && !shadow;
      if (isMistake && !isHelped(held, asking)) for (const meter of meters) meter.refuse();
      else if (!isMistake && !isOf(callers, error)) for (const meter of meters) meter.failed(performance.now() - began);
      throw error;
    } finally {
      if (--held.inFlight === 0) held.onIdle?.();
      if (held.role === 'canary') look(held);
    }
  }

  /** The stable model's answer in place of another's; what that one took for a mistake is its own failure if this one can answer. */
  async function instead<T extends Told>(held: Held, asking: Asking<T>, doubted: boolean): Promise<T> {
    const began = performance.now();
    const count = (note: (meter: Meter) => void) => {
      if (doubted) for (const meter of metersOf(held)) note(meter);
      if (held.role === 'canary') look(held);
    };
    try {
      const answer = await through(stable as Held, asking, false);
      count((meter) => meter.failed(performance.now() - began));
      return answer;
    } catch (error) {
      count((meter) => meter.refuse());
      throw error;
    }
  }

  function look(held: Held): void {
    if (!held.since || !held.rules || !others.has(held.model.id)) return;
    const verdict = judge(held.rules, held.since.own, held.since.stable);
    if (verdict.is === 'wait') return;
    // At once, so that not one more request goes to a canary that was found bad.
    delete held.since;
    if (verdict.is === 'rollback') held.weight = 0;
    onVerdict(held.model, verdict);
  }

  async function compareOne<T extends Told>(held: Held, asking: Asking<T>, answer: T): Promise<void> {
    const other = await through(held, asking, true).catch(() => undefined);
    if (!other) return;
    held.compared++;
    if (asking.same?.(answer, other)) held.agreed++;
  }

  function compare<T extends Told>(asking: Asking<T>, answer: T): void {
    for (const held of others.values()) {
      if (held.role !== 'shadow') continue;
      void compareOne(held, asking, answer);
    }
  }

  return {
    get stable() {
      return stable;
    },
    list: all,
    async setStable(model, set) {
      const before = stable;
      if (before?.set === set) {
        before.model = model;
        return;
      }
      stable = hold(model, set, 'stable', 100);
      if (before) await leave(before);
    },
    rename(model) {
      if (!stable || stable.model.id === model.id) return;
      stable.model = model;
      stable.meter = createMeter();
    },
    add(spec, set) {
      const held = hold(spec.model, set, spec.role, spec.weight);
      if (spec.rules) held.rules = spec.rules;
      if (spec.role === 'canary') held.since = { own: createMeter(), stable: createMeter() };
      others.set(spec.model.id, held);
    },
    async promote(modelId) {
      const next = others.get(modelId);
      if (!next) return;
      const before = stable;
      others.delete(modelId);
      next.role = 'stable';
      next.weight = 100;
      delete next.since;
      stable = next;
      if (before) await leave(before);
    },
    async remove(modelId) {
      const held = others.get(modelId);
      if (!held) return;
      others.delete(modelId);
      await leave(held);
    },
    async ask(asking) {
      const held = choose(asking.version);
      try {
        const answer = await through(held, asking, false);
        if (held === stable && others.size > 0) compare(asking, answer);
        return answer;
      } catch (error) {
        // A canary's failure is not the caller's: the stable model answers, or refuses for good.
        if (!isHelped(held, asking) || isOf(callers, error)) throw error;
        return instead(held, asking, isOf(mistakes, error));
      }
    },
    ran(set, rows, computeMs) {
      for (const held of all()) if (held.set === set) held.meter.ran(rows, computeMs);
    },
    status: () =>
      all().map(({ model, role, weight, set, meter, compared, agreed }) => {
        const { state, replicas, waiting, crashes, batching } = set.status();
        return {
          model,
          role,
          weight:
            role === 'stable'
              ? 100 - [...others.values()].reduce((sum, other) => sum + (other.role === 'shadow' ? 0 : other.weight), 0)
              : weight,
          state,
          replicas: replicas.map(({ pid, ...rest }) => ({ ...(pid === undefined ? {} : { pid }), ...rest })),
          waiting,
          crashes,
          batching,
          requests: meter.requests,
          errors: meter.errors,
          refused: meter.refused,
          latency: meter.latency(),
          ...(role === 'shadow' ? { agreement: compared === 0 ? 1 : agreed / compared } : {}),
        };
      }),
    async close(withinMs) {
      const sets = all().map(({ set }) => set);
      stable = undefined;
      others.clear();
      await Promise.all([...sets.map((set) => set.stop(withinMs)), ...leaving]);
    },
  };
}
