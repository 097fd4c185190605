// Written texts beside the true ones: exact match, chrF2 and BLEU over all texts together, as sacreBLEU defines them.

/** Share of texts that are the true one, blanks at the ends aside. */
export function exactMatch(written: readonly string[], truth: readonly string[]): number {
  const hits = written.filter((text, i) => text.trim() === truth[i].trim()).length;
  return written.length === 0 ? 0 : hits / written.length;
}

function count<T>(parts: readonly T[], length: number, join: (slice: readonly T[]) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + length <= parts.length; at++) {
    const gram = join(parts.slice(at, at + length));
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

const size = (counts: ReadonlyMap<string, number>): number => {
  let sum = 0;
  for (const n of counts.values()) sum += n;
  return sum;
};

function common(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [gram, n] of a) sum += Math.min(n, b.get(gram) ?? 0);
  return sum;
}

/** What n-grams of one length have in common over all texts. */
interface Overlap {
  written: number;
  truth: number;
  both: number;
}

function overlaps<T>(
  written: readonly (readonly T[])[],
  truth: readonly (readonly T[])[],
  longest: number,
  join: (slice: readonly T[]) => string,
): Overlap[] {
  return Array.from({ length: longest }, (_, k) => {
    const sums = { written: 0, truth: 0, both: 0 };
    for (const [i, parts] of written.entries()) {
      const [own, wanted] = [count(parts, k + 1, join), count(truth[i], k + 1, join)];
      sums.written += size(own);
      sums.truth += size(wanted);
      sums.both += common(own, wanted);
    }
    return sums;
  });
}

/** chrF with recall twice as important (Popović 2015): character 1- to 6-grams without blanks, 0 to 100. */
export function chrF(written: readonly string[], truth: readonly string[]): number {
  const characters = (texts: readonly string[]) => texts.map((text) => Array.from(text.replace(/\s+/g, '')));
  const used = overlaps(characters(written), characters(truth), 6, (slice) => slice.join('')).filter(
    (one) => one.written > 0 && one.truth > 0,
  );
  if (used.length === 0) return 0;
  const mean = (of: (one: Overlap) => number) => used.reduce((sum, one) => sum + of(one), 0) / used.length;
  const [precision, recall] = [mean((one) => one.both / one.written), mean((one) => one.both / one.truth)];
  return precision + recall === 0 ? 0 : (100 * 5 * precision * recall) / (4 * precision + recall);
}

/** A character of a script without blanks, a run of letters, marks and digits, or any other visible character. */
const token =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]]+|[^\s\p{C}]/gv;

/**
 * BLEU (Papineni et al. 2002) of 1- to 4-grams of words and punctuation, 0 to 100. A length without any match counts as
 * 1/2, 1/4, … of one (Chen & Cherry 2014, method 3); lengths that no text has are left out.
 */
export function bleu(written: readonly string[], truth: readonly string[]): number {
  const words = (texts: readonly string[]) => texts.map((text) => text.match(token) ?? []);
  const [own, wanted] = [words(written), words(truth)];
  const grams = overlaps(own, wanted, 4, (slice) => slice.join('\u0000')).filter((one) => one.written > 0);
  if (grams.length === 0 || grams[0].both === 0) return 0;
  let halves = 1;
  const logs = grams.map(({ both, written: all }) => {
    if (both > 0) return Math.log(both / all);
    halves *= 2;
    return Math.log(1 / (halves * all));
  });
  const length = (texts: readonly (readonly string[])[]) => texts.reduce((sum, one) => sum + one.length, 0);
  const brevity = Math.min(0, 1 - length(wanted) / length(own));
  return 100 * Math.exp(brevity + logs.reduce((a, b) => a + b, 0) / logs.length);
}
