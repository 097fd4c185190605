// Tells every member what each of them has: bytes of lengths that only their owner knows, handed round the ring piece by piece. Sans
// I/O, one call of one ring.
import type { Frame } from '../link/frame.ts';

/** Bytes a piece: as a ring's chunks. */
const pieceBytes = 128 * 1024;
/** Pieces of one member's bytes, at most: where the next one's numbers begin. */
const mostPieces = 2 ** 16;
/** What stands before a member's bytes: their count. */
const lengthBytes = 4;

export interface SpreadOptions {
  rank: number;
  size: number;
  own: Uint8Array;
  /** Most bytes that a member may have. */
  most: number;
  /** Sends a piece to the right. */
  pass: (chunk: number, payload: Uint8Array) => void;
  bad: (what: string) => Error;
  /** Everybody's bytes by rank, once all are here. */
  done: (all: readonly Uint8Array[]) => void;
}

export interface Spread {
  take(frame: Frame): void;
  /** Sends pieces of this member's own while there is room. */
  begin(hasRoom: () => boolean): void;
}

/** This member's part of one handing round. */
export function openSpread({ rank, size, own, most, pass, bad, done }: SpreadOptions): Spread {
  const all: Uint8Array[] = Array.from({ length: size }, (_, at) => (at === rank ? own : new Uint8Array(0)));
  const filled = new Float64Array(size);
  const whole = new Uint8Array(lengthBytes + own.byteLength);
  new DataView(whole.buffer).setUint32(0, own.byteLength, true);
  whole.set(own, lengthBytes);
  let sent = 0;
  let left = size - 1;
  return {
    begin(hasRoom) {
      while (sent * pieceBytes < whole.byteLength && hasRoom()) {
        const at = sent * pieceBytes;
        pass(rank * mostPieces + sent++, whole.subarray(at, at + pieceBytes));
      }
    },
    take({ kind, encoding, chunk, payload }) {
      if (kind !== 'gather' || encoding !== 'raw') throw bad(`${kind} as ${encoding} where rows were due`);
      const from = Math.floor(chunk / mostPieces);
      const piece = chunk % mostPieces;
      if (from >= size || from === rank) throw bad(`rows of member ${from}`);
      if (filled[from] !== piece * pieceBytes) throw bad(`piece ${piece} out of its turn`);
      let body = payload;
      if (piece === 0) {
        if (payload.byteLength < lengthBytes) throw bad('rows without their length');
        const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
        if (length > most) throw bad(`${length} bytes of rows where ${most} are the most`);
        all[from] = new Uint8Array(length);
        body = payload.subarray(lengthBytes);
      }
      const at = Math.max(0, filled[from] - lengthBytes);
      const due = Math.min(pieceBytes - (piece === 0 ? lengthBytes : 0), all[from].byteLength - at);
      if (body.byteLength !== due || (piece > 0 && due <= 0))
        throw bad(`${body.byteLength} bytes of rows where ${due} were due`);
      all[from].set(body, at);
      filled[from] += payload.byteLength;
      if ((rank + 1) % size !== from) pass(chunk, payload);
      if (filled[from] === lengthBytes + all[from].byteLength && --left === 0) done(all);
    },
  };
}
