// Sealed facts about the database itself, by name: which vault and version it belongs to, the audit's head and key, counters.
import type { KeyRing } from '../security/index.ts';
import type { Db } from './database.ts';
import { openMeta, sealMeta } from './sealing.ts';

export interface Meta {
  /** The value, or undefined when it was never written; Fault `corrupt` when it was changed. */
  read(name: string): unknown;
  write(name: string, value: unknown): void;
}

/** The meta table of an open database. */
export function metaOf(db: Db, keys: KeyRing): Meta {
  const select = db.prepare<[string], { sealed: Buffer }>('SELECT sealed FROM meta WHERE name = ?');
  const insert = db.prepare('INSERT OR REPLACE INTO meta (name, sealed) VALUES (?, ?)');
  return {
    read(name) {
      const row = select.get(name);
      return row && openMeta(keys, name, row.sealed);
    },
    write: (name, value) => void insert.run(name, sealMeta(keys, name, value)),
  };
}
