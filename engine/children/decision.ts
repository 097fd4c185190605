// What one member decides for all, as numbers that a sum over the ring carries to the bit: bytes of doubles from one, zeros from the
// others; and, beside it, whether all hold the same weights. Knows no ring.
import { Fault } from '../schema/index.ts';

/** A SHA-256 as 16 numbers below 2¹⁶: sums of up to 256 members of them are exact in single precision. */
const pieces = 16;
const head = 1 + pieces;

/** Numbers to be summed: how many compare, the sum of their hashes, and the decision from the one who decides. */
export function packDecision(length: number, made: Float64Array | undefined, hash: string | undefined): Float32Array {
  const packed = new Float32Array(head + length * 8);
  if (hash !== undefined) {
    packed[0] = 1;
    for (let i = 0; i < pieces; i++) packed[1 + i] = Number.parseInt(hash.slice(i * 4, i * 4 + 4), 16);
  }
  if (made) {
    if (made.length !== length)
      throw new Fault('internal', `a decision of ${made.length} numbers where ${length} are due`);
    packed.set(new Uint8Array(made.buffer, made.byteOffset, made.byteLength), head);
  }
  return packed;
}

/** The decision in a sum. Fault `corrupt` when this member's hash is not everybody's. */
export function readDecision(summed: Float32Array, length: number, hash: string | undefined): Float64Array {
  if (hash !== undefined) {
    for (let i = 0; i < pieces; i++) {
      if (summed[1 + i] !== summed[0] * Number.parseInt(hash.slice(i * 4, i * 4 + 4), 16)) {
        throw new Fault(
          'corrupt',
          'the members of this run no longer hold the same weights; train without --peers, and report it with the versions of all machines',
        );
      }
    }
  }
  const bytes = Uint8Array.from(summed.subarray(head, head + length * 8));
  return new Float64Array(bytes.buffer);
}
