// Joins the likeliest pairs of symbols, one after the other: what byte pairs (Sennrich et al. 2016) and word pieces are made by.
// Knows words as lists of symbols, nothing of texts.

/** A word as the places of its symbols in the list of names, and how often it was met. */
export interface Word {
  symbols: number[];
  count: number;
}

export interface Merge {
  left: string;
  right: string;
}

/** Merges at most; pairs met less often than `least` are not joined. `names` grows by what is made, which `join` names. */
export function learnMerges(
  words: readonly Word[],
  names: string[],
  most: number,
  least: number,
  join: (left: string, right: string) => string,
): Merge[] {
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
  const made: Merge[] = [];
  while (made.length < most) {
    const best = queue.pop(pairs);
    if (best === undefined || (pairs.get(best) ?? 0) < least) break;
    const [a, b] = [Math.floor(best / 2 ** 26), best % 2 ** 26];
    const joined = names.push(join(names[a], names[b])) - 1;
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
