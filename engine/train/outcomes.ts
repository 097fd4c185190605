// What a model said of each row of its test part, as the report's maker hands it on. bundle/outcomes.ts keeps it.

/** Scores of classes `[rows, classes]`, or one prediction a row where `classes` is 0. */
export interface Outcomes {
  classes: number;
  /** Test rows there were; `rows` may be an even sample of them. */
  of: number;
  /** Numbers of the rows in their dataset, ascending. */
  rows: Uint32Array;
  /** Number of the true class, or the true quantity. */
  truth: Float64Array;
  /** Number of the class that was named, which need not be the likeliest; empty for quantities. */
  named: Uint32Array;
  scores: Float64Array;
}

/** Outcomes by places among the tested rows, as those of rows of the dataset. */
export const inDataset = (outcomes: Outcomes, tested?: Uint32Array): Outcomes =>
  tested ? { ...outcomes, rows: outcomes.rows.map((place) => tested[place]) } : outcomes;
