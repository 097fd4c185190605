// Line ends of CSV outside of quotes: whether a file mixes them, and a stream that makes them alike. Inside quotes they are
// part of a value and stay as they are.
import { Transform } from 'node:stream';

const [lineFeed, carriageReturn, quotation] = [10, 13, 34];

/** Both CRLF and bare LF end rows. */
export function mixesLineEnds(text: string): boolean {
  let quoted = false;
  const seen = new Set<'crlf' | 'lf'>();
  for (let i = 0; i < text.length && seen.size < 2; i++) {
    const unit = text.charCodeAt(i);
    if (unit === quotation) quoted = !quoted;
    else if (unit === lineFeed && !quoted) seen.add(text.charCodeAt(i - 1) === carriageReturn ? 'crlf' : 'lf');
  }
  return seen.size === 2;
}

/** Turns CRLF into LF where it ends a row. */
export function oneLineEnd(): Transform {
  let quoted = false;
  let held = false;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const out = Buffer.allocUnsafe(chunk.length + 1);
      let at = 0;
      for (const byte of chunk) {
        if (held && byte !== lineFeed) out[at++] = carriageReturn;
        held = false;
        if (byte === quotation) quoted = !quoted;
        if (byte === carriageReturn && !quoted) held = true;
        else out[at++] = byte;
      }
      done(null, out.subarray(0, at));
    },
    flush(done) {
      done(null, held ? Buffer.of(carriageReturn) : undefined);
    },
  });
}
