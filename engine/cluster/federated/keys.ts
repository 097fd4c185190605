// What a member of one try at a sum agrees with each other one: X25519 pairs that live for the try, the masks and the sealed boxes that
// follow from them. All of it is node:crypto's.
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { utf8 } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import type { Words } from './fixed.ts';

/** What DER says before the 32 bytes of an X25519 key (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicHead = Buffer.from('302a300506032b656e032100', 'hex');
const keyBytes = 32;

export interface KeyPair {
  secret: Uint8Array;
  open: Uint8Array;
}

export function newPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    secret: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privateHead.length)),
    open: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(publicHead.length)),
  };
}

/** 32 bytes that both ends of a pair come to, for one purpose of one try. Fault `bad_input` for what is no key. */
export function agreed(secret: Uint8Array, open: Uint8Array, purpose: string): Uint8Array {
  try {
    const privateKey = createPrivateKey({ key: Buffer.concat([privateHead, secret]), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey({ key: Buffer.concat([publicHead, open]), format: 'der', type: 'spki' });
    const shared = diffieHellman({ privateKey, publicKey });
    return new Uint8Array(
      hkdfSync('sha256', shared, new Uint8Array(0), utf8(`neutrino federated 1 ${purpose}`), keyBytes),
    );
  } catch (error) {
    throw new Fault('bad_input', 'a member’s key is no X25519 key', undefined, error);
  }
}

/** Words that follow from a seed as a stream of AES-256 in counter mode. */
export function maskOf(seed: Uint8Array, size: { narrow: number; wide: number }): Words {
  const bytes = size.wide * 8 + size.narrow * 4;
  const stream = createCipheriv('aes-256-ctr', seed, new Uint8Array(16)).update(new Uint8Array(bytes));
  const own = new Uint8Array(stream).buffer;
  return { wide: new BigUint64Array(own, 0, size.wide), narrow: new Uint32Array(own, size.wide * 8, size.narrow) };
}

/** A box that only who agreed on the key opens: nonce, sealed bytes, tag. */
export function seal(key: Uint8Array, plain: Uint8Array, about: string): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(utf8(about));
  return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** Fault `bad_input` for a box that is not what was sealed. */
export function unseal(key: Uint8Array, box: Uint8Array, about: string): Uint8Array {
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, 12)).setAAD(utf8(about));
    cipher.setAuthTag(box.subarray(-16));
    return new Uint8Array(Buffer.concat([cipher.update(box.subarray(12, -16)), cipher.final()]));
  } catch (error) {
    throw new Fault('bad_input', 'a member’s share was changed on its way', undefined, error);
  }
}
