// A pack's way from one machine to another, piece by piece and as it lies on the disk: ciphertext. The receiver asks for pieces, so that
// a transfer goes on where a lost link cut it off. Knows neither runs nor keys.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { Fault, linkLimits } from '../schema/index.ts';

/** Bytes of a piece. */
export const pieceBytes = 1024 * 1024;
/** Pieces that are asked for at once. */
const window = 4;
/** Silence after which what is missing is asked for again, ms. */
const againMs = 5000;

/** SHA-256 of a file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A piece of a file. Fault `bad_input` for one that is not there. */
export async function readPiece(path: string, at: number, bytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const piece = new Uint8Array(Math.min(bytes, linkLimits.frame / 2));
    const { bytesRead } = await file.read(piece, 0, piece.byteLength, at);
    if (bytesRead === 0) throw new Fault('bad_input', `there is nothing at ${at}`);
    return piece.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export interface Fetching {
  /** Where the file is to lie; what has come of it lies beside it. */
  path: string;
  bytes: number;
  sha256: string;
  /** Asks for a piece; false where it cannot be asked for now. */
  pull: (piece: number, at: number, bytes: number) => boolean;
  progress: (bytes: number) => void;
  signal: AbortSignal;
}

export interface Fetch {
  /** Takes a piece; one that was not asked for, or of another length, is nothing. */
  take(piece: number, bytes: Uint8Array): void;
  /** Resolves when the file lies there, whole. Faults: `corrupt`, `cancelled`, `disk_full`. */
  readonly done: Promise<void>;
}

/** Fetches a file; pieces that an earlier try brought are not asked for again. */
export function fetchFile({ path, bytes, sha256, pull, progress, signal }: Fetching): Fetch {
  const part = `${path}.part`;
  const count = Math.ceil(bytes / pieceBytes);
  const sizeOf = (piece: number) => Math.min(pieceBytes, bytes - piece * pieceBytes);
  const asked = new Map<number, number>();
  let file: FileHandle | undefined;
  /** Pieces before this one are on the disk; they are written in their order. */
  let next = 0;
  const early = new Map<number, Uint8Array>();
  let writing = Promise.resolve();
  const ended = Promise.withResolvers<void>();

  const want = () => {
    const now = Date.now();
    for (let piece = next; piece < Math.min(count, next + window); piece++) {
      if (early.has(piece) || now - (asked.get(piece) ?? 0) < againMs) continue;
      if (pull(piece, piece * pieceBytes, sizeOf(piece))) asked.set(piece, now);
    }
  };
  const write = async () => {
    for (let data = early.get(next); data && !signal.aborted; data = early.get(next)) {
      await file?.write(data, 0, data.byteLength, next * pieceBytes);
      early.delete(next);
      asked.delete(next++);
      progress(Math.min(bytes, next * pieceBytes));
    }
    if (next === count) ended.resolve();
    else want();
  };
  const whole = async () => {
    const had = await stat(part).catch(() => undefined);
    next = Math.min(count, Math.floor((had?.size ?? 0) / pieceBytes));
    file = await open(part, had ? 'r+' : 'w+', 0o600);
    const again = setInterval(want, againMs / 5);
    const stop = () => ended.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      progress(next * pieceBytes);
      if (next === count) ended.resolve();
      else want();
      await ended.promise;
    } finally {
      clearInterval(again);
      signal.removeEventListener('abort', stop);
      await writing;
      await file.close();
    }
    if ((await hashFile(part)) !== sha256) {
      await rm(part, { force: true });
      throw new Fault('corrupt', 'a pack that was sent is not the one that was promised');
    }
    await rename(part, path);
  };
  ended.promise.catch(() => undefined);
  return {
    take(piece, data) {
      if (!asked.has(piece) || data.byteLength !== sizeOf(piece)) return;
      early.set(piece, data.slice());
      writing = writing.then(write).catch((error: unknown) => ended.reject(error));
    },
    done: whole(),
  };
}
