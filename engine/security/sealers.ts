// Threads that seal bulk beside the one that gathers it, under one data key. Plain bytes lie in memory that both see, sealed ones are
// handed over, so that little of it comes and goes on the caller's heap: V8 walks all of that whenever 64 MiB beside it have come.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../schema/index.ts';

/** To a thread: a blob to seal. */
export interface SealAsk {
  id: number;
  plain: Uint8Array<SharedArrayBuffer>;
  aad: string;
}

/** From it. */
export interface Sealed {
  id: number;
  sealed: Uint8Array<ArrayBuffer>;
}

export interface Sealers {
  /** Seals as `seal` does; `plain` must not change until it is answered. */
  seal(plain: Uint8Array<SharedArrayBuffer>, aad: string): Promise<Uint8Array>;
  /** Ends the threads; what they have not answered is rejected. */
  close(): void;
}

const lost = (cause?: Error) => new Fault('internal', 'a thread that seals ended', undefined, cause);

/** Starts `threads` threads that seal under a 32-byte key. They do not keep the process alive. */
export function openSealers(key: Uint8Array, threads: number): Sealers {
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  let next = 0;
  let ended: Error | undefined;
  const fail = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const workers = Array.from({ length: threads }, () => {
    const url = new URL(`./sealThread${extname(import.meta.url)}`, import.meta.url);
    const one = { worker: new Worker(url, { workerData: key }), busy: 0 };
    one.worker.unref();
    one.worker.on('message', ({ id, sealed }: Sealed) => {
      if (--one.busy === 0) one.worker.unref();
      waiting.get(id)?.resolve(sealed);
      waiting.delete(id);
    });
    one.worker.on('error', (error: Error) => fail(lost(error)));
    one.worker.on('exit', () => fail(lost()));
    return one;
  });
  return {
    seal(plain, aad) {
      if (ended) return Promise.reject(ended);
      const asked = Promise.withResolvers<Uint8Array>();
      const id = next++;
      waiting.set(id, asked);
      const least = workers.reduce((a, b) => (b.busy < a.busy ? b : a));
      least.busy++;
      least.worker.ref();
      least.worker.postMessage({ id, plain, aad } satisfies SealAsk);
      return asked.promise;
    },
    close() {
      for (const { worker } of workers) void worker.terminate();
    },
  };
}
