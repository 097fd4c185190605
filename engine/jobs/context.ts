// What every job is given: the store, the settings, where to announce things, and how to get a child. No logic of its own.
import { statfs } from 'node:fs/promises';
import type { Log } from '../base/index.ts';
import { type ApplianceConfig, Fault, type Kind, type RecordOf } from '../schema/index.ts';
import type { Store, Table } from '../store/index.ts';
import type { EventLog } from './events.ts';
import type { Leases } from './leases.ts';

export interface JobContext {
  config: ApplianceConfig;
  store: Store;
  events: EventLog;
  leases: Leases;
  log: Log;
  /** False for an appliance that lives for one command: it starts nothing by itself. */
  lasting: boolean;
  /** Aborts when the appliance stops. */
  closing: AbortSignal;
  now(): number;
}

/** Throws `disk_full` when less than `limits.freeDisk` bytes are free where the data lives. */
export async function needDisk({ config }: JobContext, what: string): Promise<void> {
  const disk = await statfs(config.dataDir);
  const free = disk.bavail * disk.bsize;
  if (free >= config.limits.freeDisk) return;
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  throw new Fault(
    'disk_full',
    `${what} needs room: ${mib(free)} are free and ${mib(config.limits.freeDisk)} must stay free. Delete datasets or models, or lower limits.freeDisk.`,
  );
}

/** A page of a table as the API answers it. */
export function pageOf<K extends Kind>(
  table: Table<RecordOf[K]>,
  query: Parameters<Table<RecordOf[K]>['list']>[0],
): { items: RecordOf[K][]; next?: string; total: number } {
  const { items, next, total } = table.list(query);
  return { items, ...(next === undefined ? {} : { next }), total };
}

/** At most one call in `everyMs`; what is dropped is progress that the next call supersedes. */
export function throttle<A extends unknown[]>(everyMs: number, call: (...args: A) => void): (...args: A) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (...args) => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    call(...args);
  };
}
