// Every blob at rest: compressed, then encrypted. A sealed blob is
//   version (1 byte) | nonce (12) | AES-256-GCM of [body | codec (1)] | tag (16)
// and binds the version and the caller's associated data, so that it opens only where it was put.
// Nonces are random 96-bit: one key may seal at most 2^32 blobs (NIST SP 800-38D, section 8.3). A data key seals one
// object (2^32 chunks are 4 PiB), so only the record keys could ever get near it, after thousands of writes a second for weeks.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const stored = Uint8Array.of(0);
const zstd = Uint8Array.of(1);
const algorithm = 'aes-256-gcm';
/** Below this, compressing takes longer than encrypting and saves a few bytes. */
const compressFrom = 256;
/** Above this a sample decides whether compression is worth a pass over the whole. */
const sampleBytes = 64 * 1024;

/** Bytes of a key. */
export const keyBytes = 32;
/** What sealing adds to a blob that does not shrink. */
export const sealOverhead = 1 + nonceBytes + 1 + tagBytes;
/** Greatest plain size that `unseal` gives back unless told otherwise: 256 MiB. */
export const mostPlainBytes = 256 * 1024 * 1024;

/** A fresh random key. */
export const newKey = (): Uint8Array => randomBytes(keyBytes);

/** Compresses and encrypts `plain` under a 32-byte key; `aad` says where the blob belongs and is needed to open it. */
export function seal(key: Uint8Array, plain: Uint8Array, aad: string | Uint8Array): Uint8Array {
  return encrypt(key, plain, compress(plain), aad);
}

/** The same, compressing on another thread: for bulk, so that several blobs are compressed at once. `plain` must not change meanwhile. */
export async function sealLater(key: Uint8Array, plain: Uint8Array, aad: string | Uint8Array): Promise<Uint8Array> {
  const sample = sampleOf(plain);
  const isWorth = sample && (sample === plain || shrank(sample, await zstdLater(sample, levelFor(sample))));
  const packed = isWorth ? await zstdLater(plain, levelFor(plain)) : undefined;
  return encrypt(key, plain, packed && packed.length < plain.length ? packed : undefined, aad);
}

const zstdLater = promisify(zstdCompress);

function encrypt(
  key: Uint8Array,
  plain: Uint8Array,
  packed: Uint8Array | undefined,
  aad: string | Uint8Array,
): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, imported(key), nonce, { authTagLength: tagBytes });
  cipher.setAAD(bind(aad));
  const body = cipher.update(packed ?? plain);
  const codec = cipher.update(packed ? zstd : stored);
  return Buffer.concat([Uint8Array.of(version), nonce, body, codec, cipher.final(), cipher.getAuthTag()]);
}

/**
 * The plain bytes of a sealed blob. Fault `corrupt` naming `what` when one bit of the blob, its key or its place differs,
 * or when it would unpack to more than `most` bytes.
 */
export function unseal(
  key: Uint8Array,
  sealed: Uint8Array,
  aad: string | Uint8Array,
  what: string,
  most = mostPlainBytes,
): Uint8Array {
  if (sealed.length < sealOverhead || sealed[0] !== version) throw damaged(what);
  const nonce = sealed.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv(algorithm, imported(key), nonce, { authTagLength: tagBytes });
  decipher.setAAD(bind(aad));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes));
  try {
    decipher.final();
    // The codec comes last, so that stored bytes start where their memory does and can be viewed as numbers.
    const body = plain.subarray(0, -1);
    const codec = plain[body.length];
    if (codec === stored[0] && body.length <= most) return body;
    if (codec === zstd[0]) return zstdDecompressSync(body, { maxOutputLength: most });
  } catch (error) {
    throw damaged(what, error);
  }
  throw damaged(what);
}

/** The Fault for bytes that are not what was written. */
export function damaged(what: string, cause?: unknown): Fault {
  return new Fault('corrupt', `${what} was changed or damaged on disk; restore it from a backup`, undefined, cause);
}

const importedKeys = new WeakMap<Uint8Array, KeyObject>();

/** Importing a key costs more than sealing a record under it, so it is done once. A key's bytes never change in use. */
function imported(key: Uint8Array): KeyObject {
  const known = importedKeys.get(key);
  if (known) return known;
  assert(key.length === keyBytes, 'a sealing key has 32 bytes');
  const fresh = createSecretKey(key);
  importedKeys.set(key, fresh);
  return fresh;
}

function bind(aad: string | Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(version), typeof aad === 'string' ? Buffer.from(aad, 'utf8') : aad]);
}

/** Level 1: twice as quick as the default level for a sixth more bytes on columns of numbers. One piece of output: more of them cost a tenth. */
const levelFor = (plain: Uint8Array) => ({
  params: { [constants.ZSTD_c_compressionLevel]: 1 },
  chunkSize: Math.max(1024, plain.length),
});

/** What tells whether compression is worth a pass: a piece from the middle, all of small blobs, nothing of tiny ones. */
function sampleOf(plain: Uint8Array): Uint8Array | undefined {
  if (plain.length < compressFrom) return undefined;
  if (plain.length <= 4 * sampleBytes) return plain;
  const from = (plain.length - sampleBytes) >> 1;
  return plain.subarray(from, from + sampleBytes);
}

const shrank = (plain: Uint8Array, packed: Uint8Array): boolean => packed.length <= 0.97 * plain.length;

function compress(plain: Uint8Array): Uint8Array | undefined {
  const sample = sampleOf(plain);
  if (!sample || (sample !== plain && !shrank(sample, zstdCompressSync(sample, levelFor(sample))))) return undefined;
  const packed = zstdCompressSync(plain, levelFor(plain));
  return packed.length < plain.length ? packed : undefined;
}
