// This machine and what it is doing, and the audit chain: the routes that only look.
import { createReadStream } from 'node:fs';
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { newId } from '../base/index.ts';
import { Fault, type Handlers } from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { DeviceList } from './devices.ts';

type Names =
  | `system.${'show' | 'health' | 'backup'}`
  | `audit.${'list' | 'verify'}`
  | `v2.${'live' | 'ready' | 'server'}`;

export interface SystemParts {
  version: string;
  nodeId: string;
  devices: DeviceList;
  /** Whether everything that was wanted at the start is back. */
  isReady(): boolean;
}

/** The handlers of machine, audit and health. */
export function systemHandlers(context: JobContext, parts: SystemParts): Pick<Handlers, Names> {
  const { config, store, leases } = context;
  const startedAt = context.now();
  const { version } = parts;
  return {
    async 'system.show'(_input, { caller }) {
      const disk = await statfs(config.dataDir);
      const { vault } = store;
      return {
        name: config.name ?? hostname(),
        version,
        nodeId: parts.nodeId,
        startedAt,
        // Where data lies is for those who could look anyway.
        ...(caller.role === 'admin' ? { dataDir: config.dataDir } : {}),
        cores: availableParallelism(),
        memory: { total: totalmem(), free: freemem() },
        disk: {
          total: disk.blocks * disk.bsize,
          free: disk.bavail * disk.bsize,
          used: await bytesBelow(config.dataDir),
        },
        devices: await parts.devices.look(),
        leases: leases
          .list()
          .map(({ id, holder, device, threads, memory }) => ({ id, holder, device, threads, memory })),
        vault: { id: vault.id, wraps: vault.wraps().map(({ id, kind, createdAt }) => ({ id, kind, createdAt })) },
      };
    },
    async 'system.backup'(_input, call) {
      // Named as an unfinished backup, so that a start clears what a power cut leaves.
      const file = join(config.dataDir, `.backup-${newId('file')}`);
      try {
        await store.backup(file);
        const day = new Date(context.now()).toISOString().slice(0, 10);
        const head = {
          type: 'application/octet-stream',
          filename: `neutrino-${day}.backup`,
          bytes: (await stat(file)).size,
        };
        await pipeline(createReadStream(file), call.download(head), { signal: call.signal });
      } finally {
        await rm(file, { force: true });
      }
      return undefined;
    },
    'system.health': () => ({ ok: true as const, version }),
    'audit.list': ({ query }) => {
      const { entries, total } = store.audit.list(query);
      return { entries, total };
    },
    async 'audit.verify'() {
      const { ok, entries, broken } = await store.audit.verify();
      return { ok, entries, ...(broken ? { broken } : {}) };
    },
    'v2.live': () => ({ live: true, ready: parts.isReady() }),
    'v2.ready'() {
      if (!parts.isReady()) throw new Fault('unavailable', 'what was served before is still starting; ask again');
      return { live: true, ready: true };
    },
    'v2.server': () => ({
      name: 'neutrino',
      version,
      extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
    }),
  };
}

/** Bytes of the files of the data directory, two levels deep. */
async function bytesBelow(dir: string, depth = 2): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return depth > 1 ? bytesBelow(path, depth - 1) : 0;
    return (await stat(path).catch(() => undefined))?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
