import { expect, it } from 'vitest';
import { compareRuns } from '../../../engine/jobs/compare.ts';
import { type Run, run } from '../../../engine/schema/index.ts';

const base = run.parse({
  id: 'run_1',
  kind: 'run',
  state: 'finished',
  createdAt: 1,
  updatedAt: 2,
  seq: 3,
  name: 'iris-1',
  request: { dataset: 'iris', target: 'class', seed: 1 },
  dataset: { id: 'ds_1', name: 'iris', sha256: '00' },
  metrics: { 'val.loss': 0.5 },
});

it('names the settings and figures in which runs differ, and only those', () => {
  const other: Run = {
    ...base,
    id: 'run_2',
    name: 'iris-2',
    request: { ...base.request, seed: 2, hyper: { hidden: [8, 8] }, name: 'other' },
    metrics: { 'val.loss': 0.25 },
  };
  expect(compareRuns([base, other])).toEqual({
    runs: [base, other],
    differs: [
      { field: 'request.seed', values: [1, 2] },
      { field: 'metrics.val.loss', values: [0.5, 0.25] },
      { field: 'request.hyper.hidden', values: [null, [8, 8]] },
    ],
  });
});
