// Exponential smoothing with fixed rates as a matrix: the forecasts of additive, damped Holt-Winters (Hyndman et al. 2008) are linear in
// the window, their starting states included, so that a graph takes one product for all of them. Fits nothing.
import type { SeriesSpec, Smoothing } from '../schema/index.ts';

/** A number as weights of the window's values. */
type Weights = Float64Array;

const mixed = (parts: readonly (readonly [number, Weights])[]): Weights => {
  const out = new Float64Array(parts[0][1].length);
  for (const [share, weights] of parts) for (let i = 0; i < out.length; i++) out[i] += share * weights[i];
  return out;
};

/** For each step ahead, what each value of the window counts in its forecast; they add up to 1. */
function forecastWeights(window: number, horizon: number, rates: Smoothing): Weights[] {
  const { level: alpha, trend: beta, damping: phi, season: gamma, period } = rates;
  const unit = (at: number): Weights => {
    const out = new Float64Array(window);
    out[at] = 1;
    return out;
  };
  const begun = period > 1 ? period : Math.max(1, Math.min(window, Math.round(window / 8)));
  let level = mixed(Array.from({ length: begun }, (_, i) => [1 / begun, unit(i)] as const));
  let trend: Weights = new Float64Array(window);
  const seasons: Weights[] = Array.from({ length: period }, (_, i) =>
    period > 1
      ? mixed([
          [1, unit(i)],
          [-1, level],
        ])
      : new Float64Array(window),
  );
  for (let t = period > 1 ? period : 0; t < window; t++) {
    const own = seasons[t % period];
    const value = unit(t);
    const ahead = mixed([
      [1, level],
      [phi, trend],
    ]);
    const next = mixed([
      [alpha, value],
      [-alpha, own],
      [1 - alpha, ahead],
    ]);
    const risen = mixed([
      [beta, next],
      [-beta, level],
      [(1 - beta) * phi, trend],
    ]);
    if (period > 1)
      seasons[t % period] = mixed([
        [gamma, value],
        [-gamma, ahead],
        [1 - gamma, own],
      ]);
    level = next;
    trend = risen;
  }
  let damped = 0;
  return Array.from({ length: horizon }, (_, h) => {
    damped += phi ** (h + 1);
    return mixed([
      [1, level],
      [damped, trend],
      [1, seasons[(window + h) % period]],
    ]);
  });
}

/** [(smoothings × horizon) × window], row-major: what each value counts in every forecast of every smoothing. */
export function smoothingMatrix({ window, horizon, smoothings }: SeriesSpec): Float64Array {
  const out = new Float64Array(window * smoothings.length * horizon);
  for (const [s, rates] of smoothings.entries()) {
    for (const [h, weights] of forecastWeights(window, horizon, rates).entries())
      out.set(weights, (s * horizon + h) * window);
  }
  return out;
}

/** Weights beyond which a matrix is not worth its bytes: fewer smoothings then. */
const mostWeights = 400_000;

/** The smoothings that are tried for a window: slow to quick, level or with a damped trend, with a season where there is one. */
export function smoothingsFor(window: number, horizon: number, season: number): Smoothing[] {
  const plain = [0.1, 0.2, 0.4, 0.7, 1].flatMap((level) =>
    [0, 0.1].map((trend) => ({ level, trend, damping: trend > 0 ? 0.95 : 0, season: 0, period: 1 })),
  );
  const seasonal = [0.05, 0.2, 0.5].flatMap((level) =>
    [0, 0.1].flatMap((trend) =>
      [0.1, 0.4].map((own) => ({ level, trend, damping: trend > 0 ? 0.95 : 0, season: own, period: season })),
    ),
  );
  const all = season > 1 && window >= 2 * season ? [...seasonal, plain[2], plain[6]] : plain;
  const most = Math.max(2, Math.floor(mostWeights / (window * horizon)));
  return all.length <= most
    ? all
    : all.filter((_, i) => Math.floor((i * most) / all.length) !== Math.floor(((i - 1) * most) / all.length));
}
