// All records in memory, decrypted and verified once at open, and written through to their sealed rows. It knows clear
// columns and JSON bodies, not what kinds mean. A record that cannot be read is kept aside by kind and id.
import type { Clock } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged, type KeyRing } from '../security/index.ts';
import type { Db } from './database.ts';
import type { Meta } from './meta.ts';
import { type Clear, openBody, sealBody } from './sealing.ts';
import type { Work } from './work.ts';

/** A record as the store hands it out: frozen, with its clear columns and whatever its body holds. */
export interface StoredRecord {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly parentId?: string | undefined;
  readonly seq: number;
}

/** A record whose row was changed or damaged on disk. */
export interface Damage {
  kind: string;
  id: string;
}

/** What a caller decides of a record; the book sets the rest. */
export interface Draft {
  id: string;
  kind: string;
  state: string;
  parentId?: string | undefined;
  [field: string]: unknown;
}

export interface Book {
  /** The records of a kind, by id, in no order. */
  of(kind: string): ReadonlyMap<string, StoredRecord>;
  /** The record, or undefined when there is none; Fault `corrupt` naming kind and id when its row is damaged. */
  look(kind: string, id: string): StoredRecord | undefined;
  /** The damaged records of a kind, and those whose kind itself is none. */
  damaged(kind: string): Damage[];
  insert(draft: Draft): StoredRecord;
  update(record: StoredRecord, draft: Draft): StoredRecord;
  /** Removes a record, damaged ones too; whether there was one. */
  remove(kind: string, id: string): boolean;
  /** Reads every record anew, after a rotation of the keys. */
  reload(): void;
}

interface Row extends Clear {
  n: number;
  body: Buffer;
}

const columns = 'id, kind, state, createdAt, updatedAt, parentId, seq, body';

/** Reads every record; damaged ones do not stop it. `known` are the kinds there are. */
export function openBook(
  db: Db,
  keys: KeyRing,
  meta: Meta,
  work: Work,
  clock: Clock,
  known: ReadonlySet<string>,
): Book {
  const kinds = new Map<string, Map<string, StoredRecord>>();
  const places = new Map<string, number>();
  const broken = new Map<string, Damage & { n: number }>();
  const shelf = (kind: string) => kinds.get(kind) ?? kinds.set(kind, new Map()).get(kind) ?? new Map();

  let seq = (meta.read('seq') as number | undefined) ?? 0;
  const load = () => {
    for (const map of [...kinds.values(), places, broken]) map.clear();
    for (const row of db.prepare<[], Row>(`SELECT n, ${columns} FROM records`).iterate()) {
      try {
        const record = compose(row, openBody(keys, row, row.body));
        if (places.has(row.id)) throw damaged(`${row.kind} ${row.id}`);
        shelf(row.kind).set(row.id, record);
        places.set(row.id, row.n);
        seq = Math.max(seq, row.seq);
      } catch {
        broken.set(row.id, { kind: row.kind, id: row.id, n: row.n });
      }
    }
  };
  load();

  const insertRow = db.prepare(`INSERT INTO records (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const updateRow = db.prepare(
    'UPDATE records SET state = ?, updatedAt = ?, parentId = ?, seq = ?, body = ? WHERE n = ? AND id = ?',
  );
  const deleteRow = db.prepare('DELETE FROM records WHERE n = ? AND id = ?');
  const name = (kind: string, id: string) => `${kind} ${id}`;

  /** The draft with its clear columns set, as JSON of the body: what is in memory is what a restart would read. */
  const write = (draft: Draft, createdAt: number, put: (clear: Clear, body: Uint8Array) => void) => {
    const { id, kind, state, parentId, createdAt: _c, updatedAt: _u, seq: _s, ...fields } = draft;
    const before = seq;
    const clear = { id, kind, state, createdAt, updatedAt: clock.now(), parentId: parentId ?? null, seq: before + 1 };
    const json = JSON.stringify(fields);
    const record = compose(clear, json);
    work.run(() => {
      work.undo(() => {
        seq = before;
      });
      seq = clear.seq;
      put(clear, sealBody(keys, clear, json));
      replace(kind, id, record);
    });
    return record;
  };
  /** Puts a record into memory, or takes it out, so that a failing transaction takes it back. */
  const replace = (kind: string, id: string, record: StoredRecord | undefined) => {
    const map = shelf(kind);
    const held = map.get(id);
    work.undo(() => (held ? map.set(id, held) : map.delete(id)));
    if (record) map.set(id, record);
    else map.delete(id);
  };

  return {
    reload: load,
    of: (kind) => shelf(kind),
    look(kind, id) {
      const record = kinds.get(kind)?.get(id);
      if (record) return record;
      for (const one of broken.values()) if (one.id === id || nearly(one.id, id)) throw damaged(name(one.kind, one.id));
      return undefined;
    },
    damaged(kind) {
      const theirs = [...broken.values()].filter((one) => one.kind === kind || !known.has(one.kind));
      return theirs.map((one) => ({ kind: one.kind, id: one.id }));
    },
    insert(draft) {
      if (places.has(draft.id) || broken.has(draft.id)) {
        throw new Fault('conflict', `there is a ${name(draft.kind, draft.id)} already`);
      }
      return write(draft, clock.now(), (c, body) => {
        const done = insertRow.run(c.id, c.kind, c.state, c.createdAt, c.updatedAt, c.parentId, c.seq, body);
        work.undo(() => places.delete(c.id));
        places.set(c.id, Number(done.lastInsertRowid));
      });
    },
    update(record, draft) {
      const { id, kind, createdAt } = record;
      return write({ ...draft, id, kind }, createdAt, (c, body) => {
        const done = updateRow.run(c.state, c.updatedAt, c.parentId, c.seq, body, places.get(id), id);
        if (done.changes !== 1) throw damaged(name(kind, id));
      });
    },
    remove(kind, id) {
      const place = places.get(id) ?? broken.get(id)?.n;
      if (place === undefined || !(kinds.get(kind)?.has(id) || broken.has(id))) return false;
      return work.run(() => {
        if (deleteRow.run(place, id).changes !== 1) throw damaged(name(kind, id));
        // A removed record may have held the highest number, which must not come again.
        meta.write('seq', seq);
        replace(kind, id, undefined);
        const gone = broken.get(id);
        work.undo(() => {
          places.set(id, place);
          if (gone) broken.set(id, gone);
        });
        places.delete(id);
        broken.delete(id);
        return true;
      });
    },
  };
}

function compose(clear: Clear, json: string): StoredRecord {
  const { id, kind, state, createdAt, updatedAt, parentId, seq } = clear;
  const body = JSON.parse(json) as Record<string, unknown>;
  return freeze({ id, kind, state, createdAt, updatedAt, ...(parentId === null ? {} : { parentId }), seq, ...body });
}

/** Frozen through and through: callers share what is in memory. */
function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part as object);
  return Object.freeze(value);
}

/** Whether two ids of one length differ in one character: then the damage may be in the id column itself. */
function nearly(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differ = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) differ++;
  return differ === 1;
}
