// A file name behind which there is no file: what one side writes the other reads, and nothing reaches the disk. A FIFO in a
// private directory, or a named pipe on Windows (Node's own stdio pipes are sockets, which cannot be opened by name).
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, createWriteStream, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Fault } from '../schema/index.ts';

export interface Fifo {
  path: string;
  /** Writes everything that `source` gives to whoever opens the path; ends when it has been read or the reader has left. */
  feed(source: Readable, signal: AbortSignal): Promise<void>;
  /** Wakes whoever still waits at either end, and removes it. */
  close(): void;
}

/** Makes a FIFO in a directory that nobody else can enter. */
export async function makeFifo(directory: string): Promise<Fifo> {
  return process.platform === 'win32' ? makeNamedPipe() : makePosixFifo(join(directory, 'feed'));
}

async function makePosixFifo(path: string): Promise<Fifo> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]).catch((error: unknown) => {
    throw new Fault(
      'not_writable',
      'A FIFO cannot be made in the data directory. Put it on a local disk.',
      undefined,
      error,
    );
  });
  return {
    path,
    async feed(source, signal) {
      await pipeline(source, createWriteStream(path, { highWaterMark: 1024 * 1024 }), { signal }).catch(forgiveReader);
    },
    close() {
      // Opening blocks until the other end is there too: both ends at once, without waiting, set either free.
      try {
        closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
      } catch {
        // Gone already.
      }
      rmSync(path, { force: true });
    },
  };
}

async function makeNamedPipe(): Promise<Fifo> {
  const path = `\\\\.\\pipe\\neutrino-${randomUUID()}`;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return {
    path,
    async feed(source, signal) {
      const socket = await new Promise<import('node:net').Socket>((resolve) => server.once('connection', resolve));
      await pipeline(source, socket, { signal }).catch(forgiveReader);
    },
    close: () => void server.close(),
  };
}

/** A reader that left early has its own error to tell. */
function forgiveReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
}
