// Which n-grams of a text column get an id: those that occur in most documents of the training part. Counts documents, keeps
// memory bounded, and gives the same vocabulary for the same documents.
import type { Analyzer, TextInput } from '../schema/index.ts';
import { emptyHash, extend, GramTable } from './grams.ts';
import { type Words, wordsOf } from './words.ts';

export interface VocabularyOptions {
  analyzer?: Analyzer;
  /** Most n-grams in all; half of them words where both kinds abound. */
  size?: number;
  /** Fewest documents of an n-gram; 2 from 50 documents on when left out. */
  least?: number;
  /** Most n-grams of one row. */
  maxTokens?: number;
}

export const defaultAnalyzer: Analyzer = { words: [1, 2], chars: [3, 5], sublinear: true };
export const defaultVocabulary = 50_000;
export const defaultMaxTokens = 2048;

/** Above this many candidates of a kind, the rarest are forgotten. */
const mostCandidates = 4_000_000;

/** Document counts of one kind of n-gram. */
interface Counter {
  table: GramTable;
  /** Documents with it, and the last of them. */
  documents: Uint32Array;
  last: Int32Array;
}

/** Fits a vocabulary on documents, given one after the other. */
export function fitVocabulary(
  column: string,
  documents: Iterable<string | null>,
  options: VocabularyOptions = {},
): TextInput {
  const analyzer = options.analyzer ?? defaultAnalyzer;
  const size = options.size ?? defaultVocabulary;
  let words = makeCounter();
  let chars = makeCounter();
  let count = 0;
  for (const text of documents) {
    count++;
    if (text === null) continue;
    const cut = wordsOf(text);
    countWords(words, cut, analyzer.words, count);
    if (analyzer.chars) countChars(chars, cut, analyzer.chars, count);
    if (words.table.size > mostCandidates) words = forget(words);
    if (chars.table.size > mostCandidates) chars = forget(chars);
  }
  const least = options.least ?? (count >= 50 ? 2 : 1);
  const available = (counter: Counter) =>
    counter.documents.subarray(0, counter.table.size).filter((n) => n >= least).length;
  const charsWanted = analyzer.chars ? Math.max(Math.floor(size / 2), size - available(words)) : 0;
  const topChars = mostFrequent(chars, Math.min(charsWanted, available(chars)), least);
  const topWords = mostFrequent(words, size - topChars.length, least);
  const idf = [...topWords, ...topChars].map(({ n }) => Math.fround(Math.log((1 + count) / (1 + n)) + 1));
  return {
    column,
    analyzer,
    words: topWords.map(({ text }) => text),
    chars: topChars.map(({ text }) => text),
    idf,
    maxTokens: options.maxTokens ?? defaultMaxTokens,
  };
}

function makeCounter(): Counter {
  return { table: new GramTable(1 << 15), documents: new Uint32Array(1 << 16), last: new Int32Array(1 << 16) };
}

function countWords(
  counter: Counter,
  { units, starts, ends, count }: Words,
  [least, most]: [number, number],
  document: number,
): void {
  for (let w = 0; w < count; w++) {
    let hash = emptyHash;
    let at = starts[w];
    for (let n = 1; n <= most && w + n <= count; n++) {
      const end = ends[w + n - 1];
      while (at < end) hash = extend(hash, units[at++]);
      if (n >= least) see(counter, units, starts[w], end, hash, document);
    }
  }
}

function countChars(
  counter: Counter,
  { units, starts, ends, count, alone }: Words,
  [least, most]: [number, number],
  document: number,
): void {
  for (let w = 0; w < count; w++) {
    if (alone[w]) continue;
    const end = ends[w] + 1;
    for (let i = starts[w] - 1; i + least <= end; i++) {
      let hash = emptyHash;
      for (let j = i; j < end && j < i + most; j++) {
        hash = extend(hash, units[j]);
        if (j - i + 1 >= least) see(counter, units, i, j + 1, hash, document);
      }
    }
  }
}

function see(counter: Counter, units: Uint16Array, from: number, to: number, hash: number, document: number): void {
  const key = counter.table.add(units, from, to, hash);
  if (key >= counter.documents.length) {
    const [documents, last] = [counter.documents, counter.last];
    counter.documents = new Uint32Array(documents.length * 2);
    counter.documents.set(documents);
    counter.last = new Int32Array(last.length * 2);
    counter.last.set(last);
  }
  if (counter.last[key] === document) return;
  counter.last[key] = document;
  counter.documents[key]++;
}

/** Drops what occurred least, half of the candidates or more. */
function forget(counter: Counter): Counter {
  const counts = counter.documents.subarray(0, counter.table.size);
  const middle = counts.slice().sort()[Math.floor(counts.length / 2)];
  const kept = makeCounter();
  kept.documents = new Uint32Array(counter.documents.length);
  kept.last = new Int32Array(counter.last.length);
  for (let key = 0; key < counts.length; key++) {
    if (counts[key] <= middle) continue;
    const place = kept.table.take(counter.table, key);
    kept.documents[place] = counts[key];
    kept.last[place] = counter.last[key];
  }
  return kept;
}

/** The n-grams in most documents; ties by text. */
function mostFrequent({ table, documents }: Counter, most: number, least: number): { text: string; n: number }[] {
  const keys: number[] = [];
  for (let key = 0; key < table.size; key++) if (documents[key] >= least) keys.push(key);
  keys.sort((a, b) => documents[b] - documents[a]);
  // Only those that tie with the last need their text for the order; taking all of them keeps the result independent of it.
  const edge = documents[keys[Math.min(most, keys.length) - 1] ?? 0];
  const near = most > 0 ? keys.filter((key, i) => i < most || documents[key] === edge) : [];
  return near
    .map((key) => ({ text: table.text(key), n: documents[key] }))
    .sort((a, b) => b.n - a.n || (a.text < b.text ? -1 : 1))
    .slice(0, most);
}
