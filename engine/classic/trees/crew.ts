// Threads that work through numbered tasks over shared memory: the caller takes tasks too, so that a fit ends even where no
// thread could be started. Threads sleep between jobs and are told to leave; none is ever terminated.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/index.ts';
import { at, type FitSpec, type Memory } from './memory.ts';

/** What a thread needs to open the memory. */
export interface ThreadStart {
  spec: FitSpec;
  bins: Uint8Array;
  buffer: SharedArrayBuffer;
}

export interface Crew {
  /** Runs tasks 0 … count − 1 of a job on all threads; returns when all are done. */
  run(job: number, count: number): void;
  close(): void;
}

/** Number of the job at which threads leave. */
export const leave = -1;
const closedTask = 0xffff;
/** Most tasks of one job. */
export const mostTasks = closedTask - 1;
const spins = 20_000;

/** Starts `threads` − 1 threads beside the caller; `work` is what the caller runs a task with. */
export function openCrew(
  threads: number,
  start: ThreadStart,
  { control }: Memory,
  work: (job: number, task: number) => void,
): Crew {
  for (let i = 1; i < threads; i++) {
    const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), { workerData: start });
    worker.on('error', () => undefined);
    worker.unref();
  }
  let turn = 0;
  const publish = (job: number, count: number) => {
    // Between two jobs no task can be taken: whoever read the old number fails to raise it.
    Atomics.store(control, at.next, (turn << 16) | closedTask);
    Atomics.store(control, at.job, job);
    Atomics.store(control, at.count, count);
    Atomics.store(control, at.done, 0);
    turn = (turn + 1) & 0x7fff;
    Atomics.store(control, at.next, turn << 16);
    Atomics.store(control, at.turn, turn);
    Atomics.notify(control, at.turn);
  };
  return {
    run(job, count) {
      assert(count <= mostTasks, 'tasks fit into their counter');
      if (threads === 1 || count === 1) {
        for (let task = 0; task < count; task++) work(job, task);
        return;
      }
      publish(job, count);
      takeTasks(control, work);
      for (let spin = 0; ; spin++) {
        const done = Atomics.load(control, at.done);
        if (done === count) return;
        assert(done >= 0, 'every task of a fit could be done');
        if (spin > spins) Atomics.wait(control, at.done, done, 5);
      }
    },
    close() {
      if (threads > 1) publish(leave, 0);
    },
  };
}

/** Takes tasks until none is left. */
function takeTasks(control: Int32Array, work: (job: number, task: number) => void): void {
  for (;;) {
    const next = Atomics.load(control, at.next);
    const task = next & 0xffff;
    const [job, count] = [Atomics.load(control, at.job), Atomics.load(control, at.count)];
    if (task >= count) return;
    if (Atomics.compareExchange(control, at.next, next, next + 1) !== next) continue;
    work(job, task);
    Atomics.add(control, at.done, 1);
    Atomics.notify(control, at.done);
  }
}

/** The life of a thread: tasks of one job after the other, sleep between them. */
export function serve(control: Int32Array, work: (job: number, task: number) => void): void {
  let seen = 0;
  try {
    for (;;) {
      let turn = Atomics.load(control, at.turn);
      for (let spin = 0; turn === seen && spin < spins; spin++) turn = Atomics.load(control, at.turn);
      if (turn === seen) {
        Atomics.wait(control, at.turn, seen);
        continue;
      }
      seen = turn;
      if (Atomics.load(control, at.job) === leave) return;
      takeTasks(control, work);
    }
  } catch (error) {
    // The caller waits for tasks that are done; it must not wait for one that failed.
    Atomics.store(control, at.done, -0x40000000);
    Atomics.notify(control, at.done);
    throw error;
  }
}
