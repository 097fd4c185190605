// How jobs have a child do one piece of work with datasets that are there: a lease, the child, its progress, its answer or its
// fault. Reads no row itself.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { deathFault, spawnChild } from '../children/index.ts';
import {
  type ChildPort,
  type ExportFormat,
  Fault,
  faultFrom,
  type PackGrant,
  type RefineResult,
  type RefineWork,
} from '../schema/index.ts';
import { type JobContext, throttle } from './context.ts';
import type { HeldLease } from './leases.ts';

/** What people wait for at a screen: a lease at once, and little memory. */
const quickMemory = 768 * 1024 * 1024;

/** Where compiled code is kept, so that children start quicker. */
export const codeCache = (dataDir: string): string => join(dataDir, 'cache');

type Kind = RefineWork['do'];

/** Does one piece of work in a child of its own; progress is told as `dataset.progress` of the dataset `id`. `now` skips the queue of imports. */
export async function refineInChild<K extends Kind>(
  context: JobContext,
  id: string,
  work: Extract<RefineWork, { do: K }>,
  signal: AbortSignal,
  now = false,
): Promise<Extract<RefineResult, { do: K }>> {
  return withChild(context, id, signal, { now }, async (child, lease, ended) => {
    const told = throttle(100, (progress: unknown) => context.events.emit('dataset.progress', id, progress));
    let outcome: RefineResult | undefined;
    let fault: Error | undefined;
    child.onMessage((message) => {
      if (message.type === 'progress') told(message.progress);
      if (message.type === 'refined') outcome = message.result;
      if (message.type === 'failed') fault ??= faultFrom(message.fault);
      // Its work is done and on disk; it must not linger.
      if (message.type !== 'progress') child.kill();
    });
    child.send({ type: 'refine', work, lease });
    const death = await ended;
    if (fault) throw fault;
    if (outcome) return outcome as Extract<RefineResult, { do: K }>;
    throw death;
  });
}

/**
 * The bytes of a dataset in a format, as a child encodes them, handed to `take` once the first of them are there: a format that
 * cannot hold the dataset is a fault before that. The stream fails where the child does.
 */
export function exportInChild(
  context: JobContext,
  id: string,
  dataset: PackGrant,
  format: ExportFormat,
  signal: AbortSignal,
  take: (bytes: Readable) => Promise<void>,
): Promise<void> {
  return withChild(context, id, signal, { data: true }, async (child, lease, ended) => {
    const { data } = child;
    if (!data) throw new Fault('internal', 'a child that exports needs a socket');
    const said = Promise.withResolvers<Error | undefined>();
    child.onMessage((message) => {
      if (message.type === 'refined') said.resolve(undefined);
      if (message.type === 'failed') said.resolve(faultFrom(message.fault));
    });
    void ended.then((death) => said.resolve(death));
    child.send({ type: 'refine', work: { do: 'export', dataset, format }, lease });
    const begun = new Promise<void>((resolve) => data.once('readable', resolve));
    // What ends without a byte has a word to come.
    const early = await Promise.race([
      begun.then(() => (data.readableLength > 0 ? undefined : said.promise)),
      said.promise,
    ]);
    if (early) throw early;
    async function* bytes() {
      for await (const piece of data as AsyncIterable<Buffer>) yield piece;
      const fault = await said.promise;
      if (fault) throw fault;
    }
    await take(Readable.from(bytes(), { objectMode: false }));
  });
}

interface How {
  now?: boolean;
  data?: boolean;
}

/** Runs `work` with a child that is gone when this settles; `ended` answers what its death means where nothing was said before. */
async function withChild<T>(
  { config, leases, log, closing }: JobContext,
  holder: string,
  signal: AbortSignal,
  { now = false, data = false }: How,
  work: (child: ChildPort<'importer'>, lease: HeldLease, ended: Promise<Error>) => Promise<T>,
): Promise<T> {
  const either = AbortSignal.any([signal, closing]);
  either.throwIfAborted();
  const memory = now ? Math.min(quickMemory, config.limits.importerMemory) : config.limits.importerMemory;
  const request = { kind: 'importer' as const, holder, device: 'cpu', memory };
  const lease = now ? leases.grant(request) : await leases.wait(request, either);
  try {
    const cache = codeCache(config.dataDir);
    const child = spawnChild('importer', {
      log,
      memory: lease.memory,
      seconds: config.limits.importSeconds,
      data,
      cache,
    });
    const stop = () => child.kill();
    either.addEventListener('abort', stop, { once: true });
    if (either.aborted) stop();
    const ended = new Promise<Error>((resolve) =>
      child.onExit((exit) => {
        const remedy = 'Nothing was changed. Make the work smaller, or raise limits.importerMemory.';
        resolve(either.aborted ? (either.reason as Error) : deathFault('importer', exit, remedy));
      }),
    );
    try {
      return await work(child, lease, ended);
    } finally {
      either.removeEventListener('abort', stop);
      child.kill();
      await ended;
    }
  } finally {
    leases.release(lease.id);
  }
}
