// Transactions over the database and over what is held in memory beside it: both change, or neither does.
import { assert } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { type Db, databaseFault } from './database.ts';

export interface Work {
  /** Runs `fn` in a transaction, or in a savepoint of the one that runs; `fn` must not be async. */
  run<T>(fn: () => T): T;
  /** Says how to take back a change in memory, should the transaction fail. Only within `run`. */
  undo(change: () => void): void;
  /** Runs once the outermost transaction is on disk; not at all when it fails. Only within `run`. */
  after(effect: () => void): void;
  /** Empties the write-ahead log into the database, so that no overwritten row is left in it. Not within `run`. */
  settle(): void;
}

/** Transactions over one database; `what` names it in Faults. */
export function workOver(db: Db, what: string): Work {
  let undos: (() => void)[] = [];
  let effects: (() => void)[] = [];
  const settle = () => {
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // It happens by itself later; nothing depends on it now.
    }
  };
  return {
    settle,
    run<T>(fn: () => T): T {
      const [undoMark, effectMark] = [undos.length, effects.length];
      const outermost = !db.inTransaction;
      let result: T;
      try {
        const body = db.transaction(() => {
          const value = fn();
          assert(!(value instanceof Promise), 'a transaction must not wait');
          return value;
        });
        result = body.immediate();
      } catch (error) {
        for (const change of undos.splice(undoMark).reverse()) change();
        effects.splice(effectMark);
        const fault = databaseFault(error, what);
        // Room in the log may be all that a removal needs to succeed at the next try.
        if (outermost && fault instanceof Fault && fault.code === 'disk_full') settle();
        throw fault;
      }
      if (outermost) {
        const due = effects;
        undos = [];
        effects = [];
        for (const effect of due) effect();
      }
      return result;
    },
    undo(change) {
      assert(db.inTransaction, 'a change in memory belongs to a transaction');
      undos.push(change);
    },
    after(effect) {
      assert(db.inTransaction, 'an effect belongs to a transaction');
      effects.push(effect);
    },
  };
}
