// The registry of object packs: which there are, their wrapped data keys, and who needs them. Erasing an object forgets its
// key, which makes every copy of its pack unreadable to this store, and unlinks the file.
// A backup made before holds the wrapped key as well; it ends with the backup.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged, makeDirectory, newKey, type Vault } from '../security/index.ts';
import type { Book, StoredRecord } from './book.ts';
import type { PackSummary } from './packFormat.ts';
import { openPack, type PackReader } from './packReader.ts';
import type { Work } from './work.ts';

/** What an object is of. */
export type ObjectKind = 'dataset' | 'checkpoint' | 'bundle' | 'scoring';

/** All that a child needs to write or read a pack. */
export interface ObjectGrant {
  id: string;
  path: string;
  /** The data key, 32 bytes; never written anywhere in clear. */
  key: Uint8Array;
}

/** A registered object. */
export interface ObjectInfo extends PackSummary {
  id: string;
  is: ObjectKind;
  /** Ids of the records that need it. */
  refs: readonly string[];
}

export interface Objects {
  /** A new object for a child to write; Fault `disk_full` when the quota is used up. */
  create(is: ObjectKind): ObjectGrant;
  /**
   * Takes a finished pack into the store: opens it with its key and believes it, not whoever wrote it. `refs` are the
   * records that need it. Faults: `corrupt` (also when the content is not `sha256`), `disk_full`, `not_found`.
   */
  register(id: string, options?: { refs?: readonly string[]; sha256?: string }): ObjectInfo;
  info(id: string): ObjectInfo;
  list(): ObjectInfo[];
  /** The path and key of a registered object, for a child. */
  grant(id: string): ObjectGrant;
  key(id: string): Uint8Array;
  open(id: string): PackReader;
  /** Adds a record that needs the object. */
  hold(id: string, ref: string): void;
  /** Takes a record's need back; an object that nobody needs is erased. */
  release(id: string, ref: string): void;
  /** Erases the object: its key, its row, its file. Nothing happens when it is gone already. */
  erase(id: string): void;
  /** Bytes of the registered packs on disk. */
  usage(): number;
}

interface ObjectRecord extends StoredRecord, Partial<PackSummary> {
  is: ObjectKind;
  /** Data key wrapped by the vault, base64. */
  wrapped: string;
  refs: string[];
}

/** What the registry asks before it lets an object in: throws Fault `disk_full` when `bytes` more are too many. */
export type Quota = (bytes: number) => void;

const kind = 'object';
/** The folder of the packs. */
export const objectFolder = (dir: string): string => join(dir, 'objects');

/** The file of an object. */
export const objectPath = (dir: string, id: string): string => join(objectFolder(dir), `${id}.sqlite`);

/** The registry over the book of records; `dir` is the data directory. */
export function objectsOf(dir: string, vault: Vault, book: Book, work: Work, quota: Quota): Objects {
  makeDirectory(objectFolder(dir));
  const all = () => book.of(kind).values() as Iterable<ObjectRecord>;
  const look = (id: string) => book.look(kind, id) as ObjectRecord | undefined;
  const get = (id: string): ObjectRecord => {
    const record = look(id);
    if (!record) throw new Fault('not_found', `there is no object ${id}; it was erased`);
    return record;
  };
  const ready = (id: string): ObjectRecord => {
    const record = get(id);
    if (record.state !== 'ready') throw new Fault('conflict', `object ${id} is still being written`);
    return record;
  };
  const keyOf = (record: ObjectRecord) => vault.unwrapKey(Buffer.from(record.wrapped, 'base64'), record.id);
  const infoOf = ({ id, is, refs, bytes = 0, stored = 0, chunks = 0, sha256 = '' }: ObjectRecord): ObjectInfo => {
    return { id, is, refs, bytes, stored, chunks, sha256 };
  };
  const change = (record: ObjectRecord, patch: Partial<ObjectRecord>) =>
    book.update(record, { ...record, ...patch }) as ObjectRecord;
  const grant = (record: ObjectRecord): ObjectGrant => {
    return { id: record.id, path: objectPath(dir, record.id), key: keyOf(record) };
  };
  const erase = (id: string) => {
    work.run(() => {
      if (!book.remove(kind, id)) return;
      work.after(() => {
        work.settle();
        unlinkPack(objectPath(dir, id));
      });
    });
  };

  return {
    create(is) {
      quota(0);
      const id = newId('obj');
      const key = newKey();
      const wrapped = Buffer.from(vault.wrapKey(key, id)).toString('base64');
      book.insert({ id, kind, state: 'writing', is, wrapped, refs: [] });
      return { id, path: objectPath(dir, id), key };
    },
    register(id, { refs = [], sha256 } = {}) {
      const record = get(id);
      const pack = openPack(objectPath(dir, id), { id, key: keyOf(record) });
      const { summary } = pack;
      pack.close();
      if (sha256 !== undefined && sha256 !== summary.sha256) throw damaged(`object ${id}`);
      if (record.state !== 'ready') quota(summary.stored);
      return infoOf(change(record, { ...summary, state: 'ready', refs: [...new Set([...record.refs, ...refs])] }));
    },
    info: (id) => infoOf(ready(id)),
    list: () => [...all()].filter(({ state }) => state === 'ready').map(infoOf),
    grant: (id) => grant(ready(id)),
    key: (id) => keyOf(get(id)),
    open(id) {
      const { path, key } = grant(ready(id));
      return openPack(path, { id, key });
    },
    hold(id, ref) {
      const record = get(id);
      if (!record.refs.includes(ref)) change(record, { refs: [...record.refs, ref] });
    },
    release(id, ref) {
      const record = look(id);
      if (!record) return;
      const refs = record.refs.filter((one) => one !== ref);
      if (refs.length === 0) erase(id);
      else change(record, { refs });
    },
    erase,
    usage: () => [...all()].reduce((sum, { stored = 0 }) => sum + stored, 0),
  };
}

/**
 * Clears up after a process that died: objects it was still writing are forgotten, and files that no row knows are removed.
 * For the start only, when nobody can be writing. Answers what it removed.
 */
export function collectOrphans(dir: string, book: Book): { objects: string[]; files: string[] } {
  const objects = [...book.of(kind).values()].filter(({ state }) => state === 'writing').map(({ id }) => id);
  for (const id of objects) book.remove(kind, id);
  // A damaged row may well be mended from a backup, so its pack stays.
  const known = new Set([...book.of(kind).keys(), ...book.damaged(kind).map(({ id }) => id)]);
  const files = readdirSync(objectFolder(dir)).filter(
    (name) => !(name.endsWith('.sqlite') && known.has(name.slice(0, -7))),
  );
  const anyDamaged = book.damaged(kind).length > 0;
  const gone = anyDamaged ? files.filter((name) => !name.endsWith('.sqlite')) : files;
  for (const name of gone) rmSync(join(objectFolder(dir), name), { force: true, recursive: true });
  return { objects, files: gone };
}

function unlinkPack(path: string): void {
  for (const file of [path, `${path}.part`, `${path}.part-journal`, `${path}.import`])
    rmSync(file, { force: true, recursive: true });
}
