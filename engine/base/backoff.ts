// How long to wait before trying again: exponential with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
import type { Rng } from './rng.ts';

export interface BackoffOptions {
  /** Upper bound of the first wait, ms. */
  firstMs: number;
  /** Upper bound of any wait, ms. */
  mostMs: number;
}

/** Wait before attempt `n` (0 is the first retry), in ms, uniform in [bound/2, bound]. */
export function backoffMs(n: number, options: BackoffOptions, rng: Rng): number {
  const bound = Math.min(options.mostMs, options.firstMs * 2 ** n);
  return bound / 2 + (rng.next() * bound) / 2;
}
