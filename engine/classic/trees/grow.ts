// Grows one tree over shared memory: the frontier's histograms and splits are found by all threads, the choice is made here.
// Leaves are split level by level, or the one that gains most first; histograms of the larger child come by subtraction.
import type { Crew } from './crew.ts';
import { mostTasks } from './crew.ts';
import { jobs } from './kernels.ts';
import {
  at,
  type FitSpec,
  foundWidth,
  type Memory,
  pairWidth,
  pieceRows,
  pieceWidth,
  setWords,
  totalWidth,
} from './memory.ts';
import { type Tree, type TreeMaker, treeMaker } from './tree.ts';

export interface GrowOptions {
  /** Levels of splits; 0 for no bound. */
  maxDepth: number;
  maxLeaves: number;
  /** `leaf` splits the leaf that gains most, `level` all of a level. */
  policy: 'leaf' | 'level';
  lambda: number;
  monotone: boolean;
}

interface Leaf {
  slot: number;
  node: number;
  from: number;
  to: number;
  depth: number;
  /** Best split, once its histogram is known. */
  gain: number;
  feature: number;
}

/** A grown tree, and where the rows of its leaves stand in `order`. */
export interface Grown {
  tree: TreeMaker;
  leaves: { slot: number; node: number; from: number; to: number }[];
}

export interface Grower {
  /** Grows a tree for one output on the rows that stand in `scratch`. */
  grow(output: number, rows: number, active: number): Grown;
  /** Adds the leaves' values to the scores of the rows that the tree was grown on. */
  add(grown: Grown, output: number): void;
}

/** Grows trees over shared memory, one at a time; the same bits on any number of threads. */
export function openGrower(spec: FitSpec, memory: Memory, crew: Crew, options: GrowOptions): Grower {
  const { features } = spec;
  const { control, pieces, pairs, found, sets, splits, splitSets, totals, ordered, active, directions } = memory;
  const { maxDepth, maxLeaves, policy, lambda, monotone } = options;

  /** Cuts ranges of rows into pieces; answers how many. */
  const cut = (ranges: readonly { slot: number; from: number; to: number }[]): number => {
    let count = 0;
    for (const { slot, from, to } of ranges) {
      for (let start = from; start < to; start += pieceRows) {
        pieces[count * pieceWidth] = slot;
        pieces[count * pieceWidth + 1] = start;
        pieces[count * pieceWidth + 2] = Math.min(to, start + pieceRows);
        count++;
      }
    }
    return count;
  };

  /** Histograms and best splits of the pairs in the table. */
  const search = (count: number, columns: number) => {
    // Four features at once are quickest where there are enough tasks to share out.
    let width = count * columns >= 64 ? 4 : columns >= 8 ? 2 : 1;
    while (count * Math.ceil(columns / width) > mostTasks) width *= 2;
    control[at.argument] = columns;
    control[at.argument2] = width;
    crew.run(jobs.histograms, count * Math.ceil(columns / width));
  };

  const bestOf = (leaf: Leaf, columns: number) => {
    leaf.gain = 0;
    leaf.feature = -1;
    for (let i = 0; i < columns; i++) {
      const gain = found[(leaf.slot * features + active[i]) * foundWidth];
      if (gain > leaf.gain) {
        leaf.gain = gain;
        leaf.feature = active[i];
      }
    }
  };

  const setTotals = (slot: number, g: number, h: number, low: number, high: number) => {
    const place = slot * totalWidth;
    totals[place] = g;
    totals[place + 1] = h;
    totals[place + 2] = low;
    totals[place + 3] = high;
  };

  const valueOf = (slot: number): number => {
    const place = slot * totalWidth;
    const value = -totals[place] / (totals[place + 1] + lambda);
    return monotone ? Math.min(totals[place + 3], Math.max(totals[place + 2], value)) : value;
  };

  /** Splits leaves by what was found; answers their children, pairs of them side by side. */
  const divide = (chosen: readonly Leaf[], maker: TreeMaker, slots: { next: number }): [Leaf, Leaf][] => {
    for (const { slot, feature } of chosen) {
      const own = slot * features + feature;
      splits[slot * 3] = feature;
      splits[slot * 3 + 1] = found[own * foundWidth + 1];
      splits[slot * 3 + 2] = found[own * foundWidth + 2];
      for (let w = 0; w < setWords; w++) splitSets[slot * setWords + w] = sets[own * setWords + w];
    }
    const count = cut(chosen);
    crew.run(jobs.divide, count);
    const children: [Leaf, Leaf][] = [];
    let piece = 0;
    for (const leaf of chosen) {
      let leftRows = 0;
      const first = piece;
      for (; piece < count && pieces[piece * pieceWidth] === leaf.slot; piece++)
        leftRows += pieces[piece * pieceWidth + 3];
      let [left, right] = [leaf.from, leaf.from + leftRows];
      const middle = right;
      for (let p = first; p < piece; p++) {
        const place = p * pieceWidth;
        pieces[place + 4] = left;
        pieces[place + 5] = right;
        left += pieces[place + 3];
        right += pieces[place + 2] - pieces[place + 1] - pieces[place + 3];
      }
      children.push(childrenOf(leaf, middle, maker, slots));
    }
    crew.run(jobs.collect, count);
    return children;
  };

  const childrenOf = (leaf: Leaf, middle: number, maker: TreeMaker, slots: { next: number }): [Leaf, Leaf] => {
    const own = (leaf.slot * features + leaf.feature) * foundWidth;
    const bin = found[own + 1];
    const words = bin === -1 ? splitSets.slice(leaf.slot * setWords, (leaf.slot + 1) * setWords) : null;
    const nodes = maker.split(leaf.node, leaf.feature, bin, found[own + 2] !== 0, words);
    const place = leaf.slot * totalWidth;
    const [g, h, low, high] = [totals[place], totals[place + 1], totals[place + 2], totals[place + 3]];
    const [leftG, leftH] = [found[own + 3], found[own + 4]];
    // The larger child goes on in its parent's slot: its histogram is the parent's less its sibling's.
    const isLeftSmall = middle - leaf.from <= leaf.to - middle;
    const fresh = slots.next++;
    const [leftSlot, rightSlot] = isLeftSmall ? [fresh, leaf.slot] : [leaf.slot, fresh];
    setTotals(leftSlot, leftG, leftH, low, high);
    setTotals(rightSlot, g - leftG, h - leftH, low, high);
    const direction = monotone ? directions[leaf.feature] : 0;
    if (direction !== 0) {
      const border = (valueOf(leftSlot) + valueOf(rightSlot)) / 2;
      totals[leftSlot * totalWidth + (direction > 0 ? 3 : 2)] = border;
      totals[rightSlot * totalWidth + (direction > 0 ? 2 : 3)] = border;
    }
    const child = (slot: number, node: number, from: number, to: number): Leaf => ({
      slot,
      node,
      from,
      to,
      depth: leaf.depth + 1,
      gain: 0,
      feature: -1,
    });
    return [child(leftSlot, nodes[0], leaf.from, middle), child(rightSlot, nodes[1], middle, leaf.to)];
  };

  const canSplit = (leaf: Leaf) => (maxDepth === 0 || leaf.depth < maxDepth) && leaf.to - leaf.from > 1;

  return {
    grow(output, rows, columns) {
      const maker = treeMaker(1, output);
      const slots = { next: 1 };
      control[at.argument] = output;
      const count = cut([{ slot: 0, from: 0, to: rows }]);
      for (let p = 0; p < count; p++) {
        pieces[p * pieceWidth + 3] = pieces[p * pieceWidth + 2] - pieces[p * pieceWidth + 1];
        pieces[p * pieceWidth + 4] = pieces[p * pieceWidth + 1];
      }
      crew.run(jobs.collect, count);
      let [g, h] = [0, 0];
      for (let i = 0; i < rows; i++) {
        g += ordered[2 * i];
        h += ordered[2 * i + 1];
      }
      setTotals(0, g, h, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      const root: Leaf = { slot: 0, node: maker.leaf([]), from: 0, to: rows, depth: 0, gain: 0, feature: -1 };
      const leaves: Leaf[] = [root];
      let frontier: Leaf[] = [];
      if (canSplit(root) && maxLeaves > 1) {
        pairs.set([0, -1, 0, rows]);
        search(1, columns);
        bestOf(root, columns);
        if (root.gain > 0) frontier.push(root);
      }
      while (frontier.length > 0 && leaves.length < maxLeaves) {
        frontier.sort((a, b) => b.gain - a.gain || a.node - b.node);
        const chosen = frontier.slice(0, policy === 'leaf' ? 1 : maxLeaves - leaves.length);
        frontier = policy === 'leaf' ? frontier.slice(1) : [];
        chosen.sort((a, b) => a.from - b.from);
        control[at.argument] = output;
        const children = divide(chosen, maker, slots);
        const gone = new Set(chosen);
        leaves.splice(0, leaves.length, ...leaves.filter((leaf) => !gone.has(leaf)), ...children.flat());
        let pair = 0;
        const open = children.filter(([a, b]) => (canSplit(a) || canSplit(b)) && leaves.length < maxLeaves);
        for (const [left, right] of open) {
          const [small, big] = left.to - left.from <= right.to - right.from ? [left, right] : [right, left];
          pairs.set([small.slot, big.slot, small.from, small.to], pair * pairWidth);
          pair++;
        }
        if (pair === 0) continue;
        search(pair, columns);
        for (const leaf of open.flat()) {
          if (!canSplit(leaf)) continue;
          bestOf(leaf, columns);
          if (leaf.gain > 0) frontier.push(leaf);
        }
      }
      return { tree: maker, leaves: leaves.map(({ slot, node, from, to }) => ({ slot, node, from, to })) };
    },
    add({ leaves }, output) {
      control[at.argument] = output;
      crew.run(jobs.add, cut(leaves));
    },
  };
}

/** Best value of a leaf by its sums. */
export function leafValue(totals: Float64Array, slot: number, lambda: number, monotone: boolean): number {
  const place = slot * totalWidth;
  const value = -totals[place] / (totals[place + 1] + lambda);
  return monotone ? Math.min(totals[place + 3], Math.max(totals[place + 2], value)) : value;
}

export type { Tree };
