// Counts of one model of a deployment: requests, failures, callers' mistakes, latencies of the last thousand, and the sums that the Open
// Inference Protocol's statistics extension reports. Constant memory.

export interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

interface Sum {
  count: number;
  ms: number;
}

export interface Meter {
  readonly requests: number;
  readonly errors: number;
  /** Requests that were their callers' mistakes; neither requests nor errors of the model. */
  readonly refused: number;
  /** Rows answered. */
  readonly rows: number;
  /** Milliseconds since 1970 of the last answer; 0 before. */
  readonly lastAt: number;
  readonly sums: Record<'success' | 'fail' | 'queue' | 'compute', Sum>;
  /** Runs in hosts, by rows. */
  readonly batches: ReadonlyMap<number, Sum>;
  answered(rows: number, ms: number, queueMs: number, computeMs: number): void;
  failed(ms: number): void;
  refuse(): void;
  ran(rows: number, computeMs: number): void;
  /** Percentiles of the last requests, ms. */
  latency(): Latency;
}

const kept = 1000;
/** Batch sizes that are told apart; greater ones count with the last. */
const mostSizes = 1024;

/** A meter at zero. */
export function createMeter(now: () => number = Date.now): Meter {
  const times = new Float64Array(kept);
  const sum = (): Sum => ({ count: 0, ms: 0 });
  const sums = { success: sum(), fail: sum(), queue: sum(), compute: sum() };
  const batches = new Map<number, Sum>();
  let requests = 0;
  let errors = 0;
  let refused = 0;
  let rows = 0;
  let lastAt = 0;
  const add = (to: Sum, ms: number) => {
    to.count++;
    to.ms += ms;
  };
  return {
    get requests() {
      return requests;
    },
    get errors() {
      return errors;
    },
    get refused() {
      return refused;
    },
    get rows() {
      return rows;
    },
    get lastAt() {
      return lastAt;
    },
    sums,
    batches,
    answered(count, ms, queueMs, computeMs) {
      times[requests++ % kept] = ms;
      rows += count;
      lastAt = now();
      add(sums.success, ms);
      add(sums.queue, queueMs);
      add(sums.compute, computeMs);
    },
    failed(ms) {
      times[requests++ % kept] = ms;
      errors++;
      add(sums.fail, ms);
    },
    refuse() {
      refused++;
    },
    ran(count, computeMs) {
      const size = Math.min(count, mostSizes);
      const found = batches.get(size) ?? sum();
      batches.set(size, found);
      add(found, computeMs);
    },
    latency() {
      const sorted = times.slice(0, Math.min(requests, kept)).sort();
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    },
  };
}
