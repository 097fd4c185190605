// The migrations in order, one file each. Append only.
import { audit } from './0003-audit.ts';
import { journal } from './0002-journal.ts';
import { records } from './0001-records.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [records, journal, audit];
export type { Migration } from './migration.ts';
