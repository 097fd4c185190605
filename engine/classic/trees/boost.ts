// Gradient boosting of histogram trees (Friedman 2001; Chen and Guestrin 2016; Ke et al. 2017): rounds of trees until the
// validation rows say stop. The same job gives the same bits on any number of threads.
import { rng } from '../../base/index.ts';
import type { ClassicRows } from '../rows.ts';
import { type Binned, binRows } from './bins.ts';
import { openCrew } from './crew.ts';
import { type Grown, leafValue, openGrower } from './grow.ts';
import { jobs, openKernels } from './kernels.ts';
import { lossOf, quantileOf, startOf } from './losses.ts';
import { type FitSpec, histWidth, openMemory, pieceRows } from './memory.ts';
import { addTree, type Ensemble, type Tree } from './tree.ts';

export interface BoostOptions {
  rounds: number;
  learningRate: number;
  /** Levels of splits; 0 for no bound but the leaves. */
  maxDepth: number;
  maxLeaves: number;
  policy: 'leaf' | 'level';
  maxBins: number;
  /** Share of the rows and of the columns that a tree sees. */
  subsample: number;
  columns: number;
  lambda: number;
  minChildWeight: number;
  minGain: number;
  /** Rounds without a better validation loss after which it stops; 0 for never. */
  patience: number;
  /** Predicts this quantile instead of the mean, for regression. */
  quantile?: number;
  /** By numeric column, then category: 1 where the output may only rise with it, −1 where it may only fall. */
  directions?: readonly number[];
  seed: number;
  threads: number;
}

export interface BoostHooks {
  /** After each round; true ends the fit at the best round so far. */
  round?(done: number, loss: number | undefined): boolean | undefined;
}

export interface Boosted {
  ensemble: Ensemble;
  rounds: number;
  bestRound: number;
  /** Validation loss of each round; empty without validation rows. */
  curve: number[];
}

/** Most memory of the histograms, bytes; deeper trees are held to fewer leaves. */
const mostHistogram = 256 * 1024 ** 2;
/** Cells (rows × columns) below which other threads are not worth waking. */
const smallTable = 200_000;

/** Fits on `train`, watching `validation`, which may be empty. */
export function boost(
  data: ClassicRows,
  train: Uint32Array,
  validation: Uint32Array,
  options: BoostOptions,
  hooks: BoostHooks = {},
): Boosted {
  const binned = binRows(data, train, options.maxBins);
  const spec = specOf(data, binned, train, options);
  const [memory, buffer] = openMemory(spec, binned.bins);
  fill(memory, data, binned, options);
  const start = startOf(spec, memory, train);
  for (let row = 0; row < data.rows; row++) memory.scores.set(start, row * spec.outputs);
  const threads = train.length * spec.features < smallTable ? 1 : options.threads;
  const crew = openCrew(threads, { spec, bins: binned.bins, buffer }, memory, openKernels(spec, memory));
  try {
    const leaves = Math.min(spec.slots, options.maxLeaves || spec.slots);
    const grower = openGrower(spec, memory, crew, { ...options, maxLeaves: leaves, monotone: spec.monotone });
    const random = rng(options.seed, 'boost');
    const trees: Tree[] = [];
    const curve: number[] = [];
    let best = { round: 0, loss: Number.POSITIVE_INFINITY };
    let done = 0;
    const rest = restOf(train, validation, options.subsample);
    for (; done < options.rounds; ) {
      crew.run(jobs.gradients, Math.ceil(data.rows / pieceRows));
      const rows = sample(train, options.subsample, random);
      const columns = sample(
        Uint32Array.from({ length: spec.features }, (_, i) => i),
        options.columns,
        random,
      );
      memory.active.set(columns);
      for (let output = 0; output < spec.outputs; output++) {
        memory.scratch.set(rows);
        const grown = grower.grow(output, rows.length, columns.length);
        settle(grown, spec, memory, options.learningRate);
        const tree = grown.tree.build();
        trees.push(tree);
        if (rows.length === train.length) grower.add(grown, output);
        addTree(tree, binned, memory.scores, spec.outputs, rest);
      }
      done++;
      const loss = validation.length > 0 ? lossOf(spec, memory, validation) : undefined;
      if (loss !== undefined) {
        curve.push(loss);
        if (loss < best.loss) best = { round: done, loss };
      }
      if (hooks.round?.(done, loss)) break;
      if (loss !== undefined && options.patience > 0 && done - best.round >= options.patience) break;
    }
    const bestRound = validation.length > 0 ? best.round : done;
    return {
      ensemble: {
        columns: binned.columns,
        outputs: spec.outputs,
        base: start,
        trees: trees.slice(0, bestRound * spec.outputs),
      },
      rounds: done,
      bestRound,
      curve,
    };
  } finally {
    crew.close();
  }
}

function specOf(data: ClassicRows, binned: Binned, train: Uint32Array, options: BoostOptions): FitSpec {
  const features = binned.columns.length;
  const byDepth = options.maxDepth > 0 ? 2 ** Math.min(16, options.maxDepth) : 65_536;
  const wanted = Math.min(byDepth, options.maxLeaves || byDepth, Math.max(2, train.length));
  const affordable = Math.max(2, Math.floor(mostHistogram / (features * histWidth * 8)));
  const isQuantile = options.quantile !== undefined && !data.labels;
  return {
    rows: data.rows,
    grown: train.length,
    features,
    outputs: data.labels && data.outputs > 2 ? data.outputs : 1,
    slots: Math.min(wanted, affordable),
    loss: data.labels ? (data.outputs > 2 ? 'softmax' : 'logistic') : isQuantile ? 'quantile' : 'squared',
    quantile: options.quantile ?? 0.5,
    lambda: options.lambda,
    minChildWeight: options.minChildWeight,
    minGain: options.minGain,
    monotone: options.directions?.some((direction) => direction !== 0) ?? false,
  };
}

function fill(
  memory: ReturnType<typeof openMemory>[0],
  { rows, labels, targets, weights }: ClassicRows,
  { columns }: Binned,
  { directions }: BoostOptions,
): void {
  for (const [i, column] of columns.entries()) {
    memory.binCounts[i] = column.bins;
    memory.categorical[i] = column.kind === 'category' ? 1 : 0;
    memory.directions[i] = column.kind === 'number' ? (directions?.[i] ?? 0) : 0;
  }
  for (let row = 0; row < rows; row++) {
    memory.labels[row] = labels ? labels[row] : (targets?.[row] ?? 0);
    memory.weights[row] = weights?.[row] ?? 1;
  }
}

/** Rows that a round's scores do not follow from where they were grown: all of them where a tree sees only some. */
function restOf(train: Uint32Array, validation: Uint32Array, subsample: number): Uint32Array {
  return subsample < 1 ? new Uint32Array([...train, ...validation]) : validation;
}

/** A share of the items in their order; all of them, and nothing drawn, for a share of 1. */
function sample(items: Uint32Array, share: number, random: ReturnType<typeof rng>): Uint32Array {
  if (share >= 1) return items;
  const wanted = Math.max(1, Math.round(items.length * share));
  const chosen = new Uint32Array(wanted);
  let taken = 0;
  // Selection sampling (Knuth, algorithm S).
  for (let i = 0; i < items.length && taken < wanted; i++) {
    if ((items.length - i) * random.next() < wanted - taken) chosen[taken++] = items[i];
  }
  return chosen;
}

/** Gives the leaves their values, float32 as they are stored. */
function settle(
  { tree, leaves }: Grown,
  { loss, quantile, lambda, monotone }: FitSpec,
  { totals, order, scores, labels, leaves: values }: ReturnType<typeof openMemory>[0],
  rate: number,
): void {
  for (const { slot, node, from, to } of leaves) {
    // A quantile's gradient says only the side: the leaf takes the quantile of what is left in it.
    const value =
      loss === 'quantile'
        ? quantileOf(
            Float64Array.from(order.subarray(from, to), (row) => labels[row] - scores[row]),
            quantile,
          )
        : leafValue(totals, slot, lambda, monotone);
    values[slot] = Math.fround(value * rate);
    tree.setValue(node, values[slot]);
  }
}
