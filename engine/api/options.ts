// What api/ is given by the appliance, and what it gives back. Types only.
import type { Log } from '../base/index.ts';
import type { ApplianceConfig, EventFeed, Gate, Handlers } from '../schema/index.ts';

export interface ApiOptions {
  config: ApplianceConfig;
  handlers: Handlers;
  gate: Gate;
  events: EventFeed;
  log: Log;
  version: string;
  /** Folder of the built renderer, with its index.html; without it `/` says that there is none. */
  staticDir?: string;
  /** Certificate chain and key, PEM. Goes before `config.tls`, which names files. */
  tls?: { cert: string; key: string };
  /** Check the answers of hot routes too. On by default in tests and when NODE_ENV is `development`. */
  strict?: boolean;
}

export interface Api {
  /** Starts to listen. Faults: `port_taken`, `bad_request` (an address that is not this machine's). */
  listen(): Promise<{ url: string; port: number }>;
  /** Stops to listen, aborts what is running, ends every connection; resolves when all are gone (2 s at most). */
  close(): Promise<void>;
}
