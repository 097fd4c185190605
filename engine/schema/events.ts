// Live events on `/api/v1/events`. A client that reconnects sends `?after=seq`; when the gap is too old it gets `resync`.
import { z } from 'zod';

export const eventTypes = [
  'dataset.changed',
  'dataset.progress',
  'dataset.removed',
  'run.changed',
  'run.metric',
  'run.progress',
  'model.changed',
  'model.removed',
  'deployment.changed',
  'scoring.changed',
  'alert.changed',
  'alert.fired',
  'key.changed',
  'peer.changed',
  'job.changed',
  'system.changed',
  'resync',
] as const;

/** One event. `data` is the changed record for `*.changed`, a list of metric points for `run.metric`. */
export const liveEvent = z.object({
  v: z.literal(1),
  seq: z.number().int(),
  at: z.number(),
  type: z.enum(eventTypes),
  /** Id of the record the event is about. */
  id: z.string(),
  data: z.unknown(),
});
export type LiveEvent = z.infer<typeof liveEvent>;
export type EventType = LiveEvent['type'];

/** WebSocket protocol of the events; a browser that holds a key offers `bearer.<key>` beside it. */
export const eventsProtocol = 'neutrino.v1';

/** Why the server ended an events socket (RFC 6455 section 7.4; 4000 and up are ours). */
export const eventsClose = {
  /** The appliance stops; come back later. */
  leaving: 1001,
  /** The key or session is no longer good: do not come back with it. */
  signedOut: 4401,
  /** The client read too slowly; come back with `after`. */
  tooSlow: 4408,
} as const;
