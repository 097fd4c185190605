// Tokens one by one as text: bytes of a character that is not whole yet, and what may become a stop word, are held back.

export interface TextStream {
  /** What can be told now that this token came. */
  push(id: number): string;
  /** What was held back at the end. */
  finish(): string;
  /** All told so far. */
  readonly text: string;
  /** A stop word was met; the text ends before it. */
  readonly stopped: boolean;
}

/** Tokens before the newest that a decoder may need to see, for blanks and characters of several bytes. */
const lookBack = 8;
const broken = '\uFFFD';

/** A text that begins empty; `decode` turns ids into text, `stops` end it. */
export function openTextStream(decode: (ids: readonly number[]) => string, stops: readonly string[] = []): TextStream {
  let ids: number[] = [];
  /** Of `ids`, those whose text is known. */
  let known = 0;
  let held = '';
  let text = '';
  let stopped = false;
  const tell = (more: string, isLast: boolean): string => {
    held += more;
    const at = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((place) => place >= 0));
    if (Number.isFinite(at)) {
      stopped = true;
      held = held.slice(0, at);
    }
    const most = stopped || isLast ? 0 : Math.max(0, ...stops.map((stop) => startsOf(stop, held)));
    const told = held.slice(0, held.length - most);
    held = held.slice(held.length - most);
    if (stopped) held = '';
    text += told;
    return told;
  };
  const fresh = (): string => {
    const before = decode(ids.slice(0, known));
    return decode(ids).slice(before.length);
  };
  return {
    push(id) {
      if (stopped) return '';
      ids.push(id);
      const more = fresh();
      if (more.endsWith(broken)) return '';
      known = ids.length;
      if (ids.length > 4 * lookBack) {
        ids = ids.slice(-lookBack);
        known = ids.length;
      }
      return tell(more, false);
    },
    finish: () => (stopped ? '' : tell(known < ids.length ? fresh() : '', true)),
    get text() {
      return text;
    },
    get stopped() {
      return stopped;
    },
  };
}

/** Length of the longest end of `text` that `stop` begins with. */
function startsOf(stop: string, text: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
