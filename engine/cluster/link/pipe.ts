// Frames over a bare TLS socket, for what trainers send each other in bulk: a WebSocket around the same frames cost half as much
// again on the receiving side. A peer that lies about lengths or sends garbage ends its pipe and costs no memory.
import type { TLSSocket } from 'node:tls';
import { Fault, linkLimits } from '../../schema/index.ts';
import { type Frame, type FrameHead, headerBytes, payloadLength, readFrame, writeHeader } from './frame.ts';
import type { Inlet } from './pin.ts';

export interface Pipe {
  readonly bytes: { sent: number; received: number };
  /** True while there is room for more; after false, `onRoom` says when. The payload may change once this returns. */
  send(head: FrameHead, payload: Uint8Array): boolean;
  /** Ends it; `onClose` hears of it with the fault that is given. */
  close(fault?: Fault): void;
}

export interface PipeOptions {
  socket: TLSSocket;
  /** Where the socket puts what arrives, where it was opened with one. */
  inlet?: Inlet;
  /** The frame's payload is good until this returns. */
  onFrame: (frame: Frame) => void;
  /** There is room again. */
  onRoom?: () => void;
  /** Once. `fault` is undefined for a farewell. */
  onClose: (fault: Fault | undefined) => void;
}

/** Frames up to this long are written from buffers that are used again: memory that is new each time cost more than its encryption. */
const slotBytes = 128 * 1024 + headerBytes;
/** Words and the like are not worth a slot. */
const shortBytes = 4096;
/** Bytes queued beyond which there is no room, and slots that are kept for the next frames. */
const mostQueued = 1024 * 1024;
const mostSlots = 16;

/** A pipe over a socket whose handshake is done. */
export function openPipe({ socket, inlet, onFrame, onRoom, onClose }: PipeOptions): Pipe {
  const bytes = { sent: 0, received: 0 };
  const header = new Uint8Array(headerBytes);
  /** Memory of frames that arrive, as large as the largest so far. */
  let memory = header;
  /** The frame that is arriving: its header first, then all of it. */
  let frame = header;
  let filled = 0;
  let over = false;
  const slots: Uint8Array[] = [];
  /** Frames that wait, the one that is being written first: what a socket gathers itself it copies into one piece. */
  const queue: Uint8Array[] = [];
  let queued = 0;
  let writing = false;
  let isFull = false;

  const next = () => {
    const frame = queue[0];
    writing = frame !== undefined && !over;
    if (frame && writing) socket.write(frame, written);
  };
  const written = () => {
    const frame = queue.shift();
    if (!frame || over) return;
    queued -= frame.byteLength;
    const slot = new Uint8Array(frame.buffer);
    if (slot.byteLength === slotBytes && slots.length < mostSlots) slots.push(slot);
    next();
    if (!isFull || queued > mostQueued / 2) return;
    isFull = false;
    onRoom?.();
  };
  const end = (fault: Fault | undefined) => {
    if (over) return;
    over = true;
    socket.destroy();
    onClose(fault);
  };
  const take = (data: Uint8Array) => {
    let at = 0;
    while (at < data.byteLength) {
      if (over) return;
      const count = Math.min(frame.byteLength - filled, data.byteLength - at);
      frame.set(data.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled < frame.byteLength) return;
      if (frame === header) {
        const whole = headerBytes + payloadLength(header);
        if (memory.byteLength < whole) memory = new Uint8Array(whole);
        frame = memory.subarray(0, whole);
        frame.set(header);
        if (whole > headerBytes) continue;
      }
      const whole = frame;
      frame = header;
      filled = 0;
      onFrame(readFrame(whole));
    }
  };
  const arrived = (data: Uint8Array) => {
    bytes.received += data.byteLength;
    try {
      take(data);
    } catch (error) {
      end(error instanceof Fault ? error : new Fault('bad_input', (error as Error).message));
    }
  };

  socket.setNoDelay(true);
  if (inlet) inlet.take = arrived;
  else socket.on('data', arrived);
  socket.on('error', (error) => end(new Fault('unreachable', `the link broke: ${error.message}`)));
  socket.on('close', () => end(undefined));
  // A socket with an inlet has no `data` events that would start it.
  socket.resume();

  return {
    bytes,
    send(head, payload) {
      if (over) return true;
      const whole = headerBytes + payload.byteLength;
      const isSlot = whole > shortBytes && whole <= slotBytes;
      const slot = (isSlot ? slots.pop() : undefined) ?? new Uint8Array(isSlot ? slotBytes : whole);
      slot.set(payload, headerBytes);
      writeHeader(slot, head, slot.subarray(headerBytes, whole));
      bytes.sent += whole;
      queued += whole;
      queue.push(slot.subarray(0, whole));
      if (!writing) next();
      isFull ||= queued > mostQueued;
      return !isFull;
    },
    close: end,
  };
}

/** Greatest frame, for those who cut what they send. */
export const mostPayload = linkLimits.frame - headerBytes;
