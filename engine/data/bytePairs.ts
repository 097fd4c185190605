// Makes a byte-level BPE tokenizer of texts (Sennrich et al. 2016; bytes as Radford et al. 2019): every text has tokens, and
// tokens give the text back. The result is a tokenizer.json, which openTokenizer and other tools read; encodes no text itself.
import { bytePairModel, special as specialToken, type TokenizerJson } from './tokenizerFile.ts';
import { longestText } from './words.ts';

export interface BytePairOptions {
  /** Tokens at most, the 256 bytes and the special ones included. */
  size: number;
  /** Pairs met less often are not joined. */
  least?: number;
  /** Tokens with a meaning of their own; their ids are 0, 1, … */
  special: readonly string[];
}

/** GPT-2's words, with digits one by one. */
const word = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\p{N}|\s+(?!\S)|\s+/gu;
/** Words longer than this are learned from no more than their beginning. */
const longestWord = 64;
/** Above this many different words, the rarest are forgotten. */
const mostWords = 1_000_000;

/** Bytes as characters that are seen: those that Latin-1 shows stand for themselves. */
export function byteCharacters(): string[] {
  const shown = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(shown(byte) ? byte : next++));
}

interface Word {
  symbols: number[];
  count: number;
}

/** Counts words of the texts, and gives the likeliest merges in order. */
function learn(texts: Iterable<string>, merges: number, least: number): { left: string; right: string }[] {
  const characters = byteCharacters();
  let counts = new Map<string, number>();
  for (const text of texts) {
    for (const [match] of text.slice(0, longestText).matchAll(word)) counts.set(match, (counts.get(match) ?? 0) + 1);
    if (counts.size > mostWords) counts = new Map([...counts].filter(([, count]) => count > 1));
  }
  const names = [...characters];
  // The order of texts must not matter where counts are equal.
  const words: Word[] = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, count]) => ({ symbols: [...Buffer.from(text.slice(0, longestWord), 'utf8')], count }));
  const key = (a: number, b: number) => a * 2 ** 26 + b;
  const pairs = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const each = ({ symbols }: Word, act: (pair: number) => void) => {
    for (let i = 0; i + 1 < symbols.length; i++) act(key(symbols[i], symbols[i + 1]));
  };
  const count = (one: Word, at: number) =>
    each(one, (pair) => {
      pairs.set(pair, (pairs.get(pair) ?? 0) + one.count);
      const held = places.get(pair);
      if (held) held.add(at);
      else places.set(pair, new Set([at]));
    });
  for (const [at, one] of words.entries()) count(one, at);
  // Entries may be out of date: a pair's count is looked up again when it comes to the top.
  const queue = openQueue();
  for (const [pair, times] of pairs) queue.push(pair, times);
  const made: { left: string; right: string }[] = [];
  while (made.length < merges) {
    const best = queue.pop(pairs);
    if (best === undefined || (pairs.get(best) ?? 0) < least) break;
    const [a, b] = [Math.floor(best / 2 ** 26), best % 2 ** 26];
    const joined = names.push(names[a] + names[b]) - 1;
    made.push({ left: names[a], right: names[b] });
    const changed = new Set<number>();
    for (const at of places.get(best) ?? []) {
      const one = words[at];
      each(one, (pair) => pairs.set(pair, (pairs.get(pair) ?? 0) - one.count));
      one.symbols = merged(one.symbols, a, b, joined);
      count(one, at);
      each(one, (pair) => changed.add(pair));
    }
    pairs.delete(best);
    places.delete(best);
    for (const pair of changed) queue.push(pair, pairs.get(pair) ?? 0);
  }
  return made;
}

/** Pairs by falling count, then by rising number: a heap whose entries may be out of date. */
function openQueue() {
  const heap: { pair: number; count: number }[] = [];
  const before = (i: number, j: number) =>
    heap[i].count > heap[j].count || (heap[i].count === heap[j].count && heap[i].pair < heap[j].pair);
  const swap = (i: number, j: number) => ([heap[i], heap[j]] = [heap[j], heap[i]]);
  const rise = (from: number) => {
    for (let i = from; i > 0 && before(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
  };
  const sink = () => {
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let top = i;
      if (left < heap.length && before(left, top)) top = left;
      if (right < heap.length && before(right, top)) top = right;
      if (top === i) return;
      swap(i, top);
      i = top;
    }
  };
  const push = (pair: number, count: number) => rise(heap.push({ pair, count }) - 1);
  return {
    push,
    /** The pair that is met most often now; undefined when none is left. */
    pop(counts: ReadonlyMap<number, number>): number | undefined {
      while (heap.length > 0) {
        const { pair, count } = heap[0];
        const last = heap.pop();
        if (heap.length > 0 && last) {
          heap[0] = last;
          sink();
        }
        const now = counts.get(pair) ?? 0;
        if (now === count) return pair;
        if (now > 0) push(pair, now);
      }
      return undefined;
    },
  };
}

function merged(symbols: readonly number[], a: number, b: number, joined: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === a && symbols[i + 1] === b) {
      out.push(joined);
      i++;
    } else out.push(symbols[i]);
  }
  return out;
}

/** A tokenizer.json of at most `size` tokens, learned from the texts; the same texts give the same one. */
export function fitBytePairs(texts: Iterable<string>, { size, least = 2, special }: BytePairOptions): TokenizerJson {
  const merges = learn(texts, Math.max(0, size - 256 - special.length), least);
  const tokens = [...special, ...byteCharacters(), ...merges.map(({ left, right }) => left + right)];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => specialToken(id, content)),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: bytePairModel(
      Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id])),
      merges.map(({ left, right }) => `${left} ${right}`),
    ),
  };
}
