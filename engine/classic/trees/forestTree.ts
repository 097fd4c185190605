// Grows one tree of a forest on raw columns: the best of all cuts of some columns drawn by lot (Breiman 2001), or the best of one
// cut drawn by lot in each (Geurts et al. 2006). Leaves hold class shares or means. Knows no threads.
import { type Rng, rng } from '../../base/index.ts';
import type { Tree } from './tree.ts';

/** What every tree of a forest sees; arrays may be shared between threads. */
export interface ForestTask {
  rows: number;
  columns: number;
  /** [columns × rows], column by column. */
  values: Float32Array;
  /** Rank of each value among the edges of its column, and the edges; for best cuts. */
  ranks: Uint16Array;
  edges: Float32Array[];
  train: Uint32Array;
  /** Class, or target. */
  labels: Float32Array;
  /** 0 for regression. */
  classes: number;
  weights: Float32Array;
  /** `extra` draws cuts by lot. */
  kind: 'best' | 'extra';
  bootstrap: boolean;
  /** Columns looked at for a split. */
  tries: number;
  minLeaf: number;
  /** Levels; 0 for no bound. */
  maxDepth: number;
  trees: number;
  seed: number;
}

interface Cut {
  column: number;
  threshold: number;
  gain: number;
}

/** Grows tree `index`: its draws depend on the seed and the index alone. */
export function growForestTree(task: ForestTask, index: number): Tree {
  const { train, labels, classes, weights, minLeaf, maxDepth, values, rows } = task;
  const random = rng(task.seed, 'tree', index);
  const width = Math.max(1, classes);
  const order = task.bootstrap
    ? Uint32Array.from(train, () => train[random.int(train.length)]).sort()
    : Uint32Array.from(train);
  const finder = openFinder(task, order, random);
  const nodes: { feature: number[]; threshold: number[]; left: number[]; right: number[]; value: number[] } = {
    feature: [],
    threshold: [],
    left: [],
    right: [],
    value: [],
  };
  const add = (): number => {
    nodes.feature.push(-1);
    nodes.threshold.push(0);
    nodes.left.push(-1);
    nodes.right.push(-1);
    for (let k = 0; k < width; k++) nodes.value.push(0);
    return nodes.feature.length - 1;
  };
  const close = (node: number, from: number, to: number) => {
    let total = 0;
    for (let i = from; i < to; i++) {
      const row = order[i];
      total += weights[row];
      if (classes > 0) nodes.value[node * width + labels[row]] += weights[row];
      else nodes.value[node] += weights[row] * labels[row];
    }
    for (let k = 0; k < width; k++) nodes.value[node * width + k] /= total * task.trees;
  };
  const stack = [{ node: add(), from: 0, to: order.length, depth: 0 }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, from, to, depth } = top;
    const isDeep = maxDepth > 0 && depth >= maxDepth;
    const cut = isDeep || to - from < 2 * minLeaf || isPure(labels, order, from, to) ? undefined : finder(from, to);
    if (!cut) {
      close(node, from, to);
      continue;
    }
    const column = cut.column * rows;
    let [left, right] = [from, to - 1];
    while (left <= right) {
      if (values[column + order[left]] <= cut.threshold) left++;
      else {
        const row = order[left];
        order[left] = order[right];
        order[right--] = row;
      }
    }
    nodes.feature[node] = cut.column;
    nodes.threshold[node] = cut.threshold;
    nodes.left[node] = add();
    nodes.right[node] = add();
    stack.push({ node: nodes.right[node], from: left, to, depth: depth + 1 });
    stack.push({ node: nodes.left[node], from, to: left, depth: depth + 1 });
  }
  const none = Int32Array.from(nodes.feature, () => -1);
  return {
    feature: Int32Array.from(nodes.feature),
    bin: none,
    threshold: Float32Array.from(nodes.threshold),
    missingLeft: new Uint8Array(nodes.feature.length),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    set: none,
    sets: new Uint32Array(0),
    value: Float32Array.from(nodes.value),
    width,
    output: 0,
  };
}

function isPure(labels: Float32Array, order: Uint32Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (labels[order[i]] !== labels[order[from]]) return false;
  return true;
}

/** Finds the best cut of the rows at places [from, to). */
function openFinder(task: ForestTask, order: Uint32Array, random: Rng): (from: number, to: number) => Cut | undefined {
  const { columns, tries } = task;
  const drawn = Uint32Array.from({ length: columns }, (_, i) => i);
  const measure = task.kind === 'extra' ? openRandomCut(task, order, random) : openBestCut(task, order);
  return (from, to) => {
    let best: Cut | undefined;
    // Columns that are constant here do not count: others are drawn until one can be cut.
    for (let i = 0; i < columns && (i < tries || !best); i++) {
      const other = i + random.int(columns - i);
      const column = drawn[other];
      drawn[other] = drawn[i];
      drawn[i] = column;
      const cut = measure(column, from, to);
      if (cut && (!best || cut.gain > best.gain)) best = cut;
    }
    return best;
  };
}

/** Sums of the two sides of a cut and how good it is: shares squared for classes, squared sums for numbers. */
function openSides(task: ForestTask) {
  const { classes } = task;
  const left = new Float64Array(Math.max(1, classes));
  const right = new Float64Array(Math.max(1, classes));
  return {
    left,
    right,
    /** Larger is better; constant terms of the node are left out. */
    gain: (leftWeight: number, rightWeight: number): number => {
      let [a, b] = [0, 0];
      for (let k = 0; k < left.length; k++) {
        a += left[k] * left[k];
        b += right[k] * right[k];
      }
      return a / leftWeight + b / rightWeight;
    },
  };
}

function openRandomCut(task: ForestTask, order: Uint32Array, random: Rng) {
  const { rows, values, labels, weights, classes, minLeaf } = task;
  const { left, right, gain } = openSides(task);
  return (column: number, from: number, to: number): Cut | undefined => {
    const base = column * rows;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const value = values[base + order[i]];
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!(high > low)) return undefined;
    let threshold = Math.fround(low + random.next() * (high - low));
    if (threshold >= high) threshold = low;
    left.fill(0);
    right.fill(0);
    let [count, leftWeight, rightWeight] = [0, 0, 0];
    for (let i = from; i < to; i++) {
      const row = order[i];
      const weight = weights[row];
      const place = classes > 0 ? labels[row] : 0;
      const amount = classes > 0 ? weight : weight * labels[row];
      if (values[base + row] <= threshold) {
        count++;
        leftWeight += weight;
        left[place] += amount;
      } else {
        rightWeight += weight;
        right[place] += amount;
      }
    }
    if (count < minLeaf || to - from - count < minLeaf) return undefined;
    return { column, threshold, gain: gain(leftWeight, rightWeight) };
  };
}

function openBestCut(task: ForestTask, order: Uint32Array) {
  const { rows, ranks, edges, labels, weights, classes, minLeaf } = task;
  const { left, right } = openSides(task);
  const keys = new Float64Array(order.length);
  return (column: number, from: number, to: number): Cut | undefined => {
    const base = column * rows;
    const sorted = keys.subarray(0, to - from);
    left.fill(0);
    right.fill(0);
    let [rightWeight, leftWeight] = [0, 0];
    for (let i = from; i < to; i++) {
      const row = order[i];
      sorted[i - from] = ranks[base + row] * 0x1_0000_0000 + row;
      rightWeight += weights[row];
      if (classes > 0) right[labels[row]] += weights[row];
      else right[0] += weights[row] * labels[row];
    }
    sorted.sort();
    const rankAt = (i: number) => Math.floor(sorted[i] / 0x1_0000_0000);
    if (rankAt(0) === rankAt(sorted.length - 1)) return undefined;
    // Sums of squares on both sides, kept up to date as rows go from right to left.
    let [leftSquares, rightSquares] = [0, 0];
    for (let k = 0; k < right.length; k++) rightSquares += right[k] * right[k];
    let best: Cut | undefined;
    for (let i = 0; i + 1 < sorted.length; i++) {
      const rank = rankAt(i);
      const row = sorted[i] - rank * 0x1_0000_0000;
      const weight = weights[row];
      const place = classes > 0 ? labels[row] : 0;
      const amount = classes > 0 ? weight : weight * labels[row];
      leftSquares += amount * (2 * left[place] + amount);
      rightSquares -= amount * (2 * right[place] - amount);
      left[place] += amount;
      right[place] -= amount;
      leftWeight += weight;
      rightWeight -= weight;
      if (i + 1 < minLeaf || sorted.length - i - 1 < minLeaf || rankAt(i + 1) === rank) continue;
      const gain = leftSquares / leftWeight + rightSquares / rightWeight;
      if (!best || gain > best.gain) best = { column, threshold: edges[column][rank], gain };
    }
    return best;
  };
}
