// The pipes between the trainers of one job: one to talk over between every two, and one from the left in each ring, so that bulk
// never delays a word. Only ids on the job's roster come in; what they say is checked here.
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { backoffMs, fromUtf8, rng, utf8 } from '../../base/index.ts';
import { Fault, type JobMessage, jobMessage, type PeerAddress, pipeHello } from '../../schema/index.ts';
import type { Identity } from '../../security/index.ts';
import type { Frame, FrameHead } from '../link/frame.ts';
import { dialPinned, type Inlet, openInlet, pinnedListener } from '../link/pin.ts';
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
  /**
   * This member's place in the ring of a generation: it calls `left`, whose frames it hears, and `right` calls it. Who hears
   * calls, for a socket that was opened can be told where to put what arrives, and one that was accepted cannot.
   */
  ring(left: string, right: string, generation: number, onRoom: () => void): RingPipe;
  close(): Promise<void>;
}

/** What goes to the right. */
export interface RingPipe {
  /** Frames wait until the right has called. True while there is room for more. The payload may change once this returns. */
  send(head: FrameHead, payload: Uint8Array): boolean;
  close(): void;
}

const retry = { firstMs: 100, mostMs: 2000 };
/** How often missing links are looked for, ms. */
const lookEveryMs = 100;
const talk: FrameHead = { kind: 'job', encoding: 'raw', generation: 0, step: 0, bucket: 0, chunk: 0 };

interface Talk {
  pipe: Pipe;
}

/** What somebody who called for a ring's frames is given, once this member has formed that ring too. */
interface Caller {
  pipe: Pipe;
  onRoom: () => void;
  onClose: (fault: Fault | undefined) => void;
}

/** Opens this member's port, and rejects when it cannot; others are called when there is something to tell them. */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  const { id, identity, roster } = options;
  const talks = new Map<string, Talk>();
  /** Who waits for the frames of which ring, and who is to be told when one calls. */
  const callers = new Map<string, Caller>();
  const awaited = new Map<string, (caller: Caller) => void>();
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
    more: { inlet?: Inlet; onRoom?: () => void } = {},
  ): Pipe {
    const pipe = openPipe({
      ...more,
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
    let onRoom: () => void = () => undefined;
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
          return;
        }
        handle = () => {
          throw new Fault('bad_input', 'it answers on a pipe that goes one way');
        };
        const name = `${who} ${generation}`;
        const caller: Caller = { pipe, onRoom, onClose: () => callers.delete(name) };
        onRoom = () => caller.onRoom();
        ended = (fault) => caller.onClose(fault);
        callers.get(name)?.pipe.close();
        callers.set(name, caller);
        awaited.get(name)?.(caller);
      },
      (fault) => ended(fault),
      { onRoom: () => onRoom() },
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
    ring(left, right, generation, onRoom) {
      const early: [FrameHead, Uint8Array][] = [];
      const name = `${right} ${generation}`;
      let incoming: Pipe | undefined;
      let outgoing: Pipe | undefined;
      let over = false;
      const fail = (who: string, fault: Fault | undefined) => {
        if (over) return;
        over = true;
        options.lost(who, generation, fault);
      };
      const listen = async () => {
        const address = roster().get(left);
        if (!address) throw new Fault('unreachable', 'it is not on the roster');
        const inlet = openInlet();
        const { socket } = await dialPinned(identity, address, { expect: left, inlet });
        if (over || closed) return void socket.destroy();
        incoming = piped(
          left,
          socket,
          (frame) => options.frame(left, frame),
          (fault) => fail(left, fault),
          { inlet },
        );
        incoming.send(talk, utf8(JSON.stringify({ purpose: 'ring', generation })));
      };
      listen().catch((error: unknown) => fail(left, error instanceof Fault ? error : undefined));
      const give = (caller: Caller) => {
        awaited.delete(name);
        callers.delete(name);
        outgoing = caller.pipe;
        caller.onRoom = onRoom;
        caller.onClose = (fault) => fail(right, fault);
        for (const [head, payload] of early.splice(0)) outgoing.send(head, payload);
        onRoom();
      };
      const caller = callers.get(name);
      if (caller) give(caller);
      else awaited.set(name, give);
      return {
        send(head, payload) {
          if (outgoing) return outgoing.send(head, payload);
          if (!over) early.push([head, payload.slice()]);
          return false;
        },
        close() {
          over = true;
          awaited.delete(name);
          incoming?.close();
          outgoing?.close();
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
