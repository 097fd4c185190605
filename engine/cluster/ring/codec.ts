// How numbers travel: as they are, as halves, or as bytes with the error kept for the next time (Seide et al. 2014, "1-bit
// stochastic gradient descent"; Karimireddy et al. 2019, "Error feedback fixes SignSGD"). Knows nothing of rings or sockets.
import { bytesOf } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import type { Encoding } from '../link/frame.ts';

/** Encodings in which a dense piece of a gradient travels. */
export const denseEncodings = ['fp32', 'fp16', 'int8'] as const satisfies readonly Encoding[];
export type DenseEncoding = (typeof denseEncodings)[number];

/** One scale for this many numbers of an int8 piece. */
const block = 1024;
/** The greatest finite half; what is beyond is cut to it, and the rest kept as error. */
const halfMost = 65_504;

interface Codec {
  /** Bytes of `count` numbers. */
  size(count: number): number;
  /** Writes values plus what `error` kept, and keeps there what the writing lost. */
  write(values: Float32Array, error: Float32Array | undefined): Uint8Array;
  /** The numbers: in `out`, or a view of the payload where that will do. */
  read(payload: Uint8Array, out: Float32Array): Float32Array;
}

const codecs: Record<DenseEncoding, Codec> = {
  fp32: {
    size: (count) => count * 4,
    write: (values) => bytesOf(values),
    read(payload, out) {
      if (payload.byteOffset % 4 === 0)
        return new Float32Array(payload.buffer as ArrayBuffer, payload.byteOffset, out.length);
      bytesOf(out).set(payload);
      return out;
    },
  },
  fp16: {
    size: (count) => count * 2,
    write(values, error) {
      const halves = new Float16Array(values.length);
      if (!error) {
        for (let i = 0; i < values.length; i++) halves[i] = Math.max(-halfMost, Math.min(halfMost, values[i]));
        return bytesOf(halves);
      }
      for (let i = 0; i < values.length; i++) {
        const value = values[i] + error[i];
        halves[i] = Math.max(-halfMost, Math.min(halfMost, value));
        error[i] = value - halves[i];
      }
      return bytesOf(halves);
    },
    read(payload, out) {
      out.set(new Float16Array(aligned(payload, 2), 0, out.length));
      return out;
    },
  },
  int8: {
    size: (count) => count + Math.ceil(count / block) * 4,
    write(values, error) {
      const count = values.length;
      const blocks = Math.ceil(count / block);
      const payload = new Uint8Array(blocks * 4 + count);
      const scales = new Float32Array(payload.buffer, 0, blocks);
      const levels = new Int8Array(payload.buffer, blocks * 4, count);
      // What travels is the value plus what was kept; in place of the error, so that one loop serves both.
      const whole = error ?? values;
      if (error) for (let i = 0; i < count; i++) error[i] += values[i];
      for (let b = 0; b < blocks; b++) {
        const from = b * block;
        const end = Math.min(count, from + block);
        // The scale as it travels, so that both sides multiply by the same number.
        scales[b] = greatest(whole, from, end) / 127;
        const scale = scales[b];
        const inverse = scale > 0 ? 1 / scale : 0;
        for (let i = from; i < end; i++) levels[i] = rounded(whole[i] * inverse);
        if (error) for (let i = from; i < end; i++) error[i] -= levels[i] * scale;
      }
      return payload;
    },
    read(payload, out) {
      const count = out.length;
      const blocks = Math.ceil(count / block);
      const buffer = aligned(payload, 4);
      const scales = new Float32Array(buffer, 0, blocks);
      const levels = new Int8Array(buffer, blocks * 4, count);
      for (let b = 0; b < blocks; b++) {
        const end = Math.min(count, (b + 1) * block);
        for (let i = b * block; i < end; i++) out[i] = levels[i] * scales[b];
      }
      return out;
    },
  },
};

/** 1.5 × 2⁵²: added to a double and taken away again it leaves the nearest integer. */
const magic = 6_755_399_441_055_744;
/** The nearest integer of a small number, without a branch. */
const rounded = (value: number): number => value + magic - magic;

/** Greatest magnitude, four at a time: one chain of comparisons would wait for itself. */
function greatest(values: Float32Array, from: number, end: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = from;
  for (; i + 3 < end; i += 4) {
    a = Math.max(a, Math.abs(values[i]));
    b = Math.max(b, Math.abs(values[i + 1]));
    c = Math.max(c, Math.abs(values[i + 2]));
    d = Math.max(d, Math.abs(values[i + 3]));
  }
  for (; i < end; i++) a = Math.max(a, Math.abs(values[i]));
  return Math.max(a, b, c, d);
}

/** Bytes that `count` numbers take. */
export const encodedBytes = (encoding: DenseEncoding, count: number): number => codecs[encoding].size(count);

/** Numbers as bytes: as fp32 those of the numbers themselves. `error`, as long as `values`, is added first and keeps what this writing lost. */
export function encode(encoding: DenseEncoding, values: Float32Array, error?: Float32Array): Uint8Array {
  return codecs[encoding].write(values, error);
}

/**
 * The numbers of a piece: read into `out`, whose length is how many it must hold, or a view of the payload where they stand there
 * as they are. Fault `bad_input` when it holds others.
 */
export function decode(encoding: DenseEncoding, payload: Uint8Array, out: Float32Array): Float32Array {
  const due = codecs[encoding].size(out.length);
  if (payload.byteLength !== due) {
    throw new Fault(
      'bad_input',
      `a piece of ${out.length} numbers takes ${due} bytes as ${encoding}, not ${payload.byteLength}`,
    );
  }
  return codecs[encoding].read(payload, out);
}

/** A buffer that begins where a view may begin: a copy only where the payload stands askew. */
function aligned(payload: Uint8Array, by: number): ArrayBuffer {
  const whole = payload.byteOffset === 0 && payload.byteLength === payload.buffer.byteLength;
  if (whole && payload.buffer instanceof ArrayBuffer && payload.byteLength % by === 0) return payload.buffer;
  return payload.slice().buffer;
}

/** Whether every number is finite. */
export function allFinite(values: Float32Array): boolean {
  // x − x is 0 for finite x and NaN otherwise, and NaN stays. Four chains, for one would wait for itself.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < values.length; i += 4) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
    c += values[i + 2] - values[i + 2];
    d += values[i + 3] - values[i + 3];
  }
  for (; i < values.length; i++) a += values[i] - values[i];
  return a + b + c + d === 0;
}
