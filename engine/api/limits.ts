// How many requests a minute one key may make: a token bucket each, in bounded memory. Wrong keys are counted by the gate.
import { type Clock, systemClock } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

/** Keys remembered at once; the one that came first makes room. */
const mostKeys = 10_000;

/** A check that throws `too_many_requests` with `details.retryAfter` in seconds; 0 a minute is no limit. */
export function requestLimit(perMinute: number, clock: Clock = systemClock): (key: string) => void {
  if (perMinute <= 0) return () => {};
  const buckets = new Map<string, { tokens: number; at: number }>();
  const perMs = perMinute / 60_000;
  return (key) => {
    const now = clock.monotonic();
    const bucket = buckets.get(key) ?? { tokens: perMinute, at: now };
    bucket.tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    if (!buckets.has(key) && buckets.size >= mostKeys) buckets.delete(buckets.keys().next().value ?? '');
    buckets.set(key, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return;
    }
    const retryAfter = Math.ceil((1 - bucket.tokens) / perMs / 1000);
    throw new Fault('too_many_requests', `this key may make ${perMinute} requests a minute; wait ${retryAfter} s`, {
      retryAfter,
    });
  };
}
