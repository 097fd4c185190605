// Brings a database up to this version, all or nothing; refuses one from a newer version or of another vault.
import { assert } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged, type KeyRing } from '../security/index.ts';
import { type Db, guarded } from './database.ts';
import { metaOf } from './meta.ts';
import { type Migration, migrations } from './migrations/index.ts';

/** What the database says of itself, sealed, so that a changed `user_version` is noticed. */
interface About {
  version: number;
}

/** Runs the migrations that are due. Faults: `newer_version`, `corrupt`. `what` names the database. */
export function migrate(db: Db, keys: KeyRing, what: string, list: readonly Migration[] = migrations): void {
  list.forEach((step, i) => assert(step.number === i + 1, `migration ${step.number} stands at place ${i + 1}`));
  const version = db.pragma('user_version', { simple: true }) as number;
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get();
  if (version === 0 && tables !== 0) throw damaged(what);
  const sealed =
    version === 0 ? 0 : guarded(what, () => (metaOf(db, keys).read('about') as About | undefined)?.version);
  if (sealed !== version) throw damaged(what);
  if (version > list.length) {
    const formats = `format ${version}, this one knows ${list.length}`;
    throw new Fault('newer_version', `${what} was written by a newer Neutrino (${formats}); update this one`);
  }
  if (version === list.length) return;
  const up = db.transaction(() => {
    for (const step of list.slice(version)) step.up(db, keys);
    metaOf(db, keys).write('about', { version: list.length } satisfies About);
    db.pragma(`user_version = ${list.length}`);
  });
  guarded(what, () => up.exclusive());
}
