// Opens the store of a data directory: the metadata database, the registry of objects, the journal of runs and the audit.
// One process, one store: everything here is synchronous and this is the only writer.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/index.ts';
import { Fault, type Kind, type RecordOf } from '../schema/index.ts';
import { damaged, makeDirectory, type Vault, type WrapSources } from '../security/index.ts';
import { type Audit, auditOf } from './audit.ts';
import { backup, type BackupReport, removeScratch } from './backup.ts';
import { type Damage, openBook } from './book.ts';
import { type Db, guarded, isDatabaseError, openDatabase } from './database.ts';
import { type Journal, journalOf } from './journal.ts';
import { kindTable } from './kinds.ts';
import { metaOf } from './meta.ts';
import { migrate } from './migrate.ts';
import { collectOrphans, objectFolder, type Objects, objectsOf } from './objects.ts';
import { finishRotation } from './reseal.ts';
import { type Settings, settingsOf } from './settings.ts';
import { type Table, tableOf } from './table.ts';
import { workOver } from './work.ts';

export interface StoreOptions {
  /** The data directory, made when missing. */
  dir: string;
  vault: Vault;
  clock?: Clock;
  /** Most bytes of all object packs; no bound when left out. */
  quotaBytes?: number | undefined;
}

/** What was cleared up at the start after a process died. */
export interface Cleared {
  /** Objects that were still being written. */
  objects: string[];
  /** Files of the object folder that no object knew. */
  files: string[];
}

export interface Store {
  readonly dir: string;
  readonly vault: Vault;
  readonly datasets: Table<RecordOf['dataset']>;
  readonly labels: Table<RecordOf['label']>;
  readonly experiments: Table<RecordOf['experiment']>;
  readonly runs: Table<RecordOf['run']>;
  readonly models: Table<RecordOf['model']>;
  readonly deployments: Table<RecordOf['deployment']>;
  readonly principals: Table<RecordOf['principal']>;
  readonly keys: Table<RecordOf['key']>;
  readonly scorings: Table<RecordOf['scoring']>;
  readonly alerts: Table<RecordOf['alert']>;
  readonly peers: Table<RecordOf['peer']>;
  readonly settings: Settings;
  readonly objects: Objects;
  readonly journal: Journal;
  readonly audit: Audit;
  /** What was cleared up when this store was opened. */
  readonly cleared: Cleared;
  /** All that `fn` writes happens, on disk when this returns, or nothing does. `fn` must not be async. */
  transaction<T>(fn: () => T): T;
  /** Every record that cannot be read. */
  damaged(): Damage[];
  /** Replaces the vault key and seals everything anew; see Vault.rotate. */
  rotate(from?: WrapSources): Promise<{ recoveryCode?: string }>;
  /** Writes a consistent, still encrypted copy of everything into one file; see backup.ts. */
  backup(file: string): Promise<BackupReport>;
  close(): void;
}

/** The metadata database of a data directory. */
export const databasePath = (dir: string): string => join(dir, 'neutrino.db');

/** Records the store keeps for itself beside the kinds of the schema. */
const ownKinds = ['object', 'setting'];

/**
 * Opens the store, making it when missing, migrating it when it is older, and clearing up what a crash left. A record that
 * was changed or damaged does not stop it. Faults: `already_running`, `not_writable`, `disk_full`, `newer_version`, `corrupt`
 * (the database as a whole, or another vault's).
 */
export function openStore(options: StoreOptions): Store {
  makeDirectory(options.dir);
  const path = databasePath(options.dir);
  const db = openDatabase(path);
  try {
    return guarded(path, () => storeOver(db, path, options));
  } catch (error) {
    db.close();
    throw isDatabaseError(error) ? damaged(path, error) : error;
  }
}

function storeOver(db: Db, path: string, options: StoreOptions): Store {
  const { dir, vault, clock = systemClock, quotaBytes } = options;
  finishRotation(db, vault, path);
  migrate(db, vault, path);
  const work = workOver(db, path);
  const meta = metaOf(db, vault);
  const kinds = Object.keys(kindTable) as Kind[];
  const book = openBook(db, vault, meta, work, clock, new Set([...kinds, ...ownKinds]));
  const journal = journalOf(db, vault, work);
  const objects = objectsOf(dir, vault, book, work, (bytes) => {
    if (quotaBytes === undefined || objects.usage() + bytes <= quotaBytes) return;
    const message = `the quota of ${quotaBytes} bytes for data and models is used up; delete some, or raise it`;
    throw new Fault('disk_full', message);
  });
  const cleared = work.run(() => collectOrphans(dir, book));
  removeScratch(dir);
  let open = true;

  return {
    dir,
    vault,
    datasets: tableOf('dataset', book),
    labels: tableOf('label', book),
    experiments: tableOf('experiment', book),
    runs: tableOf('run', book),
    models: tableOf('model', book),
    deployments: tableOf('deployment', book),
    principals: tableOf('principal', book),
    keys: tableOf('key', book),
    scorings: tableOf('scoring', book),
    alerts: tableOf('alert', book),
    peers: tableOf('peer', book),
    settings: settingsOf(book),
    objects,
    journal,
    audit: auditOf(db, vault, meta, work, clock),
    cleared,
    transaction: (fn) => work.run(fn),
    damaged: () => {
      const found = [...kinds, ...ownKinds].flatMap((kind) => book.damaged(kind));
      return [...new Map(found.map((one) => [`${one.kind} ${one.id}`, one])).values()];
    },
    rotate(from = {}) {
      journal.flush();
      return vault.rotate(from, () => {
        finishRotation(db, vault, path);
        book.reload();
      });
    },
    backup(file) {
      journal.flush();
      return backup(db, dir, objects, file);
    },
    close() {
      if (!open) return;
      open = false;
      try {
        journal.close();
      } finally {
        db.close();
      }
    },
  };
}

/** Whether the directory holds a store already. */
export const hasStore = (dir: string): boolean => existsSync(databasePath(dir));

/** Removes a store that was made a moment ago and holds nothing yet. */
export function discardStore(dir: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${databasePath(dir)}${end}`, { force: true });
  rmSync(objectFolder(dir), { recursive: true, force: true });
}
