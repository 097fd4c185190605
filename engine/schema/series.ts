// Forecasting: what a request may say of a series, and how `preprocess.json` and the manifest keep it. Reads no rows.
import { z } from 'zod';

/** What a request may say; what is left out is told from the columns and the rows. */
export const forecastAsk = z.object({
  /** The column of times: dates, or numbers that count. */
  time: z.string().optional(),
  /** The column that tells several series apart. */
  series: z.string().optional(),
  /** Steps to forecast. */
  horizon: z.number().int().min(1).max(1000).optional(),
  /** Steps after which the series repeats itself; 1 for never. */
  season: z.number().int().min(1).max(10_000).optional(),
});
export type ForecastAsk = z.infer<typeof forecastAsk>;

/**
 * The distance of two steps: of milliseconds, of calendar months, or of plain numbers; `from` is the time of step 0 (of months: the
 * month, counted from January 1970, and `day` the day that times have in it, the last one of a shorter month).
 */
export const timeStep = z.object({
  unit: z.enum(['ms', 'month', 'number']),
  size: z.number().positive(),
  from: z.number(),
  day: z.number().int().min(1).max(31).optional(),
});
export type TimeStep = z.infer<typeof timeStep>;

/** One exponential smoothing with fixed rates: a linear map of the window (additive Holt-Winters, damped). */
export const smoothing = z.object({
  level: z.number(),
  trend: z.number(),
  damping: z.number(),
  season: z.number(),
  /** Steps of its season; 1 for none. */
  period: z.number().int().min(1),
});
export type Smoothing = z.infer<typeof smoothing>;

/**
 * How the steps behind become numbers, in the order of the graph's features. Inputs of the graph: `history` float64 [batch, window]
 * (oldest first, no gaps), `calendar` float64 [batch, horizon, 3 × parts] of the steps ahead (each part, its sine and cosine), and
 * `series` string [batch, 1].
 */
export const seriesSpec = z.object({
  time: z.string(),
  /** How the column writes dates beside ISO 8601 (strptime). */
  format: z.string().optional(),
  series: z.string().optional(),
  step: timeStep,
  horizon: z.number().int().min(1),
  window: z.number().int().min(2),
  /** Seasons by weight; the first is that of the naive forecast, 1 for the last value. */
  seasons: z.array(z.number().int().min(1)).min(1),
  /** Latest values that are features as they are. */
  lags: z.number().int().min(1),
  /** Lengths of the means and deviations of the latest values. */
  means: z.array(z.number().int().min(2)),
  /** Parts of the dates ahead, by name. */
  calendar: z.array(z.enum(['month', 'weekday', 'hour', 'day'])),
  smoothings: z.array(smoothing),
  /** Added to the deviation of a window, so that a constant one can be divided by it. */
  floor: z.number().positive(),
  /** By step ahead, what is added to a forecast, in deviations of the window: `share` of the truths lay between. */
  band: z.object({ share: z.number(), low: z.array(z.number()), high: z.array(z.number()) }).optional(),
});
export type SeriesSpec = z.infer<typeof seriesSpec>;

/** What a client needs to know to ask for a forecast. */
export const seriesFacts = seriesSpec.pick({ time: true, series: true, step: true, horizon: true, window: true });
export type SeriesFacts = z.infer<typeof seriesFacts>;

const figures = z.object({
  /** Mean error over that of the naive forecast within the training part (Hyndman & Koehler 2006), by series. */
  mase: z.number(),
  /** 0 to 200 %. */
  smape: z.number(),
  rmse: z.number(),
  mae: z.number(),
});
export type ForecastFigures = z.infer<typeof figures>;

/** Figures of forecasts from every step of the test part, each up to the horizon. */
export const forecasting = {
  ...figures.shape,
  /** The value one season before. */
  baseline: figures,
  horizon: z.number().int(),
  season: z.number().int(),
  /** Series, and forecasts that were made. */
  series: z.number().int(),
  windows: z.number().int(),
  /** Share of the truths between the bounds, and the share that the bounds are for. */
  coverage: z.number(),
  band: z.number(),
  /** Mean error by step ahead. */
  byStep: z.array(z.object({ ahead: z.number().int(), mae: z.number(), baseline: z.number() })),
  /** Some forecasts to look at; `at` of all values, those behind first. */
  examples: z.array(
    z.object({
      series: z.string().optional(),
      at: z.array(z.union([z.string(), z.number()])),
      behind: z.array(z.number()),
      truth: z.array(z.number().nullable()),
      forecast: z.array(z.number()),
      low: z.array(z.number()),
      high: z.array(z.number()),
    }),
  ),
};

/** One step of a forecast. */
export const forecastStep = z.object({
  time: z.union([z.string(), z.number()]),
  value: z.number(),
  low: z.number(),
  high: z.number(),
});
export type ForecastStep = z.infer<typeof forecastStep>;
