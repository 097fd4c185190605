// Builds, starts and stops an appliance, in order: lock, vault, store, jobs, API. Wiring only.
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import about from '../package.json' with { type: 'json' };
import { createApi } from './api/index.ts';
import { type Log, openLog } from './base/index.ts';
import {
  backupTo,
  createJobs,
  diagnose as diagnoseWith,
  type Finding,
  restoreFrom,
  rotateVault as rotateWith,
  setPassphrase,
  type VaultStatus,
  vaultStatus as statusOf,
} from './jobs/index.ts';
import { type ApplianceConfig, Fault } from './schema/index.ts';
import {
  createAuthority,
  createVault,
  discardVault,
  fileFault,
  hasVault,
  type Identity,
  issueServer,
  makeDirectory,
  openVault,
  replaceFile,
  type Vault,
  type WrapSources,
} from './security/index.ts';
import {
  acquireLock,
  discardStore,
  hasStore,
  openStore,
  readLock,
  releaseLock,
  type Store,
  updateLock,
  verifyBackup,
} from './store/index.ts';

export { runChildIfAsked } from './children/index.ts';
export { operatorCoverage } from './jobs/index.ts';

export interface StartOptions extends WrapSources {
  /** False for an appliance that lives for one command: it saves deployments and starts nothing by itself. */
  lasting?: boolean;
  log?: Log;
  /** Folder of the built pages; found beside the sources when left out. */
  staticDir?: string;
}

export interface Appliance {
  url: string;
  /** Admin for this start, over loopback only. */
  token: string;
  config: ApplianceConfig;
  /** Of a vault that this start made; shown once. */
  recoveryCode?: string;
  /** Drains, interrupts what runs, closes the store, gives the lock back. */
  close(): Promise<void>;
}

/** Undoing, newest first; every step runs even when one fails. */
interface Undo {
  push(step: () => unknown): void;
  run(): Promise<void>;
}

/**
 * Starts an appliance over its data directory. Faults: `already_running` (names pid and url), `not_writable`, `port_taken`,
 * `vault_locked`, `wrong_passphrase`, `newer_version`, `corrupt`, `bad_request`.
 */
export async function startAppliance(config: ApplianceConfig, options: StartOptions = {}): Promise<Appliance> {
  const { dataDir } = config;
  const undo = undoing();
  let made = false;
  try {
    prepare(dataDir);
    const lock = acquireLock(dataDir, { version: about.version });
    undo.push(() => releaseLock(dataDir, lock));
    // A vault whose recovery code nobody was shown must not stay behind.
    undo.push(() => (made ? discardNew(dataDir, options) : undefined));
    const log = options.log ?? openLog(dataDir, 'appliance');
    const { vault, recoveryCode } = await openOrMakeVault(dataDir, options);
    made = recoveryCode !== undefined;
    undo.push(() => vault.lock());
    const store = openStore({ dir: dataDir, vault });
    undo.push(() => store.close());
    reportCleared(store, log);
    const jobs = await createJobs({
      config,
      store,
      log,
      version: about.version,
      token: lock.token,
      lasting: options.lasting ?? true,
    });
    undo.push(() => jobs.close());
    const tls = await tlsFor(config, store);
    const staticDir = options.staticDir ?? builtPages();
    const api = await createApi({
      config,
      handlers: jobs.handlers,
      gate: jobs.gate,
      events: jobs.events,
      log,
      version: about.version,
      ...(staticDir ? { staticDir } : {}),
      ...(tls ? { tls } : {}),
    });
    undo.push(() => api.close());
    const { url } = await api.listen();
    // Recovery comes before the first request can see a stale state, and the lock names an address that answers.
    jobs.start();
    updateLock(dataDir, { ...lock, url });
    made = false;
    log.info({ version: about.version, lasting: options.lasting ?? true }, 'appliance started');
    let closed: Promise<void> | undefined;
    return {
      url,
      token: lock.token,
      config,
      ...(recoveryCode === undefined ? {} : { recoveryCode }),
      close() {
        closed ??= undo.run().then(() => log.info('appliance stopped'));
        return closed;
      },
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** The appliance that holds a data directory now. `ca` is the authority (PEM) to trust where it serves https by its own. */
export function findAppliance(dataDir: string): { url: string; token: string; pid: number; ca?: string } | undefined {
  const lock = readLock(dataDir);
  if (lock?.url === undefined) return undefined;
  const path = authorityPath(dataDir);
  const ca = lock.url.startsWith('https:') && existsSync(path) ? { ca: readFileSync(path, 'utf8') } : {};
  return { url: lock.url, token: lock.token, pid: lock.pid, ...ca };
}

/** What works on this machine, and why not. */
export const diagnose = (config: ApplianceConfig, passphrase?: string): Promise<Finding[]> =>
  diagnoseWith(config, sources(passphrase));

/** The ways into the vault of a data directory. */
export const vaultStatus = (dataDir: string, passphrase?: string): Promise<VaultStatus> =>
  statusOf(dataDir, sources(passphrase));

/** Sets the passphrase of a vault whose appliance does not run. */
export const addVaultWrap = (dataDir: string, passphrase: string | undefined, next: string): Promise<VaultStatus> =>
  setPassphrase(dataDir, sources(passphrase), next);

/** Replaces the vault key and re-seals everything; a new recovery code takes the old one's place. */
export const rotateVault = (dataDir: string, passphrase?: string): Promise<VaultStatus & { recoveryCode?: string }> =>
  rotateWith(dataDir, sources(passphrase));

/** Writes everything, still encrypted, into one file. */
export const backupAppliance = (dataDir: string, file: string, passphrase?: string) =>
  backupTo(dataDir, file, sources(passphrase));

/** Reads a backup through: its size, or `corrupt`. */
export const checkBackup = (file: string) => verifyBackup(file);

/** Brings a backup into an empty data directory. */
export const restoreAppliance = (file: string, dataDir: string) => restoreFrom(file, dataDir);

const sources = (passphrase: string | undefined): WrapSources => (passphrase === undefined ? {} : { passphrase });

function prepare(dataDir: string): void {
  try {
    makeDirectory(dataDir);
  } catch (error) {
    throw error instanceof Fault ? error : fileFault(error, dataDir);
  }
}

async function openOrMakeVault(dir: string, how: WrapSources): Promise<{ vault: Vault; recoveryCode?: string }> {
  if (hasVault(dir)) return { vault: await openVault(dir, how) };
  if (hasStore(dir)) {
    throw new Fault(
      'corrupt',
      `${dir} holds data but no vault.json. Restore that file from a backup; without it nothing can be read.`,
    );
  }
  return createVault(dir, how);
}

function discardNew(dir: string, how: WrapSources): void {
  discardStore(dir);
  discardVault(dir, how);
}

function reportCleared(store: Store, log: Log): void {
  const { objects, files } = store.cleared;
  if (objects.length + files.length > 0)
    log.warn({ objects: objects.length, files: files.length }, 'cleared after a crash');
  const damaged = store.damaged();
  if (damaged.length > 0) log.error({ damaged }, 'records cannot be read');
}

/** Nothing but loopback is served in clear: without certificates of its own, the node's authority issues one. */
async function tlsFor(config: ApplianceConfig, store: Store): Promise<{ cert: string; key: string } | undefined> {
  if (config.tls || isLoopbackHost(config.host)) return undefined;
  const name = config.name ?? hostname();
  let authority = store.settings.get('authority') as Identity | undefined;
  if (!authority) {
    authority = await createAuthority(name);
    store.settings.set('authority', authority);
  }
  // Public: clients of this machine read it here, others are given a copy.
  replaceFile(authorityPath(config.dataDir), authority.certificate);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = addresses.map(({ address }) => address).filter((address) => isIP(address) > 0 && !address.includes('%'));
  const any = config.host === '0.0.0.0' || config.host === '::';
  const hosts = [
    ...new Set([
      ...(any ? own : [config.host]),
      'localhost',
      '127.0.0.1',
      ...dnsNames([hostname(), ...config.allowedHosts]),
    ]),
  ];
  const server = await issueServer(authority, hosts);
  return { cert: server.certificate, key: server.privateKey };
}

const authorityPath = (dataDir: string): string => join(dataDir, 'authority.pem');

const dnsNames = (names: string[]): string[] => names.filter((name) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name));

const isLoopbackHost = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The renderer's build, when there is one. */
function builtPages(): string | undefined {
  const places = ['../dist/renderer', './renderer', '../renderer'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(`${place}/index.html`) && existsSync(`${place}/assets`));
}

function undoing(): Undo {
  const steps: (() => unknown)[] = [];
  return {
    push: (step) => void steps.push(step),
    async run() {
      let first: unknown;
      for (const step of steps.splice(0).reverse()) {
        try {
          await step();
        } catch (error) {
          first ??= error;
        }
      }
      if (first !== undefined) throw first;
    },
  };
}
