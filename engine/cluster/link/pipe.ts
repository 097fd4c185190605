// Frames over a bare TLS socket, for what trainers send each other in bulk: a WebSocket around the same frames cost half as much
// again on the receiving side. A peer that lies about lengths or sends garbage ends its pipe and costs no memory.
import type { TLSSocket } from 'node:tls';
import { Fault, linkLimits } from '../../schema/index.ts';
import { type Frame, type FrameHead, frameHeader, headerBytes, payloadLength, readFrame } from './frame.ts';

export interface Pipe {
  /** Bytes that wait to be written. */
  readonly waiting: number;
  readonly bytes: { sent: number; received: number };
  send(head: FrameHead, payload: Uint8Array): void;
  /** Ends it; `onClose` hears of it with the fault that is given. */
  close(fault?: Fault): void;
}

export interface PipeOptions {
  socket: TLSSocket;
  onFrame: (frame: Frame) => void;
  /** Once. `fault` is undefined for a farewell. */
  onClose: (fault: Fault | undefined) => void;
}

/** A pipe over a socket whose handshake is done. */
export function openPipe({ socket, onFrame, onClose }: PipeOptions): Pipe {
  const bytes = { sent: 0, received: 0 };
  const header = new Uint8Array(headerBytes);
  /** The frame that is arriving: its header first, then all of it. */
  let frame = header;
  let filled = 0;
  let over = false;

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
        const length = payloadLength(header);
        frame = new Uint8Array(headerBytes + length);
        frame.set(header);
        if (length > 0) continue;
      }
      const whole = frame;
      frame = header;
      filled = 0;
      onFrame(readFrame(whole));
    }
  };

  socket.setNoDelay(true);
  socket.on('data', (data: Buffer) => {
    bytes.received += data.byteLength;
    try {
      take(data);
    } catch (error) {
      end(error instanceof Fault ? error : new Fault('bad_input', (error as Error).message));
    }
  });
  socket.on('error', (error) => end(new Fault('unreachable', `the link broke: ${error.message}`)));
  socket.on('close', () => end(undefined));

  return {
    get waiting() {
      return socket.writableLength;
    },
    bytes,
    send(head, payload) {
      if (over) return;
      bytes.sent += headerBytes + payload.byteLength;
      socket.cork();
      socket.write(frameHeader(head, payload));
      socket.write(payload);
      socket.uncork();
    },
    close: end,
  };
}

/** Greatest frame, for those who cut what they send. */
export const mostPayload = linkLimits.frame - headerBytes;
