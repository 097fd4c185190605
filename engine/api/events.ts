// Live events on a WebSocket at /api/v1/events. The client offers the protocol `neutrino.v1`; a key may ride along as
// `bearer.<key>` where headers cannot be set. `?after=seq` replays what followed; without it, or when the gap is too old,
// the first message is `resync`: whatever the client knows may be stale, and `seq` is where the feed goes on. The server
// only talks; why it hangs up is the table `eventsClose` in schema.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../base/index.ts';
import {
  type Action,
  apiKeyView,
  type Caller,
  type EventFeed,
  type EventType,
  eventsClose,
  eventsProtocol,
  Fault,
  type Gate,
  type LiveEvent,
  routes,
} from '../schema/index.ts';
import type { Trail } from './audit.ts';
import { publicFault } from './errors.ts';
import { checked, strictly } from './issues.ts';
import type { OriginCheck } from './origin.ts';
import type { Credential, Sessions } from './session.ts';

/** Unread bytes at which a client counts as too slow. */
const mostBuffered = 8 * 1024 ** 2;
const pingMs = 30_000;
const mostSockets = 500;

/** Which action lets a caller see an event; undefined: everyone who is logged in. */
const seenWith: Record<EventType, Action | undefined> = {
  'dataset.changed': 'datasets:read',
  'dataset.progress': 'datasets:read',
  'dataset.removed': 'datasets:read',
  'run.changed': 'runs:read',
  'run.metric': 'runs:read',
  'run.progress': 'runs:read',
  'model.changed': 'models:read',
  'model.removed': 'models:read',
  'deployment.changed': 'deployments:read',
  'scoring.changed': 'deployments:read',
  'alert.changed': 'deployments:read',
  'alert.fired': 'deployments:read',
  'key.changed': 'keys:read',
  'peer.changed': 'system:read',
  'job.changed': 'system:read',
  'system.changed': 'system:read',
  resync: undefined,
};

export interface EventSockets {
  /** Takes over a connection that asked to be upgraded. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The plain GET: events after a number, those that the caller may see. */
  list(caller: Caller, after: number | undefined): { events: LiveEvent[] };
  /** Closes the sockets of a session that was logged out. */
  endSession(token: string): void;
  close(): void;
}

interface EventOptions {
  gate: Gate;
  feed: EventFeed;
  sessions: Sessions;
  check: OriginCheck;
  trail: Trail;
  log: Log;
}

interface Client {
  socket: WebSocket;
  credential: Credential;
  may: (event: LiveEvent) => boolean;
  alive: boolean;
}

/** The sockets of one server. Subscribes to the feed once, whatever the number of clients. */
export function eventSockets({ gate, feed, sessions, check, trail, log }: EventOptions): EventSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 1024,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(eventsProtocol) ? eventsProtocol : false),
  });
  const clients = new Set<Client>();
  const query = strictly(routes['events.list'].query);

  const unsubscribe = feed.subscribe((event) => {
    const shown = visible(event);
    const text = JSON.stringify(shown);
    for (const client of clients) if (client.may(shown)) send(client, text);
    if (event.type === 'key.changed' && isRevoked(event.data)) {
      dropWhere(({ credential }) => credential.caller.key === event.id);
    }
  });

  const pings = setInterval(() => {
    for (const client of clients) {
      if (!client.alive) client.socket.terminate();
      else if (!stillGood(client.credential)) hangUp(client, eventsClose.signedOut, 'signed out');
      else {
        client.alive = false;
        client.socket.ping();
      }
    }
  }, pingMs);
  pings.unref();

  /** A session is not asked again: asking would keep it awake. It is closed at its end, at log-out and with its key. */
  function stillGood({ bearer, caller, expiresAt }: Credential): boolean {
    if (bearer === undefined) return expiresAt === undefined || expiresAt > Date.now();
    try {
      gate.authenticate(bearer, caller.address);
      return true;
    } catch {
      return false;
    }
  }

  function send(client: Client, text: string): void {
    if (client.socket.bufferedAmount > mostBuffered) hangUp(client, eventsClose.tooSlow, 'read faster');
    else client.socket.send(text);
  }

  function hangUp(client: Client, code: number, reason: string): void {
    clients.delete(client);
    client.socket.close(code, reason);
    setTimeout(() => client.socket.terminate(), 1000).unref();
  }

  function dropWhere(matches: (client: Client) => boolean): void {
    for (const client of clients) if (matches(client)) hangUp(client, eventsClose.signedOut, 'signed out');
  }

  function past(after: number | undefined): LiveEvent[] {
    const kept = after === undefined ? undefined : feed.after(after);
    return kept?.map(visible) ?? [{ v: 1, seq: feed.latest(), at: Date.now(), type: 'resync', id: '', data: null }];
  }

  function begin(socket: WebSocket, credential: Credential, after: number | undefined): void {
    const client: Client = { socket, credential, may: sight(gate, credential.caller), alive: true };
    socket.on('pong', () => {
      client.alive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => clients.delete(client));
    const texts = past(after)
      .filter(client.may)
      .map((event) => JSON.stringify(event));
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    // Replaying more than a client may leave unread would only get it dropped.
    const first = size > mostBuffered / 2 ? past(undefined).map((event) => JSON.stringify(event)) : texts;
    for (const text of first) socket.send(text);
    clients.add(client);
  }

  return {
    upgrade(req, socket, head) {
      socket.on('error', () => socket.destroy());
      try {
        check(req);
        const [path, search] = (req.url ?? '').split('?', 2);
        if (path !== routes['events.list'].path) throw new Fault('not_found', 'no WebSocket is served here');
        if (clients.size >= mostSockets) {
          throw new Fault('too_many_requests', 'too many clients follow the events', { retryAfter: 30 });
        }
        const { after } = checked(query, Object.fromEntries(new URLSearchParams(search)), 'query') as {
          after?: number;
        };
        const credential = sessions.credential(req, true, offeredKey(req));
        server.handleUpgrade(req, socket, head, (ws) => begin(ws, credential, after));
      } catch (error) {
        if (trail.isRefusal(error)) trail.refusal(req, undefined, 'events.list', error);
        refuse(socket, error, log);
      }
    },
    list: (caller, after) => ({ events: past(after).filter(sight(gate, caller)) }),
    endSession: (token) => dropWhere(({ credential }) => credential.session === token),
    close() {
      unsubscribe();
      clearInterval(pings);
      for (const client of clients) hangUp(client, eventsClose.leaving, 'the appliance stops');
      server.close();
    },
  };
}

/** What a caller may see, asked of the gate once per action. */
function sight(gate: Gate, caller: Caller): (event: LiveEvent) => boolean {
  const answers = new Map<Action, boolean>();
  return ({ type }) => {
    const action = seenWith[type];
    if (action === undefined) return true;
    let answer = answers.get(action);
    if (answer === undefined) answers.set(action, (answer = allowed(gate, caller, action)));
    return answer;
  };
}

function allowed(gate: Gate, caller: Caller, action: Action): boolean {
  try {
    gate.authorize(caller, action);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** An event as it may leave: of a key, only what its owner may see. */
function visible(event: LiveEvent): LiveEvent {
  if (event.type !== 'key.changed') return event;
  const key = apiKeyView.safeParse(event.data);
  return { ...event, data: key.success ? key.data : null };
}

const isRevoked = (data: unknown): boolean => (data as { state?: unknown } | null)?.state === 'revoked';

function offeredKey(req: IncomingMessage): string | undefined {
  const offers = req.headers['sec-websocket-protocol']?.split(',') ?? [];
  const prefix = 'bearer.';
  return offers
    .map((offer) => offer.trim())
    .find((offer) => offer.startsWith(prefix))
    ?.slice(prefix.length);
}

/** A refusal before the upgrade, as plain HTTP. */
function refuse(socket: Duplex, error: unknown, log: Log): void {
  const { status, body } = publicFault(error, log);
  const text = JSON.stringify({ error: body });
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
