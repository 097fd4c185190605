// Rows of users and the items they took, as two towers take them: the items that a batch is compared with are its own and some
// drawn by chance, with how often each comes; all items where a model is evaluated.
import { rng } from '../base/index.ts';
import { type Graph, inferTypes } from '../graph/index.ts';
import { itemGraph, recommenderGraph } from '../models/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Batch, Batches } from './batches.ts';
import type { Prepared } from './prepare.ts';
import type { TrainingProgram } from './program.ts';
import type { ModelRows } from './rows.ts';

/** The rest of `ModelRows` is about users; a row is a user's place and an item's. */
export interface RankingRows {
  users: Uint32Array;
  items: Uint32Array;
  /** Times that each item was taken in the training rows. */
  counts: Float64Array;
  /** Items that each user took in the training rows, by code (place + 1). */
  known: Uint32Array[];
  negatives: number;
  /** Share of training rows whose user counts as a stranger. */
  newcomers: number;
  /** What a served model holds: names of items, what users had (none to propose it again), and their columns. */
  served: { names: string[]; had: Uint32Array[]; numeric: Float64Array; codes: Int32Array };
}

/** Items of each user by code, rising; the first list is a stranger's. */
export function hadOf(users: number, pairs: Iterable<readonly [user: number, item: number]>): Uint32Array[] {
  const lists = Array.from({ length: users + 1 }, () => new Set<number>());
  for (const [user, item] of pairs) lists[user + 1].add(item);
  return lists.map((items) => Uint32Array.from(items).sort());
}

/** The batch of rows, filled up to `size` with rows of weight 0; `users` gives the feeds of users by their places. */
export function rankingBatch(
  ranking: RankingRows,
  rows: Uint32Array,
  size: number,
  users: (places: Uint32Array) => Record<string, Tensor>,
  draw: { seed: number; epoch: number } | null,
): Batch {
  const filled = new Uint32Array(size).fill(rows[0]);
  filled.set(rows);
  const feeds = users(filled.map((row) => ranking.users[row]));
  const own = filled.map((row) => ranking.items[row]);
  const { items, logQ } = draw
    ? candidatesOf(ranking, own, rng(draw.seed, 'candidates', draw.epoch, rows[0]))
    : everyItem(ranking);
  const place = new Map(Array.from(items, (item, at) => [item, at] as const));
  if (draw) hideUsers(feeds['embedded'], rng(draw.seed, 'newcomers', draw.epoch, rows[0]), ranking.newcomers);
  feeds['candidates'] = tensor('int64', [items.length], BigInt64Array.from(items, BigInt));
  feeds['candidates_log_q'] = tensor('float32', [items.length], logQ);
  return {
    feeds,
    labels: tensor(
      'int64',
      [size],
      BigInt64Array.from(own, (item) => BigInt(place.get(item) ?? 0)),
    ),
    weights: tensor(
      'float32',
      [size],
      Float32Array.from(filled, (_, i) => (i < rows.length ? 1 : 0)),
    ),
    rows,
  };
}

function everyItem({ counts }: RankingRows): { items: Uint32Array; logQ: Float32Array } {
  return { items: Uint32Array.from(counts.keys()), logQ: new Float32Array(counts.length) };
}

/** A batch's own items and others, each once, with the logarithm of how likely it is to be among them. */
function candidatesOf(
  ranking: RankingRows,
  own: Uint32Array,
  random: ReturnType<typeof rng>,
): { items: Uint32Array; logQ: Float32Array } {
  const { counts, negatives } = ranking;
  const count = counts.length;
  const found = new Set(own);
  if (found.size + negatives >= count) return everyItem(ranking);
  const drawn = found.size + negatives;
  while (found.size < drawn) found.add(random.int(count));
  const items = Uint32Array.from(found);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const missed = Math.log1p(-negatives / count);
  const logQ = Float32Array.from(items, (item) =>
    Math.log(-Math.expm1(own.length * Math.log1p(-Math.min(0.999999, counts[item] / total)) + missed)),
  );
  return { items, logQ };
}

/** Code 0, a stranger's, for a share of the rows; the code is the first embedded category. */
function hideUsers(embedded: Tensor, random: ReturnType<typeof rng>, share: number): void {
  const [rows, width] = embedded.dims;
  const codes = embedded.data as BigInt64Array;
  for (let row = 0; row < rows; row++) if (random.next() < share) codes[row * width] = 0n;
}

/** Evaluates by ranking all items but those the user took in training: mean loss, and NDCG of the first ten. */
export async function evaluateRanking(
  program: TrainingProgram,
  batches: Batches,
  { ranking }: ModelRows,
): Promise<{ loss: number; score: number; rows: Uint32Array; losses: Float64Array }> {
  const rows = new Uint32Array(batches.rows);
  const losses = new Float64Array(batches.rows);
  let [done, gain] = [0, 0];
  for (const part of batches.order(0)) {
    const { feeds } = batches.make(part);
    const { logits } = await program.predict(feeds);
    const width = logits.dims[1];
    for (const [i, row] of part.entries()) {
      const scores = (logits.data as Float32Array).subarray(i * width, (i + 1) * width);
      const own = ranking?.items[row] ?? 0;
      const hidden = ranking?.known[ranking.users[row] + 1] ?? [];
      for (const item of hidden) if (item !== own) scores[item] = Number.NEGATIVE_INFINITY;
      const most = scores.reduce((a, b) => Math.max(a, b));
      let [sum, rank] = [0, 0];
      for (const score of scores) {
        sum += Math.exp(score - most);
        if (score > scores[own]) rank++;
      }
      if (rank < 10) gain += 1 / Math.log2(rank + 2);
      rows[done] = row;
      losses[done++] = Math.log(sum) + most - scores[own];
    }
  }
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, done);
  return { loss: mean, score: gain / Math.max(1, done), rows, losses };
}

const itemsPerRun = 4096;

/** The trained towers as what is served: every item's vector in a table beside the user's tower. */
export async function shelve(trained: Graph, { preprocess, layout, data }: Prepared, hyper: Hyper): Promise<Graph> {
  const { ranking } = data;
  if (!ranking) return trained;
  const { names, had, numeric, codes } = ranking.served;
  const bare = itemGraph(layout, hyper);
  const own = bare.parameters.flatMap((name) => {
    const value = trained.initializers.get(name);
    return value ? [[name, value] as const] : [];
  });
  const width = hyper['width'] as number;
  const shelf = {
    names,
    had,
    top: hyper['top'] as number,
    vectors: new Float32Array(names.length * width),
    popularity: new Float32Array(names.length),
  };
  const program = await compile({ ...bare, initializers: new Map([...bare.initializers, ...own]) }, { threads: 1 });
  try {
    for (let from = 0; from < names.length; from += itemsPerRun) {
      const ids = BigInt64Array.from({ length: Math.min(itemsPerRun, names.length - from) }, (_, i) =>
        BigInt(from + i),
      );
      const { vectors, popularity } = await program.run({ candidates: tensor('int64', [ids.length], ids) });
      shelf.vectors.set(vectors.data as Float32Array, from * width);
      shelf.popularity.set(popularity.data as Float32Array, from);
    }
  } finally {
    await program.dispose();
  }
  const [k, c] = [preprocess.numeric.length, preprocess.category.length];
  const users = {
    numeric: Float64Array.from([...Array<number>(k).fill(Number.NaN), ...numeric]),
    codes: Int32Array.from([...Array<number>(c).fill(0), ...codes]),
  };
  const graph = recommenderGraph(preprocess, layout, hyper, { weights: trained, shelf, users });
  return { ...graph, types: inferTypes(graph) };
}
