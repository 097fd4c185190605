// Settings of an appliance and their defaults, all in one place; test/unit/schema/defaults.test.ts pins them.
import { z } from 'zod';
import { duration } from './plan.ts';

export const limits = z.object({
  /** Greatest JSON body, bytes. */
  body: z
    .number()
    .int()
    .default(16 * 1024 * 1024),
  /** Greatest upload, bytes. */
  upload: z
    .number()
    .int()
    .default(64 * 1024 ** 3),
  /** Inputs of one predict call. */
  batch: z.number().int().default(10_000),
  /** Wrong keys or passwords a minute from one address. */
  failedLogins: z.number().int().default(10),
  /** Requests a minute of one key; 0 is unlimited. */
  requests: z.number().int().default(0),
  /** Seconds a prediction may take. */
  predictSeconds: z.number().default(30),
  /** Seconds an import may take. */
  importSeconds: z.number().default(3600),
  /** Memory of an importer, a trainer and a model host, bytes. */
  importerMemory: z
    .number()
    .int()
    .default(2 * 1024 ** 3),
  trainerMemory: z
    .number()
    .int()
    .default(8 * 1024 ** 3),
  hostMemory: z
    .number()
    .int()
    .default(2 * 1024 ** 3),
  /** Bytes that must stay free on the disk. */
  freeDisk: z
    .number()
    .int()
    .default(1024 ** 3),
});

export const applianceConfig = z.object({
  dataDir: z.string(),
  host: z.string().default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(7317),
  /** Name shown to people and peers; the host's name when left out. */
  name: z.string().optional(),
  tls: z.object({ cert: z.string(), key: z.string() }).optional(),
  /** Host names, beside loopback and the bound address, under which the API may be addressed. */
  allowedHosts: z.array(z.string()).default([]),
  /** Folders below which a path on the server may be imported by a remote admin. */
  importFolders: z.array(z.string()).default([]),
  /** Seconds between checkpoints. */
  checkpointSeconds: z.number().positive().default(30),
  /** Training runs at once. */
  trainers: z.number().int().min(1).default(1),
  /** Wall-clock of a search that nobody gave a budget. */
  searchBudget: duration.default('120s'),
  /** The port at which machines of the room talk to this one; closed unless `enabled`. */
  cluster: z
    .object({
      enabled: z.boolean().default(false),
      host: z.string().default('0.0.0.0'),
      port: z.number().int().min(0).max(65_535).default(7318),
      /** First and last port at which trainers of runs over several machines listen; 0 for any free one. */
      trainerPorts: z
        .tuple([z.number().int().min(0).max(65_535), z.number().int().min(0).max(65_535)])
        .default([7320, 7339]),
    })
    .prefault({}),
  /** Whether to announce this machine and look for others by mDNS. */
  discovery: z.boolean().default(true),
  /** `host[:port]` of machines to look for where multicast does not reach. */
  peers: z.array(z.string()).default([]),
  limits: limits.prefault({}),
});
export type ApplianceConfig = z.infer<typeof applianceConfig>;
