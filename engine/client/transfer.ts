// Uploads and downloads with progress, streamed wherever the platform can.
import { Fault } from '../schema/index.ts';
import { faultOf, networkFault } from './faults.ts';
import type { ClientOptions, Download, DownloadOptions, UploadOptions, UploadSource } from './options.ts';
import { headersOf } from './request.ts';

/** Sends the bytes and gives the JSON answer. */
export async function sendBytes(
  client: ClientOptions,
  url: string,
  source: UploadSource,
  options: UploadOptions,
): Promise<unknown> {
  const headers = { ...headersOf(client), 'content-type': 'application/octet-stream' };
  // Browsers stream a request only over HTTP/2, but XMLHttpRequest sends files from disk and tells how far it is.
  if (typeof XMLHttpRequest !== 'undefined' && source instanceof Blob) return sendBlob(url, source, headers, options);
  const total = sizeOf(source) ?? options.bytes;
  const fetch = client.fetch ?? globalThis.fetch;
  const response = await fetch(url, {
    method: 'POST',
    headers: total === undefined ? headers : { ...headers, 'content-length': String(total) },
    body: counted(streamOf(source), (sent) => options.onProgress?.(sent, total)),
    duplex: 'half',
    signal: options.signal ?? null,
    redirect: 'error',
  } as RequestInit & { duplex: 'half' }).catch((error: unknown) => {
    throw networkFault(error, client.url, options.signal);
  });
  if (!response.ok) throw await faultOf(response);
  return response.json();
}

function sendBlob(
  url: string,
  source: Blob,
  headers: Record<string, string>,
  { signal, onProgress }: UploadOptions,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded }) => onProgress?.(loaded, source.size));
    request.addEventListener('loadend', () => {
      signal?.removeEventListener('abort', cancel);
      if (request.status === 0) return reject(networkFault(undefined, new URL(url).origin, signal));
      const response = new Response(request.responseText, { status: request.status });
      if (response.ok) resolve(response.json());
      else faultOf(response).then(reject, reject);
    });
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) return reject(networkFault(undefined, url, signal));
    request.send(source);
  });
}

/** Asks for the bytes; resolves when the head is here. */
export async function fetchBytes(client: ClientOptions, url: string, options: DownloadOptions): Promise<Download> {
  const fetch = client.fetch ?? globalThis.fetch;
  const response = await fetch(url, {
    headers: headersOf(client),
    signal: options.signal ?? null,
    redirect: 'error',
  }).catch((error: unknown) => {
    throw networkFault(error, client.url, options.signal);
  });
  if (!response.ok) throw await faultOf(response);
  const length = response.headers.get('content-length');
  const bytes = length === null ? undefined : Number(length);
  const body = response.body ?? new Blob([]).stream();
  return {
    filename: filenameOf(response.headers.get('content-disposition') ?? ''),
    type: response.headers.get('content-type') ?? 'application/octet-stream',
    bytes,
    body: counted(body, (received) => options.onProgress?.(received, bytes), options.signal),
  };
}

/** The same bytes, counted as they pass; a break becomes a Fault. */
function counted(
  source: ReadableStream<Uint8Array>,
  onCount: (bytes: number) => void,
  signal?: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = source.getReader();
  let count = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        count += value.byteLength;
        onCount(count);
        controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        controller.error(broken(error, count, signal));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function broken(error: unknown, count: number, signal: AbortSignal | undefined): Fault {
  if (error instanceof Fault) return error;
  if (signal?.aborted) return new Fault('cancelled', 'cancelled', undefined, error);
  return new Fault('unreachable', `the transfer broke off after ${count} bytes; try again`, { bytes: count }, error);
}

function streamOf(source: UploadSource): ReadableStream<Uint8Array> {
  if (source instanceof Blob) return source.stream();
  if (source instanceof Uint8Array) return new Blob([source]).stream();
  if (source instanceof ReadableStream) return source;
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

function sizeOf(source: UploadSource): number | undefined {
  if (source instanceof Blob) return source.size;
  return source instanceof Uint8Array ? source.byteLength : undefined;
}

function filenameOf(disposition: string): string {
  const exact = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (exact !== undefined) return decodeURIComponent(exact);
  return /filename="([^"]*)"/i.exec(disposition)?.[1] ?? 'download';
}
