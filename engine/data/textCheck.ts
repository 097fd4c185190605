// Watches bytes go by and stops at the first that no table of text can hold: a NUL, broken UTF-8, a line without end.
// Changes nothing; says where, and what to do about it.
import { isUtf8 } from 'node:buffer';
import { Fault } from '../schema/index.ts';

/** Longest line that is read, bytes. */
export const longestLine = 8 * 1024 * 1024;

export interface TextCheck {
  /** Looks at the next bytes; throws `bad_data` naming line and byte. */
  push(chunk: Buffer): void;
  /** To be called after the last bytes. */
  end(): void;
  /** Bytes seen. */
  readonly bytes: number;
}

/** A check of UTF-8 text; where `counting` is false, the lines that it names are wrong. */
export function checkText(file: string, counting = true): TextCheck {
  let bytes = 0;
  let lines = 0;
  let lineStart = 0;
  /** Start of a character that the last chunk cut in two. */
  let tail = Buffer.alloc(0);

  const fail = (at: number, line: number, what: string, remedy: string): never => {
    throw new Fault('bad_data', `${file}: line ${line} (byte ${at}) ${what}. ${remedy}.`, { line, byte: at });
  };
  // Searching for each line end costs a call a line, which short lines multiply: those are counted in a plain loop.
  const countLines = (chunk: Buffer, to: number) => {
    if (!counting) return 0;
    let count = 0;
    let at = 0;
    for (const end = Math.min(to, 4096); at < end; at++) if (chunk[at] === 10) count++;
    if (count < at / 48) {
      for (at = chunk.indexOf(10, at); at >= 0 && at < to; at = chunk.indexOf(10, at + 1)) count++;
      return count;
    }
    for (; at < to; at++) if (chunk[at] === 10) count++;
    return count;
  };

  return {
    get bytes() {
      return bytes;
    },
    push(chunk) {
      const nul = chunk.indexOf(0);
      if (nul >= 0) {
        const line = lines + countLines(chunk, nul) + 1;
        fail(bytes + nul, line, 'holds a NUL byte', 'The file is damaged or binary: export it again as text');
      }
      const joined = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk;
      const whole = completeLength(joined);
      if (!isUtf8(joined.subarray(0, whole))) {
        const bad = firstBadByte(joined.subarray(0, whole));
        const line = lines + countLines(joined, bad) + 1;
        fail(
          bytes - tail.length + bad,
          line,
          'is not UTF-8',
          looksChinese(joined.subarray(bad, bad + 4))
            ? 'If the file is in a Chinese encoding, import it with --encoding gb18030 (or big5)'
            : 'If the file is in a Western encoding, import it with --encoding latin-1',
        );
      }
      tail = Buffer.from(joined.subarray(whole));
      const last = chunk.lastIndexOf(10);
      if (last < 0) {
        if (bytes + chunk.length - lineStart > longestLine) tooLong();
      } else {
        if (bytes + chunk.indexOf(10) - lineStart > longestLine) tooLong();
        lineStart = bytes + last + 1;
      }
      lines += countLines(chunk, chunk.length);
      bytes += chunk.length;
    },
    end() {
      if (tail.length > 0)
        fail(bytes, lines + 1, 'ends in the middle of a character', 'The file is cut off: copy it again');
    },
  };

  function tooLong(): never {
    const mib = longestLine / 1024 / 1024;
    return fail(
      lineStart,
      lines + 1,
      `is longer than ${mib} MiB`,
      'Check the line ends and the quotes, or shorten the text',
    );
  }
}

/** Two characters of two bytes in a row, as GB 18030 and Big5 have them; Western letters with accents seldom stand together. */
const looksChinese = ([a = 0, b = 0, c = 0, d = 0]: Uint8Array): boolean =>
  a > 0x80 && a < 0xff && b >= 0x40 && c > 0x80 && c < 0xff && d >= 0x40 && (b > 0x80 || d > 0x80);

/** Bytes without a UTF-8 character that is cut off at the end. */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Place of the first byte at which it stops being UTF-8: the longest valid prefix, by halving. */
function firstBadByte(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const cut = completeLength(bytes.subarray(0, middle));
    if (isUtf8(bytes.subarray(0, cut))) good = middle;
    else bad = middle;
  }
  return completeLength(bytes.subarray(0, good));
}
