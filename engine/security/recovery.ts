// Recovery codes: 160 random bits and a check, as nine groups of four letters and digits that survive paper and telephone.
// The code is its own secret: it is long enough that no slow hash is needed.
import { randomBytes } from 'node:crypto';
import { sha256 } from '../base/index.ts';

/** Crockford's base 32: no I, L, O or U, so nothing is misread. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secretBytes = 20;
const checkLetters = 4;

/** A fresh code, e.g. `7GQ2-…`; it is shown once and never stored. */
export function newRecoveryCode(): string {
  return write(randomBytes(secretBytes));
}

/** The secret in a code as people type it (spaces, hyphens, small letters, O for 0, I for 1), or undefined when it is not one. */
export function readRecoveryCode(text: string): Uint8Array | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (letters.length !== (secretBytes * 8) / 5 + checkLetters) return undefined;
  let bits = 0n;
  for (const letter of letters.slice(0, -checkLetters)) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  const secret = Buffer.from(bits.toString(16).padStart(secretBytes * 2, '0'), 'hex');
  return write(secret).replaceAll('-', '') === letters ? secret : undefined;
}

function write(secret: Uint8Array): string {
  const check = sha256('neutrino recovery code', secret).subarray(0, 3);
  const letters = base32(secret) + base32(check).slice(0, checkLetters);
  return letters.match(/.{4}/g)?.join('-') ?? letters;
}

function base32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)]).join('');
}
