// TLS 1.3 both ways between machines that know each other by the SHA-256 of their certificates: no authority decides, the
// pin does. Holds no list of who is trusted; callers ask `identify` and decide.
import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import {
  connect,
  createServer as createTlsServer,
  type PeerCertificate,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { type Clock, hex, sha256, systemClock } from '../../base/index.ts';
import { Fault, type PeerAddress } from '../../schema/index.ts';
import type { Identity } from '../../security/index.ts';

/** How long a machine may take to shake hands, ms. */
const handshakeMs = 5000;
/** Machines in a room disagree about the time. */
const skewMs = 86_400_000;

const version = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** A server that asks every caller for its certificate, and takes any. */
const asking = (identity: Identity) => ({
  ...version,
  cert: identity.certificate,
  key: identity.privateKey,
  requestCert: true,
  rejectUnauthorized: false,
  handshakeTimeout: handshakeMs,
});

/** An HTTPS server that asks every client for its certificate and takes any: who it is, `identify` says. */
export function pinnedServer(identity: Identity): Server {
  return createServer({
    ...asking(identity),
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    maxHeaderSize: 8 * 1024,
  });
}

/** The same without HTTP: `enter` gets every caller whose certificate is in its time, with its id. */
export function pinnedListener(identity: Identity, enter: (socket: TLSSocket, id: string) => void): TlsServer {
  const server = createTlsServer(asking(identity), (socket) => {
    socket.on('error', () => socket.destroy());
    try {
      enter(socket, identify(socket));
    } catch {
      socket.destroy();
    }
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/**
 * The id of whoever is at the other end of a finished handshake. Fault `untrusted` when it showed no certificate, or one that
 * is out of its time.
 */
export function identify(socket: TLSSocket, clock: Clock = systemClock): string {
  const raw = (socket.getPeerCertificate(true) as PeerCertificate | undefined)?.raw;
  if (!raw) throw new Fault('untrusted', 'the other machine showed no certificate');
  const { validFrom, validTo } = new X509Certificate(raw);
  const now = clock.now();
  if (now < Date.parse(validFrom) - skewMs || now > Date.parse(validTo) + skewMs) {
    throw new Fault(
      'untrusted',
      `the other machine’s certificate is good from ${validFrom} to ${validTo}; check both clocks, or pair again with a new identity`,
    );
  }
  return hex(sha256(raw));
}

/** Where what arrives is put, piece by piece, in place of `data` events: a third of their cost. */
export interface Inlet {
  buffer: Uint8Array;
  /** Hears of each piece, which is good until it returns. What comes before anybody listens is lost: who calls speaks first. */
  take: (bytes: Uint8Array) => void;
}

/** An inlet that nobody listens to yet. */
export const openInlet = (): Inlet => ({ buffer: new Uint8Array(64 * 1024), take: () => undefined });

/**
 * Opens TLS to an address and resolves when the machine with id `expect` answered there; whoever answers is taken when `expect`
 * is left out. Faults: `unreachable`, `timeout`, `untrusted` (names who answered instead).
 */
export function dialPinned(
  identity: Identity,
  { host, port }: PeerAddress,
  options: { expect?: string; clock?: Clock; signal?: AbortSignal; inlet?: Inlet } = {},
): Promise<{ socket: TLSSocket; id: string }> {
  const place = `${host}:${port}`;
  const { inlet } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...version,
      host,
      port,
      cert: identity.certificate,
      key: identity.privateKey,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(inlet && {
        onread: {
          buffer: inlet.buffer,
          callback(count: number) {
            inlet.take(inlet.buffer.subarray(0, count));
            return true;
          },
        },
      }),
    });
    const timer = setTimeout(
      () => fail(new Fault('timeout', `${place} does not answer; is it on, and does a firewall let the port through?`)),
      handshakeMs,
    );
    const stop = () => fail(new Fault('cancelled', `calling ${place} was given up`));
    const fail = (fault: Fault) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      socket.destroy();
      reject(fault);
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    socket.once('error', (error: NodeJS.ErrnoException) => fail(unreachable(place, error)));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      try {
        const id = identify(socket, options.clock);
        if (options.expect !== undefined && id !== options.expect) {
          throw new Fault(
            'untrusted',
            `${place} answers as ${id.slice(0, 8)}…, not as ${options.expect.slice(0, 8)}…: another machine has that address, or its identity was replaced`,
          );
        }
        socket.removeAllListeners('error');
        // Between here and the WebSocket's own listeners an error must not end the process.
        socket.on('error', () => undefined);
        resolve({ socket, id });
      } catch (error) {
        socket.destroy();
        reject(error instanceof Fault ? error : unreachable(place, error as Error));
      }
    });
  });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: is Neutrino running with its cluster port open?',
  EHOSTUNREACH: 'no route to it: is it on this network?',
  ENETUNREACH: 'this machine has no route to that network',
  ETIMEDOUT: 'it does not answer; is it on, and does a firewall let the port through?',
  ENOTFOUND: 'its name is not known here; give its address instead',
  EAI_AGAIN: 'its name cannot be looked up; give its address instead',
  ECONNRESET: 'it hung up during the handshake',
};

function unreachable(place: string, error: NodeJS.ErrnoException): Fault {
  const why = reasons[error.code ?? ''] ?? error.message;
  return new Fault('unreachable', `${place} cannot be reached: ${why}`, { errno: error.code ?? null }, error);
}
