// Anything thrown becomes one error answer: the code's status and body, `/v2` in the Open Inference form. What is not
// meant for users leaves as `internal` with an incident number, which the log has; never a stack, never a value.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../base/index.ts';
import { Fault, type FaultBody, faultBody, httpStatus } from '../schema/index.ts';
import { dataHeaders } from './headers.ts';

/** The fault that the client may see, and its HTTP status. */
export function publicFault(error: unknown, log: Log): { status: number; body: FaultBody } {
  const known = error instanceof Fault ? error : fromExpress(error);
  if (known && known.code !== 'internal') return { status: httpStatus[known.code], body: faultBody(known) };
  const incident = randomBytes(6).toString('hex');
  log.error({ err: error, incident }, 'request failed');
  const message = `something went wrong inside; the log on the appliance has it as incident ${incident}`;
  return { status: 500, body: { code: 'internal', message, details: { incident } } };
}

/** Sends the error answer, or cuts the connection when an answer has begun, so that a broken one never looks whole. */
export function sendFault(req: IncomingMessage, res: ServerResponse, error: unknown, log: Log): void {
  const { status, body } = publicFault(error, log);
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const text = JSON.stringify(isV2(req.url ?? '') ? { error: body.message } : { error: body });
  const retryAfter = body.details?.['retryAfter'];
  res.writeHead(status, {
    ...dataHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
    ...(Array.isArray(body.details?.['allow']) ? { allow: body.details['allow'].join(', ') } : {}),
    // An unread body would be taken for the next request.
    ...(isUnread(req) ? { connection: 'close' } : {}),
  });
  res.end(text);
  if (isUnread(req)) linger(req);
}

/** Whether some of the request's body is still to come. */
export function isUnread(req: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  return !req.complete && (length !== '0' || encoding !== undefined);
}

/** Reads on for a moment: closing a socket with unread bytes resets it, and the client would never see the answer. */
function linger(req: IncomingMessage): void {
  const timer = setTimeout(() => req.destroy(), 2000);
  timer.unref();
  req.on('error', () => {});
  req.on('close', () => clearTimeout(timer));
  req.resume();
}

const isV2 = (url: string): boolean => url === '/v2' || url.startsWith('/v2/') || url.startsWith('/v2?');

/** Express refuses a malformed percent-encoding by itself. */
function fromExpress(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !('status' in error) || error.status !== 400) return undefined;
  return new Fault('bad_request', 'the address holds a malformed %-escape');
}
