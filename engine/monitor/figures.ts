// The statistics of drift: how far a sample is from a reference, and how likely chance alone puts it so far. Pure functions.

/** ln Γ(x) for x > 0 (Lanczos, g = 7, n = 9; error below 1e-13). */
export function logGamma(x: number): number {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const y = x - 1;
  let sum = c[0];
  for (let i = 1; i < 9; i++) sum += c[i] / (y + i);
  const t = y + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Q(a, x): the regularised upper incomplete gamma function (Numerical Recipes, 6.2). */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 1000 && Math.abs(term) > Math.abs(sum) * 1e-15; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - sum * front);
  }
  let b = x + 1 - a;
  let c = 1 / 1e-300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * h;
}

/** Two-sample Kolmogorov–Smirnov over sorted values: greatest distance of the two distributions, and its asymptotic p-value. */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): { statistic: number; p: number } {
  let i = 0;
  let j = 0;
  let statistic = 0;
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    statistic = Math.max(statistic, Math.abs(i / a.length - j / b.length));
  }
  const n = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (n + 0.12 + 0.11 / n) * statistic;
  let p = 0;
  for (let k = 1; k <= 100; k++) {
    const term = 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
    p += term;
    if (Math.abs(term) < 1e-12) break;
  }
  return { statistic, p: lambda < 0.2 ? 1 : Math.min(1, Math.max(0, p)) };
}

/**
 * Two-sample chi-square over counts of the same classes. Classes expected fewer than five times in either sample are taken
 * together (Cochran's rule).
 */
export function chiSquare(a: readonly number[], b: readonly number[]): { statistic: number; p: number } {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  const [na, nb] = [total(a), total(b)];
  if (na === 0 || nb === 0) return { statistic: 0, p: 1 };
  const least = 5 / (Math.min(na, nb) / (na + nb));
  const pairs: [number, number][] = [];
  let rest: [number, number] = [0, 0];
  for (const [i, count] of a.entries()) {
    const pair: [number, number] = [count, b[i] ?? 0];
    if (pair[0] + pair[1] >= least) pairs.push(pair);
    else rest = [rest[0] + pair[0], rest[1] + pair[1]];
  }
  if (rest[0] + rest[1] >= least || (pairs.length === 1 && rest[0] + rest[1] > 0)) pairs.push(rest);
  if (pairs.length < 2) return { statistic: 0, p: 1 };
  let statistic = 0;
  for (const [x, y] of pairs) {
    const all = x + y;
    statistic += (x - (all * na) / (na + nb)) ** 2 / ((all * na) / (na + nb));
    statistic += (y - (all * nb) / (na + nb)) ** 2 / ((all * nb) / (na + nb));
  }
  return { statistic, p: upperGamma((pairs.length - 1) / 2, statistic / 2) };
}

/** Population stability index over counts of the same classes; half a count stands in for none. */
export function stabilityIndex(a: readonly number[], b: readonly number[]): number {
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + Math.max(count, 0.5), 0);
  const [na, nb] = [sum(a), sum(b)];
  return a.reduce((index, count, i) => {
    const [p, q] = [Math.max(count, 0.5) / na, Math.max(b[i] ?? 0, 0.5) / nb];
    return index + (q - p) * Math.log(q / p);
  }, 0);
}

/** Counts of values in bins that are bounded by the reference's own quantiles (sorted edges, the ends open). */
export function binCounts(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (let i = 0; i < values.length; i++) {
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[i] > edges[middle]) low = middle + 1;
      else high = middle;
    }
    counts[low]++;
  }
  return counts;
}

/** Inner edges of about ten bins of equal counts; fewer where values are the same. */
export function quantileEdges(sorted: ArrayLike<number>, bins = 10): number[] {
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / bins))];
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return edges;
}
