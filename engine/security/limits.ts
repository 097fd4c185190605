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

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A limiter over names. When more names are in use than it remembers, the newcomers share one bucket: flooding it with
 * names never frees a name that is out of tokens.
 */
export function createLimiter({ burst, perMinute, most = 100_000, clock = systemClock }: LimiterOptions): Limiter {
  const buckets = new Map<string, Bucket>();
  const shared: Bucket = { tokens: burst, at: clock.monotonic() };
  const perMs = perMinute / 60_000;
  let sweptAt = clock.monotonic();

  const fill = (bucket: Bucket) => {
    const now = clock.monotonic();
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    return bucket;
  };
  /** Forgets the full buckets, which are as good as new; at most once in the time that a bucket takes to fill. */
  const sweep = () => {
    const now = clock.monotonic();
    if (now - sweptAt < burst / perMs) return;
    sweptAt = now;
    for (const [name, bucket] of buckets) if (fill(bucket).tokens >= burst) buckets.delete(name);
  };
  const find = (name: string): Bucket => {
    const known = buckets.get(name);
    if (known) return fill(known);
    if (buckets.size >= most) sweep();
    if (buckets.size >= most) return fill(shared);
    const bucket = { tokens: burst, at: clock.monotonic() };
    buckets.set(name, bucket);
    return bucket;
  };
  const waitFor = (bucket: Bucket, n: number) => (bucket.tokens >= n ? 0 : Math.ceil((n - bucket.tokens) / perMs));

  const take = (name: string, n = 1) => {
    const bucket = find(name);
    const wait = waitFor(bucket, n);
    if (wait === 0) bucket.tokens -= n;
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
    wait: (name, n = 1) => waitFor(find(name), n),
  };
}
