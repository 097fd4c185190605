// What joins the members of a data-parallel run: each computes its share of a batch, and all hold the same sum before
// anybody takes the step. The one-machine form; rings and their links are cluster/'s.

/** Rows `from` up to `to` of a batch, counted from its first. */
export interface Share {
  from: number;
  to: number;
}

/** What became of a reduction: every member holds the sum, or the members changed and the step is to be computed anew. */
export type Reduction = 'held' | 'again';

export interface Averager {
  /** True where others compute too, so that what is reduced is not what this member computed. */
  readonly shared: boolean;
  /** This member's rows of the batch that the step (counted from 1) trains on; may be none. */
  share(step: number, rows: number): Share;
  /**
   * Sums `buffer` over all members, in place. Resolves with `held` once every member has said that it holds the whole sum:
   * nobody takes a step before, so that no sample counts twice and none is left out.
   */
  reduce(buffer: Float32Array, step: number): Promise<Reduction>;
}

/** One machine: every row is its own, and there is nothing to wait for. */
export const alone: Averager = {
  shared: false,
  share: (_step, rows) => ({ from: 0, to: rows }),
  reduce: () => Promise.resolve('held'),
};
