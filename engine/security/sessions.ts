// Browser sessions and one-time tickets. Only hashes of tokens are held. Sessions outlive a restart where a keeper holds them;
// tickets never do.
import { randomBytes } from 'node:crypto';
import { type Clock, hex, sha256, systemClock } from '../base/index.ts';

export interface SessionLimits {
  /** A session unused for this long ends, ms. */
  idleMs: number;
  /** A session ends after this long whatever happens, ms. */
  absoluteMs: number;
  /** A ticket not redeemed by then is void, ms. */
  ticketMs: number;
  /** Sessions and tickets held at once, each; the one used longest ago makes room. */
  most: number;
}

export const sessionDefaults: SessionLimits = {
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 3_600_000,
  ticketMs: 60_000,
  most: 10_000,
};

export interface Sessions<T> {
  /** Starts a session for a holder and answers its token (256 random bits, base64url) and its last moment. */
  begin(holder: T): { token: string; expiresAt: number };
  /** Who holds the token, or undefined when it is unknown, idle too long or over; using it keeps it awake. */
  check(token: string): { holder: T; expiresAt: number } | undefined;
  end(token: string): void;
  /** Ends the sessions and voids the tickets of every holder that matches, e.g. of a revoked key. */
  endAll(matches: (holder: T) => boolean): void;
  /** A ticket that begins one session. */
  issueTicket(holder: T): string;
  /** The holder of a ticket, once. */
  redeem(ticket: string): T | undefined;
}

/** A session as it outlives a restart: the SHA-256 of its token, and times of the wall clock. */
export interface KeptSession<T> {
  name: string;
  holder: T;
  usedAt: number;
  expiresAt: number;
}

export interface SessionKeeper<T> {
  read(): readonly KeptSession<T>[];
  write(sessions: readonly KeptSession<T>[]): void;
}

/** Sessions that are kept at most: those used last. */
const mostKept = 500;
/** A use is written down no later than this, ms; ends are written at once. */
const noteEveryMs = 60_000;

interface Entry<T> {
  holder: T;
  usedAt: number;
  expiresAt: number;
}

/** The sessions that the keeper still has; time is the clock's `monotonic`, `expiresAt` is its `now`. */
export function createSessions<T>(
  limits: SessionLimits = sessionDefaults,
  clock: Clock = systemClock,
  keeper?: SessionKeeper<T>,
): Sessions<T> {
  const sessions = new Map<string, Entry<T>>();
  const tickets = new Map<string, Entry<T>>();
  let notedAt = clock.monotonic();

  for (const { name, holder, usedAt, expiresAt } of keeper?.read() ?? []) {
    const [now, tick] = [clock.now(), clock.monotonic()];
    const idle = now - usedAt;
    const left = Math.min(expiresAt - now, limits.absoluteMs);
    // A clock that was set back would make sessions longer: they end.
    if (idle >= 0 && idle < limits.idleMs && left > 0)
      sessions.set(name, { holder, usedAt: tick - idle, expiresAt: tick + left });
  }

  function note(): void {
    if (!keeper) return;
    notedAt = clock.monotonic();
    const ahead = clock.now() - notedAt;
    const all = [...sessions].slice(-mostKept);
    keeper.write(
      all.map(([name, { holder, usedAt, expiresAt }]) => {
        return { name, holder, usedAt: usedAt + ahead, expiresAt: expiresAt + ahead };
      }),
    );
  }

  const put = (map: Map<string, Entry<T>>, holder: T, lifeMs: number) => {
    const token = randomBytes(32).toString('base64url');
    const now = clock.monotonic();
    const oldest = map.size >= limits.most ? map.keys().next().value : undefined;
    if (oldest !== undefined) map.delete(oldest);
    map.set(nameOf(token), { holder, usedAt: now, expiresAt: now + lifeMs });
    return token;
  };

  return {
    begin(holder) {
      const token = put(sessions, holder, limits.absoluteMs);
      note();
      return { token, expiresAt: clock.now() + limits.absoluteMs };
    },
    check(token) {
      const name = nameOf(token);
      const entry = sessions.get(name);
      if (!entry) return undefined;
      const now = clock.monotonic();
      sessions.delete(name);
      if (now >= entry.expiresAt || now - entry.usedAt >= limits.idleMs) return undefined;
      entry.usedAt = now;
      // Put back at the end, so that the map's order is the order of use.
      sessions.set(name, entry);
      if (now - notedAt >= noteEveryMs) note();
      return { holder: entry.holder, expiresAt: clock.now() + entry.expiresAt - now };
    },
    end(token) {
      if (sessions.delete(nameOf(token))) note();
    },
    endAll(matches) {
      const before = sessions.size;
      for (const map of [sessions, tickets]) {
        for (const [name, { holder }] of map) if (matches(holder)) map.delete(name);
      }
      if (sessions.size < before) note();
    },
    issueTicket: (holder) => put(tickets, holder, limits.ticketMs),
    redeem(ticket) {
      const name = nameOf(ticket);
      const entry = tickets.get(name);
      tickets.delete(name);
      return entry && clock.monotonic() < entry.expiresAt ? entry.holder : undefined;
    },
  };
}

/** Tokens are looked up by hash, so that the time of a look-up says nothing about the tokens there are. */
const nameOf = (token: string): string => hex(sha256(token));
