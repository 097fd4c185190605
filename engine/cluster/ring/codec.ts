// How numbers travel: as they are, as halves, or as bytes with the error kept for the next time (Seide et al. 2014, "1-bit
// stochastic gradient descent"; Karimireddy et al. 2019, "Error feedback fixes SignSGD"). Knows nothing of rings or sockets.
import { bytesOf } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import type { Encoding } from '../link/frame.ts';
import { halve, quantize, scaleBlock, unhalve, unquantize } from './kernels.ts';

/** Encodings in which a dense piece of a gradient travels. */
export const denseEncodings = ['fp32', 'fp16', 'int8'] as const satisfies readonly Encoding[];
export type DenseEncoding = (typeof denseEncodings)[number];

interface Codec {
  /** Bytes of `count` numbers. */
  size(count: number): number;
  /** Writes values plus what `error` kept, and keeps there what the writing lost. Good until the next writing. */
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
    write: halve,
    read(payload, out) {
      unhalve(payload, out);
      return out;
    },
  },
  int8: {
    size: (count) => count + Math.ceil(count / scaleBlock) * 4,
    write: quantize,
    read(payload, out) {
      unquantize(payload, out);
      return out;
    },
  },
};

/** Bytes that `count` numbers take. */
export const encodedBytes = (encoding: DenseEncoding, count: number): number => codecs[encoding].size(count);

/**
 * Numbers as bytes, good until the next are written: as fp32 those of the numbers themselves. `error`, as long as `values`, is
 * added first and keeps what this writing lost.
 */
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
