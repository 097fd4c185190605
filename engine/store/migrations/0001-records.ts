// The records, and sealed facts about the database. `n` is only SQLite's handle on a row; `seq` grows with every write.
import type { Migration } from './migration.ts';

export const records: Migration = {
  number: 1,
  title: 'records and meta',
  up(db) {
    db.exec(`
      CREATE TABLE records (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        createdAt INTEGER NOT NULL,
        updatedAt INTEGER NOT NULL,
        parentId TEXT,
        seq INTEGER NOT NULL,
        body BLOB NOT NULL
      ) STRICT;
      CREATE TABLE meta (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
    `);
  },
};
