// Against DNS rebinding and foreign pages: every request must name this appliance in `Host`, and a page that sends
// `Origin` must have come from it. Holds no state.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { Fault } from '../schema/index.ts';

export type OriginCheck = (req: IncomingMessage) => void;

const hostShape = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;
const wildcards = new Set(['0.0.0.0', '::', '']);

/** A check that throws `host_refused`. Names are compared without their port: a tunnel or a proxy may change it. */
export function originCheck(options: { host: string; allowedHosts: readonly string[] }): OriginCheck {
  const names = new Set(['localhost', '127.0.0.1', '[::1]']);
  for (const name of [options.host, ...options.allowedHosts]) {
    if (!wildcards.has(name)) names.add(bracketed(name.toLowerCase()));
  }
  /** The name and own address that were found right last: connections ask with the same ones again and again. */
  let fine: { host: string; address: string | undefined } | undefined;
  return (req) => {
    const { host: given, origin } = req.headers;
    const address = req.socket.localAddress;
    if (origin === undefined && given !== undefined && given === fine?.host && address === fine.address) return;
    const host = (given ?? '').toLowerCase();
    const name = hostShape.exec(host)?.[1]?.replace(/\.$/, '');
    // An address literal cannot be rebound: it is fine when it is the one that this connection came in at.
    if (name === undefined || !(names.has(name) || name === bracketed(plainAddress(address)))) {
      const hint = 'if this name is the appliance’s, list it in allowedHosts';
      throw new Fault('host_refused', `requests for host “${host.slice(0, 100)}” are not answered here; ${hint}`);
    }
    if (origin !== undefined && !sameOrigin(origin.toLowerCase(), host, isSecure(req))) {
      throw new Fault('host_refused', `requests from pages of “${origin.slice(0, 100)}” are not answered here`);
    }
    if (given !== undefined) fine = { host: given, address };
  };
}

/** Over plain HTTP an https origin is fine too: a proxy in front may speak TLS. */
function sameOrigin(origin: string, host: string, secure: boolean): boolean {
  return origin === `https://${host}` || (!secure && origin === `http://${host}`);
}

/** Whether the connection itself is TLS. */
export const isSecure = (req: IncomingMessage): boolean => (req.socket as Partial<TLSSocket>).encrypted === true;

/** The caller's address, an IPv4 one in its own form. */
export const addressOf = (req: IncomingMessage): string => plainAddress(req.socket.remoteAddress);

const plainAddress = (address = ''): string => (address.startsWith('::ffff:') ? address.slice(7) : address);
const bracketed = (name: string): string => (name.includes(':') && !name.startsWith('[') ? `[${name}]` : name);
