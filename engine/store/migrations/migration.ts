// What a migration is. A published one never changes; a later one may also rewrite bodies, with the database's keys.
import type { KeyRing } from '../../security/index.ts';
import type { Db } from '../database.ts';

export interface Migration {
  /** Its place in the list, from 1; `PRAGMA user_version` after it ran. */
  number: number;
  title: string;
  /** Runs inside the one transaction of all due migrations. */
  up(db: Db, keys: KeyRing): void;
}
