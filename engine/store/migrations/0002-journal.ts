// The metrics of runs, appended in parts; part 0 says how many there are.
import type { Migration } from './migration.ts';

export const journal: Migration = {
  number: 2,
  title: 'journal of runs',
  up(db) {
    db.exec(`
      CREATE TABLE journal (
        run TEXT NOT NULL,
        n INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (run, n)
      ) STRICT;
    `);
  },
};
