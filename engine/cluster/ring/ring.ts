// Sums a buffer over the members of a ring: chunked, pipelined all-reduce (Patarasu and Yuan 2009; Gibiansky 2017). Each chunk goes
// round twice: once collecting every member's numbers, once telling everybody the sum. Sans I/O: frames in, frames out, so that
// sockets, tests and virtual time drive it alike.
import { Fault } from '../../schema/index.ts';
import type { Frame, FrameHead } from '../link/frame.ts';
import { allFinite, decode, type DenseEncoding, encode } from './codec.ts';

export interface RingOptions {
  /** This member's place, 0 to `size` − 1. */
  rank: number;
  size: number;
  generation: number;
  /** Numbers a chunk. */
  chunk?: number;
  encoding?: DenseEncoding;
  /** Sends to the member on the right. */
  send: (head: FrameHead, payload: Uint8Array) => void;
  /** Bytes of frames that may wait for a buffer that is not here yet. */
  mostWaiting?: number;
}

export interface Ring {
  /**
   * Sums `values` over all members, in place; every member ends with the same bits. All must say the same encoding of a
   * bucket. Fault `bad_input` names what a member sent that cannot be; `unreachable` after `abort`.
   */
  reduce(step: number, bucket: number, values: Float32Array, how?: Travel): Promise<void>;
  /** Takes a frame from the member on the left. Throws the Fault that ends the ring. */
  take(frame: Frame): void;
  /** Ends everything under way with a Fault. */
  abort(fault: Fault): void;
}

/** How a buffer's numbers travel. */
export interface Travel {
  /** The ring's own when left out. */
  encoding?: DenseEncoding;
  /** As long as the buffer: carries what lossy encodings drop to the next step. */
  error?: Float32Array;
}

/** Numbers a chunk: 128 KiB as fp32, eight TLS records. */
const usualChunk = 32_768;
const usualWaiting = 512 * 1024 * 1024;

interface Running {
  step: number;
  bucket: number;
  values: Float32Array;
  encoding: DenseEncoding;
  error: Float32Array | undefined;
  /** What came of each chunk: 1 its numbers, 2 its sum. */
  came: Uint8Array;
  /** Chunks whose sum has not come yet. */
  left: number;
  resolve(): void;
  reject(fault: Fault): void;
}

const nameOf = (step: number, bucket: number): string => `${step}/${bucket}`;

/** This member's part of a ring of one generation. */
export function createRing(options: RingOptions): Ring {
  const { rank, size, generation, chunk = usualChunk, send, mostWaiting = usualWaiting } = options;
  const running = new Map<string, Running>();
  const waiting = new Map<string, Frame[]>();
  const scratch = new Float32Array(chunk);
  let waitingBytes = 0;
  let ended: Fault | undefined;
  const left = (rank + size - 1) % size;

  const bad = (what: string): Fault => new Fault('bad_input', `member ${left} sent ${what}`, { member: left });

  /** Where the pieces of a buffer of `length` numbers begin: `size` segments of whole chunks. */
  const pieces = (length: number): number => Math.ceil(Math.ceil(length / size) / chunk) || 1;
  const range = (length: number, index: number): [number, number] => {
    const per = pieces(length);
    const segment = Math.floor(index / per);
    const span = Math.ceil(length / size);
    const begin = Math.min(length, segment * span + (index % per) * chunk);
    return [begin, Math.min(length, (segment + 1) * span, begin + chunk)];
  };

  function pass(one: Running, kind: 'reduce' | 'gather', index: number, payload: Uint8Array): void {
    const { encoding } = one;
    send({ kind, encoding, generation, step: one.step, bucket: one.bucket, chunk: index }, payload);
  }
  function written(one: Running, index: number): Uint8Array {
    const [begin, end] = range(one.values.length, index);
    return encode(one.encoding, one.values.subarray(begin, end), one.error?.subarray(begin, end));
  }
  function finish(one: Running): void {
    if (--one.left > 0) return;
    running.delete(nameOf(one.step, one.bucket));
    one.resolve();
  }

  function apply(one: Running, frame: Frame): void {
    const { values, encoding } = one;
    if (frame.encoding !== encoding) throw bad(`${frame.encoding} where ${encoding} was agreed`);
    const per = pieces(values.length);
    const segment = Math.floor(frame.chunk / per);
    if (segment >= size) throw bad(`chunk ${frame.chunk} of ${per * size}`);
    const [begin, end] = range(values.length, frame.chunk);
    const came = scratch.subarray(0, end - begin);
    try {
      decode(encoding, frame.payload, came);
    } catch (error) {
      throw bad((error as Error).message);
    }
    const mark = frame.kind === 'reduce' ? 1 : 2;
    if (one.came[frame.chunk] & mark) throw bad(`chunk ${frame.chunk} twice`);
    one.came[frame.chunk] |= mark;
    const hops = (rank - segment + size) % size;
    if (frame.kind === 'reduce') {
      if (hops === 0) throw bad('a chunk that began here');
      if (!allFinite(came)) throw bad('numbers that are not finite');
      const own = values.subarray(begin, end);
      for (let i = 0; i < own.length; i++) own[i] += came[i];
      const payload = written(one, frame.chunk);
      if (hops < size - 1) return pass(one, 'reduce', frame.chunk, payload);
      // Complete. Everybody, this member too, goes on with the numbers as they travelled.
      if (encoding !== 'fp32') decode(encoding, payload, own);
      pass(one, 'gather', frame.chunk, payload);
    } else {
      if (hops === size - 1) throw bad('a sum that was made here');
      values.set(came, begin);
      if ((rank + 1) % size !== (segment + size - 1) % size) {
        // The payload may be a view into what the socket will reuse.
        pass(one, 'gather', frame.chunk, frame.payload.slice());
      }
    }
    finish(one);
  }

  return {
    reduce(step, bucket, values, { encoding = options.encoding ?? 'fp32', error } = {}) {
      if (ended) return Promise.reject(ended);
      if (!allFinite(values)) {
        return Promise.reject(new Fault('diverged', 'this member’s gradients are not finite', { member: rank }));
      }
      if (size === 1) return Promise.resolve();
      const name = nameOf(step, bucket);
      const per = pieces(values.length);
      return new Promise((resolve, reject) => {
        // Of each chunk this member sees the sum once: as its last adder, or told by the left.
        const came = new Uint8Array(per * size);
        const one: Running = { step, bucket, values, encoding, error, came, left: per * size, resolve, reject };
        running.set(name, one);
        for (let piece = 0; piece < per; piece++) {
          const index = rank * per + piece;
          pass(one, 'reduce', index, written(one, index));
        }
        const early = waiting.get(name) ?? [];
        waiting.delete(name);
        for (const frame of early) {
          waitingBytes -= frame.payload.byteLength;
          apply(one, frame);
        }
      });
    },
    take(frame) {
      if (ended) throw ended;
      // A frame of a ring that is no more: its members have begun anew.
      if (frame.generation !== generation) return;
      if (frame.kind !== 'reduce' && frame.kind !== 'gather') throw bad(`a frame of kind ${frame.kind}`);
      const name = nameOf(frame.step, frame.bucket);
      const one = running.get(name);
      if (one) return apply(one, frame);
      waitingBytes += frame.payload.byteLength;
      if (waitingBytes > mostWaiting) throw bad('more than may wait here');
      const early = waiting.get(name) ?? [];
      early.push({ ...frame, payload: frame.payload.slice() });
      waiting.set(name, early);
    },
    abort(fault) {
      ended ??= fault;
      for (const one of running.values()) one.reject(fault);
      running.clear();
      waiting.clear();
      waitingBytes = 0;
    },
  };
}
