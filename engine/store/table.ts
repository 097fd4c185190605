// One kind of record: typed reads from memory, writes that keep to the table of states and to unique names.
import { newId } from '../base/index.ts';
import { Fault, type Kind, mayMove, type RecordOf, type StateOf } from '../schema/index.ts';
import type { Book, Draft, StoredRecord } from './book.ts';
import { kindTable } from './kinds.ts';
import { type ListQuery, listPage, type Page } from './listing.ts';

type Ours = 'id' | 'kind' | 'createdAt' | 'updatedAt' | 'seq';
/** What a caller says of a new record; the id is made unless given. */
export type New<R> = Omit<R, Ours> & { id?: string };
/** What a caller changes; `undefined` removes an optional field. */
export type Patch<R> = { [F in keyof Omit<R, Ours>]?: R[F] | undefined };

/** Records are frozen: change them through `update`. */
export interface Table<R> {
  /** Faults: `conflict` when the name or the id is taken. */
  insert(record: New<R>): R;
  /** By id. Faults: `not_found`, `corrupt`. */
  get(id: string): R;
  /** By id, or by name: the newest that is not being deleted. Models also as `name@version`. Faults like `get`. */
  find(idOrName: string): R;
  /** Like `find`, but undefined when there is none. */
  look(idOrName: string): R | undefined;
  /**
   * Changes fields. A new `state` must be one that the present state allows. `expect`: the state, or states, that the record
   * must be in. Faults: `conflict`, `not_found`, `corrupt`.
   */
  update(id: string, patch: Patch<R>, options?: { expect?: string | readonly string[] }): R;
  list(query?: ListQuery<R>): Page<R>;
  /** Removes a record, damaged ones too; Fault `not_found`. What it points to is the caller's to remove. */
  remove(id: string): void;
}

/** The table of one kind. */
export function tableOf<K extends Kind>(kind: K, book: Book): Table<RecordOf[K]> {
  type R = RecordOf[K];
  const { prefix, plural, texts, unique } = kindTable[kind];
  const typed = (record: StoredRecord | undefined) => record as R | undefined;
  const all = () => book.of(kind).values() as Iterable<R & StoredRecord>;

  const named = (text: string): R | undefined => {
    let newest: (R & StoredRecord) | undefined;
    for (const record of all()) {
      if (record.state === 'deleting' || !isCalled(record, text)) continue;
      if (!newest || isNewer(record, newest)) newest = record;
    }
    return newest;
  };
  const look = (text: string) => typed(book.of(kind).get(text)) ?? named(text) ?? typed(book.look(kind, text));
  const missing = (text: string) =>
    new Fault('not_found', `there is no ${kind} ${text}; neutrino ${plural} list shows those there are`);
  const get = (id: string): R => {
    const record = typed(book.look(kind, id));
    if (!record) throw missing(id);
    return record;
  };
  const refuseTaken = (draft: Draft) => {
    if (!unique?.includes(draft.state)) return;
    for (const record of all()) {
      if (record.id === draft.id || nameOf(record) !== draft.name || !unique.includes(record.state)) continue;
      throw new Fault(
        'conflict',
        `there is a ${kind} called ${nameOf(record)} already; choose another name or delete it`,
      );
    }
  };

  return {
    insert(record) {
      const draft = { ...record, id: record.id ?? newId(prefix), kind } as Draft;
      refuseTaken(draft);
      return book.insert(draft) as R;
    },
    get,
    look,
    find(text) {
      const record = look(text);
      if (!record) throw missing(text);
      return record;
    },
    update(id, patch, { expect } = {}) {
      const record = get(id);
      const wanted = typeof expect === 'string' ? [expect] : expect;
      if (wanted && !wanted.includes(record.state)) {
        throw new Fault('conflict', `${kind} ${id} is ${record.state}, not ${wanted.join(' or ')}`, {
          state: record.state,
        });
      }
      const draft = { ...record, ...patch } as unknown as Draft;
      if (draft.state !== record.state) {
        if (!mayMove(kind, record.state as StateOf<K>, draft.state as StateOf<K>)) {
          const message = `${kind} ${id} is ${record.state} and cannot become ${draft.state}`;
          throw new Fault('conflict', message, { state: record.state });
        }
      }
      if (draft.state !== record.state || draft.name !== nameOf(record)) refuseTaken(draft);
      return book.update(record, draft) as R;
    },
    list: (query = {}) =>
      listPage(all(), query as ListQuery<R & StoredRecord>, (r) => [r.id, ...texts(r)].join('\n'), book.damaged(kind)),
    remove(id) {
      if (!book.remove(kind, id)) throw missing(id);
    },
  };
}

const nameOf = (record: object): string | undefined => (record as { name?: string }).name;
const versionOf = (record: object): number => (record as { version?: number }).version ?? 0;

function isCalled(record: object, text: string): boolean {
  const name = nameOf(record);
  return name === text || ('version' in record && text === `${name}@${versionOf(record)}`);
}

function isNewer(a: StoredRecord, b: StoredRecord): boolean {
  const order = versionOf(a) - versionOf(b) || a.createdAt - b.createdAt;
  return order === 0 ? a.id > b.id : order > 0;
}
