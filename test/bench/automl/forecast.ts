// Forecasts beside scikit-learn's HistGradientBoosting on the same features of the same windows, and beside the value one season before:
// generated series whose noise is known. One thread each.
//   node test/bench/automl/forecast.ts [budget in s] [set,…]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  automl,
  bandOf,
  type Field,
  heldOf,
  localRunner,
  openField,
  servedModel,
} from '../../../engine/automl/index.ts';
import { bytesOf, rng } from '../../../engine/base/index.ts';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import { forecastGraph } from '../../../engine/models/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { forecastReport } from '../../../engine/train/index.ts';

const [budget = '30', asked] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'neutrino-forecast-'));
const round = (value: number) => value.toFixed(3);
const turn = (t: number, period: number) => (2 * Math.PI * t) / period;

/** Lines of a file, and what its times are. */
const sets: Record<string, { lines: (random: ReturnType<typeof rng>) => string[]; series?: string }> = {
  daily: {
    lines: (random) =>
      Array.from({ length: 700 }, (_, t) => {
        const at = new Date(Date.UTC(2022, 0, 1 + t));
        const value =
          100 + 0.05 * t + 20 * Math.sin(turn(t, 7)) + (at.getUTCDay() === 6 ? 30 : 0) + 5 * random.normal();
        return `${at.toISOString().slice(0, 10)},${round(value)}`;
      }),
  },
  monthly: {
    lines: (random) =>
      Array.from({ length: 180 }, (_, t) => {
        const at = new Date(Date.UTC(2009, t, 1)).toISOString().slice(0, 10);
        const season = 1 + 0.25 * Math.sin(turn(t, 12)) + 0.1 * Math.cos(turn(t, 6));
        return `${at},${round(110 * 1.009 ** t * season * (1 + 0.03 * random.normal()))}`;
      }),
  },
  hourly: {
    lines(random) {
      let level = 0;
      return Array.from({ length: 1500 }, (_, t) => {
        const at = new Date(Date.UTC(2024, 0, 1, t));
        level = 0.95 * level + 2 * random.normal();
        const isOff = at.getUTCDay() % 6 === 0;
        const value = 300 + (isOff ? 20 : 80) * Math.sin(turn(t - 6, 24)) + level;
        return `${at.toISOString()},${round(value)}`;
      });
    },
  },
  shops: {
    series: 'shop',
    lines: (random) =>
      Array.from({ length: 20 }, (_, s) => {
        const size = 20 * (s + 1);
        return Array.from({ length: 120 }, (_, t) => {
          const at = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
          const value = size * (1 + 0.3 * Math.sin(turn(t + s, 7)) + 0.002 * t + 0.08 * random.normal());
          return `${at},shop ${s},${round(value)}`;
        });
      }).flat(),
  },
};

async function fieldOf(name: string): Promise<Field> {
  const { lines, series } = sets[name];
  const path = join(dir, `${name}.csv`);
  writeFileSync(path, [series ? `at,${series},value` : 'at,value', ...lines(rng(1, name))].join('\n'));
  const pack = { id: name, path: join(dir, `${name}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
  await importDataset({
    source: { kind: 'path', path },
    options: {},
    pack,
    threads: 1,
    memory: 2 ** 30,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const reader = openDataset(openPack(pack.path, pack));
  const forecast = { time: 'at', ...(series ? { series } : {}) };
  const field = await openField(reader, undefined, { target: 'value', seed: 1, forecast });
  reader.close();
  return field;
}

/** MASE of answers in units of the windows. */
function maseOf({ series }: Field, answers: Float64Array): number {
  if (!series) throw new Error('no series');
  const { spec, test } = series;
  const { window, horizon, floor } = spec;
  let [sum, row] = [0, 0];
  for (let w = 0; w < test.windows.rows; w++) {
    const own = test.windows.history.subarray(w * window, (w + 1) * window);
    const level = own.reduce((a, b) => a + b, 0) / window;
    const scale = Math.sqrt(own.reduce((a, b) => a + (b - level) ** 2, 0) / window) + floor;
    for (let h = 0; h < horizon; h++) {
      const truth = test.truth[w * horizon + h];
      if (!Number.isNaN(truth)) sum += Math.abs(level + scale * answers[row++] - truth) / test.errors[w];
    }
  }
  return sum / row;
}

/** scikit-learn's boosting on the same rows. */
async function peer(field: Field): Promise<{ mase: number; seconds: number }> {
  const { rows, preprocess, series } = field;
  const { mean = 0, std = 1 } = preprocess.target;
  const test = await series?.encodeTest();
  if (!test) throw new Error('no test');
  writeFileSync(join(dir, 'rows.bin'), Buffer.concat([bytesOf(rows.numeric), bytesOf(test.numeric)]));
  const targets = Float64Array.from({ length: rows.rows }, (_, row) => (rows.targets?.[row] ?? 0) * std + mean);
  writeFileSync(join(dir, 'targets.bin'), bytesOf(targets));
  const script = new URL('forecast.py', import.meta.url).pathname;
  const args = [script, dir, rows.rows, test.rows, rows.numericWidth].map(String);
  const done = spawnSync('/usr/bin/python3', args, { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } });
  if (done.status !== 0) throw new Error(done.stderr);
  const bytes = readFileSync(join(dir, 'answers.bin'));
  const answers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { mase: maseOf(field, answers), seconds: Number(done.stdout) };
}

const alive = setInterval(() => undefined, 1000);
const table: Record<string, unknown>[] = [];
try {
  for (const name of asked?.split(',') ?? Object.keys(sets)) {
    const field = await fieldOf(name);
    const spec = field.series?.spec;
    if (!spec || !field.series) throw new Error('no series');
    const ends = performance.now() + Number(budget) * 1000;
    const result = await automl(field, localRunner(field, 1), { seed: 1, left: () => ends - performance.now() });
    const band = bandOf(field, spec, heldOf(result.ensemble, field), result.ensemble.loss);
    const preprocess: Preprocess = { ...field.preprocess, task: 'forecasting', series: { ...spec, band } };
    const graph = forecastGraph(preprocess, servedModel(field.preprocess, result.graph));
    const facts = { seconds: 0, epochs: 0, bestEpoch: 0, steps: 0, weights: '' };
    const report = await forecastReport(graph, preprocess, field.series.test, facts);
    const other = await peer(field);
    table.push({
      set: name,
      rows: field.rows.rows,
      horizon: spec.horizon,
      season: spec.seasons.join('+'),
      mase: Number(round(report.mase)),
      peer: Number(round(other.mase)),
      naive: Number(round(report.baseline.mase)),
      coverage: Number(round(report.coverage)),
      trials: result.trials.length,
      members: result.ensemble.members.map(({ trial, weight }) => `${trial.family} ${weight.toFixed(2)}`).join(', '),
    });
    process.stderr.write(`${JSON.stringify(table.at(-1))}\n`);
  }
} finally {
  clearInterval(alive);
  rmSync(dir, { recursive: true, force: true });
}
console.table(table);
process.stdout.write(`${JSON.stringify(table)}\n`);
