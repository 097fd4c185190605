// Raw bodies: uploads in, with their size bounded while they stream, and downloads out. Nothing is held in memory.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Readable, Transform, type Writable } from 'node:stream';
import { Fault } from '../schema/index.ts';
import { goOn, tooLarge } from './body.ts';
import { dataHeaders } from './headers.ts';

/** A transfer that does not move for this long is over, ms. */
const patienceMs = 120_000;

/**
 * The request's body as a stream. It fails with `payload_too_large` past the limit, `cancelled` when the client leaves
 * before its end, `timeout` when it stalls.
 */
export function openUpload(
  req: IncomingMessage,
  res: ServerResponse,
  mostBytes: number,
): { stream: Readable; bytes?: number } {
  const declared = req.headers['content-length'];
  if (declared !== undefined && Number(declared) > mostBytes) throw tooLarge(mostBytes);
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      // A reader that is slow is not the client's fault; only an empty socket is.
      stall.refresh();
      if (size > mostBytes) done(tooLarge(mostBytes));
      else done(null, chunk);
    },
  });
  const stall = setTimeout(() => {
    if (counted.readableLength > 0) stall.refresh();
    else counted.destroy(new Fault('timeout', 'the upload stood still for two minutes'));
  }, patienceMs);
  stall.unref();
  counted.on('close', () => clearTimeout(stall));
  // Whoever reads it sees the failure; without a reader it must not end the process.
  counted.on('error', () => {});
  goOn(req, res);
  feed(req, counted);
  return { stream: counted, ...(declared === undefined ? {} : { bytes: Number(declared) }) };
}

/** `pipeline` would destroy the request with the stream, and then the refusal could not be sent. */
function feed(req: IncomingMessage, into: Transform): void {
  req.pipe(into);
  const left = () => {
    if (!req.complete) into.destroy(new Fault('cancelled', 'the client left during the upload'));
  };
  req.on('error', left);
  req.on('close', left);
  into.on('close', () => req.unpipe(into));
}

/** Sends the head and gives the stream for the bytes. When it is destroyed with an error, the connection is cut. */
export function openDownload(res: ServerResponse, head: { type: string; filename?: string; bytes?: number }): Writable {
  res.writeHead(200, {
    ...dataHeaders,
    'content-type': head.type,
    ...(head.filename === undefined ? {} : { 'content-disposition': disposition(head.filename) }),
    ...(head.bytes === undefined ? {} : { 'content-length': head.bytes }),
  });
  res.setTimeout(patienceMs, () => {
    if (res.writableNeedDrain) res.destroy();
  });
  return res;
}

/** RFC 6266: a plain name for old clients, the true one in RFC 8187 form. */
function disposition(filename: string): string {
  const plain = filename.replace(/[^\w.-]+/g, '_');
  const exact = encodeURIComponent(filename).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}
