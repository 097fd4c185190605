// The loop over real programs: what it keeps, when it ends, and that a resumed one takes the very same steps.
import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { families, type Layout } from '../../../engine/models/index.ts';
import type { Averager } from '../../../engine/train/averager.ts';
import { openBatches } from '../../../engine/train/batches.ts';
import { compileTraining } from '../../../engine/train/compile.ts';
import { evaluatePart } from '../../../engine/train/evaluate.ts';
import { type Evaluation, fit, type FitHooks, type FitOptions, type FitState } from '../../../engine/train/loop.ts';
import type { ModelRows } from '../../../engine/train/rows.ts';
import { weightsHash } from '../../../engine/train/weights.ts';

const layout: Layout = {
  dense: 4,
  parts: { numeric: 4, indicated: [], oneHot: [] },
  embedded: [],
  texts: [],
  sequences: [],
  image: null,
};

/** Three noisy clusters in four dimensions. */
function clusters(rows: number, noise: number): ModelRows {
  const random = rng(7, 'clusters');
  const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
  const dense = Float32Array.from({ length: rows * 4 }, (_, i) => {
    const label = labels[Math.floor(i / 4)];
    return random.normal() * noise + (i % 4 === label ? 2 : 0);
  });
  return {
    rows,
    dense,
    denseWidth: 4,
    embedded: new BigInt64Array(0),
    embeddedWidth: 0,
    text: [],
    sequence: [],
    labels,
  };
}

const options: FitOptions = { epochs: 6, patience: 6, learningRate: 0.02, schedule: { kind: 'cosine', warmup: 0.1 } };

async function open(data: ModelRows, dropout = 0.2) {
  const program = await compileTraining(families.mlp.build(layout, 3, { hidden: [16], dropout }, 3), {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw', weightDecay: 0.01 },
    device: 'cpu',
    threads: 1,
    seed: 3,
  });
  const rows = Uint32Array.from({ length: data.rows }, (_, i) => i);
  const cut = Math.floor(data.rows * 0.8);
  const train = openBatches(data, rows.subarray(0, cut), { batchSize: 16, seed: 3 });
  const validation = openBatches(data, rows.subarray(cut), { batchSize: 64, seed: 3 });
  return { program, train, evaluate: () => evaluatePart(program, validation, data) };
}

describe('the training loop', () => {
  test('learns clusters and keeps the epoch with the least validation loss', async () => {
    const parts = await open(clusters(250, 0.7));
    const seen: Evaluation[] = [];
    const result = await fit(
      parts,
      { ...options, epochs: 20, patience: 20 },
      { evaluated: (_s, _e, _l, _r, given) => seen.push(given) },
    );
    expect(result.end).toBe('epochs');
    expect(result.steps).toBe(20 * 13);
    expect(result.best.loss).toBe(Math.min(...seen.map((evaluation) => evaluation.loss)));
    expect(seen[result.best.epoch - 1].loss).toBe(result.best.loss);
    expect(result.best.score).toBeGreaterThan(0.9);
    await parts.program.dispose();
  });

  test('ends when validation has not improved for as many epochs as patience allows', async () => {
    const parts = await open(clusters(60, 4), 0);
    const result = await fit(parts, {
      ...options,
      epochs: 200,
      patience: 3,
      learningRate: 0.1,
      schedule: { kind: 'constant' },
    });
    expect(result.end).toBe('patience');
    expect(result.epochs).toBe(result.best.epoch + 3);
    await parts.program.dispose();
  });

  test('a run cut at any step and resumed in a new program ends with the same weights and figures', async () => {
    const data = clusters(123, 1);
    const whole = await open(data);
    const undisturbed = await fit(whole, options);
    for (const cutAt of [1, 7, 14, 21]) {
      const before = await open(data);
      let saved: FitState | undefined;
      let steps = 0;
      const hooks: FitHooks = {
        stepped: () => void steps++,
        saveDue: () => steps === cutAt,
        save: async (state) => void (saved = structuredClone(state)),
        interrupt: () => (saved ? 'stop' : undefined),
      };
      await fit(before, options, hooks);
      const after = await open(data);
      const resumed = await fit(after, options, {}, saved);
      expect({ ...resumed, best: { ...resumed.best, weights: weightsHash(resumed.best.weights) } }).toEqual({
        ...undisturbed,
        best: { ...undisturbed.best, weights: weightsHash(undisturbed.best.weights) },
      });
      await before.program.dispose();
      await after.program.dispose();
    }
    await whole.program.dispose();
  });

  test('a stop before the first evaluation still gives a state that was evaluated', async () => {
    const parts = await open(clusters(250, 0.7));
    let steps = 0;
    const result = await fit(parts, options, {
      stepped: () => void steps++,
      interrupt: () => (steps === 3 ? 'stop' : undefined),
    });
    expect(result).toMatchObject({ end: 'stop', steps: 3, best: { step: 3, epoch: 1 } });
    await parts.program.dispose();
  });

  test('a learning rate far too high is answered with advice', async () => {
    const data = clusters(120, 1);
    data.dense.fill(Number.MAX_VALUE);
    const parts = await open(data);
    await expect(fit(parts, options)).rejects.toMatchObject({
      code: 'diverged',
      message: expect.stringContaining('0.002'),
    });
    await parts.program.dispose();
  });

  test('without validation rows it trains to the epoch asked for', async () => {
    const parts = await open(clusters(120, 1));
    const result = await fit({ ...parts, evaluate: null }, { ...options, until: 4 });
    expect(result).toMatchObject({ end: 'epochs', epochs: 4, best: { epoch: 4 } });
    await parts.program.dispose();
  });

  test('takes the same steps when batches are computed in parts', async () => {
    const data = clusters(100, 1);
    const [whole, parted] = [await open(data), await open(data)];
    const [a, b] = [await fit(whole, options), await fit(parted, { ...options, accumulate: 3 })];
    expect([b.steps, b.epochs]).toEqual([a.steps, a.epochs]);
    expect(Math.abs(b.best.loss - a.best.loss)).toBeLessThan(1e-4);
    for (const [name, { data: values }] of a.best.weights) {
      const other = b.best.weights.get(name)?.data as Float32Array;
      (values as Float32Array).forEach((value, i) => expect(other[i]).toBeCloseTo(value, 3));
    }
    await Promise.all([whole.program.dispose(), parted.program.dispose()]);
  });

  test('computes a step again when the members change, and then takes it once', async () => {
    const data = clusters(60, 1);
    const [alone, joined] = [await open(data, 0.2), await open(data, 0.2)];
    const plain = await fit(alone, { ...options, epochs: 2 });
    const asked: number[] = [];
    let decided = 0;
    // Shared with members that have no rows: what is summed is what this one computed.
    const averager: Averager<FitState> = {
      shared: true,
      share: (rows) => {
        asked.push(rows);
        return asked.length % 3 === 0 ? { from: 0, to: 1 } : { from: 0, to: rows };
      },
      reduce: ({ ask }) => Promise.resolve(asked.length % 3 === 0 ? { what: 'again' } : { what: 'held', end: ask }),
      agree: ({ make }) => {
        decided++;
        return make();
      },
    };
    const result = await fit({ ...joined, averager }, { ...options, epochs: 2 });
    expect(result.steps).toBe(plain.steps);
    expect(asked.length).toBeGreaterThan(plain.steps);
    expect(decided).toBe(2);
    expect(weightsHash(result.best.weights)).toBe(weightsHash(plain.best.weights));
    await Promise.all([alone.program.dispose(), joined.program.dispose()]);
  });
});
