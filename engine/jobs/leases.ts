// Device leases: what each child may use of this machine, so that training and serving do not trample each other.
// Serving comes first: a host gets its lease at once; training gets what is left, and it and imports queue when there is none.
import { type ChildKind, type DeviceLease, Fault } from '../schema/index.ts';

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
  /** A lease at once, for what people wait for: hosts, and looking at devices. */
  grant(request: LeaseRequest): HeldLease;
  /** A lease as soon as there is room, in order of asking. Rejects with the signal's reason when it aborts. */
  wait(request: LeaseRequest, signal: AbortSignal): Promise<HeldLease>;
  release(id: string): void;
  list(): HeldLease[];
  /** What a holder's request waits for, and whose that is; undefined where it does not wait. */
  waitsFor(holder: string): Wait | undefined;
}

export interface Wait {
  /** Others that asked before, a place beside those that run, the device, or memory. */
  for: 'turn' | 'place' | 'device' | 'memory';
  holders: string[];
}

interface Waiting {
  request: LeaseRequest;
  take(lease: HeldLease): void;
}

/** Imports at once. */
const mostImporters = 2;

/** Keeps the leases of a machine; `trainers` is the most training runs at once. */
export function createLeases(machine: Machine, trainers: number): Leases {
  const held = new Map<string, HeldLease>();
  const queues = new Map<ChildKind, Waiting[]>();
  let next = 1;

  const of = (kind: ChildKind) => [...held.values()].filter((lease) => lease.kind === kind);
  const free = () => machine.memory - [...held.values()].reduce((sum, lease) => sum + lease.memory, 0);
  const isGpu = (device: string) => device !== 'cpu' && device !== 'auto';

  // The same number whatever else runs, so that a run's bits do not depend on it: a lower priority, not fewer threads,
  // keeps training out of serving's way.
  const threads: Record<ChildKind, number> = {
    trainer: Math.max(1, Math.floor(machine.cores / trainers)),
    // A trial lives within the lease of its trainer.
    trial: 1,
    // They step back behind everything else, so that they may take what is idle.
    importer: Math.max(1, Math.min(8, machine.cores)),
    host: 1,
    probe: 1,
  };
  const most: Partial<Record<ChildKind, number>> = { trainer: trainers, importer: mostImporters };

  function put(request: LeaseRequest, memory: number): HeldLease {
    const { kind, holder, device } = request;
    const lease: HeldLease = { id: `lease_${next++}`, kind, holder, device, threads: threads[kind], memory };
    held.set(lease.id, lease);
    return lease;
  }

  const isFull = (kind: ChildKind) => of(kind).length >= (most[kind] ?? Infinity);
  const usersOf = ({ kind, device }: LeaseRequest) =>
    isGpu(device) ? of(kind).filter((lease) => lease.device === device) : [];

  function tryLease(request: LeaseRequest): HeldLease | undefined {
    const running = of(request.kind);
    if (isFull(request.kind) || usersOf(request).length > 0) return undefined;
    const wanted = Math.min(request.memory, machine.memory);
    if (free() >= wanted) return put(request, wanted);
    // The first of its kind has nothing to wait for: it gets what is left, and a quarter of the machine at least.
    if (running.length === 0) return put(request, Math.min(wanted, Math.max(free(), machine.memory / 4)));
    return undefined;
  }

  function pump(): void {
    for (const queue of queues.values()) {
      while (queue.length > 0) {
        const lease = tryLease(queue[0].request);
        if (!lease) break;
        queue.shift()?.take(lease);
      }
    }
  }

  return {
    grant: (request) => put(request, Math.min(request.memory, machine.memory)),
    wait(request, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const queue = queues.get(request.kind) ?? [];
        queues.set(request.kind, queue);
        const abort = () => {
          queue.splice(queue.indexOf(waiting), 1);
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
    waitsFor(holder) {
      for (const queue of queues.values()) {
        const place = queue.findIndex(({ request }) => request.holder === holder);
        if (place < 0) continue;
        const { request } = queue[place];
        const holders = (all: readonly { holder: string }[]) => [...new Set(all.map((one) => one.holder))];
        if (place > 0) return { for: 'turn', holders: holders(queue.slice(0, place).map((one) => one.request)) };
        if (isFull(request.kind)) return { for: 'place', holders: holders(of(request.kind)) };
        const users = usersOf(request);
        if (users.length > 0) return { for: 'device', holders: holders(users) };
        return { for: 'memory', holders: holders([...held.values()]) };
      }
      return undefined;
    },
  };
}
