// What of the HTTP traffic enters the audit chain: every change, every refusal. Predictions are counted elsewhere.
import type { IncomingMessage } from 'node:http';
import type { Log } from '../base/index.ts';
import { type Caller, type ErrorCode, Fault, type Gate, type Route } from '../schema/index.ts';
import { addressOf } from './origin.ts';

const refusals: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'key_expired',
  'forbidden',
  'host_refused',
  'path_refused',
  'wrong_passphrase',
]);

/** Refusals of one address that are written in a minute; a flood must not fill the disk. */
const mostRefusals = 30;

/** Addresses counted in a minute. */
const mostAddresses = 1000;

export interface Trail {
  /** Throws when the entry cannot be written: a change that the audit does not have is not acknowledged. */
  change(caller: Caller, action: string, subject: string, outcome: 'ok' | 'failed'): void;
  isRefusal: (error: unknown) => error is Fault;
  /** Writes a refusal; a reader who showed no key at all is not worth an entry. */
  refusal(req: IncomingMessage, caller: Caller | undefined, action: string, fault: Fault): void;
}

/** The audit of one server. */
export function auditTrail(gate: Gate, log: Log, now: () => number = Date.now): Trail {
  const seen = new Map<string, number>();
  let minute = 0;

  function mayWrite(address: string): boolean {
    const thisMinute = Math.floor(now() / 60_000);
    if (thisMinute !== minute) seen.clear();
    minute = thisMinute;
    const count = (seen.get(address) ?? 0) + 1;
    if (count === 1 && seen.size >= mostAddresses) return false;
    seen.set(address, count);
    return count <= mostRefusals;
  }

  return {
    change(caller, action, subject, outcome) {
      gate.audit({ caller, address: caller.address, action, subject, outcome });
    },
    isRefusal,
    refusal(req, caller, action, fault) {
      const { authorization, cookie } = req.headers;
      const showedNothing = authorization === undefined && cookie === undefined && req.method === 'GET';
      if (fault.code === 'unauthenticated' && showedNothing) return;
      const address = addressOf(req);
      if (!mayWrite(address)) return;
      try {
        gate.audit({ ...(caller ? { caller } : {}), address, action, subject: fault.code, outcome: 'refused' });
      } catch (err) {
        log.error({ err }, 'a refusal could not be written to the audit');
      }
    },
  };
}

function isRefusal(error: unknown): error is Fault {
  return error instanceof Fault && refusals.has(error.code);
}

/** Whether the audit names an answered request of this route: changes and exports, not readings and predictions. */
export const isNoted = (route: Route): boolean =>
  route.stream === 'out' || (route.method !== 'GET' && route.action !== 'deployments:predict');
