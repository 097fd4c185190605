// Decoded files of a run that do not fit into its memory: sealed under a key that is nowhere else, in a file that has no name any
// more, so that later passes read pixels and spectra and need not decode again, and nothing is left whatever ends the process.
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../../base/index.ts';
import { newKey, seal, unseal } from '../../security/index.ts';

export interface Scratch {
  /** Keeps a value for its key, which has none yet; does nothing once the file may not grow. */
  put(key: string, value: Uint8Array | Float32Array): void;
  /** The bytes that were kept; undefined where none were. They stay as they are until the next calls. */
  get(key: string): Uint8Array | undefined;
  /** Bytes on the disk. */
  readonly stored: number;
  close(): void;
}

/** Plain bytes that are sealed together: neighbours are read together. */
const blockBytes = 64 * 1024;
/** Blocks that stay open after they were read. */
const mostOpen = 16;
/** What is left to others on the disk, and of the rest the share that may be taken. */
const [spare, share] = [2 * 1024 ** 3, 0.5];

/** How far a scratch file in `directory` may grow. */
function roomIn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return Math.max(0, bavail * bsize - spare) * share;
}

interface Place {
  block: number;
  from: number;
  to: number;
}

/** Opens one in a directory for sealed things; `most` is what its file may take. Undefined where none can be. */
export function openScratch(directory: string, most?: number): Scratch | undefined {
  let handle: number;
  let room: number;
  try {
    room = most ?? roomIn(directory);
    const path = join(directory, `.scratch-${randomBytes(6).toString('hex')}`);
    handle = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  } catch {
    return undefined;
  }
  const key = newKey();
  const places = new Map<string, Place>();
  /** Where each block that is sealed lies in the file. */
  const blocks: { at: number; size: number }[] = [];
  const open = new Map<number, Uint8Array>();
  let held = Buffer.alloc(0);
  let filled = 0;
  let stored = 0;
  let isFull = false;

  const close = () => {
    const sealed = seal(key, held.subarray(0, filled), String(blocks.length));
    if (stored + sealed.length > room) return (isFull = true);
    try {
      for (let at = 0; at < sealed.length; ) at += writeSync(handle, sealed, at, sealed.length - at, stored + at);
    } catch {
      return (isFull = true);
    }
    blocks.push({ at: stored, size: sealed.length });
    stored += sealed.length;
    filled = 0;
    return false;
  };
  const read = (block: number): Uint8Array => {
    const known = open.get(block);
    if (known) return known;
    const { at, size } = blocks[block];
    const sealed = Buffer.allocUnsafe(size);
    for (let done = 0; done < size; ) {
      const count = readSync(handle, sealed, done, size - done, at + done);
      if (count === 0) break;
      done += count;
    }
    const plain = unseal(key, sealed, String(block), 'a file of decoded rows');
    open.set(block, plain);
    for (const old of open.keys()) {
      if (open.size <= mostOpen) break;
      open.delete(old);
    }
    return plain;
  };
  return {
    get stored() {
      return stored;
    },
    put(name, value) {
      const bytes = bytesOf(value);
      if (isFull || (filled > 0 && filled + bytes.length > Math.max(blockBytes, held.length) && close())) return;
      if (held.length < bytes.length) held = Buffer.alloc(Math.max(blockBytes, bytes.length));
      held.set(bytes, filled);
      places.set(name, { block: blocks.length, from: filled, to: filled + bytes.length });
      filled += bytes.length;
    },
    get(name) {
      const place = places.get(name);
      // What the last block held when the disk had no room is still in memory, as is one that is being filled.
      if (!place) return undefined;
      return (place.block === blocks.length ? held : read(place.block)).subarray(place.from, place.to);
    },
    close: () => closeSync(handle),
  };
}
