// Exponential smoothing as a matrix: what the recursion gives, number by number.
import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { smoothingMatrix, smoothingsFor } from '../../../engine/models/smoothing.ts';
import type { SeriesSpec, Smoothing } from '../../../engine/schema/index.ts';

const [window, horizon, season] = [30, 9, 7];
const smoothings = [...smoothingsFor(window, horizon, season), ...smoothingsFor(window, horizon, 1)];
const spec = { window, horizon, smoothings } as SeriesSpec;

/** Additive, damped Holt-Winters over the values, begun as the matrix begins. */
function plain(values: readonly number[], { level: a, trend: b, damping, season: c, period }: Smoothing): number[] {
  const begun = period > 1 ? period : Math.round(window / 8);
  let level = values.slice(0, begun).reduce((sum, value) => sum + value, 0) / begun;
  let trend = 0;
  const seasons = Array.from({ length: period }, (_, i) => (period > 1 ? values[i] - level : 0));
  for (let t = period > 1 ? period : 0; t < window; t++) {
    const [own, ahead] = [seasons[t % period], level + damping * trend];
    const next = a * (values[t] - own) + (1 - a) * ahead;
    trend = b * (next - level) + (1 - b) * damping * trend;
    if (period > 1) seasons[t % period] = c * (values[t] - ahead) + (1 - c) * own;
    level = next;
  }
  let damped = 0;
  return Array.from({ length: horizon }, (_, h) => {
    damped += damping ** (h + 1);
    return level + damped * trend + seasons[(window + h) % period];
  });
}

test('the matrix gives the forecasts of the recursion, for every set of rates', () => {
  const random = rng(1, 'values');
  const values = Array.from({ length: window }, (_, t) => 5 * Math.sin(t) + 0.3 * t + random.normal());
  const matrix = smoothingMatrix(spec);
  for (const [s, rates] of smoothings.entries()) {
    const said = plain(values, rates);
    for (let h = 0; h < horizon; h++) {
      const weights = matrix.subarray((s * horizon + h) * window, (s * horizon + h + 1) * window);
      expect(weights.reduce((sum, weight, t) => sum + weight * values[t], 0)).toBeCloseTo(said[h], 9);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
  }
});
