import { expect, test } from 'vitest';
import { type AuditEntry } from '../../../engine/schema/index.ts';
import {
  type BrokenLink,
  type ChainHead,
  chainStart,
  newKey,
  nextLink,
  walkChain,
} from '../../../engine/security/index.ts';

const key = newKey();

function chainOf(n: number): { entries: AuditEntry[]; head: ChainHead } {
  let head = chainStart;
  const entries = Array.from({ length: n }, (_, i) => {
    const note = { at: i, actor: 'ada', action: 'runs.create', subject: `run_${i}`, outcome: 'ok' as const };
    const entry = nextLink(key, head, i % 2 ? note : { ...note, details: { i, gone: undefined } });
    head = { entries: entry.seq, hash: entry.hash };
    return JSON.parse(JSON.stringify(entry)) as AuditEntry;
  });
  return { entries, head };
}

function verify(entries: AuditEntry[], head: ChainHead, withKey = key): BrokenLink | undefined {
  const walk = walkChain(withKey);
  for (const entry of entries) {
    const broken = walk.step(entry);
    if (broken) return broken;
  }
  return walk.end(head);
}

test('an untouched chain holds, an empty one too', () => {
  const { entries, head } = chainOf(20);
  expect(verify(entries, head)).toBe(undefined);
  expect(verify([], chainStart)).toBe(undefined);
});

test('a changed entry is found where it stands, whichever field was changed', () => {
  const { entries, head } = chainOf(8);
  const changes: Partial<AuditEntry>[] = [
    { at: 99 },
    { actor: 'eve' },
    { action: 'runs.stop' },
    { subject: 'run_x' },
    { outcome: 'failed' },
    { details: { i: 1 } },
    { hash: chainStart.hash },
    { hash: 'short' },
  ];
  for (const change of changes) {
    const changed = entries.map((entry, i) => (i === 4 ? { ...entry, ...change } : entry));
    expect(verify(changed, head)?.seq).toBe(5);
  }
});

test('a removed, repeated or swapped entry is found', () => {
  const { entries, head } = chainOf(6);
  const [a, b, c, ...rest] = entries as [AuditEntry, AuditEntry, AuditEntry];
  expect(verify([a, c, ...rest], head)).toEqual({ seq: 2, why: 'entry 2 is missing (3 follows 1)' });
  expect(verify([b, c, ...rest], head)?.seq).toBe(1);
  expect(verify([a, a, b, c, ...rest], head)?.seq).toBe(2);
  expect(verify([a, { ...c, seq: 2 }, { ...b, seq: 3 }, ...rest], head)?.seq).toBe(2);
});

test('a cut tail does not reach the sealed head, and a longer chain passes it', () => {
  const { entries, head } = chainOf(6);
  expect(verify(entries.slice(0, 4), head)).toEqual({
    seq: 5,
    why: 'the chain ends at 4, but 6 entries were written',
  });
  expect(verify(entries, { entries: 4, hash: entries[3]?.hash ?? '' })?.seq).toBe(5);
});

test('nobody without the vault’s key can write a chain', () => {
  const { entries, head } = chainOf(3);
  expect(verify(entries, head, newKey())?.seq).toBe(1);
});
