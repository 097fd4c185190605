// The pipes between the trainers of one job: one to talk over between every two, and one to the right in each ring, so that bulk
// never delays a word. Only ids on the job's roster come in; what they say is checked here.
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { backoffMs, fromUtf8, rng, utf8 } from '../../base/index.ts';
import { Fault, type JobMessage, jobMessage, type PeerAddress, pipeHello } from '../../schema/index.ts';
import type { Identity } from '../../security/index.ts';
import type { Frame, FrameHead } from '../link/frame.ts';
import { dialPinned, pinnedListener } from '../link/pin.ts';
import { openPipe, type Pipe } from '../link/pipe.ts';

export interface MeshOptions {
  id: string;
  identity: Identity;
  host: string;
  /** 0 for any free one. */
  port: number;
  /** The ids of the job's trainers, this one included, and where they listen. */
  roster: () => ReadonlyMap<string, PeerAddress>;
  hear: (from: string, message: JobMessage) => void;
  /** A frame of a ring, from whoever sends it. */
  frame: (from: string, frame: Frame) => void;
  /** Weights that were asked for, piece by piece. */
  state: (from: string, frame: Frame) => void;
  /** A ring's pipe to or from somebody ended. `fault` says what that one did wrong, if it did. */
  lost: (who: string, generation: number, fault: Fault | undefined) => void;
}

export interface Mesh {
  readonly port: number;
  readonly bytes: { sent: number; received: number };
  /** Says something; dropped when there is no link: members say again what matters. */
  tell(to: string, message: JobMessage): void;
  /** Sends bulk on the talking pipe's socket: the weights for somebody who joins. */
  give(to: string, head: FrameHead, payload: Uint8Array): void;
  /** The pipe to the right in the ring of a generation; frames wait until it is open. */
  ring(to: string, generation: number): { send: (head: FrameHead, payload: Uint8Array) => void; close(): void };
  close(): Promise<void>;
}

const retry = { firstMs: 100, mostMs: 2000 };
/** How often missing links are looked for, ms. */
const lookEveryMs = 100;
const talk: FrameHead = { kind: 'job', encoding: 'raw', generation: 0, step: 0, bucket: 0, chunk: 0 };

interface Talk {
  pipe: Pipe;
}

/** Opens this member's port, and rejects when it cannot; others are called when there is something to tell them. */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  const { id, identity, roster } = options;
  const talks = new Map<string, Talk>();
  const dialing = new Map<string, { attempt: number; after: number }>();
  /** Every pipe, and who is at its other end. */
  const open = new Map<Pipe, string>();
  const bytes = { sent: 0, received: 0 };
  const random = rng(Math.floor(Math.random() * 2 ** 31), 'mesh');
  let closed = false;

  /** A pipe that is counted and closed with the mesh. */
  function piped(
    who: string,
    socket: TLSSocket,
    onFrame: (frame: Frame) => void,
    onClose: (fault: Fault | undefined) => void,
  ): Pipe {
    const pipe = openPipe({
      socket,
      onFrame,
      onClose(fault) {
        open.delete(pipe);
        bytes.sent += pipe.bytes.sent;
        bytes.received += pipe.bytes.received;
        onClose(fault);
      },
    });
    open.set(pipe, who);
    return pipe;
  }
  function heard(from: string, frame: Frame): void {
    if (frame.kind === 'state') return options.state(from, frame);
    if (frame.kind !== 'job') throw new Fault('bad_input', `a frame of kind ${frame.kind} where words were due`);
    options.hear(
      from,
      parsed(frame.payload, (value) => jobMessage.parse(value)),
    );
  }
  function talkOver(who: string, socket: TLSSocket): Pipe {
    talks.get(who)?.pipe.close();
    const pipe = piped(
      who,
      socket,
      (frame) => heard(who, frame),
      () => {
        if (talks.get(who)?.pipe === pipe) talks.delete(who);
      },
    );
    talks.set(who, { pipe });
    return pipe;
  }
  /** Somebody called: the first frame says what for. */
  function enter(socket: TLSSocket, who: string): void {
    if (closed || who === id || !roster().has(who)) {
      socket.destroy();
      return;
    }
    let handle: ((frame: Frame) => void) | undefined;
    let ended: (fault: Fault | undefined) => void = () => undefined;
    const pipe = piped(
      who,
      socket,
      (frame) => {
        if (handle) return handle(frame);
        if (frame.kind !== 'job') throw new Fault('bad_input', 'a pipe begins with what it is for');
        const { purpose, generation = 0 } = parsed(frame.payload, (value) => pipeHello.parse(value));
        if (purpose === 'talk') {
          talks.get(who)?.pipe.close();
          talks.set(who, { pipe });
          handle = (next) => heard(who, next);
          ended = () => {
            if (talks.get(who)?.pipe === pipe) talks.delete(who);
          };
        } else {
          handle = (next) => options.frame(who, next);
          ended = (fault) => options.lost(who, generation, fault);
        }
      },
      (fault) => ended(fault),
    );
  }
  async function call(who: string, address: PeerAddress): Promise<void> {
    const state = dialing.get(who) ?? { attempt: 0, after: 0 };
    if (Date.now() < state.after) return;
    dialing.set(who, { ...state, after: Number.POSITIVE_INFINITY });
    try {
      const { socket } = await dialPinned(identity, address, { expect: who });
      if (closed) socket.destroy();
      else talkOver(who, socket).send(talk, utf8(JSON.stringify({ purpose: 'talk' })));
      dialing.delete(who);
    } catch {
      dialing.set(who, { attempt: state.attempt + 1, after: Date.now() + backoffMs(state.attempt, retry, random) });
    }
  }
  const server = pinnedListener(identity, enter);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  // Of every two, the one with the lower id calls.
  const look = setInterval(() => {
    // Who is taken off the roster is out at once.
    for (const [pipe, who] of open) if (!roster().has(who)) pipe.close(new Fault('untrusted', 'it is not in this run'));
    for (const [who, address] of roster()) if (id < who && !talks.has(who)) void call(who, address);
  }, lookEveryMs);

  return {
    port: (server.address() as AddressInfo).port,
    get bytes() {
      const sum = { ...bytes };
      for (const pipe of open.keys()) {
        sum.sent += pipe.bytes.sent;
        sum.received += pipe.bytes.received;
      }
      return sum;
    },
    tell(to, message) {
      talks.get(to)?.pipe.send(talk, utf8(JSON.stringify(message)));
    },
    give(to, head, payload) {
      talks.get(to)?.pipe.send(head, payload);
    },
    ring(to, generation) {
      const early: [FrameHead, Uint8Array][] = [];
      let pipe: Pipe | undefined;
      let over = false;
      const address = roster().get(to);
      const fail = (fault: Fault | undefined) => {
        if (over) return;
        over = true;
        options.lost(to, generation, fault);
      };
      const begin = async () => {
        if (!address) throw new Fault('unreachable', 'it is not on the roster');
        const { socket } = await dialPinned(identity, address, { expect: to });
        if (over) return void socket.destroy();
        pipe = piped(to, socket, () => fail(new Fault('bad_input', 'it answers on a pipe that goes one way')), fail);
        pipe.send(talk, utf8(JSON.stringify({ purpose: 'ring', generation })));
        for (const [head, payload] of early.splice(0)) pipe.send(head, payload);
      };
      begin().catch((error: unknown) => fail(error instanceof Fault ? error : undefined));
      return {
        send(head, payload) {
          if (pipe) pipe.send(head, payload);
          else if (!over) early.push([head, payload]);
        },
        close() {
          over = true;
          pipe?.close();
        },
      };
    },
    close() {
      closed = true;
      clearInterval(look);
      for (const pipe of open.keys()) pipe.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function parsed<T>(payload: Uint8Array, check: (value: unknown) => T): T {
  try {
    return check(JSON.parse(fromUtf8(payload)));
  } catch (error) {
    throw new Fault('bad_input', 'words that are not of this protocol', undefined, error);
  }
}
