// The audit chain. Its key is random and kept, not derived, so that the chain outlives a rotation of the vault.
import { newKey } from '../../security/index.ts';
import { metaOf } from '../meta.ts';
import type { Migration } from './migration.ts';

export const audit: Migration = {
  number: 3,
  title: 'audit chain',
  up(db, keys) {
    db.exec('CREATE TABLE audit (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;');
    metaOf(db, keys).write('audit key', Buffer.from(newKey()).toString('base64'));
  },
};
