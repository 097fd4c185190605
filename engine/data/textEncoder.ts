// One text as ids and weights: tf-idf over the vocabulary, unit l2 norm, ids rising. Training and serving both come through
// here, so that they cannot disagree.
import type { TextInput } from '../schema/index.ts';
import { emptyHash, extend, type GramTable, gramTableOf } from './grams.ts';
import { type Words, wordsOf } from './words.ts';

export interface TextEncoder {
  /** Encodes into `ids` and `weights` and answers how many; they are overwritten by the next call. */
  encode(text: string | null): number;
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/** Compiles a vocabulary; costs a few ms, each text after that microseconds. */
export function openTextEncoder(input: TextInput): TextEncoder {
  const { analyzer, maxTokens } = input;
  const words = gramTableOf(input.words);
  const chars = gramTableOf(input.chars);
  const wordCount = input.words.length;
  const idf = Float64Array.from(input.idf);
  const counts = new Uint32Array(idf.length);
  const touched = new Int32Array(idf.length);
  const raw = new Float64Array(idf.length);
  const ids = new Int32Array(Math.min(maxTokens, idf.length));
  const weights = new Float32Array(ids.length);
  let found = 0;

  const see = (gram: number) => {
    if (counts[gram]++ === 0) touched[found++] = gram;
  };
  const seeAll = (cut: Words) => {
    findWords(words, cut, analyzer.words, see);
    if (analyzer.chars) findChars(chars, cut, analyzer.chars, (gram) => see(wordCount + gram));
  };

  return {
    ids,
    weights,
    encode(text) {
      if (text === null) return 0;
      found = 0;
      seeAll(wordsOf(text));
      const grams = touched.subarray(0, found).sort();
      let [wordSquares, charSquares] = [0, 0];
      for (const gram of grams) {
        const count = counts[gram];
        counts[gram] = 0;
        const weight = (analyzer.sublinear ? 1 + Math.log(count) : count) * idf[gram];
        raw[gram] = weight;
        if (gram < wordCount) wordSquares += weight * weight;
        else charSquares += weight * weight;
      }
      const wordNorm = 1 / Math.sqrt(wordSquares || 1);
      const charNorm = 1 / Math.sqrt(charSquares || 1);
      for (const gram of grams) raw[gram] *= gram < wordCount ? wordNorm : charNorm;
      const kept = found > ids.length ? heaviest(grams, raw, ids.length) : grams;
      let squares = 0;
      for (const gram of kept) squares += raw[gram] * raw[gram];
      const norm = 1 / Math.sqrt(squares || 1);
      for (let i = 0; i < kept.length; i++) {
        ids[i] = kept[i] + 1;
        weights[i] = raw[kept[i]] * norm;
      }
      return kept.length;
    },
  };
}

/** The grams of the greatest weight, ties to the lower id, in rising order. */
function heaviest(grams: Int32Array, raw: Float64Array, most: number): Int32Array {
  return grams
    .slice()
    .sort((a, b) => raw[b] - raw[a] || a - b)
    .slice(0, most)
    .sort();
}

function findWords(
  table: GramTable,
  { units, starts, ends, count }: Words,
  [least, most]: [number, number],
  see: (gram: number) => void,
): void {
  for (let w = 0; w < count; w++) {
    let hash = emptyHash;
    let at = starts[w];
    for (let n = 1; n <= most && w + n <= count; n++) {
      const end = ends[w + n - 1];
      while (at < end) hash = extend(hash, units[at++]);
      if (n < least) continue;
      const gram = table.find(units, starts[w], end, hash);
      if (gram >= 0) see(gram);
    }
  }
}

function findChars(
  table: GramTable,
  { units, starts, ends, count, alone }: Words,
  [least, most]: [number, number],
  see: (gram: number) => void,
): void {
  for (let w = 0; w < count; w++) {
    if (alone[w]) continue;
    const end = ends[w] + 1;
    for (let i = starts[w] - 1; i + least <= end; i++) {
      let hash = emptyHash;
      for (let j = i; j < end && j < i + most; j++) {
        hash = extend(hash, units[j]);
        if (j - i + 1 < least) continue;
        const gram = table.find(units, i, j + 1, hash);
        if (gram >= 0) see(gram);
      }
    }
  }
}
