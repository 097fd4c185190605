// Random forests and extra trees: whole trees grown side by side on threads, put together in the order of their numbers, so that
// the threads do not matter for the result.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { edgesOf, rankOf } from './bins.ts';
import { type ForestTask, growForestTree } from './forestTree.ts';
import type { Tree } from './tree.ts';

export interface ForestOptions {
  kind: 'best' | 'extra';
  trees: number;
  /** Columns looked at for a split, as a share of all. */
  columns: number;
  minLeaf: number;
  maxDepth: number;
  bootstrap: boolean;
  seed: number;
  threads: number;
}

/** Rows of a forest: no value is missing. */
export interface ForestRows {
  rows: number;
  /** [columns × rows], column by column, on shared memory. */
  values: Float32Array;
  columns: number;
  labels: ArrayLike<number>;
  /** 0 for regression. */
  classes: number;
  weights?: ArrayLike<number>;
}

/** What a thread is started with. */
export interface ForestStart {
  task: ForestTask;
  next: Int32Array;
}

/** Edges of a column at most, so that ranks are 16 bits. */
const mostEdges = 65_000;
/** Cells below which threads cost more than they bring. */
const smallTable = 20_000;

/** Grows the trees; `stop` is asked after each and ends the growing early. */
export async function growForest(
  data: ForestRows,
  train: Uint32Array,
  options: ForestOptions,
  stop: () => boolean = () => false,
): Promise<Tree[]> {
  const task = taskOf(data, train, options);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const trees: (Tree | undefined)[] = [];
  const isSmall = train.length * data.columns * options.trees < smallTable * 100;
  const threads = isSmall ? 1 : Math.min(options.threads, options.trees);
  const others = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker(new URL(`./forestThread${extname(import.meta.url)}`, import.meta.url), {
      workerData: { task, next } satisfies ForestStart,
    });
    worker.on('message', ([index, tree]: [number, Tree]) => {
      trees[index] = tree;
    });
    return new Promise<void>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  });
  for (let index = Atomics.add(next, 0, 1); index < options.trees; index = Atomics.add(next, 0, 1)) {
    trees[index] = growForestTree(task, index);
    if (stop()) Atomics.store(next, 0, options.trees);
  }
  await Promise.all(others);
  const grown = trees.filter((tree) => tree !== undefined);
  // Leaves are shares of a whole forest; a smaller one is brought up to it.
  if (grown.length < options.trees) {
    for (const { value } of grown) for (let i = 0; i < value.length; i++) value[i] *= options.trees / grown.length;
  }
  return grown;
}

function taskOf(data: ForestRows, train: Uint32Array, options: ForestOptions): ForestTask {
  const { rows, columns, values } = data;
  const edges: Float32Array[] = [];
  const ranks = new Uint16Array(new SharedArrayBuffer(options.kind === 'best' ? 2 * rows * columns : 0));
  if (options.kind === 'best') {
    for (let column = 0; column < columns; column++) {
      const own = values.subarray(column * rows, (column + 1) * rows);
      edges.push(edgesOf(own, 1, 0, train, mostEdges));
      for (let row = 0; row < rows; row++) ranks[column * rows + row] = rankOf(edges[column], own[row]);
    }
  }
  const shared = (from: ArrayLike<number> | undefined) => {
    const out = new Float32Array(new SharedArrayBuffer(4 * rows));
    for (let row = 0; row < rows; row++) out[row] = from ? from[row] : 1;
    return out;
  };
  const { kind, bootstrap, minLeaf, maxDepth, trees, seed } = options;
  return {
    rows,
    columns,
    values,
    ranks,
    edges,
    train,
    labels: shared(data.labels),
    classes: data.classes,
    weights: shared(data.weights),
    kind,
    bootstrap,
    tries: Math.max(1, Math.round(columns * options.columns)),
    minLeaf,
    maxDepth,
    trees,
    seed,
  };
}

/** What the trees say of the given rows: [rows × width] sums of leaves, summed in float32 as the exported graph does. */
export function forestScores(trees: readonly Tree[], { values, rows }: ForestRows, of: Uint32Array, width: number) {
  const out = new Float32Array(of.length * width);
  for (const { feature, threshold, left, right, value } of trees) {
    for (let i = 0; i < of.length; i++) {
      let node = 0;
      while (feature[node] >= 0) {
        const isLeft = values[feature[node] * rows + of[i]] <= (threshold?.[node] ?? 0);
        node = isLeft ? left[node] : right[node];
      }
      for (let k = 0; k < width; k++) out[i * width + k] += value[node * width + k];
    }
  }
  return out;
}
