// The live events: one ever-growing sequence, the newest of which are kept for clients that reconnect. Metrics are
// coalesced to ten events a second for each run. Nothing here is stored: after a restart clients get `resync`.
import type { EventFeed, EventType, LiveEvent, MetricPoint } from '../schema/index.ts';

/** The feed that api/ reads, and the way jobs write to it. */
export interface EventLog extends EventFeed {
  emit(type: EventType, id: string, data: unknown): void;
  /** Metric points of a run; they leave together, at most ten times a second. */
  metrics(runId: string, points: readonly MetricPoint[]): void;
  /** Sends held metrics of a run (or all) now, so that they come before what follows. */
  flush(runId?: string): void;
  close(): void;
}

export interface EventOptions {
  /** First sequence number: that of the store, so that a client's number from before a restart is never ahead. */
  first?: number;
  /** Events kept for replay. */
  kept?: number;
  coalesceMs?: number;
  now?: () => number;
}

interface Held {
  points: MetricPoint[];
  timer: NodeJS.Timeout | undefined;
  sentAt: number;
}

/** Opens an empty event log. */
export function createEvents(options: EventOptions = {}): EventLog {
  const { kept = 5000, coalesceMs = 100, now = Date.now } = options;
  const listeners = new Set<(event: LiveEvent) => void>();
  const ring: LiveEvent[] = [];
  const held = new Map<string, Held>();
  let seq = options.first ?? 0;
  /** Replay reaches back to just after this number. */
  let floor = seq;

  function emit(type: EventType, id: string, data: unknown): void {
    const event: LiveEvent = { v: 1, seq: ++seq, at: now(), type, id, data };
    ring.push(event);
    // Trimming in blocks keeps the cost of a push constant.
    if (ring.length > kept * 1.25) floor = ring.splice(0, ring.length - kept).at(-1)?.seq ?? floor;
    for (const listener of listeners) listener(event);
  }

  function send(runId: string, entry: Held): void {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (entry.points.length === 0) return;
    entry.sentAt = now();
    emit('run.metric', runId, entry.points.splice(0));
  }

  return {
    emit,
    metrics(runId, points) {
      const entry = held.get(runId) ?? { points: [], timer: undefined, sentAt: 0 };
      held.set(runId, entry);
      entry.points.push(...points);
      const wait = entry.sentAt + coalesceMs - now();
      if (wait <= 0) send(runId, entry);
      else entry.timer ??= setTimeout(() => send(runId, entry), wait);
    },
    flush(runId) {
      for (const [id, entry] of held) {
        if (runId !== undefined && id !== runId) continue;
        send(id, entry);
        held.delete(id);
      }
    },
    after(from) {
      if (from > seq || from < floor) return undefined;
      return ring.slice(firstAfter(ring, from));
    },
    latest: () => seq,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const entry of held.values()) clearTimeout(entry.timer);
      held.clear();
      listeners.clear();
    },
  };
}

/** Index of the first event after `seq`, by bisection. */
function firstAfter(ring: readonly LiveEvent[], seq: number): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ring[middle].seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
