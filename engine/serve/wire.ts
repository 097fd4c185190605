// Questions and answers between appliance and model host, on a socket of their own beside the IPC channel: a frame is a
// batch of messages as JSON, then the bytes of their tensors as they are, so that a large tensor is neither JSON nor cloned.
// frame := u32 bytes of JSON, u32 bytes of tensors (little-endian), JSON, tensors one after the other
import type { Duplex } from 'node:stream';
import type { FromHost, ToHost, WireTensor } from '../schema/index.ts';

/** What travels by frames; everything else goes over IPC. */
export type WireMessage =
  | Extract<ToHost, { type: 'predict' | 'infer' }>
  | Extract<FromHost, { type: 'predicted' | 'inferred' | 'refused' }>;

/** A tensor within the JSON: `data` is the number of its bytes in the frame's tail, or its strings. */
type TensorHead = Omit<WireTensor, 'data'> & { data: number | string[] };

const headBytes = 8;
const mostCopied = 16 * 1024;

/** Sends messages as one frame; their tensors must not change afterwards. False, and nothing sent, once the socket is closed. */
export function writeFrame(socket: Duplex, messages: readonly WireMessage[]): boolean {
  if (!socket.writable) return false;
  const tails: Uint8Array[] = [];
  const json = JSON.stringify(messages.map((message) => ('tensors' in message ? headed(message, tails) : message)));
  const size = Buffer.byteLength(json);
  let tailBytes = 0;
  for (const tail of tails) tailBytes += tail.byteLength;
  // Small tensors are copied: a write of several pieces takes longer than that.
  const whole = tailBytes <= mostCopied;
  const text = Buffer.allocUnsafe(headBytes + size + (whole ? tailBytes : 0));
  text.writeUInt32LE(size, 0);
  text.writeUInt32LE(tailBytes, 4);
  text.write(json, headBytes);
  if (whole) {
    let at = headBytes + size;
    for (const tail of tails) {
      text.set(tail, at);
      at += tail.byteLength;
    }
    socket.write(text);
    return true;
  }
  socket.cork();
  socket.write(text);
  for (const tail of tails) socket.write(tail);
  socket.uncork();
  return true;
}

function headed(message: Extract<WireMessage, { tensors: WireTensor[] }>, tails: Uint8Array[]) {
  const tensors = message.tensors.map(({ data, ...rest }): TensorHead => {
    if (Array.isArray(data)) return { ...rest, data };
    tails.push(data);
    return { ...rest, data: data.byteLength };
  });
  return { ...message, tensors };
}

/** Hears whole frames, in order. The other side is this program, so that a frame's content is trusted. */
export function readFrames(socket: Duplex, onFrame: (messages: WireMessage[]) => void): void {
  const chunks: Buffer[] = [];
  let have = 0;
  let need = headBytes;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    have += chunk.length;
    while (have >= need) {
      const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, have);
      chunks.length = 0;
      const size = headBytes + bytes.readUInt32LE(0) + bytes.readUInt32LE(4);
      if (bytes.length < size) {
        chunks.push(bytes);
        need = size;
        return;
      }
      const rest = bytes.subarray(size);
      if (rest.length > 0) chunks.push(rest);
      have = rest.length;
      need = headBytes;
      onFrame(messagesOf(bytes.subarray(0, size)));
    }
  });
}

function messagesOf(frame: Buffer): WireMessage[] {
  let at = headBytes + frame.readUInt32LE(0);
  const messages = JSON.parse(frame.toString('utf8', headBytes, at)) as (WireMessage | { tensors: TensorHead[] })[];
  for (const message of messages) {
    if (!('tensors' in message)) continue;
    for (const tensor of message.tensors as (TensorHead | WireTensor)[]) {
      if (typeof tensor.data !== 'number') continue;
      const end: number = at + tensor.data;
      tensor.data = frame.subarray(at, end);
      at = end;
    }
  }
  return messages as WireMessage[];
}
