// Which seasons a series has: lags at which it is like itself, and more so than half a season off. Pure.

interface Values {
  values: ArrayLike<number>;
}

/** Series that are looked at, the longest first. */
const mostSeries = 40;
/** Seasons that must fit into a series. */
const fewestSeasons = 3;
/** Least likeness at a season, and by how much it exceeds that of half a season. */
const leastLike = 0.25;
const leastGain = 0.1;
/** By how much a longer season must be liker than a shorter one to come first. */
const clearly = 0.03;
const mostSeasons = 2;
/** Longest season that is looked for where no calendar suggests any. */
const longest = 200;

/** Values less their straight trend, gaps left at 0. */
function detrended(values: ArrayLike<number>): Float64Array {
  let [n, st, sy, stt, sty] = [0, 0, 0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    const y = values[t];
    if (Number.isNaN(y)) continue;
    n++;
    st += t;
    sy += y;
    stt += t * t;
    sty += t * y;
  }
  const slope = n > 1 ? (n * sty - st * sy) / Math.max(1e-12, n * stt - st * st) : 0;
  const start = n > 0 ? (sy - slope * st) / n : 0;
  return Float64Array.from({ length: values.length }, (_, t) =>
    Number.isNaN(values[t]) ? 0 : values[t] - start - slope * t,
  );
}

function likeness(values: Float64Array, lag: number): number {
  let [product, own] = [0, 0];
  for (let t = 0; t < values.length; t++) {
    own += values[t] ** 2;
    if (t >= lag) product += values[t] * values[t - lag];
  }
  // As many products as squares, so that a long lag is not less alike for being long.
  return own > 0 ? (product / own) * (values.length / Math.max(1, values.length - lag)) : 0;
}

/** Seasons by weight, at most two; [1] for none. `suggested` are those of the calendar. */
export function findSeasons(series: readonly Values[], suggested: readonly number[]): number[] {
  const long = series
    .map(({ values }) => values)
    .sort((a, b) => b.length - a.length)
    .slice(0, mostSeries);
  const size = long[0]?.length ?? 0;
  const flat = long.filter(({ length }) => length >= size / 2).map(detrended);
  const mean = (lag: number) => flat.reduce((sum, values) => sum + likeness(values, lag), 0) / Math.max(1, flat.length);
  const most = Math.min(longest, Math.floor(size / fewestSeasons));
  const offered =
    suggested.length > 0
      ? suggested.filter((lag) => lag * fewestSeasons <= size)
      : Array.from({ length: Math.max(0, most - 1) }, (_, i) => i + 2);
  const found = offered
    .map((lag) => ({ lag, like: mean(lag) }))
    .filter(({ lag, like }) => like >= leastLike && like - mean(Math.max(1, Math.floor(lag / 2))) >= leastGain);
  if (suggested.length === 0 && found.length > 0) {
    const top = Math.max(...found.map(({ like }) => like));
    // The shortest of those that are about as like: its multiples are as well.
    const { lag } = found.find(({ like }) => like >= top - clearly) ?? found[0];
    return [lag];
  }
  found.sort((a, b) => a.lag - b.lag);
  const ranked = found.sort((a, b) => (Math.abs(a.like - b.like) < clearly ? a.lag - b.lag : b.like - a.like));
  return ranked.length > 0 ? ranked.slice(0, mostSeasons).map(({ lag }) => lag) : [1];
}
