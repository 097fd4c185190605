// Bytes of a file wherever it lies, read at any place: a local file, an encrypted spool, a remote object. Formats that jump
// about in a file (Parquet, zip, workbooks) read through this. Parses nothing.
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { Fault } from '../../schema/index.ts';

export interface ByteSource {
  /** File name for messages, without its folder. */
  name: string;
  size: number;
  /** Bytes `[from, to)`, all of them; rejects when there are fewer. */
  read(from: number, to: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Bytes that are read ahead when a source is read from its beginning to its end. */
const piece = 1024 * 1024;

/** A local file. Throws `path_refused` when it cannot be opened. */
export async function openFile(path: string): Promise<ByteSource> {
  const name = basename(path);
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw new Fault('path_refused', `${name} cannot be read. Check its permissions.`, undefined, error);
  }
  const { size } = await handle.stat();
  return {
    name,
    size,
    async read(from, to) {
      const buffer = Buffer.allocUnsafe(to - from);
      for (let at = 0; at < buffer.length; ) {
        const { bytesRead } = await handle.read(buffer, at, buffer.length - at, from + at);
        if (bytesRead === 0) throw cutOff(name);
        at += bytesRead;
      }
      return buffer;
    },
    close: () => handle.close(),
  };
}

/** What to say of a file that ends too early. */
export const cutOff = (name: string): Fault => new Fault('bad_data', `${name} is cut off. Copy it again.`);

/** The whole source as a stream, read in pieces. */
export function streamOf(source: ByteSource): Readable {
  async function* pieces() {
    for (let at = 0; at < source.size; at += piece) yield await source.read(at, Math.min(source.size, at + piece));
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: piece });
}

/** The first bytes, at most `most`. */
export const headOf = (source: ByteSource, most: number): Promise<Buffer> =>
  source.read(0, Math.min(source.size, most));
