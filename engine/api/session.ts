// Who is calling: a bearer token, or the session cookie of a browser. Answers the session routes. Cookies are HttpOnly and
// SameSite=Strict, and a change made by cookie must come with this server's own Origin (CSRF).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, Fault, type Gate, type RouteAnswer, type RouteInput } from '../schema/index.ts';
import { addressOf, isSecure } from './origin.ts';

/** What a request showed, and whom it proved. */
export interface Credential {
  caller: Caller;
  /** Ends by itself then, ms since 1970; keys know their own end. */
  expiresAt?: number;
  /** Session token, for callers that came by cookie. */
  session?: string;
  /** Bearer token, for callers that came with one. */
  bearer?: string;
}

interface LogIn {
  caller: Caller;
  answer: RouteAnswer<'session.create'>;
}

export interface Sessions {
  /** Faults: `unauthenticated`, `key_expired`, `too_many_requests`; `forbidden` for a change without Origin. */
  credential(req: IncomingMessage, changes: boolean, offered?: string): Credential;
  create(input: RouteInput<'session.create'>, req: IncomingMessage, res: ServerResponse): LogIn;
  show(credential: Credential): RouteAnswer<'session.show'>;
  end(credential: Credential, req: IncomingMessage, res: ServerResponse): RouteAnswer<'session.end'>;
  ticket(credential: Credential, req: IncomingMessage): RouteAnswer<'session.ticket'>;
}

/** `onEnd` hears of sessions that were logged out, so that their sockets can be closed. */
export function createSessions(gate: Gate, onEnd: (token: string) => void): Sessions {
  return {
    credential(req, changes, offered) {
      const bearer = offered ?? bearerOf(req);
      if (bearer !== undefined) return { caller: gate.authenticate(bearer, addressOf(req)), bearer };
      const session = readCookie(req, cookieName(req));
      if (session === undefined) {
        throw new Fault(
          'unauthenticated',
          'log in first, or send “Authorization: Bearer KEY”; keys come from an admin',
        );
      }
      if (changes && req.headers.origin === undefined) {
        throw new Fault(
          'forbidden',
          'a change by cookie needs the Origin header that browsers send; use a key instead',
        );
      }
      return { ...gate.session(session), session };
    },
    create({ body }, req, res) {
      const address = addressOf(req);
      const caller = 'key' in body ? gate.authenticate(body.key, address) : gate.redeem(body.ticket, address);
      const { token, expiresAt } = gate.openSession(caller);
      setCookie(req, res, token, Math.max(0, Math.floor((expiresAt - Date.now()) / 1000)));
      return { caller, answer: { principal: caller.principal, role: caller.role, expiresAt } };
    },
    show: ({ caller, expiresAt }) => ({
      principal: caller.principal,
      role: caller.role,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }),
    end({ session }, req, res) {
      if (session === undefined) throw new Fault('bad_request', 'this call came with a key; only a session can end');
      gate.endSession(session);
      onEnd(session);
      setCookie(req, res, '', 0);
      return { ok: true };
    },
    ticket({ caller }, req) {
      const ticket = gate.ticket(caller);
      // After `#` it stays out of logs and of the Referer header.
      const url = `${isSecure(req) ? 'https' : 'http'}://${req.headers.host}/#ticket=${encodeURIComponent(ticket)}`;
      return { ticket, url };
    },
  };
}

function bearerOf(req: IncomingMessage): string | undefined {
  const header = req.headers.authorization;
  if (header === undefined) return undefined;
  const token = /^Bearer +([^\s]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new Fault('unauthenticated', 'send the key as “Authorization: Bearer KEY”');
  return token;
}

/** Browsers share cookies between the ports of a host, so two appliances on one machine need two names. */
function cookieName(req: IncomingMessage): string {
  return `${isSecure(req) ? '__Host-' : ''}neutrino_${req.socket.localPort ?? 0}`;
}

function readCookie(req: IncomingMessage, name: string): string | undefined {
  for (const part of req.headers.cookie?.split(';') ?? []) {
    const [key, value] = part.split('=', 2);
    if (key?.trim() === name && value) return value.trim();
  }
  return undefined;
}

function setCookie(req: IncomingMessage, res: ServerResponse, value: string, maxAge: number): void {
  const flags = `Path=/; HttpOnly; SameSite=Strict${isSecure(req) ? '; Secure' : ''}; Max-Age=${maxAge}`;
  res.setHeader('set-cookie', `${cookieName(req)}=${value}; ${flags}`);
}
