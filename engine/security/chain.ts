// The audit chain: each entry's hash covers the entry and the hash before it, keyed by the vault, so that nobody without
// the vault can write a chain, and a changed, missing or swapped entry breaks it. The head (count and last hash), sealed
// apart by the store, shows a cut tail. A whole data directory put back to an older state is not seen here: for that,
// keep the head that `audit verify` prints somewhere else.
import { createHmac } from 'node:crypto';
import { equalBytes } from '../base/index.ts';
import type { AuditEntry } from '../schema/index.ts';

/** Where a chain stands: entries written, and the last one's hash. */
export interface ChainHead {
  entries: number;
  hash: string;
}

/** The head of an empty chain. */
export const chainStart: ChainHead = { entries: 0, hash: '0'.repeat(64) };

/** What is wrong with a chain: the first entry that does not fit. */
export interface BrokenLink {
  seq: number;
  why: string;
}

/** The entry that follows `head`; `key` is the vault's subkey for the audit. */
export function nextLink(key: Uint8Array, head: ChainHead, entry: Omit<AuditEntry, 'seq' | 'hash'>): AuditEntry {
  const seq = head.entries + 1;
  return { ...entry, seq, hash: linkHash(key, head.hash, { ...entry, seq }) };
}

/** Walks a chain in order, entry by entry. */
export interface ChainWalk {
  /** What is wrong with the next entry, or undefined when it fits. */
  step(entry: AuditEntry): BrokenLink | undefined;
  /** What is wrong with the end, against the sealed head. */
  end(head: ChainHead): BrokenLink | undefined;
}

/** A walk from the start of a chain. */
export function walkChain(key: Uint8Array): ChainWalk {
  let at = chainStart;
  return {
    step(entry) {
      const seq = at.entries + 1;
      if (entry.seq !== seq) return { seq, why: `entry ${seq} is missing (${entry.seq} follows ${at.entries})` };
      const { hash, ...rest } = entry;
      const expected = linkHash(key, at.hash, rest);
      if (!equalBytes(Buffer.from(hash), Buffer.from(expected))) {
        return { seq, why: `entry ${seq} was changed, or is not the one that followed ${at.entries}` };
      }
      at = { entries: seq, hash };
      return undefined;
    },
    end(head) {
      if (head.entries === at.entries && head.hash === at.hash) return undefined;
      const why =
        head.entries > at.entries
          ? `the chain ends at ${at.entries}, but ${head.entries} entries were written`
          : `the chain goes on to ${at.entries}, but its sealed head says ${head.entries}`;
      return { seq: Math.min(head.entries, at.entries) + 1, why };
    },
  };
}

/** HMAC-SHA-256, hex, over the entry's fields in a fixed order. */
function linkHash(key: Uint8Array, before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, actor, action, subject, outcome, details } = entry;
  const text = JSON.stringify([before, seq, at, actor, action, subject, outcome, details ?? null]);
  return createHmac('sha256', key).update(text).digest('hex');
}
