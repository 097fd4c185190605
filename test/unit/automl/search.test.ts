// Searches over iris and diabetes with real fits: what they repeat, what they resume, what they put together.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  automl,
  type Field,
  localRunner,
  servedModel,
  type Trial,
  type TrialRunner,
} from '../../../engine/automl/index.ts';
import { checkGraph } from '../../../engine/graph/index.ts';
import { assess, headline } from '../../../engine/train/index.ts';
import { sampleField } from './sample.ts';

const families = ['glm', 'naive-bayes', 'knn', 'extra-trees'] as const;
const facts = { seconds: 0, epochs: 0, bestEpoch: 0, steps: 0, weights: '' };

/** A runner that counts folds by trial, with so many of them in flight. */
function counting(field: Field, slots: number): { runner: TrialRunner; folds: Map<number, number> } {
  const own = localRunner(field, 1);
  const folds = new Map<number, number>();
  return {
    folds,
    runner: {
      ...own,
      slots,
      fold(spec, fold) {
        folds.set(spec.id, (folds.get(spec.id) ?? 0) + 1);
        return own.fold(spec, fold);
      },
    },
  };
}

/** Logits of the first fold's rows that are sure and right. */
function easy({ rows, folds }: Field, at: number): number {
  const held = Array.from(folds.keys()).filter((row) => folds[row] === 0);
  const [row, label] = [held[Math.floor(at / rows.outputs)], at % rows.outputs];
  return rows.labels?.[row] === label ? 9 : 0;
}

/** What must be the same: times are not. */
const shown = ({ id, family, hyper, state, losses, score }: Trial) => ({ id, family, hyper, state, losses, score });

describe('a search of a number of trials', () => {
  let field: Field;
  beforeAll(async () => {
    field = await sampleField('iris');
  });

  test('gives the same trials and members however many run at a time', async () => {
    const run = (slots: number) => automl(field, counting(field, slots).runner, { seed: 5, trials: 12, families });
    const [one, three] = [await run(1), await run(3)];
    expect(three.trials.map(shown)).toEqual(one.trials.map(shown));
    expect(three.ensemble.members.map(({ trial, weight }) => [trial.id, weight])).toEqual(
      one.ensemble.members.map(({ trial, weight }) => [trial.id, weight]),
    );
    expect(one.trials.length).toBe(12);
  });

  test('goes on after a break: no finished trial is repeated and the winner is the same', async () => {
    const whole = await automl(field, counting(field, 2).runner, { seed: 5, trials: 12, families });
    const known = whole.trials.filter(({ id }) => id < 7 && id !== 4);
    const { runner, folds } = counting(field, 2);
    const resumed = await automl(field, runner, { seed: 5, trials: 12, families, known });
    expect([...folds.keys()].sort((a, b) => a - b)).toEqual([4, 7, 8, 9, 10, 11]);
    expect(resumed.trials.map(shown)).toEqual(whole.trials.map(shown));
    expect(resumed.ensemble.members.map(({ trial }) => trial.id)).toEqual(
      whole.ensemble.members.map(({ trial }) => trial.id),
    );
  });

  test('is no worse than its best trial, and its one graph predicts rows it never saw', async () => {
    const { graph, ensemble, trials } = await automl(field, localRunner(field, 1), { seed: 2, trials: 8, families });
    const best = Math.min(...trials.filter((t) => t.state === 'finished').map((t) => t.loss));
    expect(ensemble.loss).toBeLessThan(best + 0.01);
    expect(ensemble.members.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    const served = servedModel(field.preprocess, graph);
    checkGraph(served);
    const report = await assess(served, field.preprocess, field.encodeTest(), facts);
    expect(headline(report)['accuracy']).toBeGreaterThan(0.85);
  });
});

describe('a search under a clock', () => {
  test('ends in time with a model of what was finished', async () => {
    const field = await sampleField('diabetes');
    // A clock that every fold moves on by a tenth of a second, so that a busy machine does not matter.
    let now = 0;
    const own = localRunner(field, 1);
    const runner: TrialRunner = {
      ...own,
      async fold(spec, fold) {
        const result = await own.fold(spec, fold);
        now += 100;
        return { ...result, fitMs: 100 };
      },
    };
    const options = { seed: 1, left: () => 4000 - now, families: ['glm', 'knn', 'extra-trees'] as const };
    const { ensemble, graph, trials } = await automl(field, runner, options);
    expect(now).toBeLessThanOrEqual(4000);
    expect(trials.filter(({ state }) => state === 'finished').length).toBeGreaterThanOrEqual(3);
    expect(ensemble.members.length).toBeGreaterThan(0);
    const report = await assess(servedModel(field.preprocess, graph), field.preprocess, field.encodeTest(), facts);
    expect(headline(report)['r2']).toBeGreaterThan(0.3);
  });

  test('does not take a trial that was cut off for a good one because its only fold was easy', async () => {
    const field = await sampleField('iris');
    const own = localRunner(field, 1);
    let now = 0;
    // Three trials go through; the clock ends in the fourth, whose one fold was the easiest for all.
    const runner: TrialRunner = {
      ...own,
      async fold(spec, fold) {
        const result = await own.fold(spec, fold);
        now += 100;
        const logits = fold === 0 ? result.logits.map((_, i) => easy(field, i)) : result.logits;
        return { ...result, logits, fitMs: spec.id < 3 ? 1 : 100 };
      },
    };
    const options = { seed: 1, left: () => 1650 - now, families: ['glm', 'naive-bayes', 'knn'] as const };
    const { ensemble } = await automl(field, runner, options);
    expect(ensemble.members.every(({ trial }) => trial.state === 'finished')).toBe(true);
  });

  test('gives a model even where there is no time to try any', async () => {
    const field = await sampleField('iris');
    const { ensemble } = await automl(field, localRunner(field, 1), { seed: 1, left: () => 0 });
    expect(ensemble.members.map(({ trial }) => trial.why)).toEqual(['there was no time to try any']);
  });
});

test('stopped in the middle, a search keeps the best of what was finished', async () => {
  const field = await sampleField('iris');
  let ended = 0;
  const { trials, ensemble } = await automl(
    field,
    localRunner(field, 1),
    { seed: 1, trials: 50, families: ['glm', 'naive-bayes', 'knn'] },
    { ended: () => void ended++, stop: () => ended >= 5 },
  );
  expect(trials.length).toBeGreaterThanOrEqual(5);
  expect(trials.length).toBeLessThan(12);
  expect(ensemble.members.length).toBeGreaterThan(0);
});
