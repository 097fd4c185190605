// Where the bytes of an import come from: a file that DuckDB may open in place, or a stream that reaches it through a FIFO,
// decompressed, transcoded and checked on the way. Parses nothing.
import { createReadStream, openSync, readSync, statSync, closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Fault, type ImportOptions, type ImportSource } from '../schema/index.ts';
import { makeFifo } from './fifo.ts';
import { decoderLabel, type Form, headBytes, settleForm } from './head.ts';
import { oneLineEnd } from './lineEnds.ts';
import { checkText, type TextCheck } from './textCheck.ts';

/** A source with its form settled, ready to be read once. */
export interface OpenSource {
  form: Form;
  /** Bytes of the source, when known in advance. */
  total: number | undefined;
  /** Path that DuckDB reads. */
  path: string;
  /** Bytes of the source seen so far. */
  seen(): number;
  /** Feeds and checks everything; rejects with the Fault of the first bad byte. Must run beside the reading of `path`. */
  run(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Sources that are read from their beginning to their end. */
type TextSource = Extract<ImportSource, { kind: 'path' | 'stream' }>;

/** Most bytes that a compressed source may unpack to, and the greatest ratio beyond the first 32 MiB. */
const mostUnpacked = 64 * 1024 ** 3;
const greatestRatio = 200;

/** Opens a source; `directory` is private and may hold a FIFO. Throws `not_found`, `path_refused` or `bad_data`. */
export async function openSource(
  source: TextSource,
  options: ImportOptions,
  directory: string,
  stdin: () => Readable,
): Promise<OpenSource> {
  if (source.kind === 'path') return openPath(source.path, options, directory);
  const { head, rest } = await takeHead(stdin());
  const form = settleForm(source.name, head.subarray(0, headBytes), rest === undefined, options);
  return feeding(form, source.bytes, directory, () => {
    async function* all() {
      yield head;
      if (rest) yield* rest;
    }
    return Readable.from(all(), { objectMode: false });
  });
}

async function openPath(path: string, options: ImportOptions, directory: string): Promise<OpenSource> {
  const file = basename(path);
  const { head, size, changed } = readHead(path, file);
  const form = settleForm(file, head, size <= head.length, options);
  const inPlace =
    !form.packed && form.encoding === 'utf-8' && !form.mixedLineEnds && !form.marked && !/[*?[\]{}]/.test(path);
  if (!inPlace) return feeding(form, size, directory, () => createReadStream(path, { highWaterMark: headBytes }));
  let seen = 0;
  const pass = (check: TextCheck, signal: AbortSignal) =>
    readPieces(path, signal, (bytes) => {
      check.push(bytes);
      seen = Math.max(seen, check.bytes);
    });
  return {
    form,
    total: size,
    path,
    seen: () => seen,
    async run(signal) {
      // DuckDB reads the file itself, in parallel; this pass shares its pages and finds what a table must not hold. Lines are
      // counted only to name one.
      const quick = checkText(file, false);
      try {
        await pass(quick, signal);
        quick.end();
        const now = statSync(path, { throwIfNoEntry: false });
        if (now?.size !== size || now.mtimeMs !== changed)
          throw new Fault('bad_data', `${file} changed while it was read. Import it again when nobody writes to it.`);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const exact = checkText(file);
        await pass(exact, signal);
        exact.end();
        throw error;
      }
    },
    close: () => undefined,
  };
}

/** Reads a file from its beginning to its end through one piece of memory. */
async function readPieces(path: string, signal: AbortSignal, take: (bytes: Buffer) => void): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(headBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return;
      take(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

async function feeding(
  form: Form,
  total: number | undefined,
  directory: string,
  begin: () => Readable,
): Promise<OpenSource> {
  const fifo = await makeFifo(directory);
  let seen = 0;
  return {
    form,
    total,
    path: fifo.path,
    seen: () => seen,
    async run(signal) {
      const raw = begin();
      const count = through((chunk) => {
        seen += chunk.length;
        return chunk;
      });
      const check = checkText(form.file);
      const stages = [
        count,
        ...(form.packed ? [unpackers[form.packed](), limitUnpacked(form.file, () => seen)] : []),
        ...(form.encoding === 'utf-8' ? [] : [transcode(form)]),
        ...(form.mixedLineEnds ? [oneLineEnd()] : []),
        ...(form.marked ? [withoutMark()] : []),
        through((chunk) => {
          check.push(chunk);
          return chunk;
        }),
      ];
      let last: Readable = raw;
      let failed: unknown;
      for (const stage of stages) {
        const from = last;
        from.on('error', (error) => stage.destroy(error));
        last = from.pipe(stage);
      }
      last.on('error', (error) => (failed ??= error));
      try {
        await fifo.feed(last, signal);
        check.end();
      } catch (error) {
        throw feedFault(form.file, failed ?? error);
      } finally {
        raw.destroy();
        for (const stage of stages) stage.destroy();
      }
    },
    close: () => fifo.close(),
  };
}

const unpackers = { gzip: createGunzip, zstd: createZstdDecompress };

/** The first MiB of a file. */
function readHead(path: string, file: string): { head: Buffer; size: number; changed: number } {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts) throw new Fault('not_found', `There is no file ${path}. Check the path.`);
  if (facts.isDirectory()) throw new Fault('bad_data', `${path} is a folder. Name one file in it.`);
  if (!facts.isFile()) throw new Fault('bad_data', `${path} is not a plain file. Choose a table.`);
  try {
    const handle = openSync(path, 'r');
    try {
      const head = Buffer.alloc(Math.min(headBytes, facts.size));
      const length = readSync(handle, head, 0, head.length, 0);
      return { head: head.subarray(0, length), size: facts.size, changed: facts.mtimeMs };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw new Fault('path_refused', `${file} cannot be read. Check its permissions.`, undefined, error);
  }
}

/** Reads until a MiB is there or the stream ends; `rest` is undefined when it ended. */
async function takeHead(stream: Readable): Promise<{ head: Buffer; rest?: AsyncGenerator<Buffer> }> {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const parts: Buffer[] = [];
  let size = 0;
  while (size <= headBytes) {
    const next = await chunks.next();
    if (next.done) return { head: Buffer.concat(parts) };
    parts.push(next.value);
    size += next.value.length;
  }
  async function* rest() {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  }
  return { head: Buffer.concat(parts), rest: rest() };
}

function through(work: (chunk: Buffer) => Buffer | string): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        done(null, work(chunk));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function transcode(form: Form): Transform {
  let decoder: TextDecoder | undefined;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      decoder ??= new TextDecoder(decoderLabel(form.encoding, chunk));
      done(null, decoder.decode(chunk, { stream: true }));
    },
    flush(done) {
      done(null, decoder?.decode() ?? '');
    },
  });
}

/** Drops the byte order mark of UTF-8, three bytes. */
function withoutMark(): Transform {
  let left = 3;
  return through((chunk) => {
    const cut = Math.min(left, chunk.length);
    left -= cut;
    return chunk.subarray(cut);
  });
}

function limitUnpacked(file: string, packed: () => number): Transform {
  let unpacked = 0;
  return through((chunk) => {
    unpacked += chunk.length;
    const bomb = unpacked > 32 * 1024 * 1024 && unpacked > greatestRatio * packed();
    if (bomb || unpacked > mostUnpacked) {
      throw new Fault(
        'bad_data',
        `${file} unpacks to far more than a table of its size. Decompress it yourself and look at it.`,
      );
    }
    return chunk;
  });
}

function feedFault(file: string, error: unknown): unknown {
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (error instanceof Fault || name === 'AbortError') return error;
  if (!code.startsWith('Z') || code === 'ZLIB')
    return new Fault('bad_data', `${file} did not arrive whole. Send it again.`, undefined, error);
  return new Fault(
    'bad_data',
    `${file} is damaged or cut off: it does not decompress. Copy it again.`,
    undefined,
    error,
  );
}
