// What a finished model looks at: how much worse it gets when a column is shuffled (Breiman 2001; Fisher et al. 2019), and what it
// answers on average where a column has a value (Friedman 2001). Asks the very graph that is served, on rows it never saw.
import { rng } from '../base/index.ts';
import type { EncodedRows, Ragged } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { compile, type Program } from '../runtime/index.ts';
import type { Preprocess, SearchSummary } from '../schema/index.ts';
import { servedFeeds } from '../train/index.ts';
import { meanOf } from './scores.ts';

export type Explanation = Pick<SearchSummary, 'importance' | 'dependence'>;

const mostRows = 300;
const mostColumns = 30;
const repeats = 3;
/** Columns whose dependence is drawn, at so many values, over so many rows. */
const drawn = { columns: 4, values: 12, rows: 100 };

/** Looks as long as there is time; without a clock, at everything. */
export async function explain(
  graph: Graph,
  preprocess: Preprocess,
  encoded: EncodedRows,
  left: () => number = () => Number.POSITIVE_INFINITY,
): Promise<Explanation> {
  const { labels, targets } = encoded;
  const known = Uint32Array.from({ length: encoded.rows }, (_, row) => row).filter((row) =>
    labels ? labels[row] >= 0 : !Number.isNaN(targets?.[row]),
  );
  const rows = known.subarray(0, mostRows);
  const made: Explanation = { importance: [], dependence: [] };
  if (rows.length < 10 || left() <= 0) return made;
  const program = await compile(graph);
  try {
    const base = await scoreOf(program, preprocess, encoded, rows);
    const columns = [
      ...new Set([...preprocess.numeric, ...preprocess.category, ...preprocess.text].map((i) => i.column)),
    ];
    for (const column of columns.slice(0, mostColumns)) {
      const drops: number[] = [];
      for (let repeat = 0; repeat < repeats && left() > 0; repeat++) {
        const order = rng(repeat, 'shuffle', column).shuffle(Uint32Array.from(rows));
        const mixed = shuffled(preprocess, encoded, rows, order, column);
        drops.push(base - (await scoreOf(program, preprocess, mixed, rows)));
      }
      if (drops.length < repeats) break;
      const drop = meanOf(drops);
      made.importance.push({ column, drop, spread: Math.sqrt(meanOf(drops.map((d) => (d - drop) ** 2))) });
    }
    made.importance.sort((a, b) => b.drop - a.drop);
    const numbers = made.importance.filter(({ column }) => preprocess.numeric.some((input) => input.column === column));
    for (const { column } of numbers.slice(0, drawn.columns)) {
      if (left() <= 0) break;
      made.dependence.push(await dependenceOf(program, preprocess, encoded, rows.subarray(0, drawn.rows), column));
    }
  } finally {
    await program.dispose();
  }
  return made;
}

async function answersOf(program: Program, preprocess: Preprocess, encoded: EncodedRows, rows: Uint32Array) {
  const feeds = servedFeeds(preprocess, encoded, rows);
  const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
  const wanted = encoded.labels ? 'probabilities' : 'prediction';
  return (await program.run(used, [wanted]))[wanted].data as Float32Array;
}

/** Accuracy, or R². */
async function scoreOf(program: Program, preprocess: Preprocess, encoded: EncodedRows, rows: Uint32Array) {
  const answers = await answersOf(program, preprocess, encoded, rows);
  const { labels, targets } = encoded;
  if (labels) {
    const k = preprocess.classes.length;
    return meanOf(
      Array.from(rows, (row, i) => {
        const own = answers.subarray(i * k, (i + 1) * k);
        return Number(own.indexOf(Math.max(...own)) === labels[row]);
      }),
    );
  }
  const truth = Array.from(rows, (row) => targets?.[row] ?? 0);
  const mean = meanOf(truth);
  const errors = meanOf(truth.map((value, i) => (value - answers[i]) ** 2));
  return 1 - errors / Math.max(1e-12, meanOf(truth.map((value) => (value - mean) ** 2)));
}

/** The rows with one column taken from the rows in another order. */
function shuffled(
  { numeric, category, text }: Preprocess,
  encoded: EncodedRows,
  rows: Uint32Array,
  order: Uint32Array,
  column: string,
): EncodedRows {
  const mix = <T extends Float64Array | Int32Array>(values: T, inputs: readonly { column: string }[]): T => {
    const out = values.slice() as T;
    for (const [j, input] of inputs.entries()) {
      if (input.column !== column) continue;
      for (const [i, row] of rows.entries()) out[row * inputs.length + j] = values[order[i] * inputs.length + j];
    }
    return out;
  };
  return {
    ...encoded,
    numeric: mix(encoded.numeric, numeric),
    codes: mix(encoded.codes, category),
    text: encoded.text.map((ragged, i) => (text[i].column === column ? mixTexts(ragged, rows, order) : ragged)),
  };
}

function mixTexts(ragged: Ragged, rows: Uint32Array, order: Uint32Array): Ragged {
  const from = Uint32Array.from({ length: ragged.offsets.length - 1 }, (_, row) => row);
  for (const [i, row] of rows.entries()) from[row] = order[i];
  const offsets = new Uint32Array(ragged.offsets.length);
  for (const [row, other] of from.entries()) {
    offsets[row + 1] = offsets[row] + ragged.offsets[other + 1] - ragged.offsets[other];
  }
  const ids = new Int32Array(offsets[from.length]);
  const weights = new Float32Array(offsets[from.length]);
  for (const [row, other] of from.entries()) {
    const [start, end] = [ragged.offsets[other], ragged.offsets[other + 1]];
    ids.set(ragged.ids.subarray(start, end), offsets[row]);
    weights.set(ragged.weights.subarray(start, end), offsets[row]);
  }
  return { offsets, ids, weights };
}

async function dependenceOf(
  program: Program,
  preprocess: Preprocess,
  encoded: EncodedRows,
  rows: Uint32Array,
  column: string,
): Promise<Explanation['dependence'][number]> {
  const width = preprocess.numeric.length;
  const j = preprocess.numeric.findIndex((input) => input.column === column);
  const sorted = Float64Array.from(rows, (row) => encoded.numeric[row * width + j])
    .filter((value) => !Number.isNaN(value))
    .sort();
  const places = Array.from({ length: drawn.values }, (_, i) =>
    Math.round((i * (sorted.length - 1)) / (drawn.values - 1)),
  );
  const at = [...new Set(places.map((place) => sorted[place]))].filter((value) => value !== undefined);
  const answers: number[][] = [];
  for (const value of at) {
    const numeric = encoded.numeric.slice();
    for (const row of rows) numeric[row * width + j] = value;
    const all = await answersOf(program, preprocess, { ...encoded, numeric }, rows);
    const k = all.length / rows.length;
    answers.push(Array.from({ length: k }, (_, c) => meanOf(Array.from(rows, (_row, i) => all[i * k + c]))));
  }
  return { column, at, answers };
}
