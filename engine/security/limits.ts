// How often something may happen for one name (an address, a key): a token bucket each, in bounded memory.
import { type Clock, systemClock } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

export interface LimiterOptions {
  /** Takes in a burst. */
  burst: number;
  /** Takes that come back in a minute. */
  perMinute: number;
  /** Names remembered at once. */
  most?: number;
  clock?: Clock;
}

export interface Limiter {
  /** Takes `n` for the name: 0 when it may, else the milliseconds until it may. */
  take(name: string, n?: number): number;
  /** Like `take`, but Fault `too_many_requests` when it may not. */
  check(name: string, n?: number): void;
  /** Milliseconds until `n` could be taken, 0 when at once; takes nothing. */
  wait(name: string, n?: number): number;
}

/** A newcomer when the memory is full. */
const shared = Symbol('shared');

/**
 * A limiter over names: the generic cell rate algorithm (ITU-T I.371), one number a name. When more names are in use than
 * it remembers, the newcomers share one bucket: flooding it with names never frees a name that is out of tokens.
 */
export function createLimiter({ burst, perMinute, most = 100_000, clock = systemClock }: LimiterOptions): Limiter {
  /** When each name's bucket will be full again; one that is full need not be remembered. */
  const fullAt = new Map<string | symbol, number>();
  const interval = 60_000 / perMinute;
  let sweptAt = clock.monotonic();

  /** Forgets the full buckets; at most once in the time that a bucket takes to fill. */
  const sweep = (now: number) => {
    if (now - sweptAt < burst * interval) return;
    sweptAt = now;
    for (const [name, at] of fullAt) if (at <= now) fullAt.delete(name);
  };
  const place = (name: string, now: number): string | symbol => {
    if (fullAt.has(name)) return name;
    if (fullAt.size >= most) sweep(now);
    return fullAt.size >= most ? shared : name;
  };
  const ask = (name: string, n: number) => {
    const now = clock.monotonic();
    const slot = place(name, now);
    const next = Math.max(fullAt.get(slot) ?? now, now) + n * interval;
    return { slot, next, wait: Math.max(0, Math.ceil(next - now - burst * interval)) };
  };
  const take = (name: string, n = 1) => {
    const { slot, next, wait } = ask(name, n);
    if (wait === 0) fullAt.set(slot, next);
    return wait;
  };
  return {
    take,
    check(name, n) {
      const wait = take(name, n);
      if (wait === 0) return;
      const seconds = Math.ceil(wait / 1000);
      throw new Fault('too_many_requests', `too many requests; try again in ${seconds} s`, { retryAfter: seconds });
    },
    wait: (name, n = 1) => ask(name, n).wait,
  };
}
