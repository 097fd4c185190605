// The seam between HTTP and the subjects: api/ turns requests into these calls, jobs/ answers them, and neither imports
// the other. Types only.
import type { Readable, Writable } from 'node:stream';
import type { LiveEvent } from './events.ts';
import type { Role } from './records.ts';
import type { Action, RouteAnswer, RouteInput, RouteName } from './routes.ts';

/** Who is calling, known for certain. */
export interface Caller {
  principal: string;
  /** Id of the key that was shown, or `local` for the holder of the appliance's own per-start token. */
  key: string;
  role: Role;
  /** The only deployments that it may call, when limited. */
  deployments?: string[];
  address: string;
  /** Same user on the same machine: proven by the per-start token over loopback. */
  local: boolean;
}

export interface Call {
  caller: Caller;
  /** Aborts when the client leaves or the deadline passes. */
  signal: AbortSignal;
  /** Raw request body, for routes with `stream: 'in'`. `bytes` is its declared length. */
  upload?: { stream: Readable; bytes?: number };
  /** A header of the request, its name in lower case. */
  header: (name: string) => string | undefined;
  /** The body as it came, for routes with `bytes` whose caller sent no JSON. */
  bytes?: Uint8Array;
  /** Answers with these bytes in place of JSON. */
  reply: (headers: Record<string, string>, body: readonly (Uint8Array | string)[]) => void;
  /** Opens the raw answer, a file where it has a name; after it nothing else is sent. It may take as long as it moves. */
  download: (head: { type: string; filename?: string; bytes?: number }) => Writable;
}

export type Handler<N extends RouteName> = (
  input: RouteInput<N>,
  call: Call,
) => Promise<RouteAnswer<N>> | RouteAnswer<N>;
/** One function a route. Those of sessions and events are answered inside api/. */
export type Handlers = { [N in Exclude<RouteName, `session.${string}` | `events.${string}`>]: Handler<N> };

/** What api/ asks of security and the store about a request. All throw a Fault when the answer is no. */
export interface Gate {
  /** The caller behind a bearer token (`nk_…` or the per-start token). */
  authenticate(token: string, address: string): Caller;
  /** Throws `forbidden` unless the caller's role allows the action (and the deployment, where one is named). */
  authorize(caller: Caller, action: Action, deployment?: string): void;
  openSession(caller: Caller): { token: string; expiresAt: number };
  session(token: string): { caller: Caller; expiresAt: number };
  endSession(token: string): void;
  ticket(caller: Caller): string;
  redeem(ticket: string, address: string): Caller;
  /** Writes the audit: every refusal and every change goes through here. */
  audit(entry: {
    caller?: Caller;
    address: string;
    action: string;
    subject: string;
    outcome: 'ok' | 'refused' | 'failed';
  }): void;
}

/** The live events: those kept, and those to come. */
export interface EventFeed {
  /** Events after `seq`, or undefined when they are no longer all kept. */
  after(seq: number): LiveEvent[] | undefined;
  latest(): number;
  subscribe(listener: (event: LiveEvent) => void): () => void;
}
