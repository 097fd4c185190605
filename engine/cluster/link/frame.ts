// Binary frames of the data plane: a header of 32 bytes and a payload. Checked once, here, before anything uses them; a frame
// that lies about itself is a Fault, never a crash or a large allocation.
import { crc32 } from 'node:zlib';
import { Fault, linkLimits } from '../../schema/index.ts';

/** "NTF1" in little-endian order. */
const magic = 0x3146544e;
/** Bytes of a frame before its payload. */
export const headerBytes = 32;
/** Kinds of frame, by their number on the wire. */
export const frameKinds = ['probe', 'reduce', 'gather', 'state', 'job'] as const;
export type FrameKind = (typeof frameKinds)[number];
/** How the payload's numbers are written, by number. */
export const encodings = ['raw', 'fp32', 'fp16', 'int8', 'topk'] as const;
export type Encoding = (typeof encodings)[number];

/** What a frame is about. Numbers are unsigned 32-bit. */
export interface FrameHead {
  kind: FrameKind;
  encoding: Encoding;
  /** Generation of the ring that it belongs to: frames of a dead generation are dropped. */
  generation: number;
  step: number;
  /** Which buffer of the step, and which piece of it. */
  bucket: number;
  chunk: number;
}

export interface Frame extends FrameHead {
  /** A view into what was received. */
  payload: Uint8Array;
}

/** The 32 header bytes that stand before `payload`. */
export function frameHeader(head: FrameHead, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  writeHeader(bytes, head, payload);
  return bytes;
}

/** Writes them at the front of `into`. */
export function writeHeader(into: Uint8Array, head: FrameHead, payload: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, headerBytes);
  view.setUint32(0, magic, true);
  view.setUint8(4, frameKinds.indexOf(head.kind));
  view.setUint8(5, encodings.indexOf(head.encoding));
  view.setUint16(6, 0, true);
  view.setUint32(8, head.generation, true);
  view.setUint32(12, head.step, true);
  view.setUint32(16, head.bucket, true);
  view.setUint32(20, head.chunk, true);
  view.setUint32(24, payload.byteLength, true);
  view.setUint32(28, crc32(payload, crc32(into.subarray(0, 28))), true);
}

/** How long the payload after this header claims to be. Fault `bad_input` before anything is reserved for a lie. */
export function payloadLength(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, headerBytes);
  if (view.getUint32(0, true) !== magic) throw new Fault('bad_input', 'not a frame of this protocol');
  const length = view.getUint32(24, true);
  if (length > linkLimits.frame - headerBytes) {
    throw new Fault('bad_input', `a frame claims ${length} bytes; ${linkLimits.frame} is the most`);
  }
  return length;
}

/** One frame of a message. Fault `bad_input` for anything that is not exactly one whole, undamaged frame. */
export function readFrame(message: Uint8Array): Frame {
  const size = message.byteLength;
  if (size < headerBytes) throw new Fault('bad_input', `a frame of ${size} bytes is shorter than its header`);
  if (size > linkLimits.frame)
    throw new Fault('bad_input', `a frame of ${size} bytes is longer than ${linkLimits.frame}`);
  const view = new DataView(message.buffer, message.byteOffset, size);
  if (view.getUint32(0, true) !== magic) throw new Fault('bad_input', 'not a frame of this protocol');
  const kind = frameKinds[view.getUint8(4)];
  const encoding = encodings[view.getUint8(5)];
  if (!kind || !encoding || view.getUint16(6, true) !== 0) throw new Fault('bad_input', 'a frame of an unknown kind');
  // Never a Buffer: its `slice` would not copy.
  const payload = new Uint8Array(message.buffer, message.byteOffset + headerBytes, size - headerBytes);
  if (view.getUint32(24, true) !== payload.byteLength) {
    throw new Fault('bad_input', `a frame claims ${view.getUint32(24, true)} bytes and holds ${payload.byteLength}`);
  }
  if (view.getUint32(28, true) !== crc32(payload, crc32(message.subarray(0, 28)))) {
    throw new Fault('bad_input', 'a frame was damaged on its way: its checksum does not match');
  }
  return {
    kind,
    encoding,
    generation: view.getUint32(8, true),
    step: view.getUint32(12, true),
    bucket: view.getUint32(16, true),
    chunk: view.getUint32(20, true),
    payload,
  };
}
