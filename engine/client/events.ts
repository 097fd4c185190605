// Follows the live events over a WebSocket and comes back after every loss, where it left off.
import { eventsClose, eventsProtocol, Fault, liveEvent } from '../schema/index.ts';
import type { ClientOptions, EventsOptions } from './options.ts';
import { urlOf } from './request.ts';

const firstWaitMs = 250;
const mostWaitMs = 15_000;
/** Refusals that trying again does not cure. */
const final = new Set(['unauthenticated', 'key_expired', 'forbidden', 'host_refused', 'bad_request', 'not_found']);

/** `probe` makes a plain request, since a browser does not tell why a WebSocket was refused. Returns how to stop. */
export function followEvents(options: ClientOptions, probe: () => Promise<unknown>, events: EventsOptions): () => void {
  const Socket = options.WebSocket ?? globalThis.WebSocket;
  let after = events.after;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let stopped = false;

  function connect(): void {
    const url = urlOf(options.url, 'events.list', { query: { after } }).replace(/^http/, 'ws');
    const current = new Socket(url, protocols(options.key));
    socket = current;
    let opened = false;
    current.addEventListener('open', () => {
      opened = true;
      failures = 0;
      if (!stopped) events.onState?.('live');
    });
    current.addEventListener('message', ({ data }) => {
      if (!stopped) take(String(data));
    });
    current.addEventListener('close', ({ code }) => {
      if (stopped || socket !== current) return;
      if (code === eventsClose.signedOut) return giveUp(new Fault('unauthenticated', 'signed out; log in again'));
      events.onState?.('waiting');
      if (opened) retry();
      else probe().then(retry, (fault: unknown) => (isFinal(fault) ? giveUp(fault) : retry()));
    });
  }

  function take(text: string): void {
    const event = liveEvent.parse(JSON.parse(text));
    after = event.seq;
    if (event.type === 'resync') events.onResync?.(event.seq);
    else events.onEvent(event);
  }

  /** Exponential, with jitter, so that a restarted appliance is not met by all clients at once. */
  function retry(): void {
    if (stopped) return;
    const bound = Math.min(mostWaitMs, firstWaitMs * 2 ** failures++);
    timer = setTimeout(connect, bound / 2 + (Math.random() * bound) / 2);
  }

  function giveUp(fault: Fault): void {
    if (stopped) return;
    stop();
    events.onFault?.(fault);
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  }

  connect();
  return stop;
}

const isFinal = (fault: unknown): fault is Fault => fault instanceof Fault && final.has(fault.code);

const protocols = (key: string | undefined): string[] =>
  key === undefined ? [eventsProtocol] : [eventsProtocol, `bearer.${key}`];
