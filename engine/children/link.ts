// A child's end of the channel to its appliance: typed messages, and the promise that no child outlives its parent or
// grows past its lease. Imported by the entry files only.
import { Socket } from 'node:net';
import { residentBytes } from '../base/index.ts';
import type { ChildKind, FromChild, ToChild } from '../schema/index.ts';
import { dataDescriptor } from './entry.ts';

/** The child's side of the conversation. */
export interface ParentLink<K extends ChildKind> {
  /** Resolves when the message has been handed to the system, so that a last word is not lost by exiting. */
  send(message: FromChild[K]): Promise<void>;
  onMessage(listener: (message: ToChild[K]) => void): void;
  /** The socket for bulk bytes; throws when the child was spawned without one. */
  openData(): Socket;
  /** Ends this process once the resident memory passes `bytes`. */
  limitMemory(bytes: number): void;
  /** Leaves after everything sent has gone out. */
  exit(code: number): Promise<never>;
}

/** Opens the channel of a forked child. The process exits when the channel closes: an appliance that died leaves no orphans. */
export function openParentLink<K extends ChildKind>(): ParentLink<K> {
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the appliance decides in which order its children leave.
  process.on('SIGINT', () => undefined);
  if (!process.connected) process.exit(0);
  let last = Promise.resolve();
  const send = (message: FromChild[K]) => {
    last = new Promise<void>((resolve) => {
      if (!process.connected || !process.send) return resolve();
      process.send(message, undefined, {}, () => resolve());
    });
    return last;
  };
  return {
    send,
    onMessage(listener) {
      process.on('message', (message) => listener(message as ToChild[K]));
    },
    openData: () => new Socket({ fd: dataDescriptor, readable: true, writable: true }),
    limitMemory(bytes) {
      setInterval(() => {
        if (residentBytes() > bytes) process.kill(process.pid, 'SIGKILL');
      }, 500).unref();
    },
    async exit(code) {
      await last;
      process.exit(code);
    },
  };
}
