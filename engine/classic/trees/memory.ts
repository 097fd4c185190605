// The memory that the threads of a boosting fit share, cut from one buffer, and what they agree on. No arithmetic.

/** What a fit is like; the same in every thread. */
export interface FitSpec {
  rows: number;
  /** Rows that trees are grown on, at most. */
  grown: number;
  features: number;
  /** Trees of a round. */
  outputs: number;
  /** Nodes that have a histogram at the same time. */
  slots: number;
  loss: 'squared' | 'logistic' | 'softmax' | 'quantile';
  quantile: number;
  lambda: number;
  minChildWeight: number;
  minGain: number;
  /** Whether any column has a direction. */
  monotone: boolean;
}

/** Numbers of one found split: gain, bin (or −1 for a set), missing left, gradient and hessian sums of the left side. */
export const foundWidth = 5;
/** Words of a set of bins. */
export const setWords = 8;
/** Ints of a pair of siblings: slots of the smaller and the greater one (−1 for a root), rows of the smaller, features a task. */
export const pairWidth = 4;
/** Ints of a piece of rows: slot, from, to, rows that go left, places of the first left and the first right row. */
export const pieceWidth = 6;
/** Numbers of a node: gradient and hessian sums, bounds of its value. */
export const totalWidth = 4;
/** Bins of a histogram with the one of missing values, times gradient and hessian. */
export const histWidth = 512;
/** Rows of a piece. */
export const pieceRows = 8192;

/** Places in `control`. */
export const at = { turn: 0, job: 1, count: 2, next: 3, done: 4, argument: 5, argument2: 6 } as const;

export interface Memory {
  bins: Uint8Array;
  /** Bins of each feature, the missing one not counted; 0 or 1 where it is a category; its direction. */
  binCounts: Int32Array;
  categorical: Uint8Array;
  directions: Int8Array;
  labels: Float32Array;
  weights: Float32Array;
  /** [rows × outputs] sums of leaves so far. */
  scores: Float64Array;
  /** [outputs × rows × 2] gradients and hessians by row. */
  gradients: Float32Array;
  /** Rows that the tree is grown on, those of a node together. */
  order: Uint32Array;
  scratch: Uint32Array;
  /** Gradients and hessians in the order of `order`. */
  ordered: Float32Array;
  /** Features of this tree, and how many: argument of the job. */
  active: Int32Array;
  hist: Float64Array;
  totals: Float64Array;
  pairs: Int32Array;
  found: Float64Array;
  sets: Uint32Array;
  pieces: Int32Array;
  /** Split of each slot: feature, bin or −1, missing left. */
  splits: Int32Array;
  splitSets: Uint32Array;
  /** Value of each leaf that is added. */
  leaves: Float64Array;
  partial: Float64Array;
  control: Int32Array;
}

/** Pieces that the grown rows and the leaves of a tree can be cut into. */
const mostPieces = ({ rows, slots }: FitSpec) => Math.ceil(rows / pieceRows) + 4 * slots + 8;

/** Cuts a buffer, or makes it when none is given. */
export function openMemory(spec: FitSpec, bins: Uint8Array, buffer?: SharedArrayBuffer): [Memory, SharedArrayBuffer] {
  const { rows, grown, features, outputs, slots } = spec;
  const pieces = mostPieces(spec);
  let bytes = 0;
  const plan = <T>(length: number, size: number, make: (b: SharedArrayBuffer, from: number, n: number) => T) => {
    const from = bytes;
    bytes += Math.ceil((length * size) / 64) * 64 + 64;
    return (b: SharedArrayBuffer) => make(b, from, length);
  };
  const f64 = (n: number) => plan(n, 8, (b, from, length) => new Float64Array(b, from, length));
  const f32 = (n: number) => plan(n, 4, (b, from, length) => new Float32Array(b, from, length));
  const i32 = (n: number) => plan(n, 4, (b, from, length) => new Int32Array(b, from, length));
  const u32 = (n: number) => plan(n, 4, (b, from, length) => new Uint32Array(b, from, length));
  const u8 = (n: number) => plan(n, 1, (b, from, length) => new Uint8Array(b, from, length));
  const i8 = (n: number) => plan(n, 1, (b, from, length) => new Int8Array(b, from, length));
  const parts = {
    control: i32(16),
    binCounts: i32(features),
    categorical: u8(features),
    directions: i8(features),
    labels: f32(rows),
    weights: f32(rows),
    scores: f64(rows * outputs),
    gradients: f32(2 * rows * outputs),
    order: u32(grown),
    scratch: u32(grown),
    ordered: f32(2 * grown),
    active: i32(features),
    hist: f64(slots * features * histWidth),
    totals: f64(slots * totalWidth),
    pairs: i32(slots * pairWidth),
    found: f64(slots * features * foundWidth),
    sets: u32(slots * features * setWords),
    pieces: i32(pieces * pieceWidth),
    splits: i32(slots * 3),
    splitSets: u32(slots * setWords),
    leaves: f64(2 * slots + 2),
    partial: f64(pieces * 2),
  };
  const shared = buffer ?? new SharedArrayBuffer(bytes);
  const memory = Object.fromEntries(Object.entries(parts).map(([name, cut]) => [name, cut(shared)]));
  return [{ ...(memory as unknown as Omit<Memory, 'bins'>), bins }, shared];
}
