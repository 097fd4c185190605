// Where the vectors of words start: latent semantic analysis of the training rows' texts (Deerwester et al. 1990), so that
// words of the same texts begin alike and a word met twice is not a stranger. Looks at no label; changes no other weight.
import { rng } from '../base/index.ts';
import type { Sequences } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import type { Prepared } from './prepare.ts';

/** Rows beyond which the words' company changes little. */
const mostRows = 20_000;
/** Rounds of subspace iteration (Halko et al. 2011); the leading directions settle in a few. */
const rounds = 5;

/** Directions that are looked for; a longer vector's other numbers stay as they are. */
const mostDirections = 128;

/** The graph whose tables `text_i.words.table` start from the texts; a vector keeps the mean length that it had. */
export function wordStart(graph: Graph, { data, train }: Prepared, seed: number): Graph {
  const initializers = new Map(graph.initializers);
  for (const [i, sequence] of data.sequence.entries()) {
    const name = `text_${i}.words.table`;
    const table = initializers.get(name);
    if (!table) continue;
    const [words, width] = table.dims;
    const step = Math.max(1, train.length / mostRows);
    const chosen = Array.from({ length: Math.min(train.length, mostRows) }, (_, k) => train[Math.floor(k * step)]);
    const vectors = leading(matrixOf(sequence, chosen, words), words, Math.min(width, mostDirections), seed);
    const length = meanLength(table.data as Float32Array, width);
    initializers.set(name, tensor('float32', table.dims, scaled(vectors, table.data as Float32Array, width, length)));
  }
  return { ...graph, initializers };
}

/** Texts by words, a row a text: (1 + ln count) · idf with unit length, in compressed rows. */
interface Matrix {
  starts: Uint32Array;
  words: Int32Array;
  values: Float32Array;
}

function matrixOf({ offsets, ids }: Sequences, rows: readonly number[], words: number): Matrix {
  const documents = new Float64Array(words);
  const counted = rows.map((row) => {
    const counts = new Map<number, number>();
    for (let at = offsets[row]; at < offsets[row + 1]; at++) counts.set(ids[at], (counts.get(ids[at]) ?? 0) + 1);
    for (const word of counts.keys()) documents[word]++;
    return counts;
  });
  const starts = new Uint32Array(rows.length + 1);
  for (const [r, counts] of counted.entries()) starts[r + 1] = starts[r] + counts.size;
  const matrix = { starts, words: new Int32Array(starts[rows.length]), values: new Float32Array(starts[rows.length]) };
  for (const [r, counts] of counted.entries()) {
    let at = starts[r];
    let squares = 0;
    for (const [word, count] of counts) {
      const value = (1 + Math.log(count)) * Math.log((1 + rows.length) / (1 + documents[word]));
      matrix.words[at] = word;
      matrix.values[at++] = value;
      squares += value * value;
    }
    const norm = Math.sqrt(squares) || 1;
    for (at = starts[r]; at < starts[r + 1]; at++) matrix.values[at] /= norm;
  }
  return matrix;
}

/** Leading right singular vectors times √σ: so many columns of a number a word. */
function leading({ starts, words, values }: Matrix, count: number, directions: number, seed: number): Float32Array[] {
  const random = rng(seed, 'words');
  let columns = Array.from({ length: directions }, () => Float32Array.from({ length: count }, () => random.normal()));
  const sums = new Float64Array(starts.length - 1);
  for (let round = 0; round < rounds; round++) {
    columns = columns.map((column) => {
      for (let r = 0; r + 1 < starts.length; r++) {
        let sum = 0;
        for (let at = starts[r]; at < starts[r + 1]; at++) sum += values[at] * column[words[at]];
        sums[r] = sum;
      }
      const next = new Float32Array(count);
      for (let r = 0; r + 1 < starts.length; r++) {
        for (let at = starts[r]; at < starts[r + 1]; at++) next[words[at]] += values[at] * sums[r];
      }
      return next;
    });
    const squared = orthonormal(columns);
    if (round + 1 < rounds) continue;
    // A round multiplies a direction by σ².
    for (const [k, column] of columns.entries()) {
      const weight = squared[k] ** 0.25;
      for (let w = 0; w < count; w++) column[w] *= weight;
    }
  }
  return columns;
}

/** Modified Gram–Schmidt in place; the length that each column had left. */
function orthonormal(columns: readonly Float32Array[]): number[] {
  return columns.map((column, k) => {
    for (const before of columns.slice(0, k)) {
      let dot = 0;
      for (let w = 0; w < column.length; w++) dot += column[w] * before[w];
      for (let w = 0; w < column.length; w++) column[w] -= dot * before[w];
    }
    const length = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
    const scale = length > 1e-12 ? 1 / length : 0;
    for (let w = 0; w < column.length; w++) column[w] *= scale;
    return length;
  });
}

function meanLength(table: Float32Array, width: number): number {
  const squares = table.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt((squares * width) / table.length);
}

/** Rows of the given length; a word without company keeps the vector that it had. */
function scaled(columns: readonly Float32Array[], old: Float32Array, width: number, length: number): Float32Array {
  const out = old.slice();
  for (let word = 0; word * width < out.length; word++) {
    let squares = 0;
    for (const column of columns) squares += column[word] * column[word];
    if (!(squares > 1e-18)) continue;
    const scale = length * Math.sqrt(columns.length / (width * squares));
    for (let k = 0; k < columns.length; k++) out[word * width + k] = columns[k][word] * scale;
  }
  return out;
}
