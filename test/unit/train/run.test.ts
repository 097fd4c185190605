// Whole runs over rows in memory: what is chosen, what a stop leaves, and that a run cut anywhere ends as if it never was.
import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { layoutOf } from '../../../engine/models/index.ts';
import { type MetricPoint, type Preprocess, trainRequest } from '../../../engine/schema/index.ts';
import { chooseCandidates } from '../../../engine/train/candidates.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../engine/train/checkpoint.ts';
import type { Prepared } from '../../../engine/train/prepare.ts';
import { modelRows } from '../../../engine/train/rows.ts';
import { type RunHooks, type RunJob, type RunResult, type RunState, runTraining } from '../../../engine/train/run.ts';
import { weightsHash } from '../../../engine/train/weights.ts';

const columns = [0, 1, 2];
const preprocess: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'binary',
  target: { column: 'y' },
  classes: ['no', 'yes'],
  numeric: columns.map((i) => ({ column: `x${i}`, part: 'value', mean: 0, std: 1, fill: 0, missing: 0 })),
  category: [],
  text: [],
  columns: [...columns.map((i) => ({ name: `x${i}`, type: 'number' as const })), { name: 'y', type: 'boolean' }],
  ignored: [],
};

type Rule = (x: Float64Array, noise: number) => boolean;

/** Rows whose label is a rule over three normal columns. */
async function prepared(rows: number, rule: Rule, validation = 0.25): Promise<Prepared> {
  const random = rng(11, 'rows');
  const numeric = Float64Array.from({ length: rows * 3 }, () => random.normal());
  const labels = Int32Array.from({ length: rows }, (_, r) =>
    Number(rule(numeric.subarray(r * 3, r * 3 + 3), random.normal())),
  );
  const data = await modelRows({ rows, numeric, codes: new Int32Array(0), text: [], sequence: [], labels }, preprocess);
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  const cut = Math.round(rows * (1 - validation));
  return {
    preprocess,
    layout: layoutOf(preprocess),
    data,
    train: places.subarray(0, cut),
    validation: places.subarray(cut),
  };
}

async function jobOf(rule: Rule, request = {}): Promise<RunJob> {
  const rows = await prepared(240, rule);
  const settled = trainRequest.parse({ dataset: 'd', epochs: 5, ...request });
  const { candidates } = chooseCandidates(settled, rows.layout, rows.train.length, 2);
  return { rows, candidates, refit: () => prepared(240, rule, 0), device: 'cpu', threads: 1, seed: 4 };
}

const additive: Rule = (x, noise) => x[0] + x[1] - x[2] + 2 * noise > 0.3;
const exclusive: Rule = (x) => x[0] * x[1] > 0;

/** Everything of a result that must be the same, weights as their hash. */
function essence({ graph, rows, ...result }: RunResult) {
  const weights = new Map(
    graph.parameters.flatMap((name) => {
      const value = graph.initializers.get(name);
      return value ? [[name, value] as const] : [];
    }),
  );
  return { ...result, trainedOn: rows.train.length, weights: weightsHash(weights) };
}

describe('a run left to choose', () => {
  test('keeps the linear model where effects are additive', async () => {
    const result = await runTraining(await jobOf(additive, { epochs: 30 }));
    expect(result.candidate.family).toBe('linear');
    expect(result.validation.score).toBeGreaterThan(0.65);
  });

  test('takes layers where they are not', async () => {
    const result = await runTraining(await jobOf(exclusive, { epochs: 60 }));
    expect(result.candidate.family).toBe('mlp');
    expect(result.validation.score).toBeGreaterThan(0.8);
  });
});

test('the same seed gives the same weights and figures, and the chosen model saw the validation rows at last', async () => {
  const [first, second] = [await runTraining(await jobOf(additive)), await runTraining(await jobOf(additive))];
  expect(essence(first)).toEqual(essence(second));
  expect(first.rows.train.length).toBe(240);
});

test('a run killed at any point and resumed from its checkpoint ends with the same weights, figures and curve', async () => {
  const request = { batchSize: 32, epochs: 3 };
  const curveOf = () => {
    const points: MetricPoint[] = [];
    return { points, metrics: (more: MetricPoint[]) => void points.push(...more) };
  };
  const epochs = (points: MetricPoint[]) =>
    points.filter(({ name }) => name === 'val.loss').map(({ step, epoch, value }) => ({ step, epoch, value }));
  const whole = curveOf();
  const undisturbed = essence(await runTraining(await jobOf(exclusive, request), { metrics: whole.metrics }));
  // In the first candidate, at the start of the second, within the third, in the refit.
  for (const cutAt of [5, 19, 44, 80]) {
    const before = curveOf();
    let steps = 0;
    let files: ReturnType<typeof encodeCheckpoint> | undefined;
    let savedAt = 0;
    class Killed extends Error {}
    const hooks: RunHooks = {
      metrics: before.metrics,
      interrupt() {
        if (files) throw new Killed();
        steps++;
        return undefined;
      },
      saveDue: () => steps > cutAt,
      async save(state) {
        files = encodeCheckpoint(state);
        savedAt = state.stages.reduce((sum, stage) => sum + stage.steps, 0) + (state.fit?.step ?? 0);
      },
    };
    await expect(runTraining(await jobOf(exclusive, request), hooks)).rejects.toThrow(Killed);
    if (!files) throw new Error('no checkpoint');
    const after = curveOf();
    const state: RunState = decodeCheckpoint(files);
    const resumed = await runTraining(await jobOf(exclusive, request), { metrics: after.metrics }, state);
    expect(essence(resumed)).toEqual(undisturbed);
    const kept = before.points.filter(({ step }) => step <= savedAt);
    expect(epochs([...kept, ...after.points])).toEqual(epochs(whole.points));
  }
});

test('a stopped run keeps the best state so far and does not train on', async () => {
  let steps = 0;
  const result = await runTraining(await jobOf(additive), { interrupt: () => (++steps > 40 ? 'stop' : undefined) });
  expect(result.end).toBe('stop');
  expect(result.rows.train.length).toBe(180);
  expect(result.validation.score).toBeGreaterThan(0.5);
});

test('a budget is shared by the candidates, and what cannot end in time is not begun', async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => (now += 1) };
  const budget = 400;
  const tried: string[] = [];
  const result = await runTraining(await jobOf(additive, { epochs: 100_000 }), {
    clock,
    left: () => budget - now,
    trying: ({ family }) => tried.push(family),
  });
  expect(tried).toEqual(['linear', 'linear', 'mlp', 'mlp']);
  expect(result.end).toBe('budget');
  expect(now).toBeLessThan(budget * 1.1);
});

test('progress counts up to its total and says what is left', async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => (now += 5) };
  const seen: { done: number; total: number; leftMs?: number }[] = [];
  await runTraining(await jobOf(additive), { clock, progress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toMatchObject({ done: seen[0].total, total: seen[0].total, leftMs: 0 });
  expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).sort((a, b) => a - b));
  expect(seen.some(({ leftMs }) => leftMs !== undefined && leftMs > 0)).toBe(true);
});

describe('candidates', () => {
  const layout = layoutOf(preprocess);
  test('are one when a family is asked for, with every setting of the request', () => {
    const request = trainRequest.parse({
      dataset: 'd',
      model: 'mlp',
      epochs: 7,
      batchSize: 9,
      learningRate: 0.5,
      optimizer: { kind: 'sgd', momentum: 0.9 },
      schedule: { kind: 'plateau' },
      hyper: { hidden: [3] },
    });
    expect(chooseCandidates(request, layout, 100, 2).candidates).toEqual([
      {
        family: 'mlp',
        hyper: { hidden: [3], dropout: 0.1 },
        optimizer: { kind: 'sgd', momentum: 0.9 },
        schedule: { kind: 'plateau' },
        learningRate: 0.5,
        batchSize: 9,
        epochs: 7,
        patience: 7,
        labelSmoothing: 0,
        loss: 'likelihood',
      },
    ]);
  });

  test('are several for a small table and one for a large one', () => {
    const request = trainRequest.parse({ dataset: 'd' });
    const names = (rows: number) => chooseCandidates(request, layout, rows, 2).candidates.map(({ family }) => family);
    expect(names(200)).toEqual(['linear', 'linear', 'mlp', 'mlp']);
    expect(names(1_000_000)).toEqual(['mlp']);
  });
});
