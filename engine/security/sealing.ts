// How a blob is sealed: compressed, then encrypted. A sealed blob is
//   version (1 byte) | nonce (12) | AES-256-GCM of [body | codec (1)] | tag (16)
// and binds the version and the caller's associated data, so that it opens only where it was put.
// Nonces are random 96-bit: one key may seal at most 2^32 blobs (NIST SP 800-38D, section 8.3). A data key seals one
// object (2^32 chunks are 4 PiB), so only the record keys could ever get near it, after thousands of writes a second for weeks.
// Imports nothing of this project: the threads that seal load this file and theirs only.
import { createCipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';

export const version = 1;
export const nonceBytes = 12;
export const tagBytes = 16;
export const algorithm = 'aes-256-gcm';
/** The last plain byte says what became of those before it. */
export const codecs = { stored: 0, zstd: 1 } as const;
/** Below this, compressing takes longer than encrypting and saves a few bytes. */
const compressFrom = 256;
/** Above this a sample decides whether compression is worth a pass over the whole. */
const sampleBytes = 64 * 1024;

/** Encrypts `packed`, or `plain` where nothing was gained; the blob's memory is its own. */
export function encrypt(
  key: KeyObject,
  plain: Uint8Array,
  packed: Uint8Array | undefined,
  aad: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const from = packed ?? plain;
  const sealed = new Uint8Array(1 + nonceBytes + from.length + 1 + tagBytes);
  sealed[0] = version;
  const nonce = randomFillSync(sealed.subarray(1, 1 + nonceBytes));
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(bind(aad));
  const body = cipher.update(from);
  sealed.set(body, 1 + nonceBytes);
  free(body);
  sealed.set(cipher.update(Uint8Array.of(packed ? codecs.zstd : codecs.stored)), 1 + nonceBytes + from.length);
  cipher.final();
  sealed.set(cipher.getAuthTag(), sealed.length - tagBytes);
  return sealed;
}

/** Memory from which Node makes no two buffers. */
const ownBytes = 128 * 1024;

/** Gives the memory of bytes that are not needed any more back at once, without a collection. */
export function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= ownBytes) buffer.transfer(0);
}

/** What is bound with the caller's associated data. */
export function bind(aad: string | Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(version), typeof aad === 'string' ? Buffer.from(aad, 'utf8') : aad]);
}

/**
 * Level 1: twice as quick as the default level for a sixth more bytes on columns of numbers. With room for the worst case (zstd's
 * ZSTD_COMPRESSBOUND) it compresses in one go, where it lies; with less it copies everything first.
 */
export const levelFor = ({ length }: Uint8Array) => ({
  params: { [constants.ZSTD_c_compressionLevel]: 1 },
  chunkSize: Math.max(1024, length + (length >> 8) + 64),
});

/** What tells whether compression is worth a pass: a piece from the middle, all of small blobs, nothing of tiny ones. */
export function sampleOf(plain: Uint8Array): Uint8Array | undefined {
  if (plain.length < compressFrom) return undefined;
  if (plain.length <= 4 * sampleBytes) return plain;
  const from = (plain.length - sampleBytes) >> 1;
  return plain.subarray(from, from + sampleBytes);
}

export const shrank = (plain: Uint8Array, packed: Uint8Array): boolean => packed.length <= 0.97 * plain.length;

/** `plain` compressed; undefined where that gains nothing. */
export function compress(plain: Uint8Array): Uint8Array | undefined {
  const sample = sampleOf(plain);
  if (!sample || (sample !== plain && !shrank(sample, zstdCompressSync(sample, levelFor(sample))))) return undefined;
  const packed = zstdCompressSync(plain, levelFor(plain));
  return packed.length < plain.length ? packed : undefined;
}
