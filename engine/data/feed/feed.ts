// Rows for a trainer, read from the encrypted pack by a thread beside it: decrypting, encoding and decoding of the next window go
// on while a step computes. Knows no order; order.ts does.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault, type FaultBody, faultFrom, type PackGrant, type Preprocess } from '../../schema/index.ts';
import type { FedRows } from './load.ts';

/** What a thread is started with. */
export interface FeedStart {
  pack: PackGrant;
  preprocess: Preprocess;
  /** Bytes of decoded files that it may keep. */
  memory: number;
}

/** To the thread: rows to read, or that it is not needed any more. */
export type FeedAsk = { id: number; rows: Uint32Array } | 'leave';
/** From it. */
export type FeedAnswer = { id: number } & ({ rows: FedRows } | { fault: FaultBody });

export interface Feed {
  /** Reads rows (rising row numbers of the dataset); requests are done one after the other. Faults as `loadRows`. */
  load(rows: Uint32Array): Promise<FedRows>;
  /** Lets the thread end by itself. */
  close(): void;
}

/** Starts the thread. It does not keep the process alive, and is never terminated. */
export function openFeed(start: FeedStart): Feed {
  const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), { workerData: start });
  worker.unref();
  const waiting = new Map<number, PromiseWithResolvers<FedRows>>();
  let next = 0;
  let ended: Error | undefined;
  const fail = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', (answer: FeedAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('rows' in answer) asked?.resolve(answer.rows);
    else asked?.reject(faultFrom(answer.fault));
  });
  worker.on('error', (error: Error) => fail(error));
  worker.on('exit', () => fail(new Fault('internal', 'the thread that reads the data ended')));
  return {
    load(rows) {
      if (ended) return Promise.reject(ended);
      const asked = Promise.withResolvers<FedRows>();
      const id = next++;
      waiting.set(id, asked);
      worker.ref();
      worker.postMessage({ id, rows } satisfies FeedAsk);
      return asked.promise;
    },
    close: () => worker.postMessage('leave' satisfies FeedAsk),
  };
}
