// Forecasts, whole but for the process: windows, a search over them, one graph with bounds, and its report.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  automl,
  bandOf,
  type Field,
  heldOf,
  localRunner,
  openField,
  servedModel,
} from '../../../engine/automl/index.ts';
import { rng } from '../../../engine/base/index.ts';
import { encodeHistories } from '../../../engine/data/index.ts';
import { checkGraph, type Graph } from '../../../engine/graph/index.ts';
import { forecastGraph } from '../../../engine/models/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import { forecastReport } from '../../../engine/train/index.ts';
import { type Bench, openBench } from '../data/bench.ts';

const facts = { seconds: 0, epochs: 0, bestEpoch: 0, steps: 0, weights: '' };
const noise = 4;
const shops = ['north', 'south'];
let bench: Bench;
let field: Field;

/** Weekly sales of two shops, of different size. */
function lines(): string[] {
  const random = rng(3, 'shops');
  const rows = ['day,shop,sold'];
  for (let t = 0; t < 150; t++) {
    const day = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
    for (const [s, shop] of shops.entries()) {
      const wave = 20 * Math.sin((2 * Math.PI * t) / 7) + 0.1 * t + noise * random.normal();
      rows.push(`${day},${shop},${((s + 1) * (100 + wave)).toFixed(2)}`);
    }
  }
  return rows;
}

async function made(families: ('smoothing' | 'seasonal-naive' | 'glm')[], trials: number) {
  const result = await automl(field, localRunner(field, 1), { seed: 1, trials, families });
  const spec = field.series?.spec;
  if (!spec) throw new Error('no series');
  const band = bandOf(field, spec, heldOf(result.ensemble, field), result.ensemble.loss);
  const preprocess: Preprocess = { ...field.preprocess, task: 'forecasting', series: { ...spec, band } };
  const graph = forecastGraph(preprocess, servedModel(field.preprocess, result.graph));
  checkGraph(graph);
  return { result, preprocess, graph };
}

async function forecasts(graph: Graph, preprocess: Preprocess, inputs: Record<string, unknown>[]) {
  const { feeds } = encodeHistories(preprocess, inputs);
  const program = await compile(graph, { threads: 1 });
  try {
    const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
    return Array.from((await program.run(used, ['forecast']))['forecast'].data as Float64Array);
  } finally {
    await program.dispose();
  }
}

beforeAll(async () => {
  bench = openBench();
  const { reader } = await bench.load(bench.file('shops.csv', lines().join('\n')));
  const asked = { target: 'sold', seed: 1, forecast: { time: 'day', series: 'shop', horizon: 7 } };
  field = await openField(reader, undefined, asked);
});
afterAll(() => bench.close());

describe('a forecast', () => {
  test('is searched on folds that follow each other in time', () => {
    const { folds, foldCount, isOrdered, series } = field;
    expect(isOrdered).toBe(true);
    expect(foldCount).toBe(5);
    expect(series?.spec).toMatchObject({ horizon: 7, seasons: [7], series: 'shop' });
    expect(new Set(folds)).toEqual(new Set([0, 1, 2, 3, 4, 255]));
  });

  test('takes no season from what it is tested on', async () => {
    const random = rng(4, 'late');
    const rows = Array.from({ length: 200 }, (_, t) => {
      const day = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
      return `${day},${((t < 142 ? random.normal() : 1000 * ((t % 7) - 3)) + 5000).toFixed(2)}`;
    });
    const { reader } = await bench.load(bench.file('late.csv', ['day,sold', ...rows].join('\n')));
    const asked = { target: 'sold', seed: 1, forecast: { time: 'day', horizon: 5 } };
    const parts = { by: 'time' as const, validation: 0.1, test: 0.3 };
    expect((await openField(reader, undefined, { ...asked, split: parts })).series?.spec.seasons).toEqual([1]);
  });

  test('beats the value one season before, within bounds that hold, and is asked for by the rows behind', async () => {
    const { preprocess, graph, result } = await made(['smoothing', 'seasonal-naive', 'glm'], 3);
    expect(result.trials.map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
    const test = field.series?.test;
    if (!test) throw new Error('no test');
    const report = await forecastReport(graph, preprocess, test, facts);
    expect(report.mase).toBeLessThan(report.baseline.mase);
    expect(report.coverage).toBeGreaterThan(0.65);
    expect(report.coverage).toBeLessThan(0.95);
    expect(report).toMatchObject({ horizon: 7, season: 7, series: 2, windows: 2 * 15 });
    expect(report.examples.map(({ series }) => series)).toEqual(shops);
    const histories = shops.map((shop) => ({
      history: lines()
        .slice(1)
        .map((line) => line.split(','))
        .filter(([, own]) => own === shop)
        .map(([day, own, sold]) => ({ day, shop: own, sold })),
    }));
    const both = await forecasts(graph, preprocess, histories);
    expect(both.length).toBe(14);
    // One at a time and together: kernels may round by how many threads share a product.
    const alone = [
      ...(await forecasts(graph, preprocess, [histories[0]])),
      ...(await forecasts(graph, preprocess, [histories[1]])),
    ];
    for (const [i, value] of alone.entries()) expect(value).toBeCloseTo(both[i], 4);
    for (let h = 0; h < 7; h++) {
      const wave = 115 + 20 * Math.sin((2 * Math.PI * (150 + h)) / 7);
      expect(Math.abs(both[h] - wave)).toBeLessThan(3 * noise);
      expect(Math.abs(both[7 + h] - 2 * wave)).toBeLessThan(6 * noise);
    }
  });

  test('of the naive family is the value one season before', async () => {
    const { preprocess, graph } = await made(['seasonal-naive'], 1);
    const history = Array.from({ length: 30 }, (_, t) => ({
      day: new Date(Date.UTC(2025, 0, 1 + t)).toISOString(),
      shop: 'west',
      sold: 50 + ((t * 13) % 7),
    }));
    const said = await forecasts(graph, preprocess, [{ history }]);
    const week = history.slice(-7).map(({ sold }) => sold);
    for (const [h, value] of said.entries()) expect(value).toBeCloseTo(week[h], 4);
  });
});
