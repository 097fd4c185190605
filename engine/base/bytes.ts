// Bytes to text and back, joined, compared; nothing that encrypts or compresses (that is security/). And how many this
// process holds.
import { createHash, hash as hashAtOnce, randomBytes, timingSafeEqual } from 'node:crypto';

const decoder = new TextDecoder('utf-8', { fatal: true });

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
/** Strict: malformed UTF-8 throws TypeError. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);
export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** SHA-256 of the parts in order, as bytes. */
export function sha256(...parts: (Uint8Array | string)[]): Uint8Array {
  const [only, another] = parts;
  if (only !== undefined && another === undefined) return hashAtOnce('sha256', only, 'buffer');
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Equal in constant time; false when the lengths differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The memory of any typed array as bytes, without a copy. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A sortable, unguessable record id: prefix, milliseconds in base 36, 64 random bits. */
export function newId(prefix: string, now = Date.now()): string {
  return `${prefix}_${now.toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
}

/** Resident memory of this process, bytes; where the system does not say (no /proc), the most that it ever was. */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
