// Device leases: what each child may use of this machine, so that training and serving do not trample each other.
// Serving comes first: a host always gets its lease, training gets the rest, and waits when there is no rest.
import type { ChildKind, DeviceLease } from '../schema/index.ts';
import { Fault } from '../schema/index.ts';

export interface Machine {
  cores: number;
  /** Bytes that children may use together. */
  memory: number;
}

export interface LeaseRequest {
  kind: ChildKind;
  /** Id of the record that the child works for. */
  holder: string;
  device: string;
  /** Most memory that the child may take, bytes. */
  memory: number;
}

export interface HeldLease extends DeviceLease {
  kind: ChildKind;
  holder: string;
}

export interface Leases {
  /** A host's or an importer's lease, at once: serving comes first, and imports are small. */
  grant(request: LeaseRequest): HeldLease;
  /** A lease as soon as there is room, in order of asking. Rejects with the signal's reason when it aborts. */
  wait(request: LeaseRequest, signal: AbortSignal): Promise<HeldLease>;
  release(id: string): void;
  list(): HeldLease[];
}

interface Waiting {
  request: LeaseRequest;
  take(lease: HeldLease): void;
}

/** Keeps the leases of a machine; `trainers` is the most training runs at once. */
export function createLeases(machine: Machine, trainers: number): Leases {
  const held = new Map<string, HeldLease>();
  const queue: Waiting[] = [];
  let next = 1;

  const of = (kind: ChildKind) => [...held.values()].filter((lease) => lease.kind === kind);
  const onGpu = (device: string) => device !== 'cpu' && device !== 'auto';
  const used = () => [...held.values()].reduce((sum, lease) => sum + lease.memory, 0);

  function put(request: LeaseRequest, threads: number, memory: number): HeldLease {
    const { kind, holder, device } = request;
    const lease: HeldLease = { id: `lease_${next++}`, kind, holder, device, threads, memory };
    held.set(lease.id, lease);
    return lease;
  }

  // The same number whatever else runs, so that a run's bits do not depend on it: a lower priority, not fewer threads,
  // keeps training out of serving's way.
  const trainerThreads = Math.max(1, Math.floor(machine.cores / trainers));

  function tryTrainer(request: LeaseRequest): HeldLease | undefined {
    const running = of('trainer');
    if (running.length >= trainers) return undefined;
    if (onGpu(request.device) && running.some((lease) => lease.device === request.device)) return undefined;
    const free = machine.memory - used();
    const memory = Math.min(request.memory, free);
    // With nothing else training there is nothing to wait for: it gets what is left, down to a quarter of the machine.
    const least = Math.min(request.memory, machine.memory / (running.length > 0 ? 2 : 4));
    if (memory < least && running.length > 0) return undefined;
    return put(request, trainerThreads, Math.max(memory, least));
  }

  function pump(): void {
    while (queue.length > 0) {
      const first = queue[0];
      const lease = tryTrainer(first.request);
      if (!lease) return;
      queue.shift();
      first.take(lease);
    }
  }

  return {
    grant(request) {
      const threads = request.kind === 'host' ? 1 : Math.max(1, Math.min(2, machine.cores - 1));
      return put(request, threads, Math.min(request.memory, machine.memory));
    },
    wait(request, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const abort = () => {
          const at = queue.indexOf(waiting);
          if (at >= 0) queue.splice(at, 1);
          reject(
            (signal.reason as Error | undefined) ?? new Fault('cancelled', 'The wait for a device was cancelled.'),
          );
        };
        const waiting: Waiting = {
          request,
          take(lease) {
            signal.removeEventListener('abort', abort);
            resolve(lease);
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        queue.push(waiting);
        pump();
      });
    },
    release(id) {
      if (held.delete(id)) pump();
    },
    list: () => [...held.values()],
  };
}
