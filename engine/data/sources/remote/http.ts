// HTTP as a source of bytes: ranges where the server gives them, else one stream. Goes to the host that the owner allowed and,
// except where a protocol says so, follows no redirect elsewhere.
import { lookup } from 'node:dns/promises';
import { Fault } from '../../../schema/index.ts';
import type { ByteSource } from '../bytes.ts';
import { bytesOfBody } from './body.ts';

export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'HEAD';
  headers?: Record<string, string>;
}

/** Sends a request as its server wants it: with credentials, signed, or as it is. */
export type Send = (request: HttpRequest) => Promise<Response>;

/** Milliseconds until an answer must begin; how long its body may take is the importer's matter. */
const patienceMs = 30_000;

async function begun(url: URL, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patienceMs);
  try {
    return await fetch(url, { ...init, signal: late.signal });
  } catch (error) {
    throw new Fault('unreachable', `${url.host} does not answer. Check the address and the network.`, undefined, error);
  } finally {
    clearTimeout(timer);
  }
}

/** One request. Throws `unreachable` when there is no answer, `forbidden`, `not_found` or `bad_data` when it is no. */
export async function send(
  { url, method = 'GET', headers = {} }: HttpRequest,
  redirects: 'same host' | 'any' = 'same host',
): Promise<Response> {
  let at = url;
  for (let hop = 0; hop < 5; hop++) {
    const response = await begun(at, {
      method,
      headers: isSame(at, url) ? headers : rangeOnly(headers),
      redirect: 'manual',
    });
    const next = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (next === null) return accepted(response, at);
    await response.body?.cancel();
    at = addressIn(next, at);
    await needRouted(at, url);
    if (redirects === 'same host' && !isSame(at, url)) {
      throw new Fault(
        'forbidden',
        `${url.origin} points to ${at.origin}, which is not allowed. Import from there by its own address.`,
      );
    }
  }
  throw new Fault('bad_data', `${url.host} sends in circles.`);
}

/** Refuses to be sent to addresses of this link only, where clouds keep their machines' secrets. */
async function needRouted(at: URL, first: URL): Promise<void> {
  if (at.host === first.host) return;
  const found = await lookup(at.hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
  if (found.some(({ address }) => /^(169\.254\.|::ffff:169\.254\.|fe[89ab][0-9a-f]:|0\.0\.0\.0$|::$)/i.test(address)))
    throw new Fault('forbidden', `${first.origin} points to ${at.origin}, which is not allowed.`);
}

/** The same host, and no less protected on the way. */
const isSame = (at: URL, first: URL): boolean =>
  at.host === first.host && (at.protocol === first.protocol || at.protocol === 'https:');

const noAddress = ({ host }: URL, error?: unknown): Fault =>
  new Fault('bad_data', `${host} points to something that is no web address.`, undefined, error);

/** Where an answer points to. */
function addressIn(location: string, from: URL): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch (error) {
    throw noAddress(from, error);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw noAddress(from);
  return url;
}

/** What another host may see of a request. */
const rangeOnly = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'range'));

function accepted(response: Response, { host, pathname }: URL): Response {
  const { status } = response;
  if (response.ok || status === 416) return response;
  void response.body?.cancel();
  if (status === 401 || status === 403)
    throw new Fault('forbidden', `${host} refuses these credentials (${status}). Correct them: neutrino credentials.`);
  if (status === 404) throw new Fault('not_found', `${host} has no ${pathname}. Check the address.`);
  throw new Fault('unreachable', `${host} answers ${status}. Try again later.`);
}

/** Bytes of a range are asked for at most so many at once. */
const piece = 8 * 1024 * 1024;

/** A resource of known size whose ranges `request` asks for. */
export function rangeSource(name: string, size: number, request: Send, url: URL): ByteSource {
  return {
    name,
    size,
    async read(from, to) {
      const parts: Buffer[] = [];
      for (let at = from; at < to; at += piece) {
        const last = Math.min(to, at + piece) - 1;
        const response = await request({ url, headers: { range: `bytes=${at}-${last}` } });
        if (response.status !== 206)
          throw new Fault('bad_data', `${url.host} does not give ranges of ${name}. Download it and import the file.`);
        const bytes = await bytesOfBody(response, url.host, last - at + 1);
        if (bytes?.length !== last - at + 1)
          throw new Fault('bad_data', `${name} did not arrive whole. Import it again.`);
        parts.push(bytes);
      }
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
    close: async () => undefined,
  };
}

/** What a resource is: its size when ranges of it can be had, else undefined. */
export async function probe(request: Send, url: URL): Promise<number | undefined> {
  const response = await request({ url, headers: { range: 'bytes=0-0' } });
  await response.body?.cancel();
  const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  return (response.status === 206 || response.status === 416) && total !== undefined ? Number(total) : undefined;
}
