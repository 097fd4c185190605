// Words and bulk between the leader of a federated run and one member, over one pipe. Checks what a word is, not whether it is due.
import type { TLSSocket } from 'node:tls';
import { fromUtf8, utf8 } from '../../base/index.ts';
import { Fault, type FederatedWord, federatedWord } from '../../schema/index.ts';
import type { FrameHead } from '../link/frame.ts';
import type { Inlet } from '../link/pin.ts';
import { mostPayload, openPipe } from '../link/pipe.ts';

export interface Line {
  readonly bytes: { sent: number; received: number };
  say(word: FederatedWord, bulk?: Uint8Array): void;
  close(fault?: Fault): void;
}

export interface LineOptions {
  socket: TLSSocket;
  inlet?: Inlet;
  /** Bytes that may follow a word, at most. Throws the Fault that ends the line for a word that the other end never says. */
  most: (word: FederatedWord) => number;
  hear: (word: FederatedWord, bulk: Uint8Array) => void;
  lost: (fault: Fault | undefined) => void;
}

const head = { encoding: 'raw', generation: 0, step: 0, bucket: 0, chunk: 0 } as const;
const wordHead: FrameHead = { kind: 'job', ...head };
const bulkHead: FrameHead = { kind: 'state', ...head };
const none = new Uint8Array(0);

/** A line over a socket whose handshake is done. */
export function openLine({ socket, inlet, most, hear, lost }: LineOptions): Line {
  let due: { word: FederatedWord; bulk: Uint8Array; filled: number } | undefined;
  const pipe = openPipe({
    socket,
    ...(inlet ? { inlet } : {}),
    onFrame({ kind, payload }) {
      if (kind === 'job' && !due) {
        const word = parsed(payload);
        const size = 'bulk' in word ? word.bulk : 0;
        const allowed = most(word);
        if (size > allowed)
          throw new Fault('bad_input', `${size} bytes after ${word.say} where ${allowed} are the most`);
        if (size === 0) return hear(word, none);
        due = { word, bulk: new Uint8Array(size), filled: 0 };
        return;
      }
      if (kind !== 'state' || !due || due.filled + payload.byteLength > due.bulk.byteLength)
        throw new Fault('bad_input', `a frame of kind ${kind} out of its turn`);
      due.bulk.set(payload, due.filled);
      due.filled += payload.byteLength;
      if (due.filled < due.bulk.byteLength) return;
      const { word, bulk } = due;
      due = undefined;
      hear(word, bulk);
    },
    onClose: lost,
  });
  return {
    bytes: pipe.bytes,
    say(word, bulk = none) {
      pipe.send(wordHead, utf8(JSON.stringify(word)));
      for (let at = 0; at < bulk.byteLength; at += mostPayload)
        pipe.send(bulkHead, bulk.subarray(at, at + mostPayload));
    },
    close: (fault) => pipe.close(fault),
  };
}

function parsed(payload: Uint8Array): FederatedWord {
  try {
    return federatedWord.parse(JSON.parse(fromUtf8(payload)));
  } catch (error) {
    throw new Fault('bad_input', 'words that are not of this protocol', undefined, error);
  }
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const mapped = <A, B>(entries: Iterable<[string, A]>, make: (value: A) => B): [string, B][] =>
  [...entries].map(([key, value]) => [key, make(value)]);
export const packed = (map: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
  Object.fromEntries(mapped(map, base64));
export const unpacked = (record: Readonly<Record<string, string>>): Map<string, Uint8Array> =>
  new Map(mapped(Object.entries(record), fromBase64));

/** A sum as bytes: the part of all that it has, then its wide numbers and its changes. */
export function packSum({ changes, wide }: { changes: Float32Array; wide: Float64Array }, part: number): Uint8Array {
  const bytes = new Uint8Array(16 + wide.byteLength + changes.byteLength);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, part, true);
  view.setUint32(8, wide.length, true);
  bytes.set(new Uint8Array(wide.buffer, wide.byteOffset, wide.byteLength), 16);
  bytes.set(new Uint8Array(changes.buffer, changes.byteOffset, changes.byteLength), 16 + wide.byteLength);
  return bytes;
}

export function unpackSum(bytes: Uint8Array): { changes: Float32Array; wide: Float64Array; part: number } {
  const own = bytes.slice().buffer;
  const view = new DataView(own);
  const wide = new Float64Array(own, 16, view.getUint32(8, true));
  return { part: view.getFloat64(0, true), wide, changes: new Float32Array(own, 16 + wide.byteLength) };
}
