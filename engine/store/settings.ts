// Named values that the appliance keeps for itself: its identity, its authority, its seeds. Sealed like any record; the
// names are the code's own and stay in clear.
import type { Book, Draft } from './book.ts';

export interface Settings {
  /** The value, or undefined when it was never set; Fault `corrupt` when its row is damaged. */
  get(name: string): unknown;
  /** Sets a JSON value. */
  set(name: string, value: unknown): void;
  remove(name: string): void;
}

/** Settings over the book of records. */
export function settingsOf(book: Book): Settings {
  const idOf = (name: string) => `setting_${name}`;
  return {
    get(name) {
      return (book.look('setting', idOf(name)) as { value?: unknown } | undefined)?.value;
    },
    set(name, value) {
      const draft: Draft = { id: idOf(name), kind: 'setting', state: 'set', value };
      const held = book.look('setting', draft.id);
      if (held) book.update(held, draft);
      else book.insert(draft);
    },
    remove: (name) => void book.remove('setting', idOf(name)),
  };
}
