// HTTP as a source of bytes: ranges where the server gives them, else one stream. Goes to the host that the owner allowed and,
// except where a protocol says so, follows no redirect elsewhere.
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { Fault } from '../../../schema/index.ts';
import type { ByteSource } from '../bytes.ts';

export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'HEAD';
  headers?: Record<string, string>;
}

/** Sends a request as its server wants it: with credentials, signed, or as it is. */
export type Send = (request: HttpRequest) => Promise<Response>;

/** Milliseconds until an answer must begin. */
const patienceMs = 30_000;

/** One request. Throws `unreachable` when there is no answer, `forbidden`, `not_found` or `bad_data` when it is no. */
export async function send(
  { url, method = 'GET', headers = {} }: HttpRequest,
  redirects: 'same host' | 'any' = 'same host',
): Promise<Response> {
  let at = url;
  for (let hop = 0; hop < 5; hop++) {
    const response = await fetch(at, {
      method,
      headers: at.host === url.host ? headers : rangeOnly(headers),
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    }).catch((error: unknown) => {
      throw new Fault(
        'unreachable',
        `${at.host} does not answer. Check the address and the network.`,
        undefined,
        error,
      );
    });
    const next = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (next === null) return accepted(response, at);
    await response.body?.cancel();
    at = new URL(next, at);
    if (redirects === 'same host' && at.host !== url.host) {
      throw new Fault(
        'forbidden',
        `${url.host} points to ${at.host}, which is not allowed. Import from there by its own address.`,
      );
    }
    if (at.protocol !== 'http:' && at.protocol !== 'https:')
      throw new Fault('bad_data', `${url.host} points to something that is no web address.`);
  }
  throw new Fault('bad_data', `${url.host} sends in circles.`);
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
  if (status === 404)
    throw new Fault('not_found', `${host} has no ${decodeURIComponent(pathname)}. Check the address.`);
  throw new Fault('unreachable', `${host} answers ${status}. Try again later.`);
}

/** The body as a stream. */
export const bodyOf = (response: Response): Readable =>
  response.body ? Readable.fromWeb(response.body as WebStream) : Readable.from([]);

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
        const bytes = Buffer.from(await response.arrayBuffer());
        if (bytes.length !== last - at + 1)
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
