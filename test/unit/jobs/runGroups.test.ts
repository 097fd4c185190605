// Runs put together: what speaks for a group.
import { expect, test } from 'vitest';
import { groupRuns } from '../../../engine/jobs/runGroups.ts';
import type { Run } from '../../../engine/schema/index.ts';

const report = (accuracy: number) => ({ task: 'binary', accuracy, macroF1: accuracy, logLoss: 1 });
const run = (name: string, createdAt: number, rest: object): Run =>
  ({
    id: `run_${name}`,
    name,
    createdAt,
    state: 'finished',
    parentId: 'exp_1',
    request: { model: 'auto' },
    dataset: { id: 'ds_1', name: 'iris', sha256: '' },
    ...rest,
  }) as unknown as Run;

const runs = [
  run('a', 1, { report: report(0.8), plan: { family: 'mlp' } }),
  run('b', 2, { report: report(0.9), plan: { family: 'mlp' } }),
  run('c', 3, { report: { task: 'regression', r2: 0.99, rmse: 1, mae: 1 }, plan: { family: 'linear' } }),
  run('d', 4, { state: 'failed', parentId: 'exp_2', dataset: { id: 'ds_2', name: 'prices', sha256: '' } }),
];

test('a group is led by the figure that most of its reports have', () => {
  expect(groupRuns(runs, 'experiment', (id) => `named ${id}`)).toEqual([
    { key: 'exp_2', name: 'named exp_2', runs: 1, finished: 0, failed: 1, newest: 4 },
    {
      key: 'exp_1',
      name: 'named exp_1',
      runs: 3,
      finished: 3,
      failed: 0,
      newest: 3,
      score: {
        metric: 'accuracy',
        of: 2,
        mean: expect.closeTo(0.85, 10) as number,
        spread: expect.closeTo(Math.sqrt(0.005), 10) as number,
        best: 0.9,
        run: { id: 'run_b', name: 'b' },
      },
    },
  ]);
});

test('families are those that were trained, or asked for where nothing was', () => {
  expect(groupRuns(runs, 'family', String).map(({ key, runs: count }) => [key, count])).toEqual([
    ['auto', 1],
    ['linear', 1],
    ['mlp', 2],
  ]);
  expect(groupRuns(runs, 'dataset', String).map(({ key, name }) => [key, name])).toEqual([
    ['ds_2', 'prices'],
    ['ds_1', 'iris'],
  ]);
});

test('of perplexities the least is the best', () => {
  const told = [12, 7, 30].map((perplexity, i) =>
    run(`p${i}`, i, { report: { task: 'language-model', perplexity, tokenAccuracy: 0, bitsPerByte: 1 } }),
  );
  expect(groupRuns(told, 'dataset', String)[0]?.score).toMatchObject({ metric: 'perplexity', best: 7, of: 3 });
});
