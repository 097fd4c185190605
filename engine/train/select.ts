// Chooses among fitted candidates by their losses on the same validation rows.

export interface Fitted {
  /** Loss of each validation row, in one order for all. */
  losses: Float64Array;
}

/**
 * Index of the first candidate, in order from the simplest, that is not worse than the best by more than one standard
 * error of their paired difference (Breiman et al. 1984, the one-standard-error rule).
 */
export function simplestNearBest(fitted: readonly Fitted[]): number {
  const means = fitted.map(({ losses }) => mean(losses));
  const best = means.indexOf(Math.min(...means));
  return fitted.findIndex(({ losses }) => {
    const differences = losses.map((loss, i) => loss - fitted[best].losses[i]);
    return mean(differences) <= standardError(differences);
  });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function standardError(values: Float64Array): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
