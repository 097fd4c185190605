// Numbers as integers that add up modulo a power of two, so that masks vanish from a sum without a trace: changes of weights in 32
// bits, what is few and may be large in 64. Whoever adds may add at most `parts` that are 1 together.
import { Fault } from '../../schema/index.ts';
import { allFinite } from '../ring/kernels.ts';

const notFinite = 'what this machine would bring to the sum is no number any more';
const scale = 2 ** 26;
/** Greatest magnitude of a change: with all parts together it stays within 31 bits. */
export const mostChange = 31;
const wideScale = 2 ** 24;
/** With the greatest number of members all at their end, a sum stays within 63 bits. */
const mostWide = 2 ** 30;

/** What a member brings to a sum, and what comes of one. */
export interface Numbers {
  /** Each at most `mostChange` times the member's part; what is beyond is cut to it. */
  changes: Float32Array;
  /** Each at most 2³⁰, beyond which it is cut, and right to 2⁻²⁴. */
  wide: Float64Array;
}

/** The same as integers. */
export interface Words {
  narrow: Uint32Array;
  wide: BigUint64Array;
}

/** `part` is the member's, of all parts that add up to 1. Fault `diverged` for what is not finite: as integers it would look sound. */
export function toWords({ changes, wide }: Numbers, part: number): Words {
  if (!allFinite(changes) || !wide.every(Number.isFinite)) throw new Fault('diverged', notFinite);
  const most = mostChange * part;
  const narrow = new Uint32Array(changes.length);
  for (let i = 0; i < narrow.length; i++) narrow[i] = Math.round(Math.max(-most, Math.min(most, changes[i])) * scale);
  return {
    narrow,
    wide: BigUint64Array.from(wide, (value) =>
      BigInt.asUintN(64, BigInt(Math.round(Math.max(-mostWide, Math.min(mostWide, value)) * wideScale))),
    ),
  };
}

export function fromWords({ narrow, wide }: Words): Numbers {
  const changes = new Float32Array(narrow.length);
  for (let i = 0; i < narrow.length; i++) changes[i] = (narrow[i] | 0) / scale;
  return { changes, wide: Float64Array.from(wide, (value) => Number(BigInt.asIntN(64, value)) / wideScale) };
}

/** Adds `own` to `sum`, or takes it away. */
export function addWords(sum: Words, own: Words, sign: 1 | -1 = 1): void {
  for (let i = 0; i < sum.narrow.length; i++) sum.narrow[i] += sign * own.narrow[i];
  const by = BigInt(sign);
  for (let i = 0; i < sum.wide.length; i++) sum.wide[i] += by * own.wide[i];
}

/** The words as bytes, and back. Undefined for bytes of another length. */
export function bytesOfWords({ narrow, wide }: Words): Uint8Array {
  const bytes = new Uint8Array(narrow.byteLength + wide.byteLength);
  bytes.set(new Uint8Array(wide.buffer, wide.byteOffset, wide.byteLength));
  bytes.set(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength), wide.byteLength);
  return bytes;
}

export function wordsOf(bytes: Uint8Array, size: { narrow: number; wide: number }): Words | undefined {
  if (bytes.byteLength !== size.narrow * 4 + size.wide * 8) return undefined;
  const own = bytes.slice().buffer;
  return { wide: new BigUint64Array(own, 0, size.wide), narrow: new Uint32Array(own, size.wide * 8, size.narrow) };
}
