// Reads a JSON body: its size is bounded before a byte of it is parsed, and it must arrive in time.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../schema/index.ts';
import { checkForm, parseJson } from './jsonText.ts';

/** A JSON body must be here after this long, ms. */
const patienceMs = 60_000;

/** The value of the request's body; `{}` when there is none. Faults: `bad_request`, `payload_too_large`, `timeout`. */
export async function readJson(req: IncomingMessage, res: ServerResponse, mostBytes: number): Promise<unknown> {
  if (req.headers['content-length'] === '0') return {};
  const bytes = await readBytes(req, res, mostBytes);
  if (bytes.length === 0) return {};
  checkType(req);
  if (!isUtf8(bytes)) throw new Fault('bad_request', 'the body is not UTF-8 text');
  return parseJson(bytes.toString('utf8'));
}

/** The request's body as it came. Faults: `payload_too_large`, before a byte is read where the size is said; `timeout`. */
async function readBytes(req: IncomingMessage, res: ServerResponse, mostBytes: number): Promise<Buffer> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > mostBytes) throw tooLarge(mostBytes);
  // What came together with the headers has been taken in by the next microtask: mostly that is all, and reading it at once
  // spares several turns of listeners.
  await Promise.resolve();
  if (req.complete) {
    const all = (req.read() as Buffer | null) ?? Buffer.alloc(0);
    if (all.length > mostBytes) throw tooLarge(mostBytes);
    return all;
  }
  const chunks = await readAll(req, res, mostBytes);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** As `readBytes`, of a body that begins with JSON (all of it, or as much as `Inference-Header-Content-Length` says): its form is bounded. */
export async function readBytesWithJson(req: IncomingMessage, res: ServerResponse, mostBytes: number): Promise<Buffer> {
  const bytes = await readBytes(req, res, mostBytes);
  const said = req.headers['inference-header-content-length'];
  checkForm(bytes.toString('latin1', 0, said === undefined ? bytes.length : Number(said)));
  return bytes;
}

/** Whether the request says that its body is JSON, with no tensors behind it. */
export function isJson(req: IncomingMessage): boolean {
  return typeOf(req) === 'application/json' && req.headers['inference-header-content-length'] === undefined;
}

const typeOf = (req: IncomingMessage): string | undefined =>
  req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

/** Lets a client that waits for `100 Continue` send its body. */
export function goOn(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue();
}

function readAll(req: IncomingMessage, res: ServerResponse, mostBytes: number): Promise<Buffer[]> {
  goOn(req, res);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (fault: Fault) => {
      clearTimeout(timer);
      req.pause();
      reject(fault);
    };
    const timer = setTimeout(() => fail(new Fault('timeout', 'the body did not arrive in time')), patienceMs);
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) fail(tooLarge(mostBytes));
      else chunks.push(chunk);
    });
    req.on('end', () => {
      clearTimeout(timer);
      resolve(chunks);
    });
    const left = () => {
      if (!req.complete) fail(new Fault('cancelled', 'the client left'));
    };
    req.on('error', left);
    req.on('close', left);
  });
}

function checkType(req: IncomingMessage): void {
  if (typeOf(req) !== 'application/json') {
    throw new Fault('bad_request', `send the body as JSON, with the header “Content-Type: application/json”`);
  }
  if (req.headers['content-encoding'] !== undefined) {
    throw new Fault('bad_request', 'send the body as it is, without Content-Encoding');
  }
}

/** Names the limit in words. */
export function tooLarge(mostBytes: number): Fault {
  const limit = mostBytes >= 1024 ** 2 ? `${Math.floor(mostBytes / 1024 ** 2)} MiB` : `${mostBytes} bytes`;
  return new Fault('payload_too_large', `the body is larger than ${limit}; send it in smaller parts`, { mostBytes });
}
