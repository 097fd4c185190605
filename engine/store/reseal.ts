// After a rotation of the vault: everything that the old key had sealed in the metadata database is sealed under the new
// one, in one transaction. Packs keep their data keys, which are wrapped again. What was damaged before stays as it is.
import type { KeyRing, Vault } from '../security/index.ts';
import { type Db, guarded, type Statement } from './database.ts';
import {
  type Clear,
  openAudit,
  openBody,
  openJournal,
  openMeta,
  sealAudit,
  sealBody,
  sealJournal,
  sealMeta,
} from './sealing.ts';

/** Finishes a rotation that the vault began, if there is one: now, or at the start after a crash. */
export function finishRotation(db: Db, vault: Vault, what: string): void {
  const from = vault.previous;
  if (!from) return;
  if (!isUnder(db, vault)) guarded(what, () => db.transaction(() => resealAll(db, from, vault)).exclusive());
  vault.finishRotation();
}

/** Whether the database is under these keys already: the transaction was done, and only the vault does not know it. */
function isUnder(db: Db, keys: KeyRing): boolean {
  if (db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").pluck().get() === 0) return true;
  const sealed = db.prepare("SELECT sealed FROM meta WHERE name = 'about'").pluck().get() as Buffer | undefined;
  if (!sealed) return true;
  try {
    openMeta(keys, 'about', sealed);
    return true;
  } catch {
    return false;
  }
}

function resealAll(db: Db, from: KeyRing, to: KeyRing): void {
  rewrite(
    db
      .prepare<[], Clear & { n: number; sealed: Buffer }>(
        'SELECT n, id, kind, state, createdAt, updatedAt, parentId, seq, body AS sealed FROM records',
      )
      .all(),
    db.prepare('UPDATE records SET body = ? WHERE n = ?'),
    (row) => [sealBody(to, row, rewrap(row, openBody(from, row, row.sealed), from, to)), row.n],
  );
  rewrite(
    db.prepare<[], { run: string; n: number; sealed: Buffer }>('SELECT run, n, sealed FROM journal').all(),
    db.prepare('UPDATE journal SET sealed = ? WHERE run = ? AND n = ?'),
    ({ run, n, sealed }) => [sealJournal(to, run, n, openJournal(from, run, n, sealed)), run, n],
  );
  rewrite(
    db.prepare<[], { n: number; sealed: Buffer }>('SELECT n, sealed FROM audit').all(),
    db.prepare('UPDATE audit SET sealed = ? WHERE n = ?'),
    ({ n, sealed }) => [sealAudit(to, n, openAudit(from, n, sealed)), n],
  );
  rewrite(
    db.prepare<[], { name: string; sealed: Buffer }>('SELECT name, sealed FROM meta').all(),
    db.prepare('UPDATE meta SET sealed = ? WHERE name = ?'),
    ({ name, sealed }) => [sealMeta(to, name, openMeta(from, name, sealed)), name],
  );
}

/** An object's body holds its data key, wrapped by the vault. */
function rewrap({ kind, id }: Clear, json: string, from: KeyRing, to: KeyRing): string {
  if (kind !== 'object') return json;
  const body = JSON.parse(json) as { wrapped: string };
  const key = from.unwrapKey(Buffer.from(body.wrapped, 'base64'), id);
  return JSON.stringify({ ...body, wrapped: Buffer.from(to.wrapKey(key, id)).toString('base64') });
}

function rewrite<Row>(rows: Row[], update: Statement, change: (row: Row) => unknown[]): void {
  for (const row of rows) {
    let values: unknown[];
    try {
      values = change(row);
    } catch {
      continue;
    }
    update.run(...values);
  }
}
