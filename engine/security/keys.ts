// API keys `nk_<id>_<secret>`: the id finds the record, the secret is 256 random bits of which only the SHA-256 is kept.
// A random secret needs no slow hash; the compare takes the same time whatever differs, and whether or not the key exists.
import { randomBytes } from 'node:crypto';
import { equalBytes, hex, sha256 } from '../base/index.ts';
import { type ApiKey, Fault } from '../schema/index.ts';

const shape = /^nk_([0-9a-z]{16})_([0-9a-f]{64})$/;

/** A new key: `id` and `hash` go into the record, `text` is shown once. */
export interface MintedKey {
  id: string;
  hash: string;
  text: string;
}

/** Makes a key. */
export function mintKey(): MintedKey {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('hex');
  return { id, hash: hashOf(secret), text: `nk_${id}_${secret}` };
}

/** The parts of a key's text, or undefined when it is not one. */
export function parseKey(text: string): { id: string; secret: string } | undefined {
  const parts = shape.exec(text);
  return parts ? { id: parts[1] ?? '', secret: parts[2] ?? '' } : undefined;
}

/**
 * The record, if the secret is its own and it is still good; pass what was found for the id, or undefined.
 * Faults: `unauthenticated` (one message for unknown, wrong and revoked), `key_expired`.
 */
export function verifyKey<K extends Pick<ApiKey, 'hash' | 'state' | 'expiresAt'>>(
  record: K | undefined,
  secret: string,
  now: number,
): K {
  const expected = Buffer.from(record?.hash ?? nobody, 'hex');
  const same = equalBytes(Buffer.from(hashOf(secret), 'hex'), expected);
  if (!record || !same || record.state !== 'active') {
    throw new Fault('unauthenticated', 'this key is not known here or was revoked; ask an admin for a new one');
  }
  if (record.expiresAt !== undefined && record.expiresAt <= now) {
    const day = new Date(record.expiresAt).toISOString().slice(0, 10);
    throw new Fault('key_expired', `this key expired on ${day}; ask an admin for a new one`);
  }
  return record;
}

const hashOf = (secret: string): string => hex(sha256(secret));
/** No secret has this hash that anyone could find. */
const nobody = hashOf(randomBytes(32).toString('hex'));
