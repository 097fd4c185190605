// One WebSocket between two machines, as messages and frames: sizes capped before parsing, every message checked against its
// schema, silence noticed, writing slowed to what the other side takes. Knows nothing of what is said.
import type { WebSocket } from 'ws';
import { type Clock, systemClock } from '../../base/index.ts';
import { closeCode, codeOfClose, Fault, faultBody, type FaultBody, faultFrom, linkLimits } from '../../schema/index.ts';
import { type Frame, type FrameHead, frameHeader, readFrame } from './frame.ts';

/** Checks a parsed message; throws when it is not one. */
export type Check<M> = (value: unknown) => M;

export interface LinkOptions<M> {
  socket: WebSocket;
  /** Id of the machine at the other end, from its certificate. */
  peer: string;
  check: Check<M>;
  onMessage(message: M): void;
  onFrame?(frame: Frame): void;
  /** Once, whatever ended it. `fault` is undefined for a farewell. */
  onClose(fault: Fault | undefined): void;
  /** Silence after which the other side counts as gone, ms; pings go out three times in it. */
  silenceMs?: number;
  clock?: Clock;
}

export interface Link<M> {
  readonly peer: string;
  send(message: M): void;
  /** Sends a frame; resolves when there is room for more, rejects when the link is over. */
  sendFrame(head: FrameHead, payload: Uint8Array): Promise<void>;
  /** Ends the link with a reason, or as a farewell. */
  close(fault?: FaultBody): void;
  /** Round trip of the last ping, ms. */
  latencyMs(): number | undefined;
  readonly bytes: { sent: number; received: number };
}

/** Bytes that may wait in the socket before a writer is asked to wait. */
const highWater = 8 * 1024 * 1024;
/** A reason must fit the 123 bytes of a close frame. */
const reasonBytes = 120;

/** A link over an open socket. */
export function openLink<M>(options: LinkOptions<M>): Link<M> {
  const { socket, peer, check, silenceMs = 6000, clock = systemClock } = options;
  const bytes = { sent: 0, received: 0 };
  let heardAt = clock.monotonic();
  let pingedAt: number | undefined;
  let latency: number | undefined;
  let over = false;
  const waiting = new Set<{ resolve(): void; reject(fault: Fault): void }>();

  const finish = (fault: Fault | undefined) => {
    if (over) return;
    over = true;
    clearInterval(beat);
    for (const one of waiting) one.reject(fault ?? new Fault('unreachable', 'the link was closed'));
    waiting.clear();
    options.onClose(fault);
  };
  const close = (fault?: FaultBody) => {
    if (over) return;
    if (fault) socket.close(closeCode[fault.code], cut(fault.message));
    else socket.close(1000);
    // A peer that does not answer the farewell is cut off.
    setTimeout(() => socket.terminate(), 1000).unref();
    finish(fault ? faultFrom(fault) : undefined);
  };
  /** What a peer sent is its own doing: it ends the link, never this process. */
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      const body = faultBody(error);
      close(body.code === 'internal' ? { code: 'bad_input', message: body.message } : body);
    }
  };
  const heard = (size: number) => {
    heardAt = clock.monotonic();
    bytes.received += size;
  };

  const beat = setInterval(() => {
    const now = clock.monotonic();
    if (now - heardAt > silenceMs) {
      socket.terminate();
      finish(new Fault('timeout', `nothing was heard from it for ${Math.round((now - heardAt) / 1000)} s`));
      return;
    }
    pingedAt = now;
    socket.ping();
  }, silenceMs / 3);
  beat.unref();

  socket.on('pong', () => {
    heard(0);
    if (pingedAt !== undefined) latency = clock.monotonic() - pingedAt;
    pingedAt = undefined;
  });
  socket.on('ping', () => heard(0));
  socket.on('message', (data: Buffer, binary: boolean) => {
    if (over) return;
    heard(data.byteLength);
    guarded(() => {
      if (binary) {
        if (!options.onFrame) throw new Fault('bad_input', 'a frame came where none is taken');
        options.onFrame(readFrame(data));
        return;
      }
      if (data.byteLength > linkLimits.message) {
        throw new Fault('bad_input', `a message of ${data.byteLength} bytes is longer than ${linkLimits.message}`);
      }
      options.onMessage(check(parsed(data)));
    });
  });
  socket.on('error', (error: Error) => {
    const wrong = (error as NodeJS.ErrnoException).code?.startsWith('WS_ERR') === true;
    finish(new Fault(wrong ? 'bad_input' : 'unreachable', `the link broke: ${error.message}`));
    socket.terminate();
  });
  socket.on('close', (code: number, reason: Buffer) => {
    if (code === 1000 || code === 1001) return finish(undefined);
    const known = codeOfClose(code);
    finish(new Fault(known ?? 'unreachable', reason.toString('utf8') || `the link ended with code ${code}`));
  });

  return {
    peer,
    bytes,
    latencyMs: () => latency,
    close,
    send(message) {
      if (over) return;
      const text = JSON.stringify(message);
      bytes.sent += text.length;
      socket.send(text);
    },
    sendFrame(head, payload) {
      if (over) return Promise.reject(new Fault('unreachable', 'the link is closed'));
      bytes.sent += payload.byteLength;
      // Two fragments of one message: the header need not be copied before the payload.
      socket.send(frameHeader(head, payload), { binary: true, fin: false });
      return new Promise((resolve, reject) => {
        const one = { resolve, reject };
        const done = () => waiting.delete(one) && resolve();
        waiting.add(one);
        socket.send(payload, { binary: true, fin: true }, done);
        if (socket.bufferedAmount < highWater) done();
      });
    },
  };
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw new Fault('bad_input', 'a message is not JSON');
  }
}

/** At most 120 bytes of a text, whole characters. */
function cut(text: string): string {
  let short = text;
  while (Buffer.byteLength(short) > reasonBytes) short = short.slice(0, -1);
  return short;
}
