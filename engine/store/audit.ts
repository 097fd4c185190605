// The audit trail on disk: entries in security's chain, each sealed, and the sealed head. It is appended to, never changed.
import type { Clock } from '../base/index.ts';
import type { AuditEntry } from '../schema/index.ts';
import {
  type BrokenLink,
  type ChainHead,
  type ChainWalk,
  chainStart,
  damaged,
  type KeyRing,
  nextLink,
  walkChain,
} from '../security/index.ts';
import { type Db, guarded } from './database.ts';
import type { Meta } from './meta.ts';
import { openAudit, sealAudit } from './sealing.ts';
import type { Work } from './work.ts';

/** What a caller says of an act; place, time and hash are added. */
export type AuditNote = Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'outcome' | 'details'>;

export interface AuditReport {
  ok: boolean;
  entries: number;
  /** Hash of the last entry: kept elsewhere, it proves later that nothing was put back to an older state. */
  head: string;
  broken?: BrokenLink;
}

export interface Audit {
  /** Adds an entry; inside a transaction it stands or falls with it. */
  append(note: AuditNote): AuditEntry;
  /** Newest first, from before entry `before`. Entries that cannot be read are left out and named in `damaged`. */
  list(query?: { before?: number | undefined; limit?: number | undefined }): {
    entries: AuditEntry[];
    total: number;
    damaged: number[];
  };
  /** Walks the whole chain, giving way to other work as it goes, and finds the first link that does not fit. */
  verify(): Promise<AuditReport>;
}

interface Row {
  n: number;
  sealed: Buffer;
}

/** Entries verified at a stretch: about 10 ms. */
const stretch = 500;

/** The audit of an open database. */
export function auditOf(db: Db, keys: KeyRing, meta: Meta, work: Work, clock: Clock): Audit {
  const insert = db.prepare('INSERT INTO audit (n, sealed) VALUES (?, ?)');
  const newest = db.prepare<[number, number], Row>('SELECT n, sealed FROM audit WHERE n < ? ORDER BY n DESC LIMIT ?');
  const onwards = db.prepare<[number, number], Row>('SELECT n, sealed FROM audit WHERE n > ? ORDER BY n LIMIT ?');
  const keyText = meta.read('audit key') as string | undefined;
  if (keyText === undefined) throw damaged('neutrino.db (its audit key entry)');
  const chainKey = Buffer.from(keyText, 'base64');
  const open = (row: Row) => JSON.parse(openAudit(keys, row.n, row.sealed)) as AuditEntry;

  const last = newest.get(Number.MAX_SAFE_INTEGER, 1)?.n ?? 0;
  const sealedHead = readHead(meta);
  // The trail must go on and overwrite nothing; that its head was lost stands in it from now on, and `verify` says what no
  // longer fits.
  const lost = !sealedHead || last > sealedHead.entries;
  let head: ChainHead = lost ? { entries: last, hash: chainStart.hash } : sealedHead;

  const append = (note: AuditNote): AuditEntry => {
    const before = head;
    const entry = nextLink(chainKey, before, { at: clock.now(), ...note });
    work.run(() => {
      work.undo(() => {
        head = before;
      });
      head = { entries: entry.seq, hash: entry.hash };
      insert.run(entry.seq, sealAudit(keys, entry.seq, JSON.stringify(entry)));
      meta.write('audit head', head);
    });
    return entry;
  };
  if (lost) append({ actor: 'system', action: 'audit.head_lost', subject: 'audit', outcome: 'failed' });

  return {
    append,
    list({ before = Number.MAX_SAFE_INTEGER, limit = 100 } = {}) {
      const entries: AuditEntry[] = [];
      const unreadable: number[] = [];
      for (const row of guarded('the audit', () => newest.all(before, limit))) {
        try {
          entries.push(open(row));
        } catch {
          unreadable.push(row.n);
        }
      }
      return { entries, total: head.entries, damaged: unreadable };
    },
    async verify() {
      const upTo = head;
      const report = (broken?: BrokenLink): AuditReport => {
        return { ok: !broken, entries: upTo.entries, head: upTo.hash, ...(broken ? { broken } : {}) };
      };
      const walk = walkChain(chainKey);
      let at = 0;
      for (;;) {
        const rows = guarded('the audit', () => onwards.all(at, stretch));
        for (const row of rows) {
          if (row.n > upTo.entries && head !== upTo && row.n <= head.entries) return report(walk.end(upTo));
          const broken = check(row, open, walk);
          if (broken) return report(broken);
          at = row.n;
        }
        if (rows.length < stretch) return report(walk.end(upTo));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** The sealed head, or undefined when it was changed. */
function readHead(meta: Meta): ChainHead | undefined {
  try {
    return (meta.read('audit head') as ChainHead | undefined) ?? chainStart;
  } catch {
    return undefined;
  }
}

function check(row: Row, open: (row: Row) => AuditEntry, walk: ChainWalk): BrokenLink | undefined {
  let entry: AuditEntry;
  try {
    entry = open(row);
  } catch {
    return { seq: row.n, why: damaged(`entry ${row.n}`).message };
  }
  return walk.step(entry);
}
