// Bounds around a forecast, by step ahead, from what held-out forecasts were off by (split conformal prediction, Vovk et al. 2005):
// whatever the model is made of, so many of the truths lay between. In deviations of the window, so that bounds widen with it.
import type { SeriesSpec } from '../schema/index.ts';
import type { Field } from './field.ts';

/** Share of the truths that bounds are for. */
const share = 0.8;
/** Truths by which the bounds of a step are told; neighbouring steps lend theirs where there are fewer. */
const fewest = 40;
/** Deviations of a normal distribution that hold the share. */
const usual = 1.2816;

/** Held-out answers in units of the scaled target, by row. */
export interface HeldAnswers {
  rows: Uint32Array;
  answers: ArrayLike<number>;
}

/** The bounds; `loss` (mean squared error in units of the scaled target) stands in where nothing was held out. */
export function bandOf(
  { rows, preprocess, series }: Field,
  { horizon }: SeriesSpec,
  held: HeldAnswers | undefined,
  loss: number,
): NonNullable<SeriesSpec['band']> {
  const { std = 1 } = preprocess.target;
  const off = Array.from({ length: horizon }, (): number[] => []);
  if (held && series) {
    for (const [i, row] of held.rows.entries())
      off[series.ahead[row]].push(((rows.targets?.[row] ?? 0) - held.answers[i]) * std);
  }
  const half = usual * Math.sqrt(Math.max(loss, 1e-12)) * std;
  const bounds = off.map((_, h): [number, number] => {
    let near: number[] = [];
    for (let reach = 0; reach < horizon && near.length < fewest; reach++)
      near = off.slice(Math.max(0, h - reach), h + reach + 1).flat();
    if (near.length < 10) return [-half, half];
    near.sort((a, b) => a - b);
    // One truth more than there are: the next one's place among them is even.
    const place = (tail: number) => Math.floor(tail * (near.length + 1));
    const low = place((1 - share) / 2);
    return [near[Math.max(0, low - 1)], near[Math.min(near.length - 1, near.length - low)]];
  });
  return { share, low: bounds.map(([low]) => Math.min(0, low)), high: bounds.map(([, high]) => Math.max(0, high)) };
}
