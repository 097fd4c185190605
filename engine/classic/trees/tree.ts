// A grown tree in flat arrays, an ensemble of them, and how a binned row walks through. Grows nothing.
import { type Binned, binWith, missingBin, type TreeColumn, type TreeRows } from './bins.ts';
import { setWords } from './memory.ts';

/** Node i splits by column feature[i] (−1: a leaf); left[i] and right[i] are its children. */
export interface Tree {
  feature: Int32Array;
  /** Last bin that goes left; −1 where `sets` of the node says which do. */
  bin: Int32Array;
  /** Greatest value that goes left, in place of a bin, for trees that were grown on values. */
  threshold?: Float32Array;
  missingLeft: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  /** Place in `sets` (times 8 words) of a category's split. */
  set: Int32Array;
  sets: Uint32Array;
  /** [nodes × width] float32; what a leaf adds to outputs `output` … `output` + width − 1. */
  value: Float32Array;
  width: number;
  output: number;
}

export interface Ensemble {
  columns: TreeColumn[];
  outputs: number;
  /** Where every row begins. */
  base: Float32Array;
  trees: Tree[];
}

/** A tree under construction. */
export interface TreeMaker {
  /** Adds a leaf and answers its number. */
  leaf(value: ArrayLike<number>): number;
  setValue(node: number, value: number): void;
  /** Makes a leaf a split; `words` says which bins go left where `bin` is −1. */
  split(node: number, feature: number, bin: number, missingLeft: boolean, words: Uint32Array | null): [number, number];
  build(): Tree;
}

/** An empty tree whose leaves hold `width` values; its outputs begin at `output`. */
export function treeMaker(width: number, output: number): TreeMaker {
  const [feature, bin, left, right, set, missing, value, sets]: number[][] = [[], [], [], [], [], [], [], []];
  const leaf = (values: ArrayLike<number>): number => {
    feature.push(-1);
    bin.push(0);
    left.push(-1);
    right.push(-1);
    set.push(-1);
    missing.push(0);
    for (let i = 0; i < width; i++) value.push(values[i] ?? 0);
    return feature.length - 1;
  };
  return {
    leaf,
    setValue(node, given) {
      value[node * width] = given;
    },
    split(node, by, at, missingLeft, words) {
      feature[node] = by;
      bin[node] = at;
      missing[node] = missingLeft ? 1 : 0;
      if (words) {
        set[node] = sets.length / setWords;
        sets.push(...words);
      }
      left[node] = leaf([]);
      right[node] = leaf([]);
      return [left[node], right[node]];
    },
    build: () => ({
      feature: Int32Array.from(feature),
      bin: Int32Array.from(bin),
      missingLeft: Uint8Array.from(missing),
      left: Int32Array.from(left),
      right: Int32Array.from(right),
      set: Int32Array.from(set),
      sets: Uint32Array.from(sets),
      value: Float32Array.from(value),
      width,
      output,
    }),
  };
}

/** The leaf that a binned row ends in. */
export function leafOf(tree: Tree, bins: Uint8Array, rows: number, row: number): number {
  const { feature, bin, left, right, missingLeft, set, sets } = tree;
  let node = 0;
  while (feature[node] >= 0) {
    const value = bins[feature[node] * rows + row];
    let isLeft: boolean;
    if (value === missingBin) isLeft = missingLeft[node] !== 0;
    else if (bin[node] >= 0) isLeft = value <= bin[node];
    else isLeft = ((sets[set[node] * setWords + (value >> 5)] >>> (value & 31)) & 1) !== 0;
    node = isLeft ? left[node] : right[node];
  }
  return node;
}

/** Adds a tree's leaves to the scores [rows × outputs] of the given rows. */
export function addTree(tree: Tree, { bins, rows }: Binned, scores: Float64Array, outputs: number, of: Uint32Array) {
  const { value, width, output } = tree;
  for (const row of of) {
    const leaf = leafOf(tree, bins, rows, row);
    for (let k = 0; k < width; k++) scores[row * outputs + output + k] += value[leaf * width + k];
  }
}

/** What the trees say of raw rows, [rows × outputs], summed in float32 as the exported graph does. */
export function leafValues(ensemble: Ensemble, data: TreeRows, of: Uint32Array): Float32Array {
  const { trees, outputs, base, columns } = ensemble;
  const out = new Float32Array(of.length * outputs);
  for (let i = 0; i < of.length; i++) out.set(base, i * outputs);
  const wanted: TreeRows = {
    rows: of.length,
    numeric: rowsOf(data.numeric, data.numericWidth, of, Float64Array),
    numericWidth: data.numericWidth,
    codes: rowsOf(data.codes, data.sizes.length, of, Int32Array),
    sizes: data.sizes,
  };
  const binned = binWith(columns, wanted);
  for (const tree of trees) {
    const { value, width, output } = tree;
    for (let i = 0; i < of.length; i++) {
      const leaf = leafOf(tree, binned, of.length, i);
      for (let k = 0; k < width; k++) out[i * outputs + output + k] += value[leaf * width + k];
    }
  }
  return out;
}

function rowsOf<T extends Float64Array | Int32Array>(
  from: ArrayLike<number>,
  width: number,
  of: Uint32Array,
  Type: new (length: number) => T,
): T {
  const out = new Type(of.length * width);
  for (let i = 0; i < of.length; i++) for (let j = 0; j < width; j++) out[i * width + j] = from[of[i] * width + j];
  return out;
}
