// A secret cut into shares of which so many together tell it and fewer tell nothing (Shamir 1979, "How to share a secret"), byte by
// byte over GF(256) with the polynomial x⁸ + x⁴ + x³ + x + 1. Knows nothing of what is shared.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../schema/index.ts';

const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  exp[i] = exp[i + 255] = x;
  log[x] = i;
  // Times 3, which generates the field.
  x ^= (x << 1) ^ (x & 0x80 ? 0x11b : 0);
}
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : exp[log[a] + log[b]]);
const over = (a: number, b: number): number => (a === 0 ? 0 : exp[log[a] + 255 - log[b]]);

/** Members of a round, at most: a share's place is a byte other than 0. */
export const mostShares = 255;

/** `count` shares, the first for place 1, of which `enough` tell the secret. */
export function cut(secret: Uint8Array, count: number, enough: number): Uint8Array[] {
  if (count > mostShares || enough < 1 || enough > count)
    throw new Fault('internal', `${enough} of ${count} shares cannot be`);
  const random = randomBytes(secret.length * (enough - 1));
  return Array.from({ length: count }, (_, i) => {
    const share = new Uint8Array(secret.length);
    for (let at = 0; at < secret.length; at++) {
      let value = 0;
      for (let k = enough - 2; k >= 0; k--) value = times(value ^ random[at * (enough - 1) + k], i + 1);
      share[at] = value ^ secret[at];
    }
    return share;
  });
}

/** The secret from enough shares by their places. What comes of too few, or of wrong ones, is noise. */
export function join(shares: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const places = [...shares.keys()];
  const [first] = shares.values();
  const secret = new Uint8Array(first?.length ?? 0);
  for (const [place, share] of shares) {
    let weight = 1;
    for (const other of places) if (other !== place) weight = times(weight, over(other, other ^ place));
    for (let at = 0; at < secret.length; at++) secret[at] ^= times(weight, share[at]);
  }
  return secret;
}
