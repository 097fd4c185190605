// Sealed blobs at rest: opens what sealing.ts wrote, and seals here or on another thread.
import { createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompressSync } from 'node:zlib';
import { assert } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import {
  algorithm,
  bind,
  codecs,
  compress,
  encrypt,
  levelFor,
  nonceBytes,
  sampleOf,
  shrank,
  tagBytes,
  version,
} from './sealing.ts';

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
  return encrypt(imported(key), plain, compress(plain), aad);
}

/** The same, compressing on another thread: for bulk, so that several blobs are compressed at once. `plain` must not change meanwhile. */
export async function sealLater(key: Uint8Array, plain: Uint8Array, aad: string | Uint8Array): Promise<Uint8Array> {
  const sample = sampleOf(plain);
  const isWorth = sample && (sample === plain || shrank(sample, await zstdLater(sample, levelFor(sample))));
  const packed = isWorth ? await zstdLater(plain, levelFor(plain)) : undefined;
  return encrypt(imported(key), plain, packed && packed.length < plain.length ? packed : undefined, aad);
}

const zstdLater = promisify(zstdCompress);

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
    if (codec === codecs.stored && body.length <= most) return body;
    if (codec === codecs.zstd) return zstdDecompressSync(body, { maxOutputLength: most });
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
