// The cluster port: takes calls from other machines and makes calls to them. Says who called, by certificate and path; whether
// they may, its owner decides. Nothing is answered to strangers but this machine's name and version.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { clusterProtocol, Fault, faultBody, httpStatus, linkLimits, type PeerAddress } from '../../schema/index.ts';
import type { Identity } from '../../security/index.ts';
import { dialPinned, identify, pinnedServer } from './pin.ts';

/** What a caller wants: a link between machines that trust each other, or to become one. */
export const doors = ['link', 'pair'] as const;
export type Door = (typeof doors)[number];

/** Who called, before the WebSocket is granted. */
export interface Visitor {
  id: string;
  door: Door;
  address: PeerAddress;
}

export interface EndpointOptions {
  identity: Identity;
  host: string;
  /** 0 for any free one. */
  port: number;
  name: string;
  build: string;
  /** Throws a Fault when the visitor may not come in. */
  admit: (visitor: Visitor) => void;
  enter: (visitor: Visitor, socket: WebSocket) => void;
}

export interface Endpoint {
  readonly port: number;
  /** Calls a machine. Faults: `unreachable`, `timeout`, `untrusted`, and whatever it refuses with. */
  call(door: Door, address: PeerAddress, expect: string | undefined): Promise<{ id: string; socket: WebSocket }>;
  close(): Promise<void>;
}

/** What anyone may ask: the same as mDNS tells. */
export interface Card {
  name: string;
  build: string;
  proto: [number, number];
}

const socketOptions = { maxPayload: linkLimits.frame, perMessageDeflate: false } as const;
/** Connections that have not yet become links, over all strangers. */
const mostConnections = 256;

/** Opens the cluster port. Fault `port_taken`, `bad_request`. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { identity, host, port, name, build, admit, enter } = options;
  const server = pinnedServer(identity);
  server.maxConnections = mostConnections;
  const sockets = new WebSocketServer({ noServer: true, ...socketOptions });
  const card: Card = { name, build, proto: [clusterProtocol.min, clusterProtocol.max] };

  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    const known = req.method === 'GET' && req.url === '/node';
    const body = JSON.stringify(known ? card : { error: { code: 'not_found', message: 'nothing is here' } });
    res.writeHead(known ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    res.end(body);
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      const door = doors.find((one) => req.url === `/${one}`);
      if (!door) throw new Fault('not_found', 'there is no such door');
      const { remoteAddress = '', remotePort = 1 } = req.socket;
      const visitor: Visitor = {
        id: identify(socket as TLSSocket),
        door,
        address: { host: plain(remoteAddress), port: remotePort },
      };
      admit(visitor);
      sockets.handleUpgrade(req, socket, head, (ws) => enter(visitor, ws));
    } catch (error) {
      refuse(socket, error);
    }
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => socket.destroy());

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const says = taken
        ? `the cluster port ${port} is taken by another program; set cluster.port (--cluster-port) to another`
        : `the cluster port cannot be opened on ${host}:${port}: ${error.message}`;
      reject(new Fault(taken ? 'port_taken' : 'bad_request', says, undefined, error));
    });
    server.listen(port, host, () => resolve());
  });
  server.on('error', () => undefined);

  return {
    port: (server.address() as AddressInfo).port,
    async call(door, address, expect) {
      const { socket, id } = await dialPinned(identity, address, expect === undefined ? {} : { expect });
      return { id, socket: await upgrade(door, address, socket) };
    },
    close() {
      for (const ws of sockets.clients) ws.terminate();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Asks an address for its card, whoever it is. Faults like `dialPinned`; `bad_input` when it is not Neutrino. */
export async function askCard(identity: Identity, address: PeerAddress): Promise<Card & { id: string }> {
  const { socket, id } = await dialPinned(identity, address);
  const wrong = new Fault(
    'bad_input',
    `${address.host}:${address.port} answers, but it is not Neutrino’s cluster port`,
  );
  try {
    const text = await new Promise<string>((resolve, reject) => {
      let heard = '';
      socket.setTimeout(3000, () => reject(new Fault('timeout', `${address.host}:${address.port} does not answer`)));
      socket.on('data', (data: Buffer) => {
        heard += data.toString('latin1');
        if (heard.length > 8192) reject(wrong);
      });
      socket.once('end', () => resolve(Buffer.from(heard, 'latin1').toString('utf8')));
      socket.once('close', () => reject(wrong));
      socket.write('GET /node HTTP/1.1\r\nHost: neutrino\r\nConnection: close\r\n\r\n');
    });
    return { ...readCard(text), id };
  } catch (error) {
    throw error instanceof Fault ? error : wrong;
  } finally {
    socket.destroy();
  }
}

function readCard(text: string): Card {
  const body = JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '') as { [F in keyof Card]?: unknown };
  const proto = body.proto;
  if (typeof body.name !== 'string' || typeof body.build !== 'string' || !Array.isArray(proto))
    throw new Error('not a card');
  return { name: body.name.slice(0, 100), build: body.build.slice(0, 50), proto: [Number(proto[0]), Number(proto[1])] };
}

/** Turns an open TLS socket into a WebSocket. */
function upgrade(door: Door, { host, port }: PeerAddress, socket: TLSSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`wss://${host.includes(':') ? `[${host}]` : host}:${port}/${door}`, {
      ...socketOptions,
      createConnection: () => socket,
      handshakeTimeout: 5000,
      // Masking guards plain-text proxies (RFC 6455 section 10.3); inside TLS it only costs time, and zeros switch it off.
      generateMask: (mask) => void mask.fill(0),
    });
    ws.once('open', () => {
      ws.removeAllListeners('error');
      // Until a link listens, or where nobody wants it any more, an error must not end the process.
      ws.on('error', () => undefined);
      resolve(ws);
    });
    ws.once('error', (error) => reject(new Fault('unreachable', `${host}:${port} hung up: ${error.message}`)));
    ws.once('unexpected-response', (_req, res) => {
      let heard = '';
      res.on('data', (data: Buffer) => {
        if (heard.length < 4096) heard += data.toString('utf8');
      });
      res.on('end', () => {
        reject(refusalIn(heard, host));
        ws.terminate();
      });
    });
  });
}

function refusalIn(text: string, host: string): Fault {
  try {
    const { error } = JSON.parse(text) as { error: { code: keyof typeof httpStatus; message: string } };
    if (error.code in httpStatus) return new Fault(error.code, error.message.slice(0, 300));
  } catch {
    // Not ours: said below.
  }
  return new Fault('unreachable', `${host} refused the call`);
}

function refuse(socket: Duplex, error: unknown): void {
  const body = faultBody(error);
  const text = JSON.stringify({ error: body });
  socket.end(
    `HTTP/1.1 ${httpStatus[body.code]} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

/** An IPv4 address that came through an IPv6 socket, as IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:/, '');
