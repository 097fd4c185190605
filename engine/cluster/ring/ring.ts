// Sums a buffer over the members of a ring: chunked, pipelined all-reduce (Patarasu and Yuan 2009; Gibiansky 2017). Each chunk goes
// round twice: once collecting every member's numbers, once telling everybody the sum. Sans I/O: frames in, frames out, so that
// sockets, tests and virtual time drive it alike.
import { Fault } from '../../schema/index.ts';
import type { Frame, FrameHead } from '../link/frame.ts';
import { decode, type DenseEncoding, encode } from './codec.ts';
import { addTo, allFinite } from './kernels.ts';
import { openSpread } from './spread.ts';

export interface RingOptions {
  /** This member's place, 0 to `size` − 1. */
  rank: number;
  size: number;
  generation: number;
  /** Numbers a chunk. */
  chunk?: number;
  encoding?: DenseEncoding;
  /** Sends to the member on the right. The payload is good until it returns; false asks to begin nothing more before `resume`. */
  send: (head: FrameHead, payload: Uint8Array) => boolean;
  /** Bytes of frames that may wait for a buffer that is not here yet. */
  mostWaiting?: number;
}

export interface Ring {
  /**
   * Sums `values` over all members, in place; every member ends with the same bits. All must say the same encoding of a
   * bucket. Fault `bad_input` names what a member sent that cannot be; `unreachable` after `abort`.
   */
  reduce(step: number, bucket: number, values: Float32Array, how?: Travel): Promise<void>;
  /** Everybody's bytes by rank; each member has its own, at most `most` of them. Faults as `reduce`. */
  spread(step: number, bucket: number, own: Uint8Array, most: number): Promise<readonly Uint8Array[]>;
  /** Takes a frame from the member on the left. Throws the Fault that ends the ring. */
  take(frame: Frame): void;
  /** The right has room again for what begins here. */
  resume(): void;
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

/** One call under way. */
interface Running {
  take(frame: Frame): void;
  /** Sends what begins here, as far as there is room: what is on its way goes first. */
  begin(): void;
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
  let hasRoom = true;
  let ended: Fault | undefined;
  const left = (rank + size - 1) % size;

  const isRoom = (): boolean => hasRoom;
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

  /** Runs one call from its first frame to its last. */
  function run<T>(name: string, open: (done: (result: T) => void) => Pick<Running, 'take' | 'begin'>): Promise<T> {
    return new Promise((resolve, reject) => {
      const one = open((result) => {
        running.delete(name);
        resolve(result);
      });
      running.set(name, { ...one, reject });
      one.begin();
      const early = waiting.get(name) ?? [];
      waiting.delete(name);
      for (const frame of early) {
        waitingBytes -= frame.payload.byteLength;
        one.take(frame);
      }
    });
  }

  function sum(
    step: number,
    bucket: number,
    values: Float32Array,
    { encoding = options.encoding ?? 'fp32', error }: Travel,
    done: () => void,
  ): Pick<Running, 'take' | 'begin'> {
    const per = pieces(values.length);
    /** What came of each chunk: 1 its numbers, 2 its sum. */
    const marks = new Uint8Array(per * size);
    /** Chunks whose sum has not come: of each this member sees it once, as its last adder or told by the left. */
    let due = per * size;
    let begun = 0;
    const pass = (kind: 'reduce' | 'gather', index: number, payload: Uint8Array) => {
      hasRoom = send({ kind, encoding, generation, step, bucket, chunk: index }, payload);
    };
    const written = (index: number): Uint8Array => {
      const [begin, end] = range(values.length, index);
      return encode(encoding, values.subarray(begin, end), error?.subarray(begin, end));
    };
    return {
      begin() {
        for (; begun < per && isRoom(); begun++) pass('reduce', rank * per + begun, written(rank * per + begun));
      },
      take(frame) {
        if (frame.encoding !== encoding) throw bad(`${frame.encoding} where ${encoding} was agreed`);
        const segment = Math.floor(frame.chunk / per);
        if (segment >= size) throw bad(`chunk ${frame.chunk} of ${per * size}`);
        const [begin, end] = range(values.length, frame.chunk);
        let came: Float32Array;
        try {
          came = decode(encoding, frame.payload, scratch.subarray(0, end - begin));
        } catch (fault) {
          throw bad((fault as Error).message);
        }
        const mark = frame.kind === 'reduce' ? 1 : 2;
        if (marks[frame.chunk] & mark) throw bad(`chunk ${frame.chunk} twice`);
        marks[frame.chunk] |= mark;
        const hops = (rank - segment + size) % size;
        if (frame.kind === 'reduce') {
          if (hops === 0) throw bad('a chunk that began here');
          const own = values.subarray(begin, end);
          // This member's own are finite: it looked before it sent any.
          if (!addTo(own, came)) throw bad('numbers that are not finite, or too large for a sum');
          const payload = written(frame.chunk);
          if (hops < size - 1) return pass('reduce', frame.chunk, payload);
          // Complete. Everybody, this member too, goes on with the numbers as they travelled.
          if (encoding !== 'fp32') own.set(decode(encoding, payload, own));
          pass('gather', frame.chunk, payload);
        } else {
          if (hops === size - 1) throw bad('a sum that was made here');
          if (!allFinite(came)) throw bad('a sum that is not finite');
          values.set(came, begin);
          if ((rank + 1) % size !== (segment + size - 1) % size) pass('gather', frame.chunk, frame.payload);
        }
        if (--due === 0) done();
      },
    };
  }

  return {
    reduce(step, bucket, values, how = {}) {
      if (ended) return Promise.reject(ended);
      if (!allFinite(values)) {
        return Promise.reject(new Fault('diverged', 'this member’s gradients are not finite', { member: rank }));
      }
      if (size === 1) return Promise.resolve();
      return run<void>(nameOf(step, bucket), (done) => sum(step, bucket, values, how, done));
    },
    spread(step, bucket, own, most) {
      if (ended) return Promise.reject(ended);
      if (size === 1) return Promise.resolve([own]);
      const pass = (chunk: number, payload: Uint8Array) => {
        hasRoom = send({ kind: 'gather', encoding: 'raw', generation, step, bucket, chunk }, payload);
      };
      return run(nameOf(step, bucket), (done) => {
        const one = openSpread({ rank, size, own, most, pass, bad, done });
        return { take: (frame) => one.take(frame), begin: () => one.begin(isRoom) };
      });
    },
    take(frame) {
      if (ended) throw ended;
      // A frame of a ring that is no more: its members have begun anew.
      if (frame.generation !== generation) return;
      if (frame.kind !== 'reduce' && frame.kind !== 'gather') throw bad(`a frame of kind ${frame.kind}`);
      const name = nameOf(frame.step, frame.bucket);
      const one = running.get(name);
      if (one) return one.take(frame);
      waitingBytes += frame.payload.byteLength;
      if (waitingBytes > mostWaiting) throw bad('more than may wait here');
      const early = waiting.get(name) ?? [];
      early.push({ ...frame, payload: frame.payload.slice() });
      waiting.set(name, early);
    },
    resume() {
      hasRoom = true;
      for (const one of running.values()) one.begin();
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
