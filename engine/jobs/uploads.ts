// Uploads: bytes are spooled, sealed, until they are all here, and only then wait for an importer, so that slow senders keep nobody
// from importing. One that broke off is gone on with; one that is forgotten is removed. None outlives the appliance.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createSpool, type Spool } from '../data/index.ts';
import { type Caller, Fault, type Handlers, type ImportSource, type UploadView } from '../schema/index.ts';
import { type JobContext, needDisk } from './context.ts';

type Names = 'begin' | 'append' | 'show' | 'cancel';

export interface Uploads {
  handlers: Pick<Handlers, `uploads.${Names}`>;
  /** Spools a whole body; the answer is given to `take`. */
  receive(caller: Caller, filename: string, stream: Readable): Promise<string>;
  /** The finished upload as an import's source, and how to be rid of it. Faults: `not_found`, `conflict` while it is still arriving. */
  take(id: string, caller: Caller): Promise<{ source: ImportSource; remove: () => Promise<void> }>;
  close(): Promise<void>;
}

interface Upload {
  id: string;
  filename: string;
  owner: string;
  spool: Spool;
  /** What a request is adding to it. */
  busy: Readable | undefined;
  touched: number;
}

/** Uploads at once, in all and of one caller. */
const mostUploads = 256;
const mostOfOne = 64;
/** An upload that nobody adds to for this long is removed, ms. */
const forgottenAfter = 60 * 60 * 1000;
/** A sender must bring this many bytes in each of these spans, ms. */
const [leastBytes, span] = [4096, 60_000];
/** The disk is looked at again after so many bytes. */
const diskEvery = 64 * 1024 * 1024;

/** The uploads of an appliance. What an appliance before left is removed. */
export function createUploads(context: JobContext): Uploads {
  const directory = join(context.config.dataDir, 'spool');
  rmSync(directory, { recursive: true, force: true });
  const uploads = new Map<string, Upload>();
  /** Owners of uploads that are being begun. */
  const beginning: string[] = [];

  const view = ({ id, filename, spool }: Upload): UploadView => ({ id, filename, received: spool.received });
  const find = (id: string, caller: Caller): Upload => {
    const upload = uploads.get(id);
    if (!upload || (upload.owner !== caller.principal && caller.role !== 'admin')) {
      throw new Fault('not_found', `There is no upload ${id}. Begin it again.`);
    }
    return upload;
  };
  const drop = async (upload: Upload) => {
    uploads.delete(upload.id);
    upload.busy?.destroy(new Fault('cancelled', `Upload ${upload.id} was given up. Begin it again.`));
    await upload.spool.remove();
  };
  const sweep = setInterval(() => {
    for (const upload of uploads.values()) {
      if (!upload.busy && context.now() - upload.touched > forgottenAfter) void drop(upload);
    }
  }, 60_000).unref();

  async function begin(caller: Caller, filename: string): Promise<Upload> {
    const owners = [...Array.from(uploads.values(), ({ owner }) => owner), ...beginning];
    const own = owners.filter((owner) => owner === caller.principal);
    if (own.length >= mostOfOne || owners.length >= mostUploads) {
      throw new Fault('too_many_requests', 'Too many uploads are on their way. Wait for some to end, or cancel them.', {
        retryAfter: 30,
      });
    }
    // Counted at once: many that come together must not all find room.
    beginning.push(caller.principal);
    try {
      await needDisk(context, `Uploading ${filename}`);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const id = `up_${randomBytes(12).toString('hex')}`;
      const spool = await createSpool(join(directory, id));
      const upload: Upload = { id, filename, owner: caller.principal, spool, busy: undefined, touched: context.now() };
      uploads.set(id, upload);
      return upload;
    } finally {
      beginning.splice(beginning.indexOf(caller.principal), 1);
    }
  }

  /** Adds a body. What arrived stays when the sender leaves. */
  async function add(upload: Upload, stream: Readable): Promise<void> {
    if (upload.busy)
      throw new Fault('conflict', `Upload ${upload.id} is being added to. Wait for that, or begin another.`);
    upload.busy = stream;
    const { spool } = upload;
    let before = spool.received;
    let looked = before;
    const pace = setInterval(() => {
      if (spool.received - before < leastBytes)
        stream.destroy(
          new Fault(
            'timeout',
            `The upload is too slow: at least ${leastBytes / 1024} KiB a minute are expected. Go on with it when the network is better.`,
          ),
        );
      before = spool.received;
    }, span).unref();
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (spool.received + chunk.length > context.config.limits.upload)
          throw new Fault('payload_too_large', `${upload.filename} is larger than limits.upload allows. Split it.`);
        await spool.write(chunk);
        upload.touched = context.now();
        if (spool.received - looked < diskEvery) continue;
        looked = spool.received;
        await needDisk(context, `Uploading ${upload.filename}`);
      }
    } catch (error) {
      // A write that ran into the removal of its file.
      if (uploads.get(upload.id) !== upload && stream.errored) throw stream.errored;
      throw error;
    } finally {
      clearInterval(pace);
      upload.busy = undefined;
    }
  }

  return {
    handlers: {
      'uploads.begin': async ({ body }, { caller }) => view(await begin(caller, body.filename)),
      async 'uploads.append'({ params, query }, call) {
        const upload = find(params.id, call.caller);
        if (!call.upload) throw new Fault('bad_request', 'Send the bytes as the body of the request.');
        if (query.offset !== upload.spool.received) {
          call.upload.stream.resume();
          throw new Fault(
            'conflict',
            `Upload ${upload.id} goes on at ${upload.spool.received}, not at ${query.offset}.`,
            { received: upload.spool.received },
          );
        }
        await add(upload, call.upload.stream);
        return view(upload);
      },
      'uploads.show': ({ params }, { caller }) => view(find(params.id, caller)),
      async 'uploads.cancel'({ params }, { caller }) {
        await drop(find(params.id, caller));
        return { ok: true as const };
      },
    },
    async receive(caller, filename, stream) {
      const upload = await begin(caller, filename);
      try {
        await add(upload, stream);
        return upload.id;
      } catch (error) {
        await drop(upload);
        throw error;
      }
    },
    async take(id, caller) {
      const upload = find(id, caller);
      if (upload.busy) throw new Fault('conflict', `Upload ${id} is still arriving. Wait for it.`);
      uploads.delete(id);
      const source = await upload.spool.finish(upload.filename);
      return { source, remove: () => upload.spool.remove() };
    },
    async close() {
      clearInterval(sweep);
      await Promise.all(Array.from(uploads.values(), drop));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
